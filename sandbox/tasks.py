"""What a stand-in has under way of its own accord."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any


class Tasks:
    """Tasks that are kept until they are done or given up."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Awaitable[Any]) -> asyncio.Task[Any]:
        """Begin one."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def abandon(self) -> None:
        """Give up everything under way."""
        for task in self._tasks:
            task.cancel()

    async def settled(self, within: float) -> None:
        """Wait until nothing is under way, at most `within` seconds."""
        end = asyncio.get_running_loop().time() + within
        while self._tasks and asyncio.get_running_loop().time() < end:
            await asyncio.wait(set(self._tasks), timeout=end - asyncio.get_running_loop().time())

    async def stop(self) -> None:
        """The same, and wait until it has ended."""
        self.abandon()
        await asyncio.gather(*self._tasks, return_exceptions=True)
