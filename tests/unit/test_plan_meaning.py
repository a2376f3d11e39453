"""What a plan says is what the types hold, defaults included; and the example is one that can be lived in."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from tierline.router.plan.check import check, empty_plan, example
from tierline.router.plan.errors import PlanErrors, Source
from tierline.router.plan.load import parse
from tierline.router.plan.model import Plan
from tierline.router.plan.read import read
from tierline.router.plan.schema import schema
from tierline.skills.schedule import Schedule
from tierline.skills.skill import Need, refusal

HEAD = "site: a\ntimezone: Europe/Berlin\nlanguages: [en, de]\n"
PEOPLE = (
    HEAD
    + """\
supervisors: [mira@a.example]
schedules: {always: {hours: "24/7"}}
teams:
  inside: {channel: "#in"}
  outside: {channel: "#out", outsourced: true}
agents: [{name: Ada, slack: ada@a.example, team: inside, skills: {network: 3}}]
services:
  outage:
    schedule: always
    steps:
      - {tiers: [L1], until: 30s}
      - {tiers: [L2, L1], teams: any, until: 1h30m}
      - {then: {voice: callback}}
  howto: {schedule: always, answer_within: 5m, lag: {sms: 0s}, steps: [{tiers: L1, then: hold}]}
"""
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return parse(example(), "example.yaml")


def test_a_step_admits_whom_it_names_and_the_last_one_whom_the_step_before_did() -> None:
    plan = parse(PEOPLE)
    service = plan.service("outage")
    assert service is not None
    first, second, last = service.steps
    assert (first.tiers, plan.need_teams(first), first.until) == ((1,), ("inside",), timedelta(seconds=30))
    assert (second.tiers, plan.need_teams(second), second.until) == ((2, 1), (), timedelta(minutes=90))
    assert (last.tiers, plan.need_teams(last), last.until) == ((2, 1), (), None)
    assert last.then is not None and last.then.values == ("callback", "hold", "hold", "hold")


def test_durations_hold_for_all_channels_or_for_one() -> None:
    service = parse(PEOPLE).service("howto")
    assert service is not None
    assert set(service.answer_within.values) == {timedelta(minutes=5)}
    assert service.lag.sms == timedelta(0) and service.lag.email == timedelta(hours=8)


def test_everything_in_a_plan_is_frozen_and_hashable(plan: Plan) -> None:
    assert hash(plan)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.site = "other"  # type: ignore[misc]


def test_the_hash_is_of_what_is_said_not_of_how_it_is_laid_out(plan: Plan) -> None:
    assert parse("# a remark\n\n" + example()).content_hash == plan.content_hash
    assert parse(example().replace("hold_reply: 8s", "hold_reply: 9s")).content_hash != plan.content_hash


def test_a_text_in_another_language_falls_back_and_braces_of_a_value_stay() -> None:
    texts = parse(HEAD + 'texts: {taken: {en: "{agent} is on it", de: "{agent} macht das"}}\n').texts
    assert texts.fill("taken", "de", agent="{site}") == "{site} macht das"
    assert texts.fill("taken", "fr", agent="Ada") == "Ada is on it"
    assert texts.fill("closed", "en") is None


def test_a_rule_that_an_earlier_one_covers_is_warned_of() -> None:
    rules = """\
rules:
  - {name: wide, when: {text: {any: [down, Offline]}}, set: {service: outage}}
  - {name: narrow, when: {text: {any: [offline]}, customer: {contract: gold}}, set: {service: howto}}
  - {name: other, when: {text: {any: [offline, slow]}}, set: {service: howto}}
"""
    (warning,) = parse(PEOPLE + rules).warnings
    assert warning.path == "rules[1]" and "narrow" in warning.message and "wide" in warning.message


COUNTED = example().replace("share: 30%}", "share: 30%, cost: {per_contact: 4.20 EUR}}")


def test_what_nothing_acts_on_yet_is_listed_with_its_line() -> None:
    (each,) = parse(COUNTED).not_yet()
    assert each.path == "teams.nightowl.cost" and "cost:" in COUNTED.splitlines()[each.line - 1]
    assert parse(example()).not_yet() == ()


@pytest.mark.promise("plan-not-yet")
def test_check_tells_what_is_sound_and_what_does_not_act_yet() -> None:
    text, code = check(COUNTED, "example.yaml")
    assert (
        code == 0
        and "no mistakes" in text
        and "nothing acts on it yet" in text
        and "costs aren't counted" in text
        and "voicemail" not in text
    )
    text, code = check("site: A b\n", "mine.yaml")
    assert code == 1 and "mine.yaml:1:7" in text and "3 mistakes" in text


def test_without_a_plan_the_empty_one_says_what_to_do() -> None:
    assert empty_plan().services == () and "tierline setup" in empty_plan().warnings[0].message


def test_editors_schema_takes_the_example_and_refuses_what_check_refuses() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    tree = read(example(), Source("example.yaml", example())).plain()
    assert [error.message for error in validator.iter_errors(tree)] == []
    for wrong in ({"colour": 1}, {"site": "A b"}, {"settings": {"offers": 99}}, {"languages": []}):
        assert isinstance(tree, dict)
        assert not validator.is_valid(tree | wrong)  # type: ignore[operator]


def test_the_example_has_three_people_for_an_outage_at_every_hour_of_the_year(plan: Plan) -> None:
    outage = plan.service("outage")
    assert outage is not None
    last = outage.steps[-1]
    need = Need("outage", "sms", outage.skills, (), last.tiers, plan.need_teams(last))
    shifts = {
        agent.name: Schedule(spec) if (spec := plan.schedule(agent.shift or "")) else None
        for agent in plan.agents
        if refusal(need, agent.profile) is None
    }
    hour = datetime(2026, 1, 1, tzinfo=UTC)
    while hour < datetime(2027, 1, 2, tzinfo=UTC):
        on_shift = [name for name, shift in shifts.items() if shift is None or shift.is_open(hour)]
        assert len(on_shift) >= 3, hour
        hour += timedelta(hours=1)


def test_in_the_example_every_number_takes_calls_and_texts_and_key_1_is_the_outage(plan: Plan) -> None:
    numbers = {entry.to for entry in plan.entry if entry.channel in ("voice", "sms")}
    assert numbers and all(plan.entry_for("sms", n) and plan.entry_for("voice", n) for n in numbers)
    assert {key.press: key.service for key in plan.entry[0].menu}["1"] == "outage"
    assert plan.rules[1].when.text is not None and "down" in plan.rules[1].when.text.any
    assert plan.rules[1].set.service == "outage"


def test_two_plans_in_one_document_are_refused() -> None:
    with pytest.raises(PlanErrors):
        parse(example() + "---\n" + example())
