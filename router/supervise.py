"""Long-lived tasks under watch: one that dies is restarted with back-off and seen in `/readyz`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # seconds
INSIST = 5.0
"""Seconds after which a task that goes on in spite of being cancelled is cancelled again."""
CALM = 30.0
"""Seconds without a death after which the back-off begins anew."""


@dataclass(slots=True)
class Watched:
    """One task's present state; `error` names the last death's class, never its text (it may hold secrets)."""

    name: str
    up: bool = False
    deaths: int = 0
    error: str = ""


@dataclass(slots=True)
class Supervisor:
    """Runs named tasks until `stop`. `watched` is what `/readyz` shows."""

    watched: dict[str, Watched] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    stopping: bool = False

    def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` for ever: when it raises, or returns, it is started again after a pause."""
        self.watched[name] = Watched(name)
        self.tasks.append(asyncio.create_task(self._keep(self.watched[name], work), name=name))

    async def _keep(self, it: Watched, work: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE
        clock = asyncio.get_running_loop().time
        while True:
            begun = clock()
            it.up = True
            try:
                await work()
                it.error = "ended"
            except Exception as error:
                it.error = type(error).__name__
                log.exception("task.died", task=it.name)
            if self.stopping:
                # A task group one of whose tasks breaks amid a cancellation raises that error and keeps the
                # cancellation to itself.
                return
            it.up, it.deaths = False, it.deaths + 1
            pause = FIRST_PAUSE if clock() - begun > CALM else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))

    @property
    def healthy(self) -> bool:
        """Whether every task is running."""
        return all(it.up for it in self.watched.values())

    async def stop(self) -> None:
        """Cancel all, again if need be, and wait until they are gone."""
        self.stopping = True
        left = set(self.tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=INSIST)
            for task in left:
                log.warning("task.stays", task=task.get_name())
        self.tasks.clear()
