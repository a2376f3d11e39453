"""taskiq with taskiq-redis' stream broker, its own receiver in this process.

A framework for background tasks: routing by task name, retries and schedules by its middlewares. No skills of workers,
no ranks, no capacity beyond a number of tasks for each process.
"""

from __future__ import annotations

import asyncio

from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker

from .job import PAYLOAD, WORKERS, Taken


class Taskiq:
    """A `Peer`."""

    async def open(self, url: str, taken: Taken) -> None:
        self.broker = RedisStreamBroker(url, consumer_id="0")

        async def job(name: str, payload: str) -> None:
            taken(name)

        self.task = self.broker.register_task(job, task_name="job")
        self.broker.is_worker_process = True
        await self.broker.startup()

    async def push(self, job: str) -> None:
        await self.task.kiq(job, PAYLOAD)

    async def work(self) -> None:
        over = asyncio.Event()
        try:
            await Receiver(self.broker, max_async_tasks=WORKERS, run_startup=False).listen(over)
        finally:
            over.set()
