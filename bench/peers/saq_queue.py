"""saq: a job queue on Redis with retries, timeouts, a sweep for lost jobs, schedules and a page to look at.

No skills of workers, no capacity beyond a number of jobs for each worker; jobs may have a date and a priority is a
queue of its own.
"""

from __future__ import annotations

import logging
from typing import Any

from redis.asyncio import Redis
from saq import Worker
from saq.queue.redis import RedisQueue

from .job import PAYLOAD, WORKERS, Taken


class Saq:
    """A `Peer`."""

    async def open(self, url: str, taken: Taken) -> None:
        logging.getLogger("saq").setLevel(logging.ERROR)

        async def job(_: Any, *, name: str, payload: str) -> None:
            taken(name)

        self.queue = RedisQueue(Redis.from_url(url))
        self.worker: Worker[Any] = Worker(self.queue, functions=[("job", job)], concurrency=WORKERS)
        await self.queue.connect()

    async def push(self, job: str) -> None:
        await self.queue.enqueue("job", name=job, payload=PAYLOAD)

    async def work(self) -> None:
        await self.worker.start()
