"""The outbox under the loom: the ledger's jobs in their lanes, tried again until done, begun anew after a kill."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import groupby

from ...channels.channel import DeliveryError, NotDelivered
from ...queue.engine import Queue
from ...router.deliver import Deliveries
from ...router.lanes import FIRST_WAIT, LONGEST_WAIT, Job, Try
from .loom import Loom

MOST_TRIES = 40


class Outlet:
    """`broken` gets what no try can mend."""

    def __init__(
        self, loom: Loom, queue: Queue, deliveries: Deliveries, broken: list[str],
        at: Callable[[int, str, Callable[[], object]], None],
    ) -> None:  # fmt: skip
        self.at, self.pausing = at, 0
        self.loom, self.queue, self.deliveries, self.broken = loom, queue, deliveries, broken
        self.until, self.done_until, self.known = "0-0", "0-0", (0, 0)
        self.lanes: dict[str, deque[tuple[str, Job]]] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.open: dict[str, int] = {}  # entry → unfinished jobs, in order

    async def read(self) -> None:
        """Take what is new in the ledger."""
        events = await self.queue.events(self.until, 500)
        for entry, together in groupby(events, key=lambda event: event.id):
            jobs = [job for event in together for job in self.deliveries.jobs(event)]
            self.until = entry
            self.open[entry] = len(jobs)
            for job in jobs:
                self._submit(entry, job)
        self._settle()

    def _submit(self, entry: str, job: Job) -> None:
        lane = self.lanes.setdefault(job.lane, deque())
        lane.append((entry, job))
        if job.lane not in self.tasks:
            self.tasks[job.lane] = asyncio.create_task(self._run(job.lane, lane))

    async def _run(self, name: str, lane: deque[tuple[str, Job]]) -> None:
        while lane:
            entry, job = lane[0]
            await self._done(entry, job)
            lane.popleft()
            self.open[entry] -= 1
            self._settle()
        self.tasks.pop(name, None)
        self.lanes.pop(name, None)
        self.loom.moved += 1

    async def _done(self, entry: str, job: Job) -> None:
        replayed = _order(entry) <= self.known
        for count in range(MOST_TRIES):
            if count:
                await self._pause(min(FIRST_WAIT * 2 ** (count - 1), LONGEST_WAIT))
            await self.loom.turn(f"job {job.name} ({job.lane}){' again' if replayed or count else ''}")
            try:
                return await job.work(Try(count, replayed or count > 0, replayed))
            except NotDelivered as error:
                if error.permanent:
                    return None
            except DeliveryError:
                continue  # as long as there are tries
            except Exception as error:
                self.broken.append(f"{job.name} ({job.lane}): {type(error).__name__}: {error}")
                return None
        self.broken.append(f"{job.name} ({job.lane}): never done in {MOST_TRIES} tries")
        return None

    async def _pause(self, seconds: float) -> None:
        """As long as the real lanes wait before they try again."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.at(
            self.loom.now + round(seconds * 1000),
            "again",
            lambda: None if over.done() else over.set_result(None),
        )
        self.pausing += 1
        try:
            await over
        finally:
            self.pausing -= 1

    def _settle(self) -> None:
        while self.open:
            entry = next(iter(self.open))
            if self.open[entry]:
                return
            del self.open[entry]
            self.done_until = entry

    async def kill(self) -> None:
        """Whoever delivers dies, and another one goes on behind what is surely done."""
        await self.stop()
        self.known, self.until = _order(self.until), self.done_until
        await self.read()

    async def stop(self) -> None:
        """Nothing is in hand any more."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.tasks.clear()
        self.lanes.clear()
        self.open.clear()


def _order(stream_id: str) -> tuple[int, int]:
    ms, _, seq = stream_id.partition("-")
    return int(ms), int(seq or 0)
