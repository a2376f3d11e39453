"""Bars of the queue: flat in backlog, classes and agents; server time against no-ops; memory per waiting contact."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ..queue.engine import Queue
from ..queue.store import Store
from .bars import Bar, Finding, ratio
from .crowd import Crowd, fcall_us

NOOP = "#!lua name=tierline_bench\nredis.register_function('tierline_bench_noop', function(keys, args) return 'ok' end)\n"


@asynccontextmanager
async def store() -> AsyncIterator[Store]:
    """A store of its own in a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as place:
        opened = await Store.open(None, Path(place), "bench")
        try:
            yield opened
        finally:
            await opened.close()


async def _crowd(opened: Store, site: str, classes: int, agents: int, poison: int, servable: int) -> Crowd:
    crowd = Crowd(Queue(opened, site, deadline=30.0), opened, classes)
    await crowd.fill(agents, poison, servable)
    return crowd


async def compare(small: Crowd, large: Crowd, slices: int, count: int) -> tuple[list[float], list[float]]:
    """Server time per lifecycle, slices taken in turn."""
    below: list[float] = []
    above: list[float] = []
    for i in range(slices):
        for crowd, found in ((small, below), (large, above)) if i % 2 else ((large, above), (small, below)):
            found.append(await crowd.server_time(count))
    return above, below


async def backlog(quick: bool) -> list[Finding]:
    """1 thousand waiting against 1 million (quick: 100 thousand), the earliest of them unservable."""
    most = 100_000 if quick else 1_000_000
    async with store() as opened:
        small = await _crowd(opened, "b1", 100, 200, 500, 500)
        large = await _crowd(opened, "b2", 100, 200, most - 500, 500)
        above, below = await compare(small, large, 8 if quick else 20, 150)
    return [ratio(f"backlog: lifecycle, {most:,} / 1,000 waiting", above, below, 1.10)]


async def classes(quick: bool) -> list[Finding]:
    """10 classes against 1,000."""
    async with store() as opened:
        small = await _crowd(opened, "k1", 10, 200, 0, 2_000)
        large = await _crowd(opened, "k2", 1_000, 200, 0, 2_000)
        above, below = await compare(small, large, 8 if quick else 20, 150)
    return [ratio("classes: lifecycle, 1,000 / 10 classes", above, below, 1.5)]


async def agents(quick: bool) -> list[Finding]:
    """10 agents against 10,000 (quick: 2,000)."""
    most = 2_000 if quick else 10_000
    async with store() as opened:
        small = await _crowd(opened, "a1", 100, 10, 0, 1_000)
        large = await _crowd(opened, "a2", 100, most, 0, 1_000)
        above, below = await compare(small, large, 8 if quick else 20, 150)
    return [ratio(f"agents: lifecycle, {most:,} / 10 agents", above, below, 1.3)]


async def noops(quick: bool) -> list[Finding]:
    """A lifecycle's server time in no-op function calls, ledger and operation ids on."""
    async with store() as opened:
        await opened.client.call("FUNCTION", "LOAD", "REPLACE", NOOP)
        crowd = await _crowd(opened, "n1", 100, 200, 500, 500)
        lifecycle, noop = [], []
        for _ in range(8 if quick else 20):
            lifecycle.append(await crowd.server_time(150))
            await opened.client.call("CONFIG", "RESETSTAT")
            for _ in range(1_000):
                await opened.client.fcall("tierline_bench_noop", "{n1}:")
            noop.append(await fcall_us(opened) / 1_000)
    return [ratio("server time: a lifecycle in no-op calls", lifecycle, noop, 160)]


async def memory(quick: bool) -> list[Finding]:
    """Bytes per waiting contact with a 190-byte payload: its record, its share of the waiting set and of the timers.

    As the server counts them (MEMORY USAGE); message, address and dedup entries are beside it and not counted.
    """
    count = 20_000 if quick else 100_000
    async with store() as opened:
        crowd = Crowd(Queue(opened, "m1", deadline=30.0), opened, 100)
        await crowd.fill(1, 100, 0)
        timers = await _size(opened, "{m1}:due")
        await crowd.waiting_with_step(count)
        timers = await _size(opened, "{m1}:due") - timers
        sets = [await _size(opened, key) for key in await _keys(opened, "{m1}:w:*")]
        names = await _keys(opened, "{m1}:c:*")
        records = [await _size(opened, key) for key in names[:: max(1, len(names) // 1_000)]]
    shared = (sum(sets) + timers) / count
    each = sum(records) / len(records) + shared
    spread = (min(records) + shared, max(records) + shared)
    return [Bar("memory: a waiting contact with 190 B payload", each, 450, "B", spread, count)]


async def _size(opened: Store, key: str | bytes) -> int:
    found = await opened.client.call("MEMORY", "USAGE", key, "SAMPLES", "0", deadline=30.0)
    return found if isinstance(found, int) else 0


async def _keys(opened: Store, pattern: str) -> list[bytes]:
    found: list[bytes] = []
    cursor = b"0"
    while True:
        raw = await opened.client.call("SCAN", cursor, "MATCH", pattern, "COUNT", "10000")
        assert isinstance(raw, list) and isinstance(raw[0], bytes) and isinstance(raw[1], list)
        found += [key for key in raw[1] if isinstance(key, bytes)]
        cursor = raw[0]
        if cursor == b"0":
            return found
