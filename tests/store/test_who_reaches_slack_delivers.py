"""Of several workers one delivers: one that reaches Slack, if there is one. And a minute's alert is told once, whoever tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from helpers_queue import START, make_queue, text_in
from test_hours_rule_what_waits import BOOK

from tierline.channels.channel import NotDelivered
from tierline.queue.client import Client
from tierline.queue.contact import Route, Step
from tierline.queue.engine import Queue
from tierline.queue.state import Event
from tierline.router import desk_watch
from tierline.router.alerts import Alerts, Notice
from tierline.router.deliver import Deliveries
from tierline.router.desk_watch import WatchedDesk
from tierline.router.lanes import Try
from tierline.router.outbox import Outbox
from tierline.router.paging import Pager
from tierline.router.ringing import Ringing
from tierline.skills.skill import Need


@dataclass
class Worker:
    """One process's deliveries, and whether Slack answers it."""

    outbox: Outbox
    reaches: bool = True
    task: asyncio.Task[None] | None = None


async def until(holds: Callable[[], Any]) -> None:
    for _ in range(12_000):
        found = holds()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came true")


@asynccontextmanager
async def workers(queue: Queue, *names: str) -> AsyncIterator[list[Worker]]:
    found: list[Worker] = []
    for name in names:
        it = Worker(Outbox(queue, lambda event: [], name, term=600))
        it.outbox.able = lambda it=it: it.reaches  # type: ignore[misc]
        found.append(it)
    try:
        yield found
    finally:
        for it in found:
            if it.task is not None:
                it.task.cancel()
        await asyncio.gather(*(it.task for it in found if it.task), return_exceptions=True)


@pytest.mark.promise("slack-by-another")
async def test_who_loses_slack_leaves_the_deliveries_to_somebody_who_has_it(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    async with workers(queue, "one", "two") as (one, two):
        one.task = asyncio.create_task(one.outbox.run())
        await until(lambda: one.outbox.mine)
        two.task = asyncio.create_task(two.outbox.run())
        one.reaches = False
        await until(lambda: two.outbox.mine)
        assert not one.outbox.mine
        two.reaches = False  # nobody has it now: whoever delivers goes on
        fence = two.outbox.fence
        await renewed(queue)
        assert two.outbox.mine and not one.outbox.mine and two.outbox.fence == fence
        one.reaches = True
        await until(lambda: one.outbox.mine)
        assert not two.outbox.mine


async def test_alone_without_slack_it_goes_on(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    async with workers(queue, "one") as (one,):
        one.reaches = False
        one.task = asyncio.create_task(one.outbox.run())
        await until(lambda: one.outbox.mine)
        await renewed(queue)
        assert one.outbox.mine


async def renewed(queue: Queue, times: int = 3) -> None:
    """Wait until the lease has been renewed so often."""
    key, ends = queue.key("lease:outbox"), set[object]()

    async def often() -> bool:
        ends.add(await queue.plain("HGET", key, "until"))
        return len(ends) > times

    await until(often)


@dataclass
class Deaf:
    """A desk that doesn't answer."""

    answers: bool = False

    async def ping(self) -> None:
        if not self.answers:
            raise NotDelivered("no answer", "")


def telling() -> tuple[Alerts, list[str]]:
    told: list[str] = []

    async def way(it: Notice) -> None:
        told.append(it.text)

    return Alerts(lambda: {"mail": way}), told


@pytest.mark.promise("slack-by-another")
async def test_when_another_process_reaches_slack_the_trouble_is_over_and_told_once(
    client: Client, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_watch, "PROBE", 0.01)
    queue = await make_queue(client, site)
    alerts, told = telling()
    speaks = True
    desk = Deaf()
    watched = WatchedDesk(desk, lambda: queue, alerts, lambda: speaks)  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(NotDelivered):
            await watched.ping()
    assert watched.down.is_set() and not await queue.desk_up()
    task = asyncio.create_task(watched.run())
    speaks = False
    await queue.desk(True)  # by who delivers now
    await until(lambda: len(told) == 2)
    assert "doesn't answer" in told[0] and "from another process" in told[1]
    desk.answers = True
    await until(lambda: not watched.down.is_set())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await alerts.drain()
    assert len(told) == 2


# ---- a minute's alert -------------------------------------------------------------------------------------------------


@dataclass
class Life:
    """One life of the deliveries; what the ways were given."""

    queue: Queue
    notices: list[Notice] = field(default_factory=list)

    async def hears(self, event: Event, again: bool) -> None:
        async def way(it: Notice) -> None:
            self.notices.append(it)

        async def heed() -> None:
            return None

        alerts = Alerts(lambda: {"mail": way})
        it: Any = None
        silent = Ringing(self.queue, None, lambda: BOOK, alerts, it, it)
        pager = Pager(self.queue, it, lambda: BOOK.plan, it, {}, None, alerts, lambda: True)
        deliveries = Deliveries(self.queue, it, it, lambda: BOOK, alerts, it, heed, silent, pager)
        (job,) = [j for j in deliveries.jobs(event) if j.lane == "alerts"]
        await job.work(Try(0, again))
        await alerts.drain()


@pytest.mark.promise("alerts-once")
async def test_alerts_of_one_step_across_a_full_minute_are_one_also_for_who_is_started_again(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    step = Step(Need("howto", "sms"), alert=True)
    contacts = [await text_in(queue, n, Route("howto", "sms", (step,), 20_000, 0)) for n in range(3)]
    full = START - START % 60_000
    events = [
        Event(full + at, "exhausted", c, "", 0, '{"step":0}', id=f"{n}-0")
        for n, (c, at) in enumerate(zip(contacts, (59_000, 61_000, 119_500), strict=True))
    ]
    told = []
    for event, again in ((events[0], False), (events[1], True), (events[0], True), (events[2], True)):
        life = Life(queue)  # killed after each
        await life.hears(event, again)
        told.append([(it.key, it.again) for it in life.notices])
    first = told[0][0][0]
    # The first one again is looked up under its own name; what came within its minute isn't told at all.
    assert told == [[(first, False)], [], [(first, True)], [(told[3][0][0], True)]]
    assert told[3][0][0] != first
