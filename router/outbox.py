"""The outbox: reads the ledger, has every event's consequences delivered, moves its cursor behind what is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

import structlog

from ..queue.client import Client
from ..queue.engine import Queue
from ..queue.state import Event
from .lanes import Job, Lanes, nobody

log = structlog.get_logger()

ROLE = "outbox"
LEASE = 10_000  # ms
RENEW = 3.0  # seconds
BATCH = 200
MOST_OPEN = 5_000
"""Jobs in hand beyond which the ledger is not read further: it keeps the rest."""


@dataclass(slots=True)
class Outbox:
    """One process at a time delivers (a lease with fencing); another takes over where the cursor stands."""

    queue: Queue
    jobs: Callable[[Event], list[Job]]
    holder: str
    lanes: Lanes = field(default_factory=Lanes)
    read_until: str = ""
    fence: int = 0
    broken: Callable[[str], Awaitable[None]] = nobody

    async def run(self) -> None:
        """Deliver until the lease is lost; raises StoreError when the store is away (the supervisor restarts it)."""
        while True:
            fence = await self.queue.lease(ROLE, self.holder, LEASE)
            if fence is None:
                await asyncio.sleep(RENEW)
                continue
            self.fence, self.lanes, self.read_until = fence, Lanes(broken=self.broken), ""
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._keep())
                    group.create_task(self._deliver())
            finally:
                await self.lanes.stop(0)

    async def _keep(self) -> None:
        saved, clock = "", asyncio.get_running_loop().time
        renewed = clock()
        while True:
            self.lanes.moved.clear()
            with suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the event.
                async with asyncio.timeout(RENEW):
                    await self.lanes.moved.wait()
            if clock() - renewed >= RENEW:  # also where something moves all the time
                await self._renew()
                renewed = clock()
            if self.lanes.done_until != saved:
                saved = self.lanes.done_until
                if not await self.queue.advance(ROLE, saved, self.fence):
                    raise LeaseLost
                await asyncio.sleep(0.05)  # many small moves become one write

    async def _renew(self) -> None:
        """Keep the role. A lease that ran out (a clock moved, a long pause) is taken again if nobody had it since."""
        fence = await self.queue.lease(ROLE, self.holder, LEASE)
        if fence is None or fence > self.fence + 1:
            raise LeaseLost
        self.fence = fence

    async def _deliver(self) -> None:
        start = await self.queue.cursor(ROLE)
        reader = await self.queue.reader()
        try:
            await self._follow(reader, start)
        finally:
            await reader.close()

    async def _follow(self, reader: Client, start: str) -> None:
        self.read_until = start
        known_at_start = await self.queue.last_event()
        while True:
            events = await self.queue.events(self.read_until, BATCH, block=2_000, reader=reader)
            for entry, together in groupby(events, key=lambda event: event.id):
                jobs = [job for event in together for job in self.jobs(event)]
                self.lanes.submit(entry, jobs, replayed=_order(entry) <= _order(known_at_start))
                self.read_until = entry
            while self.lanes.open > MOST_OPEN:  # noqa: ASYNC110 - any lane may make room
                await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Wait until everything in the ledger so far has been delivered."""
        last = await self.queue.last_event()
        while _order(self.read_until) < _order(last):  # noqa: ASYNC110 - the reader has no event to wait for
            await asyncio.sleep(0.005)
        await self.lanes.idle()


class LeaseLost(Exception):
    """Another process delivers now."""


def _order(stream_id: str) -> tuple[int, int]:
    ms, _, seq = (stream_id or "0-0").partition("-")
    return int(ms), int(seq or 0)
