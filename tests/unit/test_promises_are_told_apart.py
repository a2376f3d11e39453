"""First answer, next answer, solution: each with the instant until which it is promised, and how it stands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from helpers_desk import HOUR, MINUTE, NOW

from tierline.queue.contact import Arrived
from tierline.queue.history.records import ContactRecord
from tierline.queue.state import ContactView, Event, MessageView
from tierline.router.facts import Facts
from tierline.router.kept import Case, Promise, Promises, promises
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook

PLAN = """site: owes
timezone: UTC
languages: [en]
schedules: {office: {hours: "Mo-Fr 08:00-18:00"}}
services: {help: {schedule: office, answer_within: 30m, next_answer_within: 2h, resolve_within: 1d, steps: [{tiers: [L1], then: hold}]}}
"""
BOOK = Rulebook(parse(PLAN), 1)  # NOW is a Monday, 08:00 UTC
DUE = NOW + 30 * MINUTE


def facts(due: int = DUE, **more: Any) -> str:
    return replace(Facts("eva", "Eva", "+49151", "us", True, "en", 1, "", 0, 0, due), **more).to_json()


def view(channel: Any = "sms", **more: Any) -> ContactView:
    route = BOOK.route(BOOK.services["help"], channel, (), "en")
    given = {"state": "active", "owner": "ada", "facts": facts()} | more
    return ContactView("C1001", given.pop("state"), route, 0, 0, NOW, NOW, "t", 1, **given)


def said(n: int, kind: str, at: int, status: str = "sent") -> MessageView:
    return MessageView(
        n, kind, Arrived("sms", "e", "s", "r", "x").to_json(), at, "" if kind == "in" else status
    )


def event(kind: str, at: int, **x: Any) -> Event:
    return Event(at, kind, "C1001", "ada", 0, json.dumps(x), id=f"{at}-0")


def _promises(
    book: Rulebook, it: ContactView, talk: tuple[MessageView, ...], events: tuple[Event, ...], now: int
) -> Promises:
    return promises(book, Case.of(it), talk, events, now)


ARRIVED = event("arrived", NOW, facts=facts())
ASKED, ANSWERED = said(1, "in", NOW), said(2, "reply", NOW + 10 * MINUTE)


@pytest.mark.promise("promise-by-kind")
@pytest.mark.parametrize(
    "talk, now, state",
    [
        ((ASKED,), NOW + MINUTE, "open"),
        ((ASKED, said(2, "received", NOW)), NOW + MINUTE, "open"),
        ((ASKED,), DUE + 1, "late"),
        ((ASKED, ANSWERED), DUE + HOUR, "kept"),
        ((ASKED, said(2, "reply", DUE + 1)), DUE + HOUR, "missed"),
        ((ASKED, said(2, "reply", NOW + MINUTE, "undone")), DUE + 1, "late"),
    ],
)
def test_the_first_answer(talk: tuple[MessageView, ...], now: int, state: Any) -> None:
    it = _promises(BOOK, view(), talk, (ARRIVED,), now)
    assert it.first_answer == Promise(DUE, state) and it.next_answer is None


@pytest.mark.promise("promise-by-kind")
def test_what_was_promised_at_first_stays_when_further_words_are_due_anew() -> None:
    again = NOW + 3 * HOUR
    talk = (ASKED, ANSWERED, said(3, "in", again))
    anew = view(facts=facts(again + 2 * HOUR))
    told = (ARRIVED, event("queued", again, facts=facts(again + 2 * HOUR)))
    for events in (told, ()):  # the history may not know of it yet: then the plan says so
        it = _promises(BOOK, anew, talk, events, again + MINUTE)
        assert it.first_answer == Promise(DUE, "kept")
        assert it.next_answer == Promise(again + 2 * HOUR, "open")
    assert _promises(BOOK, anew, talk, told, again + 3 * HOUR).next_answer == Promise(
        again + 2 * HOUR, "late"
    )


@pytest.mark.promise("promise-by-kind")
def test_the_next_answer_is_the_latest_one_asked_for_counted_in_open_hours() -> None:
    evening = NOW + 9 * HOUR  # 17:00: an hour of today, and one of tomorrow
    due = NOW + 25 * HOUR
    talk = (ASKED, ANSWERED, said(3, "in", evening), said(4, "in", evening + MINUTE))
    assert _promises(BOOK, view(), talk, (), evening).next_answer == Promise(due, "open")
    answered = (*talk, said(5, "reply", due - MINUTE))
    assert _promises(BOOK, view(), answered, (), due + HOUR).next_answer == Promise(due, "kept")


@pytest.mark.promise("promise-by-kind")
def test_a_conversation_that_we_began_has_no_first_answer() -> None:
    talk = (said(1, "reply", NOW), said(2, "in", NOW + HOUR))
    it = _promises(BOOK, view(), talk, (), NOW + HOUR)
    assert it.first_answer is None and it.next_answer == Promise(NOW + 3 * HOUR, "open")


@pytest.mark.promise("promise-by-kind")
def test_a_call_is_answered_when_somebody_takes_it() -> None:
    waits = _promises(BOOK, view("voice", state="waiting", owner=""), (), (ARRIVED,), DUE + 1)
    assert waits.first_answer == Promise(DUE, "late")
    taken = (ARRIVED, event("accepted", NOW + MINUTE))
    assert _promises(BOOK, view("voice"), (ASKED,), taken, DUE + 1).first_answer == Promise(DUE, "kept")


@pytest.mark.promise("promise-by-kind")
def test_the_solution() -> None:
    open_ = _promises(BOOK, view(), (ASKED,), (), NOW).resolution
    assert open_ is not None and open_.state == "open"
    due = open_.due
    late = _promises(BOOK, view(), (ASKED,), (), due + 1).resolution
    assert late == Promise(due, "late")
    for at, state in ((due, "kept"), (due + 1, "missed")):
        done = (event("wrapping", at), event("closed", at + MINUTE))
        ended = view(state="closed", closed_at=at + MINUTE)
        assert _promises(BOOK, ended, (ASKED, ANSWERED), done, at + HOUR).resolution == Promise(due, state)


@pytest.mark.promise("promise-by-kind")
def test_what_ended_by_itself_before_it_was_due_is_nobodys_promise_any_more() -> None:
    gone = view(state="abandoned", owner="", closed_at=NOW + MINUTE)
    it = _promises(BOOK, gone, (ASKED,), (event("abandoned", NOW + MINUTE),), DUE + HOUR)
    assert (
        it.first_answer == Promise(DUE, "moot")
        and it.resolution is not None
        and it.resolution.state == "moot"
    )


@pytest.mark.promise("promise-by-kind")
def test_what_was_opened_again_isnt_done() -> None:
    events = (event("wrapping", NOW + MINUTE), event("closed", NOW + MINUTE), event("reopened", NOW + HOUR))
    it = _promises(BOOK, view(), (ASKED, ANSWERED), events, NOW + HOUR)
    assert it.resolution is not None and it.resolution.state == "open"


def test_to_a_machine_nothing_is_promised() -> None:
    it = _promises(BOOK, view(facts=facts(robot="list")), (ASKED,), (), NOW)
    assert (it.first_answer, it.next_answer, it.resolution) == (None, None, None)


@pytest.mark.promise("promise-by-kind")
def test_what_the_history_alone_knows_is_told_likewise() -> None:
    done = NOW + HOUR
    events = (ARRIVED, event("wrapping", done), event("closed", done + MINUTE))
    record = ContactRecord(
        "C1001", "closed", "help", "sms", "eva", "Eva", "+49151", "ada", NOW, done + MINUTE, events=events,
        messages=(ASKED, ANSWERED),
    )  # fmt: skip
    case = Case.recorded(record)
    assert case is not None and (case.due, case.robot) == (DUE, False)
    it = promises(BOOK, case, record.messages, events, NOW + 9 * HOUR)
    assert (
        it.first_answer == Promise(DUE, "kept")
        and it.resolution is not None
        and it.resolution.state == "kept"
    )
    assert Case.recorded(replace(record, channel="fax")) is None
    strange = replace(record, events=(event("arrived", NOW, facts="[1"), event("closed", done, facts=7)))
    known = Case.recorded(strange)
    assert known is not None and known.due is None
