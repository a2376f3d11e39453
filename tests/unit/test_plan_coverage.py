"""What a plan leaves uncovered is told before a customer finds it: hours, steps, rules, languages."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest
from helpers_plan import BERLIN, EXAMPLE, arrived, at, book, example
from helpers_plan import SMALL as DESK
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.queue.history.records import Customer
from tierline.router.classify import classify
from tierline.router.coverage import both, coverage, union, without
from tierline.router.plan.load import parse
from tierline.router.plan.model_rules import Rule, Set, TextMatch, When
from tierline.router.plan.ranges import ranges
from tierline.router.plan.reach import covers, unreachable
from tierline.router.roster import duty
from tierline.router.rulebook import Rulebook, instant
from tierline.router.rules import Subject, holds
from tierline.skills.skill import refusal

SOURCE = EXAMPLE.read_text(encoding="utf-8")
NOW = at("2026-11-22 15:30")  # a Sunday


def found(*pairs: tuple[str, str], now: int = NOW) -> list[str]:
    source = SOURCE
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return [it.text for it in coverage(Rulebook(parse(source), 1), now)]


def test_the_example_is_covered() -> None:
    assert coverage(Rulebook(example(), 1), NOW) == ()


NIGHT_LESS = (
    ("shift: always}", "shift: early}"),
    ("skills: {network: 4}, shift: night", "skills: {network: 4}, shift: early"),
)


@pytest.mark.promise("plan-coverage")
def test_hours_in_which_nobody_can_take_a_contact_are_told_as_people_say_them() -> None:
    assert found(*NIGHT_LESS) == ["outage, 22:00–06:00 every day: nobody"]
    weekend = (('late:  {hours: "14:00-22:00"}', 'late:  {hours: "Mo-Fr 14:00-22:00"}'),)
    assert found(*NIGHT_LESS, *weekend) == [
        "outage, Mon–Fri 22:00–06:00 (overnight) every week: nobody",
        "outage, Sat, Sun 14:00–06:00 (overnight) every week: nobody",
    ]
    morning = (('early: {hours: "06:00-14:00"}', 'early: {hours: "Mo-Sa 06:00-14:00"}'),)
    assert "outage, Sat 14:00 – Mon 06:00 every week: nobody" in found(*NIGHT_LESS, *weekend, *morning)


def test_a_gap_of_one_language_names_it() -> None:
    lines = found(
        ("languages: {de: 3, en: 3} ", "languages: {de: 5, en: 3} "),
        ("shift: office}\n  # The", "shift: early}\n  # The"),
    )
    assert lines == ["howto, German, Mon–Fri 14:00–18:00 every week: nobody"]


def test_a_single_day_is_told_by_its_date() -> None:
    once = (
        'early: {hours: "06:00-14:00"}',
        'early: {hours: "06:00-14:00", overrides: [{on: 2026-12-02, hours: off, why: trip}]}',
    )
    lines = found(*NIGHT_LESS, once)
    assert any("1 Dec 22:00" in line and line.endswith(": nobody") for line in lines), lines


def test_nobody_ever_and_a_step_that_never_opens() -> None:
    assert found(("skills: {billing: 2}\n", "skills: {billing: 4, network: 5}\n")) == [
        "orders: step 1 never opens: nobody who can do it is L1, L2 and on shift then",
        "orders: step 2 never opens: nobody who can do it is L1, L2, L3 and on shift then",
        "orders: nobody at any time in the next 30 days",
    ]


@pytest.mark.promise("plan-coverage")
@pytest.mark.parametrize("room", ["{budget: 50}", "{caps: {voice: 0}}"])
def test_who_has_no_room_for_a_single_call_covers_none(room: str) -> None:
    """A call costs the whole of the usual budget: half of it is for texts, and whoever is alone with it answers none."""
    trainee = DESK.replace("tier: L1}", f"tier: L1, capacity: {room}}}", 1)
    assert trainee != DESK and coverage(book(DESK), NOW) == ()
    assert [it.text for it in coverage(book(trainee), NOW)] == [
        "help, voice: nobody at any time in the next 30 days",
    ]


def test_a_language_that_nobody_speaks_and_a_rule_without_a_door() -> None:
    lines = [it.text for it in coverage(Rulebook(parse(SMALL), 1), NOW)]
    assert "no agent speaks French" in lines
    assert any(line.startswith("rule “by mail” (number 1) never matches: no door") for line in lines)
    assert any(line.startswith("rule “bills” (number 2) never matches: no door leads to") for line in lines)


SMALL = """
site: small
timezone: Europe/Berlin
languages: [en, fr]
supervisors: [mira@small.example]
schedules: {always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}}
services:
  help: {schedule: always, steps: [{tiers: [L1], until: 5m}, {then: hold}]}
  bills: {schedule: always, steps: [{tiers: [L1], until: 5m}, {then: hold}]}
entry: [{channel: sms, to: "+4930100", service: help}]
rules:
  - {name: by mail, when: {channel: email}, set: {service: help}}
  - {name: bills, when: {service: bills}, set: {priority: 2}}
agents:
  - {name: Ada, slack: ada@small.example, team: desk, languages: {en: 5}}
"""


def test_what_is_told_is_true_hour_by_hour() -> None:
    """Every hour of the next days is asked of the roster itself: somebody admitted on shift, or the gap says nobody."""
    source = SOURCE
    for old, new in NIGHT_LESS:
        source = source.replace(old, new)
    book = Rulebook(parse(source), 1)
    for hour in range(48):
        moment = instant(NOW) + timedelta(hours=hour)
        verdict = classify(book, arrived("outage"), Customer("eva"), NOW + hour * 3_600_000)
        needs = [step.need for step in verdict.decision.route.steps]
        free = any(
            duty(book, agent, moment)[0] and refusal(need, agent.profile) is None
            for agent, need in product(book.plan.agents, needs)
        )
        local = moment.astimezone(BERLIN)
        assert free == (6 <= local.hour < 22), local


def test_a_plan_too_large_to_look_at_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.router.coverage.MOST_ASKED", 5)
    assert found() == ["the plan is too large: not all of its hours could be looked at"]


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=6).map(
    lambda raw: union((datetime(2026, 1, 1, tzinfo=BERLIN) + timedelta(hours=a), datetime(2026, 1, 1, tzinfo=BERLIN) + timedelta(hours=a + n)) for a, n in raw)
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(spans, spans)
def test_stretches_are_joined_cut_and_taken_out_exactly(a: tuple, b: tuple) -> None:  # type: ignore[type-arg]
    def has(of: tuple, hour: int) -> bool:  # type: ignore[type-arg]
        here = datetime(2026, 1, 1, 0, 30, tzinfo=BERLIN) + timedelta(hours=hour)
        return any(since <= here < until for since, until in of)

    for hour in range(72):
        assert has(union([*a, *b]), hour) == (has(a, hour) or has(b, hour))
        assert has(both(a, b), hour) == (has(a, hour) and has(b, hour))
        assert has(without(a, b), hour) == (has(a, hour) and not has(b, hour))


def test_ranges_name_weeks_days_and_dates() -> None:
    start, end = datetime(2026, 11, 23, tzinfo=BERLIN), datetime(2026, 12, 23, tzinfo=BERLIN)

    def said(*of: tuple[int, int, int]) -> list[str]:
        stretches = [
            (start + timedelta(days=d, hours=a), start + timedelta(days=d, hours=b)) for d, a, b in of
        ]
        return [it.text for it in ranges(stretches, BERLIN, start, end)]

    assert said(*((d, 22, 30) for d in range(29))) == ["22:00–06:00 every day"]
    assert said(*((d, 12, 13) for d in range(30) if d % 7 < 5)) == ["Mon–Fri 12:00–13:00 every week"]
    assert said(*((d, 22, 30) for d in range(30) if d % 7 == 5)) == ["Sat 22:00 – Sun 06:00 every week"]
    assert said((9, 8, 24)) == ["Wed 2 Dec 08:00–24:00"]
    assert said((9, 8, 9), (10, 8, 9)) == ["Wed 2 Dec 08:00–09:00, Thu 3 Dec 08:00–09:00"]


# ---- rules in the shadow of an earlier one ------------------------------------------------------------------------

WORDS = ["down", "server", "server down", "mail"]
whens = st.builds(
    When,
    text=st.none() | st.builds(TextMatch, st.lists(st.sampled_from(WORDS), max_size=2).map(tuple), st.lists(st.sampled_from(WORDS), max_size=2).map(tuple)),
    channel=st.lists(st.sampled_from(["voice", "chat", "sms", "email"]), max_size=4, unique=True).map(tuple),
    sender=st.lists(st.sampled_from(["+49*", "+491", "+4915*", "+44*"]), max_size=2, unique=True).map(tuple),
    known=st.none() | st.booleans(),
    time=st.none() | st.sampled_from([(0, 720), (60, 120), (1320, 360), (1380, 60)]),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    whens,
    whens,
    st.sampled_from(["", "down", "the server is down", "server", "down server", "mail server down"]),
)
def test_a_rule_said_to_be_in_the_shadow_never_matches_alone(wide: When, narrow: When, text: str) -> None:
    if not covers(wide, narrow):
        return
    for channel, sender, known, minute in product(
        ("voice", "sms", "email"),
        ("+491", "+4915123", "+447"),
        (True, False),
        (0, 30, 90, 719, 800, 1330, 1400),
    ):
        it = Subject(
            text, channel, "s", "+1", sender, known, "en", {}, True, frozenset(),  # type: ignore[arg-type]
            datetime(2026, 1, 5, minute // 60, minute % 60),
        )  # fmt: skip
        if holds(narrow, it):
            assert holds(wide, it)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (When(text=TextMatch(("down",))), When(text=TextMatch(("server down",)))),
        (When(text=TextMatch((), ("down",))), When(text=TextMatch((), ("server down", "mail")))),
        (When(sender=("+49*",)), When(sender=("+4915*", "+49170"))),
        (When(time=(1320, 360)), When(time=(1380, 60))),
        (When(time=(480, 1080)), When(time=(540, 600))),
        (When(channel=("voice", "chat", "sms", "email")), When()),
    ],
)
def test_subsets_are_seen(wide: When, narrow: When) -> None:
    assert covers(wide, narrow) and not covers(narrow, wide) or wide.channel
    assert Rule("a", wide, Set(priority=1)).when == wide


@settings(max_examples=200, deadline=None)
@given(st.lists(whens, max_size=8))
def test_who_stands_in_the_shadow_is_found_as_if_each_pair_were_compared(asked: list[When]) -> None:
    rules = tuple(Rule(f"r{n}", when, Set(priority=1), n) for n, when in enumerate(asked))
    pairs = {
        n: next((e.name for e in rules[:n] if covers(e.when, rule.when)), None)
        for n, rule in enumerate(rules)
    }
    told = {it.path: it.message for it in unreachable(rules)}
    assert told.keys() == {f"rules[{n}]" for n, first in pairs.items() if first}
    assert all(f'"{first}"' in told[f"rules[{n}]"] for n, first in pairs.items() if first)
