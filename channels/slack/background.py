"""What the desk does beside whoever asked for it: finished at a stop, but for marks that only wait for their turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field

import structlog

from ..turn import only_waits

log = structlog.get_logger()


@dataclass(slots=True)
class Background:
    """Tasks under way; `comfort` are those that a stop doesn't wait for while they wait."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    comfort: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Awaitable[None]) -> None:
        """Do it beside everything else; an error is logged by its name alone."""
        self._begin(work)

    def spawn_comfort(self, work: Awaitable[None]) -> None:
        """The same for an emoji or a link: the words beside it stand without."""
        self.comfort.add(self._begin(work))

    def _begin(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work) if not isinstance(work, Coroutine) else asyncio.create_task(work)
        self.tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.comfort.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("slack.task", error=type(error).__name__)

    async def stop(self, within: float) -> None:
        """Give what is in hand `within` seconds, then end the rest."""
        end = time.monotonic() + within
        while self._in_hand() and time.monotonic() < end:  # noqa: ASYNC110 - a wait that begins sets no event
            await asyncio.sleep(0.01)
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _in_hand(self) -> bool:
        return any(not (task in self.comfort and only_waits(task)) for task in self.tasks)
