"""The same work for every queue: N jobs in, taken by ten workers, finished; then single jobs into the idle queue.

`python -m tierline.bench.peers.work WHO URL N` prints one line of JSON. Pushing and working are of one process, as
small services have it. No job does anything.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable

import uvloop

from .job import PUSHERS, SINGLE, Peer

APART = 0.005


class Count:
    """When each job was taken."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.wanted = 0
        self.there = asyncio.Event()

    def taken(self, job: str) -> None:
        self.at[job] = time.perf_counter()
        if len(self.at) >= self.wanted:
            self.there.set()

    async def wait(self, count: int) -> None:
        self.wanted = count
        if len(self.at) < count:
            self.there.clear()
            async with asyncio.timeout(120):
                await self.there.wait()
            if len(self.at) < count:
                raise RuntimeError("the workers ended early")


async def measure(peer: Peer, url: str, jobs: int) -> dict[str, object]:
    """Rates a second and latencies in ms."""
    count = Count()
    await peer.open(url, count.taken)

    async def pusher(first: int) -> None:
        for i in range(first, jobs, PUSHERS):
            await peer.push(f"j{i}")

    begun = time.perf_counter()
    await asyncio.gather(*(pusher(i) for i in range(PUSHERS)))
    pushed = jobs / (time.perf_counter() - begun)
    begun = time.perf_counter()
    working = asyncio.create_task(peer.work())
    working.add_done_callback(lambda it: count.there.set())
    await count.wait(jobs)
    took = jobs / (time.perf_counter() - begun)
    await asyncio.sleep(0.3)
    sent = {}
    for i in range(SINGLE):
        await asyncio.sleep(APART)
        sent[f"s{i}"] = time.perf_counter()
        await peer.push(f"s{i}")
    await count.wait(jobs + SINGLE)
    return {"push": pushed, "take": took, "waits": [(count.at[it] - at) * 1000 for it, at in sent.items()]}


def peers() -> dict[str, Callable[[], Peer]]:
    """By name; each is imported only when it is asked for."""

    def own() -> Peer:
        from .ours import Tierline

        return Tierline()

    def blmove() -> Peer:
        from .lists import Lists

        return Lists()

    def streams() -> Peer:
        from .streams import Streams

        return Streams()

    def taskiq() -> Peer:
        from .taskiq_queue import Taskiq

        return Taskiq()

    def saq() -> Peer:
        from .saq_queue import Saq

        return Saq()

    return {"tierline": own, "BLMOVE": blmove, "Streams": streams, "taskiq-redis": taskiq, "saq": saq}


async def run(who: str, url: str, jobs: int) -> None:
    """Measure and end at once: how a peer stops is its own affair, and one of them takes its time."""
    print(json.dumps(await measure(peers()[who](), url, jobs)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    who, url, jobs = sys.argv[1:4]
    uvloop.run(run(who, url, int(jobs)))
