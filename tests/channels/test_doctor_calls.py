"""`tierline doctor` on the telephone: what is wrong with numbers, webhooks, phones and countries, and what fits at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from day_one_stage import Operator, answers, day_one
from test_setup_doctor import settings_of
from twilio.base.exceptions import TwilioRestException
from twilio_rehearsal import ACCOUNT, OURS, TOKEN, open_stage

from tierline.channels.slack.manifest import SCOPES
from tierline.console.doctor import judge
from tierline.console.doctor_calls import CallsSeen, calls, countries_of
from tierline.console.doctor_look import look
from tierline.console.setup import Setup
from tierline.console.twilio_side import OurNumber, TwilioSide
from tierline.console.webhooks import wanted_calls
from tierline.router.plan.load import parse
from tierline.sandbox.twilio_store import Account

PUBLIC, ADA, BEN = "https://help.example.com", "+4915112345670", "+447700900124"
BIN = "https://handler.twilio.com/twiml/EH1"
PLAN = f"""
site: x
timezone: UTC
languages: [en]
schedules: {{always: {{hours: "24/7"}}}}
channels: {{voice: {{from: "{OURS}", offer: 20s}}}}
safety: {{countries: [DE, US]}}
teams: {{support: {{channel: "#support"}}}}
services:
  help:
    schedule: always
    answer_within: 1m
    steps: [{{tiers: [L1], until: 1m, offer_to: 3}}, {{then: hold}}]
entry: [{{channel: voice, to: "{OURS}", service: help}}]
agents:
  - {{name: Ada, slack: ada@x.example, phone: "{ADA}", team: support}}
  - {{name: Ben, slack: ben@x.example, phone: "{BEN}", team: support}}
  - {{name: Cleo, slack: cleo@x.example, phone: "+4915112345671", team: support, channels: [sms]}}
"""
HOOKS = wanted_calls(PUBLIC, BIN)
NUMBER = OurNumber("PN1", OURS, OURS, True, True, True, tuple(HOOKS.items()))
WELL = CallsSeen((NUMBER,), False, None, {"DE": True, "GB": True, "US": True}, PUBLIC)


def told(it: CallsSeen, mark: str, plan: str = PLAN) -> str:
    return "\n".join(str(f) for f in calls(it, parse(plan)) if f.mark == mark)


def test_nothing_is_wrong_where_nothing_is() -> None:
    assert told(WELL, "bad") == told(WELL, "note") == ""
    assert "fallback that isn't here" in told(WELL, "ok")


def test_a_plan_without_calls_has_nothing_to_say_about_them() -> None:
    plan = PLAN.replace("channel: voice, to", "channel: sms, to")
    assert list(calls(WELL, parse(plan))) == [] and countries_of(parse(plan)) == {}


def _hooks(**change: str) -> CallsSeen:
    return _number(hooks=tuple((HOOKS | change).items()))


def _number(**change: object) -> CallsSeen:
    return dataclasses.replace(WELL, numbers=(dataclasses.replace(NUMBER, **change),))  # type: ignore[arg-type]


def _seen(**change: object) -> CallsSeen:
    return dataclasses.replace(WELL, **change)  # type: ignore[arg-type]


@pytest.mark.promise("doctor-calls")
@pytest.mark.parametrize(
    ("it", "said"),
    [
        (_number(number="+15550109999"), "nobody can call it"),
        (_number(voice=False), "cannot be called"),
        (_hooks(voice_url="https://old.example/voice"), "its calls go to old.example, not to us"),
        (_hooks(voice_url=""), "its calls go to nobody"),
        (_hooks(voice_method="GET"), "webhook for calls isn't POST"),
        (_hooks(status_callback=""), "nobody is told when a caller hangs up"),
        (_hooks(status_callback="https://old.example/"), "old.example is told when a caller hangs up"),
        (_hooks(status_callback_method="GET"), "status callback isn't POST"),
        (_hooks(voice_application_sid="AP1"), "a TwiML application takes its calls"),
        (_hooks(trunk_sid="TK1"), "a SIP trunk takes its calls"),
        (_hooks(voice_fallback_url=f"{PUBLIC}/away"), "lives here"),
        (_seen(numbers=()), "we call from it, and it isn't in the account"),
        (_seen(trial=True, verified=frozenset({ADA})), f"Ben's {BEN} isn't verified"),
        (
            _seen(countries={"DE": True, "GB": False, "US": True}),
            "may not call GB (21215), where Ben is rung",
        ),
        (
            _seen(countries={"DE": True, "GB": True, "US": False}),
            "may not call US (21215), where customers are",
        ),
        (_seen(countries={"DE": True, "US": True}), "may not call GB"),
    ],
)
def test_each_thing_wrong_is_a_line_that_says_what_to_do(it: CallsSeen, said: str) -> None:
    (line, *_) = [line for line in told(it, "bad").splitlines() if said in line] or [told(it, "bad")]
    assert said in line and "→" in line


@pytest.mark.promise("doctor-calls")
@pytest.mark.parametrize(
    ("it", "said"),
    [
        (_hooks(voice_fallback_url=""), "application error has occurred"),
        (_hooks(voice_url=f"{PUBLIC}/twilio/voice"), "only once"),
        (_seen(trial=True, verified=frozenset({ADA, BEN})), "before each call it says that it is a trial"),
        (_seen(trial=True, verified=None), "can't be asked"),
        (_seen(countries=None), "whether the account may call DE, GB, US can't be asked"),
        (_seen(most_calls=1), "only 1 phones"),
        (_seen(per_second=0.1), "to ring 2 phones takes 20 s of an offer's 20 s"),
    ],
)
def test_what_will_hurt_later_is_noted(it: CallsSeen, said: str) -> None:
    assert said in told(it, "note") and "→" in told(it, "note")


@pytest.mark.promise("doctor-calls")
def test_agents_without_a_phone_are_named_and_none_at_all_is_broken() -> None:
    assert "Ben has none" in told(WELL, "note", PLAN.replace(f', phone: "{BEN}"', ""))
    nobody = PLAN.replace(f', phone: "{BEN}"', "").replace(f', phone: "{ADA}"', "")
    assert "callers wait for nobody" in told(WELL, "bad", nobody)


def test_how_many_calls_fit_is_said_with_what_twilio_does_not_tell() -> None:
    well = told(WELL, "ok")
    assert (
        "2 agents who all talk are 4 calls at once" in well and "API doesn't tell the account's limit" in well
    )
    assert "1 a second" in well


# ---- asked of Twilio ---------------------------------------------------------------------------------------------


async def test_geographic_permissions_are_asked_through_the_library() -> None:
    async with open_stage(Account(countries=("+49", "+1"))) as stage:
        side = TwilioSide(ACCOUNT, TOKEN, f"{stage.base}/twilio")
        try:
            assert await side.may_call({"DE", "GB", "US", "ZZ"}) == {"DE": True, "GB": False, "US": True}
        finally:
            await side.close()
        listed = await stage.client.voice.v1.dialing_permissions.countries.list_async(
            low_risk_numbers_enabled=True
        )
        assert sorted(str(it.iso_code) for it in listed) == ["DE", "US"]
        (germany,) = await stage.client.voice.v1.dialing_permissions.countries.list_async(country_code="+49")
        assert germany.country_codes == ["+49"] and germany.low_risk_numbers_enabled
        with pytest.raises(TwilioRestException) as unknown:
            await stage.client.voice.v1.dialing_permissions.countries("ZZ").fetch_async()
        assert (unknown.value.status, unknown.value.code) == (404, 20404)


async def test_what_twilio_refuses_to_say_is_not_known_instead_of_wrong() -> None:
    async with open_stage() as stage:
        side = TwilioSide(ACCOUNT, "c3" * 16, f"{stage.base}/twilio")
        try:
            assert await side.may_call({"DE"}) is None
        finally:
            await side.close()


@pytest.mark.promise("doctor-calls")
async def test_with_its_own_eyes_doctor_finds_what_somebody_changed(tmp_path: Path) -> None:
    async with day_one(tmp_path, Account(countries=("+1",))) as stage:
        given = {"calls": "yes", f"calls_{OURS.removeprefix('+')}": "support", "agent_U0ADA00001_phone": ADA}
        ask = Operator(answers(stage.product, test_phone="-", voice_fallback=BIN, **given))
        await Setup(ask, stage.where).run()
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        entry.settings["status_callback"] = "https://elsewhere.example/"
        found = "\n".join(map(str, judge(await look(settings_of(stage, tmp_path)), SCOPES)))
        assert "elsewhere.example is told when a caller hangs up" in found
        assert "may not call DE (21215), where Ada is rung" in found
