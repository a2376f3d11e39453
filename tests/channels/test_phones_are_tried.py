"""`tierline doctor --call`: each agent's phone rings, and what became of it is said with what to do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, PHONES, Stage, telephone
from tests.helpers_app import DESK
from tierline.console import try_phones
from tierline.console.api_client import ApiClient
from tierline.console.try_phones import NobodyToCall, Tried, number_of, whom
from tierline.console.twilio_side import TwilioNo, TwilioSide
from tierline.router.plan.load import parse
from tierline.settings import Settings

PLAN = parse(CALLS)
FORBIDDEN = "+15005550003"
"""A test number of Twilio's, in a country that no account may call."""


def settings_of(it: Stage, tmp_path: Path, **more: object) -> Settings:
    made, base = it.inside.rehearsal.cast.credentials, it.inside.base
    values = {
        "TWILIO_ACCOUNT_SID": made.account_sid, "TWILIO_AUTH_TOKEN": made.auth_token,
        "TIERLINE_TWILIO_API_URL": f"{base}/twilio", "TIERLINE_PUBLIC_URL": it.inside.product,
        "PORT": int(it.inside.product.rpartition(":")[2]), "TIERLINE_DATA": tmp_path,
        "TIERLINE_API_TOKEN": it.inside.rehearsal.api_token, "TIERLINE_CALLS_PER_SECOND": 50,
    }  # fmt: skip
    return Settings(_env_file=None, **(values | more))  # type: ignore[call-arg,arg-type]


@asynccontextmanager
async def tried(it: Stage, tmp_path: Path, *names: str) -> AsyncIterator[list[str]]:
    """The command runs beside what the agents do with their phones; gives what it has said by the end."""
    said: list[str] = []
    work = asyncio.create_task(try_phones.try_phones(settings_of(it, tmp_path), names, said.append))
    try:
        yield said
        said.append(str(await work))
    finally:
        work.cancel()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other as fast as a test."""
    monkeypatch.setattr(try_phones.Trying.__init__, "__defaults__", (1.0, 0.02))


@pytest.mark.promise("phones-tried")
async def test_who_presses_1_is_well_and_who_presses_nothing_hears_why_that_may_be(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        async with tried(it, tmp_path) as said:
            ada = str(await it.inside.until(lambda: it.ringing("Ada")))
            assert not await it.ringing("Ben")  # one at a time
            await it.do(ada, "answer")
            await it.inside.until(lambda: it.heard(ada))
            assert "test call of inside for Ada" in await it.heard(ada)
            await it.do(ada, "press", digits="1")
            ben = str(await it.inside.until(lambda: it.ringing("Ben")))
            assert "it works" in await it.heard(ada)
            await it.do(ben, "machine")
        assert said[2] == "  ✓ Ada: the phone rang, was answered, and 1 was pressed"
        assert said[4].startswith("  ✗ Ben") and "call screening" in said[4] and f"save {DESK}" in said[4]
        assert said[-1] == "False"
        assert await it.inside.api("/contacts") == []


@pytest.mark.promise("phones-tried")
async def test_a_busy_line_and_one_that_nobody_answers_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_phones, "RINGS", 1)
    async with telephone(tmp_path) as it:
        async with tried(it, tmp_path) as said:
            await it.do(str(await it.inside.until(lambda: it.ringing("Ada"))), "busy")
        assert "Ada: the line is busy" in said[2] and "Ben: nobody answered within 1 s" in said[4]


async def test_a_wrong_key_is_asked_once_more(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        async with tried(it, tmp_path, "ada") as said:
            ada = str(await it.inside.until(lambda: it.ringing("Ada")))
            await it.do(ada, "answer")
            await it.inside.until(lambda: it.heard(ada))
            await it.do(ada, "press", digits="7")

            async def twice() -> bool:
                return (await it.heard(ada)).count("test call") == 2

            await it.inside.until(twice)
            await it.do(ada, "press", digits="1")
        assert said[-1] == "True" and len(said) == 4


@pytest.mark.promise("phones-tried")
async def test_what_twilio_refuses_is_said_in_its_words_and_the_others_are_called(tmp_path: Path) -> None:
    async with telephone(tmp_path, CALLS.replace(PHONES["Ada"], FORBIDDEN)) as it:
        async with tried(it, tmp_path) as said:
            ben = str(await it.inside.until(lambda: it.ringing("Ben")))
            await it.do(ben, "answer")
            await it.inside.until(lambda: it.heard(ben))
            await it.do(ben, "press", digits="1")
        assert "✗ Ada: Twilio doesn't make the call: calls to this country are not enabled" in said[2]
        assert "✓ Ben" in said[4] and said[-1] == "False"


@pytest.mark.promise("phones-tried")
async def test_a_call_whose_answer_was_lost_is_found_and_followed_to_its_end(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.call("/faults", {"twilio": {"drop_reply": True, "times": 1}})
        async with tried(it, tmp_path, "ada") as said:
            ada = str(await it.inside.until(lambda: it.ringing("Ada")))
            await it.do(ada, "answer")
            await it.inside.until(lambda: it.heard(ada))
            await it.do(ada, "press", digits="1")
        assert said[2] == "  ✓ Ada: the phone rang, was answered, and 1 was pressed" and said[-1] == "True"
        legs = await it.inside.call(f"/calls?number={PHONES['Ada'].replace('+', '%2B')}")
        assert [leg["sid"] for leg in legs] == [ada]


@pytest.mark.promise("phones-tried")
async def test_a_call_that_was_never_made_is_said_and_none_is_made_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(side: TwilioSide, to: str, sender: str, url: str, seconds: int) -> str:
        raise TwilioNo("Twilio cannot be reached (TimeoutError)")

    monkeypatch.setattr(TwilioSide, "call", lost)
    async with telephone(tmp_path) as it:
        async with tried(it, tmp_path, "ada") as said:
            pass
        assert "✗ Ada: Twilio doesn't make the call: Twilio cannot be reached" in said[2]
        assert said[-1] == "False" and not await it.ringing("Ada")


async def test_a_call_without_an_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(try_phones, "TALKS", -try_phones.RINGS)
    async with telephone(tmp_path) as it:
        made, base = it.inside.rehearsal.cast.credentials, it.inside.base
        side = TwilioSide(made.account_sid, made.auth_token, f"{base}/twilio")
        api = ApiClient(it.inside.product, it.inside.rehearsal.api_token)
        trying = try_phones.Trying(side, api, it.inside.product, DESK)
        try:
            found = await trying.one(PLAN.agents[0])
        finally:
            await side.close()
        assert found == Tried("Ada", "no end")
        assert not await it.ringing("Ada")


# ---- whom and from where -----------------------------------------------------------------------------------------


def test_a_name_that_nobody_has_is_said_with_those_there_are() -> None:
    with pytest.raises(NobodyToCall, match="no agent zoe; it has Ada, Ben"):
        whom(PLAN, ["Zoe"])
    assert [a.name for a in whom(PLAN, ["ben"])] == ["Ben"]


def test_who_has_no_phone_is_left_out_unless_they_were_meant() -> None:
    plan = parse(CALLS.replace(f', phone: "{PHONES["Ben"]}"', ""))
    assert [a.name for a in whom(plan, [])] == ["Ada"]
    with pytest.raises(NobodyToCall, match="Ben has no `phone:`"):
        whom(plan, ["Ben"])


def test_the_number_that_agents_see_is_the_plans_own() -> None:
    assert number_of(PLAN) == DESK
    other = CALLS.replace("voice: {offer: 20s,", 'voice: {from: "+4930200", offer: 20s,')
    assert number_of(parse(other)) == "+4930200"


async def test_without_a_running_product_nobody_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Settings(_env_file=None, PORT=9, TIERLINE_DATA=tmp_path)  # type: ignore[call-arg]
    with pytest.raises(NobodyToCall, match="isn't running"):
        await try_phones.try_phones(config, [], print)


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ({"TWILIO_AUTH_TOKEN": None}, "no Twilio credentials"),
        ({"TIERLINE_TWILIO_API_URL": ""}, "is the sandbox"),
    ],
)
async def test_what_cannot_work_is_said_before_anybody_is_called(
    tmp_path: Path, without: dict[str, object], said: str
) -> None:
    async with telephone(tmp_path) as it:
        with pytest.raises(NobodyToCall, match=said):
            await try_phones.try_phones(settings_of(it, tmp_path, **without), [], print)


async def test_the_command_says_why_nobody_is_called(tmp_path: Path) -> None:
    env = {"PORT": "9", "TIERLINE_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for words, code, said in (
        (["--call"], 1, "Tierline isn't running here"),
        (["Ada"], 2, "Names are for --call"),
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tierline", "doctor", *words, env=env, cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
        assert (process.returncode, said in out.decode()) == (code, True), out.decode()


def test_every_outcome_says_what_to_do() -> None:
    for outcome in ("no key", "no answer", "busy", "failed", "no end"):
        assert "→" in Tried("Ada", outcome).said(DESK)  # type: ignore[arg-type]
    assert json.dumps(Tried("Ada", "refused", "21219").said(DESK))
