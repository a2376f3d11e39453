"""`tierline setup` for the telephone: calls lead to us, who is away is answered from elsewhere, and nothing else changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

import pytest
from day_one_stage import ADA, DayOne, Operator, answers, day_one
from test_setup_doctor import bad, notes, settings_of
from twilio_rehearsal import EVA, GERMAN, OURS

from tierline.console import envfile
from tierline.console.ask import Terminal
from tierline.console.doctor_look import look
from tierline.console.setup import Setup
from tierline.console.setup_calls import document, phone, unfit
from tierline.console.webhooks import wanted_calls
from tierline.router.plan.load import parse

BIN = "https://handler.twilio.com/twiml/EH" + "0" * 32


async def run(stage: DayOne, **more: str) -> tuple[bool, Operator]:
    """A first run with calls."""
    given = {
        "calls": "yes", f"calls_{OURS.removeprefix('+')}": "support", f"agent_{ADA}_phone": "+4915112345670",
        "fallback_phone": "+4915112345671", "voice_fallback": BIN, "test_phone": "-",
    }  # fmt: skip
    ask = Operator(answers(stage.product, **(given | more)))
    return await Setup(ask, stage.where).run(), ask


def hooks(stage: DayOne, number: str = OURS) -> dict[str, object]:
    """What Twilio shows of a number."""
    entry = stage.twilio.store.number(number)
    assert entry is not None
    return stage.twilio.store.number_json(entry)


@pytest.mark.promise("setup-calls")
async def test_calls_come_to_us_their_ends_too_and_the_fallback_lives_elsewhere(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        before = dict(stage.twilio.store.number(GERMAN).settings)  # type: ignore[union-attr]
        _, ask = await run(stage)
        want, shown = wanted_calls(stage.product.base, BIN), hooks(stage)
        assert {name: shown[name] for name in want} == want
        assert want["voice_url"] == f"{stage.product.base}/twilio/voice#rc=3&rp=ct,rt,5xx"
        assert want["status_callback"].startswith(f"{stage.product.base}/twilio/voice/leg#rc=3")
        assert stage.twilio.store.number(GERMAN).settings == before  # type: ignore[union-attr]
        plan = parse(stage.where.plan.read_text())
        assert plan.entry_for("voice", OURS) is not None and plan.agents[0].phone == "+4915112345670"
        assert "tierline doctor --call" in ask.said


@pytest.mark.promise("setup-calls")
async def test_webhooks_of_calls_are_shown_old_to_new_and_a_no_leaves_them(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        entry.settings["voice_url"] = "https://old.example/voice"
        works, ask = await run(stage, webhooks_calls="no")
        assert not works
        assert (
            f"voice_url: https://old.example/voice → {stage.product.base}/twilio/voice#rc=3&rp=ct,rt,5xx"
            in ask.said
        )
        assert hooks(stage)["voice_url"] == "https://old.example/voice"


@pytest.mark.promise("setup-fallback")
async def test_what_to_put_where_is_printed_ready_to_paste(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        _, ask = await run(stage)
        (page,) = [line for line in ask.lines if line.startswith("<?xml")]
        root = ElementTree.fromstring(page)
        assert [verb.tag for verb in root] == ["Say", "Dial"] and root[1].text == "+4915112345671"
        assert any("twiml-bins" in line for line in ask.lines)


@pytest.mark.promise("setup-fallback")
async def test_a_fallback_is_asked_for_each_time_until_one_is_set(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        works, ask = await run(stage, voice_fallback="-")
        assert not works and "say so until one is set" in ask.said
        assert hooks(stage)["voice_url"] and not hooks(stage)["voice_fallback_url"]
        assert "no fallback for calls" in notes(await look(settings_of(stage, tmp_path)))
        again = dataclasses.replace(stage.where, here=envfile.read(stage.where.env.read_text()))
        second = Operator({"test_phone": "-", "voice_fallback": BIN})
        await Setup(second, again).run()
        assert "voice_fallback" in second.asked and hooks(stage)["voice_fallback_url"] == BIN
        third = Operator({"test_phone": "-"})
        await Setup(third, again).run()
        assert "voice_fallback" not in third.asked and "its calls come to us already" in third.said
        assert "fallback" not in bad(await look(settings_of(stage, tmp_path)))


@pytest.mark.promise("setup-fallback")
async def test_a_fallback_that_lives_here_is_refused_and_one_that_is_set_is_replaced(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        entry.settings["voice_fallback_url"] = f"{stage.product.base}/away"
        _, ask = await run(stage, voice_fallback="https://127.0.0.1/away.xml")
        assert (
            "it lives here" in ask.said and hooks(stage)["voice_fallback_url"] == f"{stage.product.base}/away"
        )
        await run(stage, voice_fallback=BIN)
        assert hooks(stage)["voice_fallback_url"] == BIN


async def test_a_fallback_of_the_operators_own_stays(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        entry.settings["voice_fallback_url"] = "https://static.example/away.xml"
        _, ask = await run(stage)
        assert "voice_fallback" not in ask.asked
        assert hooks(stage)["voice_fallback_url"] == "https://static.example/away.xml"


async def test_who_wants_no_calls_gets_none(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        before = hooks(stage)["voice_url"]
        _, ask = await run(stage, calls="no")
        assert hooks(stage)["voice_url"] == before and "voice_fallback" not in ask.asked
        assert parse(stage.where.plan.read_text()).entry_for("voice", OURS) is None


async def test_a_number_whose_calls_something_else_takes_is_left_to_the_operator(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        entry.settings["trunk_sid"] = "TK" + "0" * 32
        works, ask = await run(stage)
        assert not works and "a SIP trunk takes its calls" in ask.said
        assert "a SIP trunk takes its calls" in bad(await look(settings_of(stage, tmp_path)))


# ---- the pure parts ----------------------------------------------------------------------------------------------


PLAN = """
site: nord-wind
timezone: UTC
languages: [de, en, fr]
schedules: {always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}}
services: {help: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], then: hold}]}}
texts: {call_away_forward: {de: "Wir sind gerade nicht da <und> verbinden.", en: "Away.", fr: "Loin."}}
"""


def test_the_document_speaks_two_languages_of_the_plan_in_its_own_words() -> None:
    root = ElementTree.fromstring(document(parse(PLAN), "+491511234567"))
    assert [(verb.tag, verb.get("language")) for verb in root[:2]] == [("Say", "de-DE"), ("Say", "en-GB")]
    assert root[0].text == "Wir sind gerade nicht da <und> verbinden." and root[2].text == "+491511234567"
    without = ElementTree.fromstring(document(parse(PLAN), ""))
    assert [verb.tag for verb in without] == ["Say", "Say"] and "again" in str(without[1].text)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://static.example/away.xml", "https://"),
        ("static.example", "https://"),
        ("https://", "https://"),
        ("https://[", "no address"),
        ("https://u:p@static.example/", "https://"),
        ("https://help.example.com:8443/away", "lives here"),
        ("https://HELP.example.com/away", "lives here"),
    ],
)
def test_what_cannot_be_a_fallback_is_said(url: str, said: str) -> None:
    assert said in unfit(url, "https://help.example.com")
    assert unfit(BIN, "https://help.example.com") == ""


async def test_a_phone_is_taken_only_as_the_whole_world_writes_it() -> None:
    ask = Operator({"phone": "0151 1234567"})
    assert await phone(ask, "phone", "Phone") == "" and ask.said.count("write it with +") == 3
    assert await phone(Operator({"phone": "+49 151 1234 5678"}), "phone", "Phone") == EVA


async def test_without_a_terminal_nothing_about_calls_is_asked(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        given = answers(stage.product, test_phone="-", **{f"service_{GERMAN.removeprefix('+')}": "support"})
        works = await Setup(Terminal(given, quiet=True), stage.where).run()
        assert not works
        assert parse(stage.where.plan.read_text()).entry_for("voice", OURS) is None
