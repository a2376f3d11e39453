"""The outbox: reads the ledger, has every event's consequences delivered, moves its cursor behind what is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

import structlog

from ..queue.client import Client
from ..queue.engine import Queue
from ..queue.state import Event
from .lanes import Job, Lanes, nobody
from .suspects import Suspects

log = structlog.get_logger()

ROLE, STANDBY = "outbox", "standby"
LEASE = 6_000  # ms
LOOK = 1.0
"""Seconds between two tries to take over: with the lease's own length, the longest that nobody delivers."""
BATCH = 200
MOST_OPEN = 5_000
"""Jobs in hand beyond which the ledger is not read further: it keeps the rest."""
ARRIVES = 1 / 6
"""Part of the lease in which nothing is begun: what was begun before has this long to arrive ere another looks for it."""
UNDER_WAY = 12.0
"""Seconds that what is on its way outside has to end before it is looked for and begun anew: longer than Slack or Twilio
are waited for. A mail that takes longer is sent with the same Message-ID."""


_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def awake() -> float:
    """Seconds by a clock that goes on while the machine sleeps, where there is one: Linux's monotonic clock does not."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


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
    term: int = LEASE
    sure_until: float = 0.0
    able: Callable[[], bool] = lambda: True
    """Whether agents can be reached from here; who can't leaves the role to somebody who can, if there is one."""
    held: bool = False
    """Whether the role was ours when it was last asked for; also while the store can't be asked."""

    @property
    def mine(self) -> bool:
        """Whether the role is surely ours now: it was ours when asked last, and that lease has some time left.

        Whoever slept (SIGSTOP, a stalled loop) sees at once that it isn't, before the store is asked.
        """
        return awake() < self.sure_until

    async def _ask(self) -> int | None:
        """Take or keep the role; its fence. The lease is counted from before the question."""
        before = awake()
        fence = await self.queue.lease(ROLE, self.holder, self.term)
        self.held = fence is not None
        self.sure_until = before + self.term * (1 - ARRIVES) / 1000 if fence is not None else 0.0
        return fence

    async def run(self) -> None:
        """Deliver until the lease is lost; raises StoreError when the store is away (the supervisor restarts it)."""
        while True:
            fence = None if await self._another_is_able() else await self._ask()
            if fence is None:
                await self._stand_by()
                continue
            log.info("outbox.taken", fence=fence)
            suspects = Suspects(lambda key, ms: self.queue.once(key, ms), lambda key: self.queue.known(key))
            lanes = Lanes(broken=self.broken, mine=lambda: self.mine, suspects=suspects)
            self.fence, self.lanes, self.read_until = fence, lanes, ""
            # No TaskGroup: before Python 3.13 it loses a cancellation that comes together with an error, and leaves
            # one behind that nobody asked for when there is an error alone.
            work = [asyncio.create_task(self._keep()), asyncio.create_task(self._deliver())]
            try:
                await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
                ended = await self._over(work)
                # A call that nobody waits for any more is carried out all the same, and maybe after the look for it.
                await lanes.finish(UNDER_WAY)
            finally:
                await self._over(work)
                await lanes.stop(0)
            for error in ended:
                if isinstance(error, Exception) and not isinstance(error, LeaseLost):
                    raise error
            log.warning("outbox.lost", fence=fence)  # whoever slept begins anew, from what the store says

    async def _over(self, work: list[asyncio.Task[None]]) -> list[BaseException | None]:
        """Nothing is begun, kept or read any more; what each task ended with."""
        self.sure_until = 0.0
        for task in work:
            task.cancel()
        return await asyncio.gather(*work, return_exceptions=True)

    async def _stand_by(self) -> None:
        """Until the next try; whoever delivers and can't reach the agents sees that somebody here can."""
        pause = min(LOOK, self.term / 4000)
        if self.able():
            await self.queue.lease(STANDBY, self.holder, round(pause * 3000))
        await asyncio.sleep(pause)

    async def _another_is_able(self) -> bool:
        """Whether agents can't be reached from here, and can from elsewhere."""
        return not self.able() and await self.queue.lease(STANDBY, self.holder, 0) is None

    async def drain(self, grace: float) -> None:
        """Begin nothing more; wait `grace` seconds for what is in hand. The rest is the next holder's."""
        await self.lanes.finish(grace)
        if self.lanes.suspects is not None:
            await self.lanes.suspects.settled()
        if self.mine and self.lanes.done_until:
            await self.queue.advance(ROLE, self.lanes.done_until, self.fence)

    async def release(self) -> None:
        """Let go of the role, if it is ours: another process goes on at once. After `run` has ended."""
        await self.queue.lease(ROLE, self.holder, 0)

    async def _keep(self) -> None:
        saved, pause = "", self.term / 3000
        renewed = time.monotonic()
        while True:
            self.lanes.moved.clear()
            with suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the event.
                async with asyncio.timeout(pause):
                    await self.lanes.moved.wait()
            if time.monotonic() - renewed >= pause:  # also where something moves all the time
                renewed = time.monotonic()
                await self._renew()
            if self.lanes.done_until != saved:
                saved = self.lanes.done_until
                if not await self.queue.advance(ROLE, saved, self.fence):
                    raise LeaseLost
                await asyncio.sleep(0.05)  # many small moves become one write

    async def _renew(self) -> None:
        """Keep the role. A lease that ran out (a clock moved, a long pause) is taken again if nobody had it since."""
        if await self._another_is_able():
            self.sure_until = 0.0  # first: nothing is begun any more when the other one begins
            await self.release()
            raise LeaseLost
        fence = await self._ask()
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
        following = self._read(reader)
        try:
            while True:
                events = await following
                if events:
                    self.read_until = events[-1].id
                following = self._read(reader)  # the next are on their way while these are looked at
                for entry, together in groupby(events, key=lambda event: event.id):
                    jobs = [job for event in together for job in self.jobs(event)]
                    self.lanes.submit(entry, jobs, replayed=_order(entry) <= _order(known_at_start))
                while self.lanes.open > MOST_OPEN:  # noqa: ASYNC110 - any lane may make room
                    await asyncio.sleep(0.05)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def _read(self, reader: Client) -> asyncio.Task[list[Event]]:
        return asyncio.create_task(self.queue.events(self.read_until, BATCH, block=2_000, reader=reader))

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
