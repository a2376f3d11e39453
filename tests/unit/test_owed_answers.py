"""When an answer is owed, until when it was promised, and how near that is."""

from __future__ import annotations

from typing import Any

import pytest
from helpers_desk import HOUR, MINUTE, NOW, SECOND

from tierline.queue.contact import Arrived
from tierline.queue.state import ContactView, MessageView
from tierline.router.facts import Facts
from tierline.router.owed import Owed, owed, stage
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.reminders import Reminder, read
from tierline.router.rulebook import Rulebook

PLAN = """site: owes
timezone: UTC
languages: [en]
schedules: {office: {hours: "Mo-Fr 08:00-18:00"}}
services: {help: {schedule: office, answer_within: 30m, steps: [{tiers: [L1], then: hold}]}}
"""
BOOK = Rulebook(parse(PLAN), 1)  # NOW is a Monday, 08:00 UTC


def view(channel: Any = "sms", **more: Any) -> ContactView:
    route = BOOK.route(BOOK.services["help"], channel, (), "en")
    facts = Facts("eva", "Eva", "+49151", "us", True, "en", 1, "", 0, 0, NOW + 20 * MINUTE).to_json()
    given = {"state": "active", "owner": "ada", "facts": facts, "owed": True} | more
    return ContactView("C1001", given.pop("state"), route, 0, 0, NOW, NOW, "t", 1, **given)


def said(n: int, kind: str, at: int, status: str = "") -> MessageView:
    return MessageView(n, kind, Arrived("sms", "e", "s", "r", "x").to_json(), at, status)


def test_the_first_answer_is_due_as_it_was_promised() -> None:
    it = owed(
        BOOK, view(), (said(1, "in", NOW), said(2, "received", NOW, "sent"), said(3, "in", NOW + MINUTE))
    )
    assert it == Owed(NOW, NOW + 20 * MINUTE)


def test_a_later_one_is_counted_from_the_first_message_that_nobody_answered_in_open_hours() -> None:
    late = NOW + 9 * HOUR + 50 * MINUTE  # 17:50
    talk = (
        said(1, "in", NOW),
        said(2, "reply", NOW + MINUTE, "sent"),
        said(3, "in", late),
        said(4, "in", late + MINUTE),
    )
    assert owed(BOOK, view(), talk) == Owed(late, NOW + 24 * HOUR + 20 * MINUTE)


@pytest.mark.parametrize("status", ["undone", "failed"])
def test_what_never_left_is_no_answer(status: str) -> None:
    talk = (said(1, "in", NOW), said(2, "reply", NOW + MINUTE, status))
    assert owed(BOOK, view(), talk) == Owed(NOW, NOW + 20 * MINUTE)


@pytest.mark.parametrize(
    "more", [{"state": "snoozed"}, {"owed": False}, {"channel": "voice"}, {"state": "waiting"}]
)
def test_nothing_is_owed_by_the_owner_of(more: dict[str, Any]) -> None:
    assert owed(BOOK, view(**more), (said(1, "in", NOW),)) is None


def test_it_is_near_when_so_much_of_the_time_is_left_and_then_late() -> None:
    it = Owed(NOW, NOW + 20 * MINUTE)
    assert [stage(it, 25, NOW + m * MINUTE) for m in (0, 14, 15, 19, 20)] == ["", "", "near", "near", "late"]
    assert [stage(it, 0, NOW + m * MINUTE) for m in (19, 20)] == ["", "late"]
    assert stage(Owed(NOW, NOW + 20 * SECOND), 25, NOW + 11 * SECOND) == "near"  # at least ten seconds


def test_reminders_are_read_as_they_were_kept_and_the_same_one_twice_is_one() -> None:
    late, soon = (Reminder("C1001", NOW + n, "ada", "the “invoice”") for n in (5, 2))
    states = {it.name: it.dump() for it in (late, soon, late)} | {"remind:C9:x": "{", "page:0:help": "[1]"}
    assert read(states) == (soon, late)


@pytest.mark.parametrize("given", ["25", "0%", "100%", "soon"])
def test_a_part_that_is_none_is_a_mistake_in_the_plan(given: str) -> None:
    with pytest.raises(PlanErrors, match="part"):
        parse(PLAN + f"settings: {{warn: {given}}}\n")
    assert parse(PLAN + "settings: {warn: never}\n").settings.warn == 0
