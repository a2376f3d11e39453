"""What follows a call: its wrap-up in the thread, how it ended, what the customer thinks, texts to who hung up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_first_call import together, waiting

from tests.channels.phone_stage import CALLS, Stage, telephone
from tests.helpers_app import DESK, EVA, JONAS, Json

SLOW = CALLS.replace("wrap_up: 30s", "wrap_up: 2m")


async def talked(it: Stage) -> str:
    """Eva has talked with Ada and has hung up: the wrap-up goes on; the agent's leg."""
    await it.inside.slash("Ada", "available")
    sid = await it.dial()
    await waiting(it, sid)
    leg = await together(it, sid, "Ada")
    await it.inside.until(lambda: pressable(it, "contact.close"))
    await it.do(sid, "hangup")
    await it.inside.until(lambda: state(it, "wrapping"))
    return leg


async def state(it: Stage, name: str) -> bool:
    return str((await it.inside.contacts())[0]["state"]) == name


async def pressable(it: Stage, action: str, words: str = "") -> list[Json]:
    """Messages in #desk that have that button and these words."""
    found = await it.inside.channel("desk")
    return [m for m in found if f'"{action}"' in (all_ := json.dumps(m["blocks"])) and words in all_]


async def press(it: Stage, name: str, action: str, words: str = "") -> None:
    message = (await it.inside.until(lambda: pressable(it, action, words)))[-1]
    who = it.inside.person(name).slack
    body = {"user": who, "channel": message["channel"], "ts": message["ts"], "action_id": action}
    await it.inside.call("/slack/act", body)


async def fill_in(it: Stage, name: str, **values: str) -> None:
    """The close modal that is open before `name`."""
    who = it.inside.person(name).slack

    async def form() -> Json | None:
        views = await it.inside.call(f"/slack/views?user={who}")
        return next((v for v in views if '"disposition"' in json.dumps(v)), None)

    view = await it.inside.until(form)
    await it.inside.call("/slack/submit", {"user": who, "view_id": view["id"], "values": values})


async def outcome(it: Stage) -> Json:
    found: Json = (await it.inside.contact())["outcome"]
    return found


async def says(it: Stage, words: str) -> bool:
    return words in json.dumps(await it.inside.channel("desk"), ensure_ascii=False)


@pytest.mark.promise("wrap-done")
async def test_done_says_how_the_call_ended_and_the_agent_is_free_at_once(tmp_path: Path) -> None:
    async with telephone(tmp_path, SLOW) as it:
        await talked(it)
        await press(it, "Ada", "contact.close", "Wrap-up until")
        await fill_in(it, "Ada", disposition="0:solved", resolution="new cable")
        await it.inside.until(lambda: state(it, "closed"))

        async def known() -> bool:
            return (await outcome(it)).get("resolution") == "new cable"

        await it.inside.until(known)
        assert (await outcome(it))["disposition"] == "solved"
        await it.inside.until(lambda: says(it, "is closed: solved"))


@pytest.mark.promise("wrap-longer")
async def test_more_time_is_given_twice_and_the_new_end_is_shown(tmp_path: Path) -> None:
    async with telephone(tmp_path, SLOW) as it:
        await talked(it)
        before = await it.inside.until(lambda: pressable(it, "contact.longer"))
        await press(it, "Ada", "contact.longer")
        await it.inside.until(lambda: pressable(it, "contact.longer", "More time. "))
        assert "<!date^" in json.dumps(before[0]["blocks"])
        await press(it, "Ada", "contact.longer", "More time. ")

        async def last() -> bool:
            lines = await pressable(it, "contact.close", "More time. ")
            return bool(lines) and '"contact.longer"' not in json.dumps(lines[-1]["blocks"])

        await it.inside.until(last)
        await it.inside.call("/clock", {"advance": "5m"})
        assert await state(it, "wrapping")
        await it.inside.call("/clock", {"advance": "90s"})
        await it.inside.until(lambda: state(it, "closed"))


@pytest.mark.promise("wrap-later")
async def test_how_it_ended_can_still_be_said_when_the_time_is_up(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await talked(it)
        await it.inside.call("/clock", {"advance": "40s"})
        await it.inside.until(lambda: state(it, "closed"))
        await press(it, "Ada", "contact.close", "Wrap-up until")
        await fill_in(it, "Ada", disposition="1:answered", root_cause="an old router")

        async def known() -> bool:
            return (await outcome(it)).get("root_cause") == "an old router"

        await it.inside.until(known)
        assert (await outcome(it))["by"] == "Ada"
        await it.inside.until(lambda: says(it, "Ada says how it ended: answered; an old router"))


@pytest.mark.promise("wrap-notes")
async def test_what_is_typed_during_the_wrap_up_is_kept_as_a_note(tmp_path: Path) -> None:
    async with telephone(tmp_path, SLOW) as it:
        await talked(it)
        head = (await it.inside.channel("desk"))[0]
        who = it.inside.person("Ada").slack
        body = {"user": who, "channel": head["channel"], "thread_ts": head["ts"], "text": "fuse was blown"}
        await it.inside.call("/slack/reply", body)

        async def kept() -> bool:
            said = (await it.inside.contact())["transcript"]
            return any(m["kind"] == "note" and m["text"] == "fuse was blown" for m in said)

        await it.inside.until(kept)
        assert "is closed" in await it.inside.slash("Ada", "done C1001 solved new fuse")
        await it.inside.until(lambda: state(it, "closed"))
        assert not await it.inside.got("fuse")


# ---- texts to callers --------------------------------------------------------------------------------------------

TEXTS = """
texts:
  missed_call: {en: "Sorry we missed you. Text us here.", de: "Schreiben Sie uns hier."}
  rating: {en: "How was {agent}? Answer 1 to 5.", de: "Wie war {agent}?"}
"""


async def ended(it: Stage, sid: str) -> bool:
    return str((await it.leg(sid))["status"]) == "completed"


@pytest.mark.promise("call-text-back")
async def test_who_hangs_up_while_waiting_gets_a_text_once(tmp_path: Path) -> None:
    async with telephone(tmp_path, CALLS + TEXTS) as it:
        sid = await it.dial()
        await waiting(it, sid)
        await it.do(sid, "hangup")
        (text,) = await it.inside.until(lambda: it.inside.got("Sorry we missed you"))
        assert text["from"] == DESK

        async def on_record() -> bool:
            said = (await it.inside.contact())["transcript"]
            return any(m["kind"] == "missed_call" and m["status"] in ("sent", "delivered") for m in said)

        await it.inside.until(on_record)
        again = await it.dial()  # back in their place
        await it.inside.until(lambda: it.at(again, "waiting"))
        await it.do(again, "hangup")
        await it.inside.until(lambda: state(it, "abandoned"))
        await it.inside.call("/clock", {"advance": "15m"})
        third = await it.dial()
        await waiting(it, third)
        await it.do(third, "hangup")

        async def twice() -> bool:
            return len(await it.inside.got("Sorry we missed you")) == 2

        await it.inside.until(
            twice
        )  # another contact's; so what the second call might have sent is out by now
        assert len(await it.inside.contacts()) == 2


@pytest.mark.promise("call-text-back")
async def test_nobody_is_texted_who_withholds_the_number_or_has_opted_out(tmp_path: Path) -> None:
    async with telephone(tmp_path, CALLS + TEXTS) as it:
        await it.inside.text("STOP", JONAS)
        for sender in ("anonymous", JONAS, EVA):
            sid = await it.dial(sender)
            await waiting(it, sid)
            await it.do(sid, "hangup")
            await it.inside.until(lambda sid=sid: ended(it, sid))
        await it.inside.until(lambda: it.inside.got("Sorry we missed you"))
        await it.inside.until(lambda: it.inside.app.outbox.lanes.open == 0)
        wrote = [await it.inside.api(f"/contacts/C100{n}") for n in (1, 2, 3)]
        texted = [[m["kind"] for m in one["transcript"] if m["kind"] != "in"] for one in wrote]
        assert texted == [[], [], ["missed_call"]] and not await it.inside.got("Sorry", JONAS)


@pytest.mark.promise("call-rated")
async def test_a_caller_who_hung_up_answers_by_text_how_it_was(tmp_path: Path) -> None:
    async with telephone(tmp_path, CALLS + TEXTS) as it:
        await talked(it)
        await it.inside.until(lambda: it.inside.got("How was Ada?"))

        async def recorded() -> bool:  # nobody types as fast as a test
            record = await it.inside.app.history.contact("C1001")
            return record is not None and any(m.kind == "rating" for m in record.messages)

        await it.inside.until(recorded)
        await it.inside.text("4")

        async def rated() -> bool:
            return (await outcome(it)).get("rating") == "4"

        await it.inside.until(rated)
        await it.inside.until(lambda: says(it, "The customer rated it: 4 of 5."))
        await it.inside.text("3 of my servers are down")

        async def two() -> bool:
            return sorted(c["channel"] for c in await it.inside.contacts()) == ["sms", "voice"]

        await it.inside.until(two)
        await it.inside.text("2")  # a conversation goes on: it is said there

        async def said() -> bool:
            text = next(c for c in await it.inside.contacts() if c["channel"] == "sms")
            whole = await it.inside.api(f"/contacts/{text['id']}")
            return [m["text"] for m in whole["transcript"]] == ["3 of my servers are down", "2"]

        await it.inside.until(said)


@pytest.mark.promise("call-rated")
async def test_a_digit_counts_before_the_history_has_heard_of_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telephone(tmp_path, CALLS + TEXTS) as it:
        await talked(it)
        await it.inside.until(lambda: it.inside.got("How was Ada?"))

        async def nothing(history: object, names: object, limit: int) -> tuple[()]:
            return ()

        monkeypatch.setattr(type(it.inside.app.history), "past_of", nothing)
        await it.inside.text("4")
        await it.inside.until(lambda: says(it, "The customer rated it: 4 of 5."))
        assert [c["id"] for c in await it.inside.contacts()] == ["C1001"]


@pytest.mark.promise("call-rated")
async def test_when_the_agent_ends_the_call_the_customer_is_asked_aloud(tmp_path: Path) -> None:
    plan = CALLS + 'texts: {call_rate: {en: "Please rate us from 1 to 5.", de: "Bitte bewerten Sie uns."}}\n'
    async with telephone(tmp_path, plan) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = await together(it, sid, "Ada")
        await it.do(leg, "hangup")
        await it.inside.until(lambda: it.said(sid, "Please rate us"))
        await it.do(sid, "press", digits="5")
        await it.inside.until(lambda: ended(it, sid))
        assert await it.said(sid, "Thank you very much")

        async def rated() -> bool:
            return (await outcome(it)).get("rating") == "5"

        await it.inside.until(rated)


async def test_a_digit_that_nobody_asked_for_is_a_contact(tmp_path: Path) -> None:
    async with telephone(tmp_path, CALLS + TEXTS) as it:
        await it.inside.text("4")
        await it.inside.until(it.inside.contact)
