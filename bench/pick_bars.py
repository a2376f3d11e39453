"""One agent is free: what it takes to find them the earliest of everything they may take, by how much waits."""

from __future__ import annotations

import asyncio
import importlib
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ..queue.engine import Queue
from .bars import Absent, Finding, best
from .crowd import Crowd
from .peers import postgres, sql
from .queue_bars import store

FOR = 0.25  # s, a slice
MOST = 20  # of the 500 that can be served among 1,000
TABLE = "one assignment"
OURS = "Tierline, completed and the next accepted"


async def picks(quick: bool) -> list[Finding]:
    """ms of one assignment, committed to disk, by one caller: Tierline, SQLite and PostgreSQL."""
    sizes, slices = ((1_000, 10_000), 3) if quick else ((1_000, 10_000, 100_000), 7)
    found: list[Finding] = []
    for size in sizes:
        found += await _ours(size, slices)
    for size in sizes:
        found += await asyncio.to_thread(_sqlite, size, slices)
    try:
        asyncpg: Any = importlib.import_module("asyncpg")
        async with postgres.server() as url:
            for size in sizes:
                found += await _postgres(asyncpg, url, size, slices)
    except (ImportError, postgres.NoPostgres) as error:
        found.append(Absent("PostgreSQL", str(error)))
    return found


def case(size: int) -> str:
    return f"{size:,} waiting"


async def _slices(act: Callable[[], Awaitable[None]], slices: int) -> list[float]:
    """Median ms of each slice."""
    medians = []
    for _ in range(slices):
        ends, spent = time.perf_counter() + FOR, list[float]()
        while not spent or (time.perf_counter() < ends and len(spent) < MOST):
            begun = time.perf_counter()
            await act()
            spent.append((time.perf_counter() - begun) * 1000)
        medians.append(statistics.median(spent))
    return medians


async def _ours(size: int, slices: int) -> list[Finding]:
    async with store() as opened:
        crowd = Crowd(Queue(opened, "p1", deadline=30.0), opened, 100)
        await crowd.fill(100, size // 2, size // 2)
        for contact, offer, agent in crowd.offers:
            await crowd.queue.accept(contact, offer, agent)
        active = deque(crowd.offers)
        crowd.offers.clear()

        async def act() -> None:
            contact, _, agent = active.popleft()
            await crowd.queue.complete(contact, agent, "{}")
            await crowd.listen(once=True)
            active.append(crowd.offers.popleft())
            await crowd.queue.accept(*active[-1])

        return [best(TABLE, case(size), OURS, await _slices(act, slices), "ms")]


def _sqlite(size: int, slices: int) -> list[Finding]:
    found: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as place:
        db = sql.sqlite(Path(place), size)
        for who, (index, pick) in sql.SQLITE.items():
            sql.sqlite_index(db, index)
            turn = sql.profiles()

            async def act(pick: Any = pick, turn: Any = turn) -> None:
                pick(db, next(turn))

            found.append(best(TABLE, case(size), who, asyncio.run(_slices(act, slices)), "ms"))
        db.close()
    return found


async def _postgres(asyncpg: Any, url: str, size: int, slices: int) -> list[Finding]:
    found: list[Finding] = []
    connection = await asyncpg.connect(url)
    try:
        await sql.postgres(connection, size)
        for who, (index, pick) in sql.POSTGRES.items():
            await sql.postgres_index(connection, index)
            turn = sql.profiles()

            async def act(pick: Any = pick, turn: Any = turn) -> None:
                await pick(connection, next(turn))

            found.append(best(TABLE, case(size), who, await _slices(act, slices), "ms"))
    finally:
        await connection.execute(f"DROP TABLE IF EXISTS {sql.TABLE}")
        await connection.close()
    return found
