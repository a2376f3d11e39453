"""A Redis Stream with a consumer group: XADD, XREADGROUP ten at a time, XACK.

No skills, no ranks, no capacity, nobody chosen. A dead worker's entries are kept as pending; claiming them is yours
to write.
"""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

from .job import PAYLOAD, WORKERS, Taken


class Streams:
    """A `Peer`."""

    async def open(self, url: str, taken: Taken) -> None:
        self.redis, self.taken = Redis.from_url(url), taken
        await self.redis.xgroup_create("jobs", "crew", id="0", mkstream=True)

    async def push(self, job: str) -> None:
        await self.redis.xadd("jobs", {"job": job, "payload": PAYLOAD})

    async def work(self) -> None:
        await asyncio.gather(*(self._worker(f"w{i}") for i in range(WORKERS)))

    async def _worker(self, name: str) -> None:
        while True:
            found: Any = await self.redis.xreadgroup("crew", name, {"jobs": ">"}, count=10, block=5_000)
            for _, entries in found or []:
                for _, fields in entries:
                    self.taken(fields[b"job"].decode())
                await self.redis.xack("jobs", "crew", *(id for id, _ in entries))
