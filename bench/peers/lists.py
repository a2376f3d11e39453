"""Plain lists: LPUSH, BLMOVE to a list of what is in hand, LREM when done.

No skills, no ranks, no capacity, nobody chosen: whoever asks first gets the oldest. What a dead worker had in hand
lies there until somebody writes the sweep.
"""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

from .job import PAYLOAD, WORKERS, Taken


class Lists:
    """A `Peer`."""

    async def open(self, url: str, taken: Taken) -> None:
        self.redis, self.taken = Redis.from_url(url), taken

    async def push(self, job: str) -> None:
        await self._done(self.redis.lpush("jobs", f"{job} {PAYLOAD}"))

    async def work(self) -> None:
        await asyncio.gather(*(self._worker() for _ in range(WORKERS)))

    async def _worker(self) -> None:
        while True:
            job: Any = await self.redis.blmove("jobs", "doing", 5, "RIGHT", "LEFT")
            if job is not None:
                self.taken(job.decode().partition(" ")[0])
                await self._done(self.redis.lrem("doing", 1, job))

    async def _done(self, answer: Any) -> None:
        await answer
