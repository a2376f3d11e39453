"""A conversation goes on in a simulated day as it did that day: further messages, replies, what is set aside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_plan import SMALL, at, book

from tierline.queue.contact import Arrived, Decision
from tierline.queue.history.records import Customer
from tierline.router.classify import classify
from tierline.router.simulate.cases import Case, Said
from tierline.router.simulate.compare import Replaying
from tierline.router.simulate.crew import planned
from tierline.router.simulate.day import Day
from tierline.router.simulate.record import Entry, Line
from tierline.router.simulate.results import Meter, Results
from tierline.router.simulate.simulation import Simulation

PLAN = book(SMALL)
START, MINUTE = at("2026-11-20 10:00"), 60_000
END = START + 180 * MINUTE


def text(minute: int, handling: int, talk: tuple[Said, ...] = (), early: tuple[Said, ...] = ()) -> Case:
    """A text that arrives so many minutes after the start and is completed so many minutes after its acceptance."""
    when = START + minute * MINUTE
    arrived = Arrived("sms", f"E{minute}", f"+49151{minute:07}", "+4930100", "hello", at=when, verified=True)
    decision = classify(PLAN, arrived, Customer(arrived.sender), when).decision
    return Case(
        when, arrived.thread, decision, handling * MINUTE, body=arrived.to_json(), early=early, talk=talk
    )


def run(
    coming: list[Case], away: int = 0, record: list[Entry] | None = None
) -> tuple[Results, list[tuple[int, str, str]], Day]:
    """What came of it; what happened (minute, kind, agent); the day as its own record (`record`) tells it.

    Ada is away for the first so many minutes.
    """
    crew = [replace(it, breaks=((START, START + away * MINUTE),) if away else ()) for it in planned(PLAN)]
    meter, happened, day = Meter({it.name: it.team for it in crew}, START), [], Day()
    simulation = Simulation(crew, book=PLAN)

    def told() -> None:
        lines = [Line(it.e, it.c, it.a, it.n, _plain(it.x)) for it in simulation.model.told]
        if lines:
            entry = Entry("1-1", simulation.model.now, tuple(lines))
            day.take(entry)
            if record is not None:
                record.append(entry)

    def watch(it, case) -> None:
        meter.seen(it, case)
        happened.append(((it.t - START) // MINUTE, it.e, it.a))

    simulation.after = told
    simulation.run(coming, START, END, watch)
    return meter.results(END), happened, day


def _plain(x):
    return {key: it.record() if isinstance(it, Decision) else it for key, it in x.items()}


def when(happened: list[tuple[int, str, str]], kind: str) -> list[int]:
    return [minute for minute, e, _ in happened if e == kind]


def said(*pairs: tuple[int, str]) -> tuple[Said, ...]:
    return tuple(Said(minute * MINUTE, does) for minute, does in pairs)


@pytest.mark.promise("replay-talk")
def test_an_owner_who_answers_is_not_taken_for_silent() -> None:
    talk = said(
        (10, "owner"), (15, "customer"), (20, "owner"), (25, "customer"), (35, "owner"), (40, "customer")
    )
    _, silent, _ = run([text(0, 60)])
    assert when(silent, "nudged") == [15, 50] and when(silent, "accepted") == [0, 35]
    _, answering, _ = run([text(0, 45, talk)])
    assert when(answering, "accepted") == [0] and not when(answering, "nudged")
    assert when(answering, "closed") == [45] and len(when(answering, "message")) == 3


@pytest.mark.promise("replay-talk")
def test_while_the_customer_is_silent_a_text_costs_nothing_and_then_it_is_back() -> None:
    # Room for four texts: the fifth is taken when one of them has been quiet for ten minutes.
    first = text(0, 60, said((2, "owner"), (30, "customer"), (31, "owner")))
    others = [text(minute, 15, said((1, "owner"), (2, "customer"))) for minute in (1, 2, 3)]
    it, happened, _ = run([first, *others, text(4, 5)])
    assert when(happened, "snoozed")[0] == 12 and when(happened, "accepted") == [0, 1, 2, 3, 12]
    assert when(happened, "returned") == [30] and when(happened, "closed")[-1] == 60
    assert it.all.accepted == 5 and it.waiting == 0
    # In hand from 0 to 18, 30 to 41: in between and afterwards all that was left was snoozed.
    (ada,) = it.agents.values()
    assert ada.busy == pytest.approx((18 + 11) * MINUTE, abs=MINUTE)


@pytest.mark.promise("replay-talk")
def test_a_conversation_is_read_from_the_record_as_it_was() -> None:
    parked = (Said(5 * MINUTE, "owner"), Said(6 * MINUTE, "snooze", 20 * MINUTE), Said(27 * MINUTE, "owner"))
    coming = [
        text(
            1, 20, said((3, "owner"), (8, "customer"), (9, "owner")), said((2, "customer"), (3, "customer"))
        ),
        text(2, 40, parked),
        text(3, 9, said((4, "owner"))),
    ]
    results, happened, day = run(coming, away=10)
    assert when(happened, "accepted") == [10, 10, 10] and when(happened, "message")[:2] == [3, 4]
    read = day.cases(lambda told: told.decision)
    assert [(it.early, it.talk, it.handling) for it in read] == [
        (it.early, it.talk, it.handling) for it in coming
    ]
    again, _, _ = run(
        [replace(it, thread=one.thread, body=one.body) for it, one in zip(read, coming, strict=True)], 10
    )
    assert again == results


def test_who_is_served_sooner_has_nothing_more_to_say() -> None:
    _, happened, _ = run([text(0, 5, (), said((3, "customer"), (20, "customer")))])
    assert when(happened, "message") == [3] and when(happened, "arrived") == [0]
    assert when(happened, "closed") == [5]


def test_what_was_there_when_the_day_began_goes_on_as_it_did() -> None:
    talk = said(
        (10, "owner"), (15, "customer"), (20, "owner"), (25, "customer"), (35, "owner"), (40, "customer")
    )
    record: list[Entry] = []
    run([text(0, 45, talk), text(30, 10, said((1, "owner")))], record=record)
    it = Replaying({7: PLAN}, PLAN, START + 22 * MINUTE, END)
    assert it.read(record)
    compared = it.outcome(PLAN, {}).comparison
    assert compared is not None and compared.active == compared.draft and compared.active.all.accepted == 1
    # In hand from 22 to 45: nobody took it from its owner at 52, half an hour after the day began.
    (ada,) = compared.active.agents.values()
    assert ada.busy == pytest.approx(23 * MINUTE, abs=MINUTE)
