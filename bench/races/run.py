"""Many scenes on one store, several side by side: each has a site, a clock and an order of its own."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from ...queue import library
from ...queue.client import Client
from ...queue.embedded import EmbeddedStore
from .judge import Verdict, at_rest, at_the_end
from .scene import Scene

TOGETHER = 24
"""Scenes at a time: they share the store's round trips."""
BATCH = 480
"""Scenes after which the store is emptied."""


@asynccontextmanager
async def arena() -> AsyncIterator[Client]:
    """A store of our own with the scripts in it; nothing of it needs to survive."""
    with tempfile.TemporaryDirectory(prefix="tierline-races-") as home:
        store = await EmbeddedStore.start(Path(home))
        client = await Client(store.url).start()
        try:
            await client.call("CONFIG", "SET", "appendonly", "no")
            await client.call("FUNCTION", "LOAD", "REPLACE", library.source())
            yield client
        finally:
            await client.close()
            await store.stop()


async def one(seed: int, client: Client) -> Verdict:
    """Play and judge one seed."""
    scene, found = Scene(seed, client), Verdict(seed)

    async def rested(it: Scene) -> None:
        before = len(found.wrong)
        await at_rest(it, found)
        for what, about in found.wrong[before:]:
            it.loom.note(f"!!! {what}: {about}")

    await scene.play(rested)
    await at_the_end(scene, found)
    return found


async def many(seeds: Sequence[int], client: Client, done: Callable[[Verdict], None]) -> None:
    """Play all, some at a time; `done` hears each verdict."""
    for start in range(0, len(seeds), BATCH):
        batch = iter(seeds[start : start + BATCH])

        async def work(batch: object = batch) -> None:
            for seed in batch:  # type: ignore[attr-defined]
                done(await one(seed, client))

        await asyncio.gather(*(work() for _ in range(TOGETHER)))
        await client.call("FLUSHALL")


def silent() -> None:
    """The router's log says thousands of times what is wanted here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
