"""Jobs in lanes: one lane is done in order, lanes go side by side; a cursor moves only behind what is finished.

ledger ──▶ jobs of an event ──▶ lane "say:C1001" ─ job ─ job
                                lane "agent:ada" ─ job ──▶ what it left for later: lane "head C…:ts" ─ job
cursor = the last event before which every job is done: a restart repeats what lies behind it, nothing else
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from ..channels.channel import DeliveryError, NotDelivered
from ..channels.fence import still_ours
from ..channels.turn import Work, Worker, only_waits, worker
from ..queue.failures import StoreError
from .slots import Slots
from .suspects import Deadly, Suspects

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.25, 30.0  # seconds between tries


@dataclass(frozen=True, slots=True)
class Try:
    """Which try of a job this is; `again`: it may have happened before, here or in a process that died (`before`)."""

    count: int
    again: bool
    before: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do outside. `work` returns when it is done or has become pointless, and raises to be repeated.

    `given_up` is told when `work` broke three times for no reason that the outside gave.
    """

    lane: str
    name: str
    work: Callable[[Try], Awaitable[None]]
    given_up: Callable[[], Awaitable[None]] | None = None


def _resigned(job: Job, given_up: Callable[[], Awaitable[None]]) -> Job:
    """Telling that `job` was given up is a job itself: the store may be away just now."""

    async def work(t: Try) -> None:
        await given_up()

    return Job(job.lane, f"{job.name} given up", work)


async def nobody(name: str) -> None:
    """Whom a broken job is told where nobody asked for it."""


@dataclass(slots=True)
class Lanes:
    """Runs jobs; `open` is how many are unfinished. At most `slots` work at one time."""

    open: int = 0
    lanes: dict[str, deque[tuple[str, Job, str]]] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)  # entry id → unfinished jobs, in order of arrival
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    slots: Slots = field(default_factory=lambda: Slots(64))
    done_until: str = ""
    broken: Callable[[str], Awaitable[None]] = nobody
    mine: Callable[[], bool] = lambda: True
    suspects: Suspects | None = None
    busy: int = 0
    ended: bool = False

    def submit(self, event: str, jobs: list[Job], replayed: bool) -> None:
        """Take the jobs of one entry of the ledger; entries come in order, each once."""
        self.pending[event] = len(jobs)
        self.open += len(jobs)
        for n, job in enumerate(jobs):
            self._enqueue(event, job, f"{event}.{n}" if replayed else "")
        self._settle()

    def _enqueue(self, event: str, job: Job, again: str) -> None:
        waits = (event, job, again)
        lane = self.lanes.get(job.lane)
        if lane is not None:
            lane.append(waits)
            return
        self.lanes[job.lane] = deque([waits])
        task = asyncio.create_task(self._run(job.lane), name=f"lane {job.lane}")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _follow(self, event: str, left: list[Job], again: str) -> None:
        """What a job left for later is done as surely as itself: before it is, the cursor stays behind `event`."""
        self.pending[event] += len(left)
        self.open += len(left)
        for n, job in enumerate(left):
            self._enqueue(event, job, f"{again}.{n}" if again else "")

    async def _run(self, name: str) -> None:
        lane = self.lanes[name]
        while lane:
            event, job, again = lane[0]
            left = await self._until_done(job, again)
            if left is None:
                return
            lane.popleft()
            self._follow(event, left, again)
            self.pending[event] -= 1
            self.open -= 1
            self._settle()
        del self.lanes[name]

    async def _work(self, job: Job, t: Try, again: str) -> list[Job] | None:
        """Do it, unless the end has come (None); whoever lost the role waits until it is taken from them or ours again.

        What it left for later.
        """
        left: list[Job] = []
        async with self.slots.one():
            if self.suspects is not None:
                async with self.suspects.alone:  # somebody may be on trial just now
                    pass
            while not self.mine() and not self.ended:  # noqa: ASYNC110 - a clock that runs out sets no event
                await asyncio.sleep(0.05)
            if self.ended:
                return None
            self.busy += 1
            try:
                still_ours.set(self.mine)  # a lane's task has a context of its own
                worker.set(self._worker(job, left, t.before))
                if self.suspects is None or not again or t.count:
                    await job.work(t)
                else:
                    async with self.suspects.trial(again, lambda: self.busy):
                        await job.work(t)
            finally:
                self.busy -= 1
        return left

    def _worker(self, job: Job, left: list[Job], before: bool) -> Worker:
        def later(lane: str, work: Work) -> None:
            async def follow(t: Try) -> None:
                await work()

            left.append(Job(lane, f"{job.name}, later", follow))

        task = asyncio.current_task()
        assert task is not None
        return Worker(task, self.slots.give, self.slots.take_back, later, before)

    async def _until_done(self, job: Job, again: str) -> list[Job] | None:
        """What it left for later, when it needn't be done again; None when the end came first.

        `again` names what was in hand before.
        """
        count, wait = 0, FIRST_WAIT
        while True:
            try:
                return await self._work(job, Try(count, bool(again) or count > 0, bool(again)), again)
            except Deadly:
                log.error("job.deadly", job=job.name, lane=job.lane)
                if job.given_up is None:
                    await self._broke(job)
                    return []
                job, again = _resigned(job, job.given_up), ""
                continue
            except NotDelivered as error:
                if error.permanent:
                    log.error("job.refused", job=job.name, reason=error.reason, code=error.code)
                    return []
                pause = error.retry_after if error.retry_after is not None else wait
                log.warning("job.again", job=job.name, reason=error.reason, count=count)
            except (DeliveryError, StoreError, TimeoutError, OSError) as error:
                pause = wait
                log.warning("job.again", job=job.name, error=type(error).__name__, count=count)
            except Exception:
                # A job that can never work must not stop what stands behind it: three tries, then it is told.
                log.exception("job.failed", job=job.name, lane=job.lane, count=count)
                pause = wait
                if count >= 2:
                    if job.given_up is None:
                        await self._broke(job)
                        return []
                    job, count, pause = _resigned(job, job.given_up), -1, 0.0
            count, wait = count + 1, min(wait * 2, LONGEST_WAIT)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    async def _broke(self, job: Job) -> None:
        try:
            await self.broken(f"{job.name} ({job.lane})")
        except Exception as error:  # the lane goes on, whoever can't be told
            log.error("job.not_told", job=job.name, error=type(error).__name__)

    def _settle(self) -> None:
        moved = False
        while self.pending:
            event = next(iter(self.pending))
            if self.pending[event]:
                break
            del self.pending[event]
            self.done_until, moved = event, True
        if moved or not self.open:
            self.moved.set()

    async def idle(self) -> None:
        """Wait until nothing is unfinished."""
        while self.open or self.pending:
            self.moved.clear()
            await self.moved.wait()

    async def finish(self, grace: float) -> None:
        """Begin no job any more, and wait at most `grace` seconds for those that are being done.

        What only waits for its turn is left to the next start at once, as what hasn't begun is.
        """
        self.ended = True
        end = asyncio.get_running_loop().time() + grace
        while self.busy and asyncio.get_running_loop().time() < end:
            for task in self.tasks:
                if only_waits(task):
                    task.cancel()
            await asyncio.sleep(0.01)

    async def stop(self, grace: float) -> None:
        """Give running jobs `grace` seconds, then leave the rest to the next start (they lie behind the cursor)."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=grace)
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
