"""Where a contact goes that is handed over, what it keeps, and what counts as to and fro. And when somebody means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tierline.queue.contact import Arrived
from tierline.queue.history.records import Customer
from tierline.queue.state import ContactView
from tierline.router import commands, orders
from tierline.router.again import asks_again, reopens
from tierline.router.classify import classify
from tierline.router.facts import MOST_MOVES, Facts, Moved
from tierline.router.handover import Aim, Handover, NoSuch, above, aim, hand_over
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook, agent_id
from tierline.router.situation import Incident, Shut, Situation, dump
from tierline.router.watch import past_closing, reopening
from tierline.router.when import NoTime, when
from tierline.skills.skill import refusal

NOW = 1_763_971_200_000  # a Monday, 08:00 UTC, 09:00 in Berlin
MINUTE, HOUR = 60_000, 3_600_000
PLAN = """
site: hands
timezone: Europe/Berlin
languages: [en]
schedules: {always: {hours: "24/7"}, office: {hours: "Mo-Fr 08:00-18:00"}}
teams: {desk: {channel: "#desk"}, owls: {channel: "#owls", outsourced: true}, bare: {channel: "#bare"}}
services:
  help:
    schedule: office
    answer_within: 10m
    skills: {network: 1}
    steps: [{tiers: [L1], until: 10m}, {tiers: [L1, L2], until: 20m}, {tiers: [L1, L2, L3], then: hold}]
  bills: {schedule: office, steps: [{tiers: [L1], then: hold}]}
entry: [{channel: sms, to: "+4930100", service: help}]
agents:
  - {name: Ada, slack: ada@a.example, team: desk, tier: L1, skills: {network: 2}}
  - {name: Ada Two, slack: two@a.example, team: desk, tier: L2, skills: {network: 2}}
  - {name: Olu, slack: olu@a.example, team: owls, tier: L1, skills: {network: 1}}
  - {name: Novice, slack: new@a.example, team: desk, tier: L1}
  - {name: Mailer, slack: mail@a.example, team: desk, channels: [email]}
"""
BOOK = Rulebook(parse(PLAN), 1)


def held(owner: str = "Ada", **facts: object) -> ContactView:
    """A contact of an hour ago that `owner` has."""
    arrived = Arrived("sms", "E1", "+491511", "+4930100", "help")
    it = classify(BOOK, arrived, Customer("+491511"), NOW - HOUR)
    told = replace(it.facts, **facts)  # type: ignore[arg-type]
    return ContactView(
        "C1001", "active", it.decision.route, 0, it.decision.rank * 1000 + 1, NOW - HOUR, NOW - HOUR, arrived.thread, 1,
        owner=agent_id(owner) if owner else "", facts=told.to_json(),
    )  # fmt: skip


def goes(view: ContactView, words: str, tried: str = "") -> Handover:
    to, why = aim(BOOK, words)
    return hand_over(BOOK, view, to, "Ada", why, tried, NOW)


@pytest.mark.parametrize(
    ("words", "kind", "name", "why"),
    [
        ("@Ada Two knows it", "agent", "Ada Two", "knows it"),
        ("ada: her day", "agent", "Ada", "her day"),
        ("two@a.example", "agent", "Ada Two", ""),
        ("team owls, at night", "team", "owls", "at night"),
        ("owls", "team", "owls", ""),
        ("l2 stuck", "tier", "2", "stuck"),
        ("service bills wrong amount", "service", "bills", "wrong amount"),
    ],
)
def test_whom_somebody_means_and_what_is_the_reason(words: str, kind: str, name: str, why: str) -> None:
    assert aim(BOOK, words) == (Aim(kind, name), why)  # type: ignore[arg-type]


@pytest.mark.parametrize("words", ["", "Zoe", "Adam", "team Ada", "L4", "agent owls"])
def test_who_is_not_in_the_plan_is_not_guessed(words: str) -> None:
    with pytest.raises(NoSuch, match="names nobody"):
        aim(BOOK, words)


@pytest.mark.parametrize("words", ["Ada Two x", "owls x", "L2 x", "bills x", "Novice x"])
def test_its_rank_is_kept_and_its_steps_begin_now(words: str) -> None:
    view = held()
    decision = goes(view, words).decision
    assert decision.rank == view.rank // 1000
    ends = decision.deadlines
    assert len(ends) == len(decision.route.steps) - 1 and all(at > NOW for at in ends)
    assert Facts.parse(decision.facts).moves[-1].owner == "Ada"


def test_a_colleague_is_asked_alone_whatever_levels_they_have() -> None:
    it = goes(held(), "Novice x")
    assert it.only and it.decision.prefer is not None and it.decision.prefer.agent == "Novice"
    spec = BOOK.plan.agent("Novice")
    assert spec is not None and refusal(it.decision.route.steps[0].need, spec.profile) is None
    with pytest.raises(NoSuch, match="has it already"):
        goes(held(), "Ada x")
    with pytest.raises(NoSuch, match="doesn't take sms"):
        goes(held(), "Mailer x")
    call = replace(held(), route=replace(held().route, channel="voice"))
    with pytest.raises(NoSuch, match="Novice has no phone"):
        goes(call, "Novice x")


def test_a_team_is_asked_first_and_then_everybody_too() -> None:
    it = goes(held(), "owls x")
    first, last = it.decision.route.steps
    assert first.need.teams == ("owls",) and "owls" in last.need.teams and "desk" in last.need.teams
    with pytest.raises(NoSuch, match="Nobody in team bare"):
        goes(held(), "bare x")


def test_escalated_it_goes_to_the_next_tier_that_the_service_knows_and_never_below_again() -> None:
    assert above(BOOK, held()) == Aim("tier", "2")
    assert above(BOOK, held("Ada Two")) == Aim("tier", "3")
    first, last = goes(held(), "L2 x", "cables").decision.route.steps
    assert first.need.tiers == (2,) and last.need.tiers == (2, 3)
    bills = replace(held(), route=goes(held(), "bills x").decision.route)
    with pytest.raises(NoSuch, match="no tier above L1"):
        above(BOOK, bills)
    with pytest.raises(NoSuch, match="has no L3"):
        goes(bills, "L3")


def test_to_and_fro_is_counted_and_what_was_tried_is_kept() -> None:
    view = held()
    facts = Facts.parse(goes(view, "L2 stuck", "cables").decision.facts)
    assert (facts.bounces, facts.moves[-1].tried, facts.moved) == (0, "cables", "Ada")
    second = replace(view, owner=agent_id("Ada Two"), facts=facts.to_json())
    assert goes(second, "L1 wrong").bounces == 1
    assert goes(second, "Ada wrong").bounces == 1
    assert goes(second, "Novice other").bounces == 0
    assert goes(second, "owls other").bounces == 0
    assert goes(second, "desk other").bounces == 0  # a colleague of the same team is no way back


def test_a_contact_carries_its_latest_moves_only_and_reads_what_older_ones_wrote() -> None:
    moves = tuple(Moved(n, "a", "b") for n in range(MOST_MOVES))
    facts = Facts.parse(goes(held(moves=moves), "L2 x").decision.facts)
    assert len(facts.moves) == MOST_MOVES and facts.moves[0].at == 1
    assert Facts.parse(facts.to_json()) == facts
    assert Facts.parse('{"moves":[{"at":1,"by":"a","to":"b","later":1}]}').moves == (Moved(1, "a", "b"),)


def test_a_further_message_is_due_anew_in_the_contacts_own_service_and_its_owner_is_asked_first() -> None:
    view = replace(held(), route=goes(held(), "bills x").decision.route)
    again = asks_again(BOOK, view, NOW)
    assert again.route.service == "bills" and again.rank > view.rank // 1000
    assert again.prefer is not None and (again.prefer.agent, again.prefer.until) == ("Ada", NOW + 2 * MINUTE)
    assert again.wake is None and reopens(BOOK, view) == 30 * MINUTE
    night = asks_again(BOOK, view, NOW + 12 * HOUR)
    assert night.wake is not None and night.wake > NOW + 20 * HOUR


# ---- when ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant", "rest"),
    [
        ("2h the part", "2025-11-24 11:00", "the part"),
        ("until 15:00 storm", "2025-11-24 15:00", "storm"),
        ("8:30", "2025-11-25 08:30", ""),
        ("tomorrow 9:00 call", "2025-11-25 09:00", "call"),
        ("tomorrow", "2025-11-25 09:00", ""),
        ("Monday 10h", "2025-12-01 10:00", ""),
        ("fri, 14:30: x", "2025-11-28 14:30", "x"),
        ("2025-12-24 he is back", "2025-12-24 09:00", "he is back"),
        ("3d", "2025-11-27 09:00", ""),
    ],
)
def test_when_somebody_means(text: str, meant: str, rest: str) -> None:
    at, left = when(text, NOW, "Europe/Berlin")
    expected = datetime.strptime(meant, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert (at, left) == (round(expected.timestamp() * 1000), rest)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "2020-01-01", "2025-13-01", "today 8:00", "999d", "0m", "-5m"]
)
def test_what_names_no_time_is_said(text: str) -> None:
    with pytest.raises(NoTime, match="names no time"):
        when(text, NOW, "Europe/Berlin")


def test_until_they_write_is_no_date() -> None:
    assert when("until they write: holidays", NOW, "Europe/Berlin") == (None, "holidays")


def test_typed_orders_are_read_and_everything_else_stays_what_it_was() -> None:
    assert orders.parse("transfer c1001 @Ada  why ") == orders.Order("transfer", "C1001", "@Ada why")
    assert orders.parse("give back 1001") == orders.Order("give back", "C1001", "")
    assert orders.parse("Escalate") == orders.Order("Escalate".lower(), "", "")
    for text in ("available 2h", "away 45m lunch", "queue", "why C1001", "keeper", "", "help"):
        assert orders.parse(text) is None and not orders.known(text)
        assert commands.parse(text).verb in ("available", "away", "queue", "why", "help")


# ---- the site -----------------------------------------------------------------------------------------------------


def test_closed_at_once_has_no_drain_and_opens_as_its_hours_say() -> None:
    shut = Shut("help", NOW - MINUTE, NOW + HOUR, "storm", "Mira")
    book = BOOK.under(Situation.read({shut.name: dump(shut), "slack": "down", "shut:x": "{}"}))
    assert past_closing(book, "help", NOW) and not past_closing(BOOK, "help", NOW)
    assert reopening(book, "help", NOW) == NOW + HOUR
    assert not past_closing(book, "help", NOW + HOUR) and not past_closing(book, "bills", NOW)
    forever = Shut("help", NOW, None, "", "Mira")
    assert reopening(BOOK.under(Situation((forever,))), "help", NOW) > NOW + 360 * 24 * HOUR


def test_an_incident_concerns_who_is_in_its_service_and_says_its_words() -> None:
    it = Incident("I1", "help", ("offline", "not reachable"), "we know", NOW, "Mira")
    assert it.meets("help", ["hello", "my site is NOT reachable!"])
    assert not it.meets("bills", ["offline"]) and not it.meets("help", ["online"])
    assert Incident("I2", "help", (), "we know", NOW, "Mira").meets("help", [])
    assert Situation.read({it.name: dump(it)}).incidents == (it,)
