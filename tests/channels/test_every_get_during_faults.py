"""Whatever the store is going through, every GET of the described API answers in time, in words, never with a 500 (F90)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from helpers_app import EVA, Inside, inside

from tierline.queue.history.database import Database, HistoryUnavailable

HONEST = {200, 202, 400, 404, 503}
WITHIN = 20  # seconds for one answer, whatever happens: a limit against hanging, not a measure


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        assert await it.text("before", EVA) == 200
        await it.app.projector.settled()
        yield it


async def every_get(it: Inside) -> list[str]:
    """Each path that the description lists under GET, with something in its places; with its queries, too."""
    found = ["/healthz", "/readyz", "/metrics"]
    described: Any = await it.api("/openapi.json")
    for path, methods in described["paths"].items():
        if "get" not in methods:
            continue
        names = [p["name"] for p in methods["get"]["parameters"] if p["in"] == "path"]
        queries = [p["name"] for p in methods["get"]["parameters"] if p["in"] == "query"]
        for filled in ("C1001", "1", "C999999"):
            whole = path
            for name in names:
                whole = whole.replace(f"{{{name}}}", filled)
            found += [
                whole,
                *(f"{whole}?{query}={word}" for query in queries for word in ("1", "now", "waiting")),
            ]
    return sorted(set(found))


async def asked(it: Inside, paths: list[str], seen: Counter[tuple[str, int]]) -> None:
    """Ask for all of them at once, and look at every answer."""

    async def one(path: str) -> None:
        async with asyncio.timeout(WITHIN), it.http.get(f"{it.product}{path}", headers=it.token) as answer:
            text = await answer.text()
            seen[path.partition("?")[0], answer.status] += 1
            assert answer.status in HONEST, (path, answer.status, text)
            assert "Traceback" not in text
            if answer.status == 503 and path.startswith("/api"):
                told = await answer.json()
                assert told["error"] and told["hint"], (path, told)

    await asyncio.gather(*(one(path) for path in paths))


def statuses(seen: Counter[tuple[str, int]], *of: int) -> int:
    return sum(n for (_, status), n in seen.items() if status in of)


@pytest.mark.promise("api-degraded")
async def test_every_get_is_honest_while_the_store_is_frozen_killed_and_back(running: Inside) -> None:
    paths, embedded = await every_get(running), running.app.store.embedded
    assert embedded is not None and embedded.pid is not None and len(paths) > 25
    well: Counter[tuple[str, int]] = Counter()
    await asked(running, paths, well)
    assert statuses(well, 200) > 20 and statuses(well, 503) == 0, well

    frozen: Counter[tuple[str, int]] = Counter()
    os.kill(embedded.pid, signal.SIGSTOP)
    try:
        await asked(running, paths, frozen)
        await running.until(lambda: _status(running, "/readyz", 503))
        assert await _status(running, "/healthz", 200)
    finally:
        os.kill(embedded.pid, signal.SIGCONT)
    assert statuses(frozen, 503) > 5, frozen

    killed: Counter[tuple[str, int]] = Counter()
    os.kill(embedded.pid, signal.SIGKILL)
    while not await _status(running, "/readyz", 200) or not killed:
        await asked(running, paths, killed)

    async def whole_again() -> bool:
        again: Counter[tuple[str, int]] = Counter()
        await asked(running, paths, again)
        return again == well

    await running.until(whole_again)


async def _status(it: Inside, path: str, status: int) -> bool:
    async with it.http.get(f"{it.product}{path}") as answer:
        return answer.status == status


async def test_every_get_is_honest_while_the_history_is_away(
    running: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = await every_get(running)

    async def away(self: Database, work: Any, within: float) -> None:
        work.close()
        raise HistoryUnavailable("the disk is gone")

    seen: Counter[tuple[str, int]] = Counter()
    with monkeypatch.context() as patched:
        patched.setattr(Database, "whole", away)
        await asked(running, paths, seen)
        why = await running.api("/contacts/C1001/why")
        assert why["agents"] and "history doesn't answer" in why["note"]
    assert statuses(seen, 200) > 5 and statuses(seen, 503) > 5, seen
    assert (await running.api("/contacts/C1001/why"))["note"] == ""
