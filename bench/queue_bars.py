"""Bars of the queue: flat in backlog, classes and agents; server time against no-ops; memory per waiting contact."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ..queue.engine import Queue
from ..queue.store import Store
from .bars import Bar, ratio
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


async def _compare(small: Crowd, large: Crowd, slices: int, count: int) -> tuple[list[float], list[float]]:
    """Server time per lifecycle, slices taken in turn."""
    below: list[float] = []
    above: list[float] = []
    for i in range(slices):
        for crowd, found in ((small, below), (large, above)) if i % 2 else ((large, above), (small, below)):
            found.append(await crowd.server_time(count))
    return above, below


async def backlog(quick: bool) -> list[Bar]:
    """1 thousand waiting against 1 million (quick: 100 thousand), the earliest of them unservable."""
    most = 100_000 if quick else 1_000_000
    async with store() as opened:
        small = await _crowd(opened, "b1", 100, 200, 500, 500)
        large = await _crowd(opened, "b2", 100, 200, most - 500, 500)
        above, below = await _compare(small, large, 8 if quick else 20, 150)
    return [ratio(f"backlog: lifecycle, {most:,} / 1,000 waiting", above, below, 1.10)]


async def classes(quick: bool) -> list[Bar]:
    """10 classes against 1,000."""
    async with store() as opened:
        small = await _crowd(opened, "k1", 10, 200, 0, 2_000)
        large = await _crowd(opened, "k2", 1_000, 200, 0, 2_000)
        above, below = await _compare(small, large, 8 if quick else 20, 150)
    return [ratio("classes: lifecycle, 1,000 / 10 classes", above, below, 1.5)]


async def agents(quick: bool) -> list[Bar]:
    """10 agents against 10,000 (quick: 2,000)."""
    most = 2_000 if quick else 10_000
    async with store() as opened:
        small = await _crowd(opened, "a1", 100, 10, 0, 1_000)
        large = await _crowd(opened, "a2", 100, most, 0, 1_000)
        above, below = await _compare(small, large, 8 if quick else 20, 150)
    return [ratio(f"agents: lifecycle, {most:,} / 10 agents", above, below, 1.3)]


async def noops(quick: bool) -> list[Bar]:
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


async def memory(quick: bool) -> list[Bar]:
    """Bytes per waiting contact with a 190-byte payload: record, waiting set, step timer."""
    count = 20_000 if quick else 100_000
    async with store() as opened:
        crowd = Crowd(Queue(opened, "m1", deadline=30.0), opened, 100)
        await crowd.fill(1, 100, 0)
        before = await _used(opened)
        ledger = await _ledger(opened)
        await crowd.waiting_with_step(count)
        grown = await _used(opened) - before - (await _ledger(opened) - ledger)
        operations = await _operations(opened)
    each = (grown - operations) / count
    return [Bar("memory: a waiting contact with 190 B payload", each, 450, "B", (each, each), count)]


async def _used(opened: Store) -> int:
    raw = await opened.client.call("INFO", "memory")
    text = raw.decode() if isinstance(raw, bytes) else ""
    return int(next(row for row in text.splitlines() if row.startswith("used_memory_dataset:")).split(":")[1])


async def _ledger(opened: Store) -> int:
    found = await opened.client.call("MEMORY", "USAGE", "{m1}:ledger", "SAMPLES", "0")
    return found if isinstance(found, int) else 0


async def _operations(opened: Store) -> int:
    """What the remembered operation ids take; they expire after ten minutes, whatever waits."""
    total, cursor = 0, b"0"
    while True:
        raw = await opened.client.call("SCAN", cursor, "MATCH", "{m1}:ops:*", "COUNT", "10000")
        assert isinstance(raw, list) and isinstance(raw[1], list)
        for key in (it for it in raw[1] if isinstance(it, bytes)):
            size = await opened.client.call("MEMORY", "USAGE", key, "SAMPLES", "0")
            total += size if isinstance(size, int) else 0
        cursor = raw[0] if isinstance(raw[0], bytes) else b"0"
        if cursor == b"0":
            return total
