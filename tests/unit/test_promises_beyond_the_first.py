"""Later answers and solutions are promised by service and channel, in open hours, and the plan says so in words."""

from __future__ import annotations

from typing import Any

import pytest
from helpers_desk import HOUR, MINUTE, NOW

from tierline.queue.contact import Arrived
from tierline.queue.state import ContactView, MessageView
from tierline.router.again import asks_again
from tierline.router.due import solve_due
from tierline.router.facts import Facts
from tierline.router.owed import Owed, owed
from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook

PLAN = """site: owes
timezone: UTC
languages: [en]
schedules: {office: {hours: "Mo-Fr 08:00-18:00"}}
services: {help: {schedule: office, answer_within: 30m, MORE steps: [{tiers: [L1], then: hold}]}}
"""
BOTH = "next_answer_within: {email: 2h, default: 1h}, resolve_within: {email: 12h},"
BOOK = Rulebook(parse(PLAN.replace("MORE", BOTH)), 1)  # NOW is a Monday, 08:00 UTC


def view(channel: Any = "email", robot: str = "", **more: Any) -> ContactView:
    route = BOOK.route(BOOK.services["help"], channel, (), "en")
    facts = Facts(
        "eva", "Eva", "e@x.example", "us", True, "en", 1, "", 0, 0, NOW + 20 * MINUTE, robot=robot
    ).to_json()
    given = {"state": "active", "owner": "ada", "facts": facts, "owed": True} | more
    return ContactView("C1001", given.pop("state"), route, 0, 0, NOW, NOW, "t", 1, **given)


def said(n: int, kind: str, at: int, status: str = "") -> MessageView:
    return MessageView(n, kind, Arrived("email", "e", "s", "r", "x").to_json(), at, status)


@pytest.mark.promise("promise-next-answer")
@pytest.mark.parametrize(("channel", "within"), [("email", 2 * HOUR), ("sms", HOUR), ("chat", HOUR)])
def test_a_later_message_is_due_within_the_services_own_time(channel: str, within: int) -> None:
    talk = (said(1, "in", NOW), said(2, "reply", NOW + MINUTE, "sent"), said(3, "in", NOW + HOUR))
    assert owed(BOOK, view(channel), talk) == Owed(NOW + HOUR, NOW + HOUR + within)
    assert owed(BOOK, view(channel), talk[:1]) == Owed(
        NOW, NOW + 20 * MINUTE
    )  # the first: as it was promised


@pytest.mark.promise("promise-next-answer")
def test_whoever_writes_again_after_an_answer_is_due_by_it_too() -> None:
    again = asks_again(BOOK, view(state="snoozed"), NOW)
    assert Facts.parse(again.facts).due == NOW + 2 * HOUR


@pytest.mark.promise("promise-solved")
def test_a_solution_is_due_in_open_hours_from_its_arrival() -> None:
    assert solve_due(BOOK, view()) == NOW + 24 * HOUR + 2 * HOUR  # ten hours on Monday, two on Tuesday
    assert solve_due(BOOK, view("sms")) is None


@pytest.mark.promise("promise-solved")
@pytest.mark.parametrize("state", ["waiting", "offered", "snoozed", "parked"])
def test_it_is_due_whoever_has_it_or_waits_for_whom(state: str) -> None:
    assert solve_due(BOOK, view(state=state)) is not None


@pytest.mark.parametrize("state", ["wrapping", "closed", "abandoned"])
def test_what_is_done_is_due_no_more(state: str) -> None:
    assert solve_due(BOOK, view(state=state)) is None


def test_a_machines_mail_is_promised_no_solution() -> None:
    assert solve_due(BOOK, view(robot="list")) is None


def test_what_changes_is_said() -> None:
    none, both = (parse(PLAN.replace("MORE", more)) for more in ("", BOTH))
    assert diff(none, both) == (
        "Service “help”: later messages answered within for voice 1 h (was as the first)",
        "Service “help”: later messages answered within for chat 1 h (was as the first)",
        "Service “help”: later messages answered within for sms 1 h (was as the first)",
        "Service “help”: later messages answered within for email 2 h (was as the first)",
        "Service “help”: solved within for email 12 h (was whenever)",
    )
    all_two = parse(PLAN.replace("MORE", "resolve_within: 2d,"))
    assert diff(none, all_two) == ("Service “help”: solved within 2 d (was whenever)",)


def test_no_time_at_all_is_no_promise() -> None:
    with pytest.raises(PlanErrors, match="zero is no time"):
        parse(PLAN.replace("MORE", "resolve_within: 0s,"))
