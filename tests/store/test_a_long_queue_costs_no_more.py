"""Whoever comes, is asked and is done costs the store as many steps however many wait (`make bench` has the time)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tierline.bench.crowd import Crowd
from tierline.queue.engine import Queue
from tierline.queue.store import Store

FEW, MANY = 200, 20_000
TURNS = 60


@pytest.mark.promise("queue-bounded")
async def test_a_lifecycle_takes_as_many_commands_behind_twenty_thousand_as_behind_few(
    tmp_path: Path,
) -> None:
    """Half of them can't be served by anybody and stand in front."""
    store = await Store.open(None, tmp_path, "bench")
    try:
        few = await _commands(store, "few", FEW)
        many = await _commands(store, "many", MANY)
    finally:
        await store.close()
    assert 10 * TURNS < few and many <= few * 1.02


async def _commands(store: Store, site: str, waiting: int) -> int:
    """What the server carried out, scripts' commands among them, while so many times one was accepted and completed,
    the next offered and one more taken in."""
    crowd = Crowd(Queue(store, site, deadline=30.0), store, 10)
    await crowd.fill(20, waiting // 2, waiting // 2)
    await store.client.call("CONFIG", "RESETSTAT")
    await crowd.lifecycles(TURNS)
    told = await store.client.call("INFO", "commandstats")
    assert isinstance(told, bytes)
    rows = [it for it in told.decode().splitlines() if it.startswith("cmdstat_")]
    return sum(int(it.partition("calls=")[2].partition(",")[0]) for it in rows)
