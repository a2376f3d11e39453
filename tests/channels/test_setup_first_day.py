"""`tierline setup` against both stand-ins: from nothing to a text that arrives, again without harm, and with trouble."""

from __future__ import annotations

import asyncio
import dataclasses
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
from day_one_stage import APP, BOT, GRANTED, MIRA, DayOne, Operator, answers, day_one
from twilio_rehearsal import GERMAN, OURS, TOKEN

from tierline.channels.slack.manifest import SCOPES
from tierline.console import envfile
from tierline.console.ask import Option, Terminal, Unanswered, chosen
from tierline.console.public import reached, refusal, tunnel_command
from tierline.console.setup import Setup
from tierline.console.setup_slack import enter_rooms
from tierline.console.slack_side import SlackNo
from tierline.console.webhooks import wanted
from tierline.router.plan.check import example
from tierline.router.plan.load import parse
from tierline.sandbox.twilio_store import Account


async def first_run(stage: DayOne, **more: str) -> tuple[bool, Operator]:
    """A first run; the operator answers the test text as soon as asked to."""
    ask = Operator(answers(stage.product, **more))
    replies: list[asyncio.Task[None]] = []
    ask.on["Now answer it"] = lambda: replies.append(asyncio.create_task(stage.text("works?")))
    works = await Setup(ask, stage.where).run()
    await asyncio.gather(*replies)
    return works, ask


@pytest.mark.promise("setup-whole")
async def test_from_nothing_to_a_text_that_arrives(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        works, ask = await first_run(stage)
        assert works, ask.said
        assert "it works: your text is contact C1001" in ask.said and ask.lines[-1] == "It works."
        env = envfile.read(stage.where.env.read_text())
        assert env["SLACK_BOT_TOKEN"] == BOT and env["TWILIO_AUTH_TOKEN"] == TOKEN
        assert env["TIERLINE_PUBLIC_URL"] == stage.product.base and env["TIERLINE_PLAN"] == str(
            stage.where.plan
        )
        assert stat.S_IMODE(stage.where.env.stat().st_mode) == 0o600
        plan = parse(stage.where.plan.read_text())
        assert plan.supervisors == ("mira@northwind.example",)
        (ada,) = plan.agents
        assert (ada.name, ada.slack, ada.tier) == ("Ada", "ada@northwind.example", 1)
        assert dict(ada.skills) == {"network": 3, "billing": 2} and dict(ada.languages) == {"en": 4, "de": 5}
        assert plan.entry_for("sms", OURS) is not None and plan.entry_for("sms", GERMAN) is None


async def test_every_permission_is_shown_with_its_reason_and_the_link(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        _, ask = await first_run(stage)
        for scope, why in SCOPES:
            assert any(scope in line and why in line for line in ask.lines)
        assert stage.where.link("") in ask.said


@pytest.mark.promise("setup-secret")
async def test_no_secret_is_ever_said(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        _, ask = await first_run(stage)
        for secret in (BOT, APP, TOKEN):
            assert secret not in ask.said
        assert TOKEN not in repr(envfile.changes("", {"TWILIO_AUTH_TOKEN": TOKEN}))


@pytest.mark.promise("setup-webhooks")
async def test_webhooks_are_shown_old_to_new_with_tries_and_a_fallback_and_others_stay(
    tmp_path: Path,
) -> None:
    async with day_one(tmp_path) as stage:
        before = dict(stage.twilio.store.number(GERMAN).settings)  # type: ignore[union-attr]
        _, ask = await first_run(stage)
        assert f"sms_url: https://old.example/sms → {stage.product.base}/twilio/sms#rc=3&rp=all" in ask.said
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        shown = stage.twilio.store.number_json(entry)
        assert {k: shown[k] for k in wanted("")} == wanted(stage.product.base)
        assert stage.twilio.store.number(GERMAN).settings == before  # type: ignore[union-attr]


async def test_webhooks_stay_when_the_operator_says_no(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        works, ask = await first_run(stage, webhooks="no", test_phone="-")
        assert not works and "It works." not in ask.lines
        assert stage.twilio.store.number(OURS).settings["sms_url"] == "https://old.example/sms"  # type: ignore[union-attr]


async def test_the_supervisor_gets_a_message_and_the_channel_is_made(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        _, ask = await first_run(stage)
        url = f"{stage.base}/sandbox/api/slack/messages"
        async with stage.http.get(url, params={"user": MIRA}) as answer:
            assert any("supervisor" in m["text"] for m in await answer.json())
        assert "✓ #support: made" in ask.said
        assert any(c.name == "support" for c in stage.slack.space.channels.values())


async def test_a_channel_that_is_there_is_joined(tmp_path: Path) -> None:
    async with day_one(tmp_path, rooms=("support",)) as stage:
        for room in stage.slack.space.channels.values():
            if room.name == "support":
                room.members.clear()
        _, ask = await first_run(stage)
        assert "✓ #support: joined" in ask.said


@pytest.mark.promise("setup-again")
async def test_a_second_run_changes_nothing_and_keeps_what_was_written_by_hand(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        stage.where.env.write_text("# mine\nREDIS_URL=redis://elsewhere:6379\nODD = 'a # b'\n")
        await first_run(stage)
        stage.where.plan.write_text("# my remark\n" + stage.where.plan.read_text())
        env, plan = stage.where.env.read_bytes(), stage.where.plan.read_bytes()
        assert env.startswith(b"# mine\nREDIS_URL=redis://elsewhere:6379\nODD = 'a # b'\n")
        stage.product.contacts.clear()
        again = dataclasses.replace(stage.where, here=envfile.read(stage.where.env.read_text()))
        second = Operator({"test_phone": "-"})
        await Setup(second, again).run()
        assert (stage.where.env.read_bytes(), stage.where.plan.read_bytes()) == (env, plan)
        assert not {"SLACK_BOT_TOKEN", "TWILIO_AUTH_TOKEN", "supervisor", "write_env", "write_plan"} & set(
            second.asked
        )
        assert "says all this already" in second.said and "come to us already" in second.said


@pytest.mark.promise("setup-again")
async def test_a_no_writes_nothing(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        works, ask = await first_run(stage, write_plan="no", write_env="no")
        assert not works and "left for later" in ask.said
        assert not stage.where.env.exists() and not stage.where.plan.exists()


async def test_a_running_product_takes_the_new_plan_at_once(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        _, ask = await first_run(stage)
        assert [p["yaml"] for p in stage.product.published] == [stage.where.plan.read_text()]
        assert "version 2 is active" in ask.said


# ---- trouble -----------------------------------------------------------------------------------------------------


@pytest.mark.promise("setup-words")
@pytest.mark.parametrize(
    "change, said",
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "bot token: Slack doesn't know this token"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "app token: Slack doesn't know this token"),
        ({"SLACK_BOT_TOKEN": APP, "SLACK_APP_TOKEN": BOT}, "another kind of token"),
    ],
)
async def test_wrong_tokens_are_told_apart(tmp_path: Path, change: dict[str, str], said: str) -> None:
    async with day_one(tmp_path) as stage:
        stage.slack.sockets.faults = stage.sandbox.faults
        ask = Operator(answers(stage.product, **change, test_phone="-"))
        works = await Setup(ask, stage.where).run()
        assert not works and said in ask.said, ask.said
        assert change.get("SLACK_BOT_TOKEN", BOT) not in stage.where.env.read_text()


@pytest.mark.promise("setup-words")
async def test_missing_permissions_are_named_with_what_they_are_for(tmp_path: Path) -> None:
    async with day_one(tmp_path, scopes=[s for s in GRANTED if s != "reactions:write"]) as stage:
        works, ask = await first_run(stage, test_phone="-")
        assert not works and "permission reactions:write is missing: put" in ask.said


async def test_a_channel_that_slack_refuses_is_named_with_what_to_type() -> None:
    ask = Operator({"slack_make": "yes"})
    assert not await enter_rooms(ask, Refusing(), parse(example(), "example"))  # type: ignore[arg-type]
    assert "✗ #support: Slack says no" in ask.said and "/invite @Tierline" in ask.said


class Refusing:
    """A workspace that lets nobody make or enter a channel."""

    async def rooms(self) -> list[object]:
        return []

    async def enter(self, name: str, there: object) -> str:
        raise SlackNo("no")


async def test_without_the_permission_to_make_channels_setup_says_which_to_add(tmp_path: Path) -> None:
    async with day_one(tmp_path, scopes=[s for s in GRANTED if s != "channels:manage"]) as stage:
        works, ask = await first_run(stage)
        assert not works and "permission channels:manage is missing" in ask.said
        assert "install the app again" in ask.said


@pytest.mark.promise("setup-words")
async def test_wrong_credentials_of_twilio_are_said_in_words(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        works, ask = await first_run(stage, TWILIO_AUTH_TOKEN="0" * 32)
        assert not works and "Twilio refuses our credentials" in ask.said


async def test_a_trial_account_says_so_and_its_refusal_is_explained(tmp_path: Path) -> None:
    async with day_one(tmp_path, account=Account("Trial")) as stage:
        works, ask = await first_run(stage)
        assert (
            not works and "it is a trial" in ask.said and "texts and calls only verified numbers" in ask.said
        )


async def test_a_suspended_account_is_no_use(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        shown = stage.twilio.store.account_json
        stage.twilio.store.account_json = lambda *a: shown(*a) | {"status": "suspended"}  # type: ignore[method-assign]
        works, ask = await first_run(stage)
        assert not works and "the account is suspended" in ask.said


async def test_an_address_that_leads_elsewhere_is_noticed(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        for url, said in (
            (stage.base, "something else answers"),
            ("http://127.0.0.1:9", "nobody answers"),
            ("help.example.com", "write a whole address"),
            ("https://user:pw@help.example.com", "write a whole address"),
        ):
            works, ask = await first_run(stage, TIERLINE_PUBLIC_URL=url)
            assert not works and said in ask.said and tunnel_command(stage.product.port) in ask.said
            assert stage.twilio.store.number(OURS).settings["sms_url"] == "https://old.example/sms"  # type: ignore[union-attr]


async def test_the_address_is_checked_by_a_listener_of_our_own_while_tierline_does_not_run(
    tmp_path: Path, unused: int
) -> None:
    assert await reached(f"http://127.0.0.1:{unused}", "127.0.0.1", unused) == ""
    assert "nobody answers" in await reached(f"http://127.0.0.1:{unused + 1}", "127.0.0.1", unused)


async def test_another_tierline_behind_the_address_is_not_taken_for_ours(tmp_path: Path, unused: int) -> None:
    async with day_one(tmp_path) as stage:
        assert "another Tierline" in await reached(stage.product.base, "127.0.0.1", unused)


@pytest.fixture
def unused() -> int:
    import socket

    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


async def test_a_text_that_fails_says_why(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        stage.sandbox.faults.twilio.undelivered = 30006
        works, ask = await first_run(stage)
        assert not works and "landline" in ask.said


async def test_a_product_that_does_not_run_leaves_the_way_back_untried(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        where = dataclasses.replace(stage.where, port=9)
        ask = Operator(answers(stage.product))
        stage.where = where
        works = await Setup(ask, where).run()
        assert not works


# ---- the pure parts ----------------------------------------------------------------------------------------------


def test_env_files_keep_every_line_that_is_not_ours() -> None:
    text = "# a\nexport A=1\nB='x y'\n\nC=old # why\nC=older\nnonsense\n"
    new = envfile.merged(text, {"A": "1", "C": "new value", "D": "it's", "E": ""})
    assert new == "# a\nexport A=1\nB='x y'\n\nC=old # why\nC='new value'\nnonsense\nD='it\\'s'\n"
    assert envfile.read(new) == {"A": "1", "B": "x y", "C": "new value", "D": "it's"}
    with pytest.raises(ValueError):
        envfile.merged("", {"A": "x\nEVIL=1"})


def test_what_is_written_is_what_the_settings_read(tmp_path: Path) -> None:
    from dotenv import dotenv_values

    values = {
        "A": "plain",
        "B": 'it\'s "quoted" \\ and $HOME # all',
        "C": "https://x.example/?a=b&c=d",
        "D": " spaced ",
    }
    envfile.write(tmp_path / ".env", envfile.merged("", values))
    assert dict(dotenv_values(tmp_path / ".env", interpolate=False)) == values


def test_choices_by_number_value_or_a_part_of_the_name() -> None:
    options = (
        Option("a@x", "Ada Lovelace <a@x>"),
        Option("b@x", "Ben Bo <b@x>"),
        Option("c@x", "Bea Bo <c@x>"),
    )
    assert chosen("1, ben", options, many=True) == ("a@x", "b@x")
    assert chosen("", options, many=False) == ()
    assert chosen("C@X", options, many=False) == ("c@x",)
    for bad in ("bo", "zoe", "9", "0"):
        with pytest.raises(LookupError):
            chosen(bad, options, many=False)


async def test_a_question_nobody_can_be_asked_names_its_flag_and_variable() -> None:
    ask = Terminal({"TIERLINE_SETUP_SITE": "acme"}, quiet=True)
    assert await ask.text("site", "Site?") == "acme"
    assert await ask.yes("write_env", "Write?") and not await ask.yes("slack_again", "Again?", False)
    with pytest.raises(Unanswered, match="TIERLINE_SETUP_SUPERVISOR"):
        await ask.choose("supervisor", "Who?", (Option("a", "A"), Option("b", "B")))
    with pytest.raises(Unanswered, match="SLACK_BOT_TOKEN"):
        await ask.secret("SLACK_BOT_TOKEN", "Token?")


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://x.example", "https://", "https://x.example/?q", "https://[", "https://x:y"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert refusal(url)


async def test_a_number_whose_texts_an_application_takes_is_left_to_the_operator(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        entry.settings["sms_application_sid"] = "AP" + "1" * 32
        works, ask = await first_run(stage, test_phone="-")
        assert not works and "a TwiML application takes its texts" in ask.said
        assert entry.settings["sms_url"] == "https://old.example/sms"


@pytest.mark.promise("setup-whole")
async def test_setup_leads_to_requests_where_somebody_wants_slack_to_call(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        given = answers(
            stage.product, slack_http="yes", SLACK_SIGNING_SECRET="8f742231b10e8888abcd99", test_phone="-"
        )
        ask = Operator(given)
        await Setup(ask, stage.where).run()
        env = stage.where.env.read_text()
        assert "SLACK_SIGNING_SECRET" in env and "SLACK_APP_TOKEN" not in env
        assert f"TIERLINE_PUBLIC_URL={stage.product.base}" in env.replace('"', "").replace("'", "")
        assert (
            quote(f"{stage.product.base}/slack/events", safe="") in ask.said and "Signing Secret" in ask.said
        )
        assert "8f742231b10e8888abcd99" not in ask.said and ask.asked.count("TIERLINE_PUBLIC_URL") == 1
