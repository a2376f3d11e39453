"""Hours and closings rule what waits: whom a closing finds half decided, and whom an owner has left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from helpers_queue import make_queue, on_duty, run_due

from tierline.channels.channel import NotDelivered
from tierline.queue.client import Client
from tierline.queue.contact import Arrived
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.router.announce import Announce
from tierline.router.classify import classify
from tierline.router.intake import Intake
from tierline.router.lanes import Try
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook, millis, span
from tierline.router.situation import Incident, Shut, Situation, dump
from tierline.router.towards import Towards
from tierline.router.watch import Watch
from tierline.skills.skill import Profile

PLAN = """
site: hours
timezone: UTC
languages: [en]
schedules: {office: {hours: "Mo-Fr 08:00-18:00"}, always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}}
services:
  help: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}
  office: {schedule: office, answer_within: 10m, drain: 0m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}
entry: [{channel: sms, to: "+4930", service: help}, {channel: sms, to: "+4931", service: office}]
"""
BOOK = Rulebook(parse(PLAN), 1)
FRIDAY = millis(datetime(2030, 11, 29, 17, 58, tzinfo=UTC))
MONDAY = millis(datetime(2030, 12, 2, 8, 0, tzinfo=UTC))
MINUTE = 60_000


def said(n: int, to: str = "+4930") -> Arrived:
    return Arrived("sms", f"SM{n}", f"+49170{n:07d}", to, "help", verified=True)


class Nobody:
    """Records in which nobody is."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        return None, None


@dataclass
class Router:
    """One router's view of the situation, as old as it is until it heeds."""

    queue: Queue
    seen: Situation
    heeded: int = 0

    def book(self) -> Rulebook:
        return BOOK.under(self.seen)

    async def heed(self) -> None:
        number, troubles = await self.queue.situation()
        self.seen = Situation.read(troubles, number)
        self.heeded += 1

    async def shuts(self) -> Shut:
        """A supervisor closes the service at once, until further notice, and this router heeds it."""
        shut = Shut("help", await self.queue.now(), None, "evacuated", "Mira")
        await self.queue.alert(shut.name, True, dump(shut))
        await self.heed()
        return shut

    def intake(self) -> Intake:
        return Intake(lambda: self.queue, Nobody, self.book, self.heed)


@pytest.mark.promise("emergency-close-at-once")
async def test_a_text_decided_before_a_closing_is_never_offered_after_it(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    router = Router(queue, Situation())
    await router.heed()
    now = await queue.now()
    await on_duty(queue, "ada", profile=Profile("desk"), now=now)
    shut = Shut("help", now, None, "evacuated", "Mira")
    await queue.alert(shut.name, True, dump(shut))  # by another router: ours doesn't know yet
    taken = await router.intake()(said(1))
    view = await queue.contact(taken.contact)
    assert taken.outcome == "new" and view is not None and view.state == "parked" and not view.offers
    assert router.heeded == 2 and "offered" not in [it.e for it in await queue.events("0-0", 1000)]
    await queue.alert(shut.name, False, dump(shut))
    view = await queue.contact((await router.intake()(said(2))).contact)
    assert view is not None and view.state == "offered" and router.heeded == 3


async def test_where_the_situation_never_stands_still_customers_are_taken_all_the_same(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    router = Router(queue, Situation((), (), 7))
    router.heed = nothing  # type: ignore[method-assign]
    assert (await router.intake()(said(1))).outcome == "new"


async def nothing() -> None:
    """See nothing."""


@pytest.mark.promise("emergency-close-at-once")
async def test_whom_the_hours_held_isnt_asked_about_at_an_opening_that_falls_into_a_closing(
    at: Callable[[int], Any],
) -> None:
    queue = await at(FRIDAY + 60 * MINUTE)
    router = Router(queue, Situation())
    await router.heed()
    await on_duty(queue, "ada", profile=Profile("desk"), now=await queue.now())
    held = (await router.intake()(said(1, "+4931"))).contact
    dated = (await router.intake()(said(2, "+4931"))).contact
    await queue.park(dated, MONDAY + 5 * MINUTE, "call back")
    towards = Towards(queue, {}, router.book, None, None)  # type: ignore[arg-type]
    announce = Announce(queue, towards, router.book, router.heed, None)  # type: ignore[arg-type]
    shut = Shut("office", await queue.now(), MONDAY + 120 * MINUTE, "evacuated", "Mira")
    for on, wakes in ((True, MONDAY + 120 * MINUTE), (False, MONDAY)):
        before = await queue.last_event()
        await queue.alert(shut.name, on, dump(shut))
        (event,) = [e for e in await queue.events(before, 100) if e.e == "alert"]
        (job,) = announce.jobs(event)
        await job.work(Try(0, False))
        views = [await queue.contact(it) for it in (held, dated)]
        assert [(it.state, it.wake) for it in views if it] == [
            ("parked", wakes), ("parked", MONDAY + 5 * MINUTE),
        ]  # fmt: skip
    assert "offered" not in [e.e for e in await queue.events("0-0", 1000)]


@pytest.mark.promise("emergency-close-at-once")
async def test_a_router_that_was_stopped_amid_a_closing_holds_nobody_once_it_is_open_again(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    router = Router(queue, Situation())
    await router.heed()
    contact = (await router.intake()(said(1))).contact
    shut = await router.shuts()
    watch = Watch(queue, router.book)
    await queue.alert(shut.name, False, dump(shut))  # while it stood still between its look and its act
    assert await watch.hours(await queue.now()) == 0
    view = await queue.contact(contact)
    assert view is not None and view.state == "waiting"
    await router.heed()
    assert await watch.hours(await queue.now()) == 0
    assert (await queue.contact(contact)) == view


@pytest.mark.promise("incident-told-once")
async def test_an_incident_is_told_once_whoever_tells_of_it_at_the_same_moment_and_never_after_its_end(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    router = Router(queue, Situation())
    it = Incident("I1", "help", (), "Known.", await queue.now(), "Mira")
    await queue.alert(it.name, True, dump(it))
    await router.heed()
    towards = Towards(queue, {}, router.book, None, None)  # type: ignore[arg-type]
    first, later = [(await router.intake()(said(n))).contact for n in (1, 2)]
    await asyncio.gather(*(towards.of_incident(first) for _ in range(8)))
    assert [m.kind for m in await queue.messages(first)] == ["in", "incident:I1"]
    await queue.alert(it.name, False, dump(it))  # this router hasn't heard of it
    with pytest.raises(NotDelivered) as refused:
        await towards.of_incident(later)
    assert not refused.value.permanent and refused.value.retry_after
    assert [m.kind for m in await queue.messages(later)] == ["in"]
    await router.heed()
    assert not await towards.of_incident(later)


async def closing_amid_an_offer(client: Client, site: str) -> tuple[Queue, str, Towards]:
    """Two on duty; a contact is offered to one of them, and its service is closed at once."""
    queue = await make_queue(client, site)
    router = Router(queue, Situation())
    await router.heed()
    await on_duty(queue, "ada", "ben", profile=Profile("desk"), now=await queue.now())
    contact = (await router.intake()(said(1))).contact
    await router.shuts()
    return queue, contact, Towards(queue, {}, router.book, None, None)  # type: ignore[arg-type]


@pytest.mark.promise("emergency-close-at-once")
async def test_what_is_declined_after_a_closing_isnt_the_next_ones(client: Client, site: str) -> None:
    queue, contact, towards = await closing_amid_an_offer(client, site)
    view = await queue.contact(contact)
    assert view is not None and len(view.offers) == 1, "an offer that stands runs out"
    before = await queue.last_event()
    await queue.decline(contact, view.offers[0].number, view.offers[0].agent)
    (event,) = [e for e in await queue.events(before, 100) if e.e == "declined"]
    await towards.hold_after_hours(event)
    view = await queue.contact(contact)
    assert view is not None and (view.state, view.offers) == ("parked", ())


@pytest.mark.promise("emergency-close-at-once")
async def test_a_date_that_comes_while_it_is_closed_is_put_off(client: Client, site: str) -> None:
    queue, contact, towards = await closing_amid_an_offer(client, site)
    await queue.park(contact, await queue.now() + 3_600_000, "call back")
    before = await queue.last_event()
    await queue.wake(contact)
    (event,) = [e for e in await queue.events(before, 100) if e.e == "woken"]
    await towards.hold_after_hours(event)
    view = await queue.contact(contact)
    assert view is not None and (view.state, view.offers) == ("parked", ())


async def test_an_offer_that_somebody_sees_runs_out_also_after_the_closing(client: Client, site: str) -> None:
    queue, contact, towards = await closing_amid_an_offer(client, site)
    view = await queue.contact(contact)
    assert view is not None
    before = await queue.last_event()
    await queue.decline(contact, view.offers[0].number, view.offers[0].agent)
    (event,) = [e for e in await queue.events(before, 100) if e.e == "declined"]
    await queue.delivered(contact, view.offers[0].number + 1, "D1:1")  # shown before we came to it
    await towards.hold_after_hours(event)
    view = await queue.contact(contact)
    assert view is not None and view.state == "offered" and len(view.offers) == 1


async def left_by_its_owner(
    queue: Queue, at: int, to: str, answered: bool = False
) -> tuple[str, Towards, list[Any]]:
    """A contact that Ada had, and is queued again at `at` because she has left; and the events of that."""
    verdict = classify(BOOK, said(1, to), Customer("eva"), at - 30 * MINUTE)
    it = said(1, to)
    await on_duty(queue, "ada", "ben", profile=Profile("desk"), now=at - 31 * MINUTE)
    new = await queue.arrive(it.to_json(), it.event, it.thread, verdict.decision, now=at - 30 * MINUTE)
    view = await queue.contact(new.contact)
    assert view is not None
    await queue.accept(new.contact, view.offers[0].number, view.offers[0].agent, now=at - 29 * MINUTE)
    if answered:
        owner = view.offers[0].agent
        held = await queue.hold_reply(new.contact, owner, "{}", "", 1, now=at - 28 * MINUTE)
        await queue.release_reply(new.contact, held.n, now=at - 28 * MINUTE)
    for name in ("ada", "ben"):
        await queue.presence(name, "away", now=at - 28 * MINUTE)
    before = await queue.last_event()
    await queue.release(new.contact, "", "owner left", exclude=False, now=at)
    events = [e for e in await queue.events(before, 100) if e.e == "queued"]
    return new.contact, Towards(queue, {}, lambda: BOOK, None, None), events  # type: ignore[arg-type]


@pytest.fixture
async def at(client: Client, site: str) -> Callable[[int], Any]:
    """The site's queue, its clock moved on to an instant."""

    async def queue_at(instant: int) -> Queue:
        queue = await make_queue(client, site)
        await queue.travel(instant)
        return queue

    return queue_at


@pytest.mark.promise("steps-open-hours")
async def test_the_steps_of_what_an_owner_left_end_in_open_hours(at: Callable[[int], Any]) -> None:
    queue = await at(FRIDAY)
    contact, towards, events = await left_by_its_owner(queue, FRIDAY, "+4931")
    (event,) = events
    await towards.begin_anew(event)
    view = await queue.contact(contact)
    assert view is not None and view.state == "waiting"
    assert view.deadlines == (MONDAY + 3 * MINUTE,)  # two minutes on Friday, three on Monday
    await towards.begin_anew(event)  # told again after a restart
    await run_due(queue, FRIDAY + 60 * MINUTE)
    view = await queue.contact(contact)
    assert view is not None and (view.step, view.deadlines) == (0, (MONDAY + 3 * MINUTE,))


@pytest.mark.promise("steps-open-hours")
async def test_what_an_owner_left_after_closing_is_held_and_ages_from_the_opening(
    at: Callable[[int], Any],
) -> None:
    late = FRIDAY + span(timedelta(minutes=10))
    queue = await at(late)
    contact, towards, (event,) = await left_by_its_owner(queue, late, "+4931")
    await towards.begin_anew(event)
    view = await queue.contact(contact)
    assert view is not None and (view.state, view.wake) == ("parked", MONDAY)
    assert [e.x for e in await queue.events("0-0", 1000) if e.e == "parked"][-1].count('"closed"') == 1
    await run_due(queue, MONDAY)
    view = await queue.contact(contact)
    assert view is not None and (view.state, view.step) == ("waiting", 0)
    assert view.deadlines == (MONDAY + 5 * MINUTE,)


async def test_who_waits_for_no_answer_is_held_without_a_word(at: Callable[[int], Any]) -> None:
    late = FRIDAY + span(timedelta(minutes=10))
    queue = await at(late)
    contact, towards, (event,) = await left_by_its_owner(queue, late, "+4931", answered=True)
    await towards.begin_anew(event)
    view = await queue.contact(contact)
    assert view is not None and (view.state, view.wake, view.owed) == ("parked", MONDAY, False)
    assert [e.x for e in await queue.events("0-0", 1000) if e.e == "parked"][-1].count('"hours"') == 1


async def test_round_the_clock_age_is_plain(at: Callable[[int], Any]) -> None:
    queue = await at(FRIDAY)
    contact, towards, (event,) = await left_by_its_owner(queue, FRIDAY, "+4930")
    await towards.begin_anew(event)
    view = await queue.contact(contact)
    assert view is not None and (view.state, view.deadlines) == ("waiting", ())
    assert [e.e for e in await queue.events("0-0", 1000)].count("retimed") == 0
