"""Who waits when a service closes is still served for its drain, by whoever's shift has just ended; nobody else is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tierline.router.plan.load import parse
from tierline.router.roster import Closings, duty, enlist
from tierline.router.rulebook import Rulebook, millis
from tierline.router.watch import next_closing, past_closing
from tierline.skills.skill import Need, refusal

PLAN = """
site: shop
timezone: Europe/Berlin
languages: [en]
schedules:
  office: {hours: "Mo-Fr 08:00-18:00"}
  always: {hours: "24/7"}
teams: {crew: {channel: "#crew"}}
services:
  orders: {schedule: office, answer_within: 10m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}
  outage: {schedule: always, answer_within: 1m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}
entry: [{channel: sms, to: "+4930555001", service: orders}]
agents:
  - {name: Ada, slack: ada@shop.example, team: crew, tier: L1, shift: office}
  - {name: Ben, slack: ben@shop.example, team: crew, tier: L1}
"""


def at(clock: str) -> datetime:
    """A Friday in November 2026, Berlin being one hour ahead of UTC."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, 27, hour - 1, minute, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return Rulebook(parse(PLAN, "plan"), 1)


@pytest.mark.promise("closing-drain")
@pytest.mark.parametrize(
    ("clock", "on", "only"),
    [("07:59", False, ()), ("08:00", True, ()), ("17:59", True, ()), ("18:00", True, ("orders",)), ("18:14", True, ("orders",)), ("18:15", False, ())],
)  # fmt: skip
def test_a_shift_ends_later_for_those_who_waited_at_closing_time(
    book: Rulebook, clock: str, on: bool, only: tuple[str, ...]
) -> None:
    ada = book.plan.agent("Ada")
    assert ada is not None
    assert duty(book, ada, at(clock)) == (on, only)


@pytest.mark.promise("closing-drain")
def test_after_the_shift_nobody_new_is_given_to_who_serves_the_rest(book: Rulebook) -> None:
    ada = book.plan.agent("Ada")
    assert ada is not None
    late = enlist(book, ada, millis(at("18:05"))).profile
    assert refusal(Need("orders", "sms"), late) is None
    refused = refusal(Need("outage", "sms"), late)
    assert refused is not None and refused.reason == "shift"


def test_the_agent_is_written_anew_when_the_shift_ends_and_when_the_drain_does(book: Rulebook) -> None:
    ada, ben = book.plan.agent("Ada"), book.plan.agent("Ben")
    assert ada is not None and ben is not None
    during = enlist(book, ada, millis(at("12:00")))
    assert during.changes == millis(at("18:00"))
    assert during.edges[0] == (millis(at("18:15")), False)
    draining = enlist(book, ada, millis(at("18:00")))
    assert draining.changes == millis(at("18:15")) and draining.edges[0] == (millis(at("18:15")), False)
    assert enlist(book, ben, millis(at("12:00"))).edges == ()
    assert Closings.of(book, at("12:00")).drains != ()


@pytest.mark.promise("closing-drain")
def test_what_still_waits_is_held_when_the_drain_is_over(book: Rulebook) -> None:
    assert not past_closing(book, "orders", millis(at("18:14")))
    assert past_closing(book, "orders", millis(at("18:15")))
    assert next_closing(book, millis(at("12:00"))) == millis(at("18:15"))
    assert next_closing(book, millis(at("18:05"))) == millis(at("18:15"))
