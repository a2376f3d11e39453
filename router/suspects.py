"""Which job ended the whole process: it is found out by trying it alone, set aside, and told of.

What was in hand when a process died is done again by the next one. If one of it ends that one, too (a library that
crashes, memory that runs out), nothing goes on, ever. So whoever does again what was in hand writes down first that it
begins, and that it was over, or still going on after `SURVIVED` seconds:

    first time     begun beside all the others                                  (dies: anything may be to blame)
    second time    begun alone, when the process has been calm for `CALM` s     (dies: this one is to blame)
    third time     set aside

A kill from outside blames nothing by itself: it would have to come twice within a job's first seconds, once while it
was alone. What is done for the first time isn't written down, so the usual way costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from ..channels.turn import its_turn
from ..queue.failures import StoreError

SURVIVED, CALM = 3.0, 5.0  # seconds
KEPT = 3_600_000
"""ms for which it is known that a job had begun: a crash loop is faster."""


class Deadly(Exception):
    """This job has ended the process each time that it was tried."""


@dataclass(slots=True)
class Suspects:
    """`once` is the queue's; `known` says whether something was said once already."""

    once: Callable[[str, int], Awaitable[bool]]
    known: Callable[[str], Awaitable[bool]]
    begun: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    watching: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def trial(self, job: str, busy: Callable[[], int]) -> AsyncIterator[None]:
        """Around the first try of a job that was in hand before; `busy` counts jobs, this one among them.

        Over, or after `SURVIVED` seconds, it is no suspect any more. Raises Deadly instead of a third try, StoreError
        when it can't be written down that it begins.
        """
        suspect = not await self.once(f"begun:{job}", KEPT) and not await self.known(f"survived:{job}")
        if suspect:
            await self._alone(job, busy)
        over = asyncio.Event()
        watch = asyncio.create_task(self._outlive(job, suspect, over), name=f"trial {job}")
        self.watching.add(watch)
        watch.add_done_callback(self.watching.discard)
        try:
            yield
        finally:
            over.set()

    async def _alone(self, job: str, busy: Callable[[], int]) -> None:
        """Wait until only this job can be to blame, and write down that it begins alone."""
        if await self.known(f"alone:{job}"):
            raise Deadly
        clock = asyncio.get_running_loop().time
        self.waiting += 1
        try:
            with its_turn():
                await asyncio.sleep(self.begun + CALM - clock())
                await self.alone.acquire()
        finally:
            self.waiting -= 1
        try:
            end = clock() + SURVIVED  # who has begun before is no suspect after that
            while busy() > self.waiting + 1 and clock() < end:  # noqa: ASYNC110 - jobs set no event
                await asyncio.sleep(0.01)
            await self.once(f"alone:{job}", KEPT)
        except BaseException:
            self.alone.release()
            raise

    async def _outlive(self, job: str, alone: bool, over: asyncio.Event) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SURVIVED):
                    await over.wait()
        finally:
            if alone:
                self.alone.release()
        with suppress(StoreError):  # it stays a suspect, then
            await self.once(f"survived:{job}", KEPT)

    async def settled(self) -> None:
        """Wait until it is written down of everything that is over."""
        if self.watching:
            await asyncio.wait(set(self.watching))
