"""What all tests share."""

import asyncio
import contextlib
import gc
import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from structlog.tracebacks import ExceptionDictTransformer

# How long an example takes says nothing on a busy machine.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# As the product writes its log (the library's own way shows every local of every frame, and takes seconds for it).
structlog.configure(
    [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(default=repr),
    ]
)


UNHURRIED = 0.8
"""Of each worker's share, the part in which its stories are: only what is done in a moment may be left for its end."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread the kinds of tests evenly over the run and its workers: while some wait for clocks and processes, others
    use the processor. A file's tests stay together, for they may share what they stand on."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    if not workers:
        return
    files = [list(them) for _, them in groupby(items, key=lambda it: it.path)]
    counts: dict[Path, int] = {}
    for them in files:
        counts[them[0].path.parent] = counts.get(them[0].path.parent, 0) + len(them)
    passed = dict.fromkeys(counts, 0)
    placed: list[tuple[float, list[pytest.Item]]] = []
    for them in files:
        kind = them[0].path.parent
        place = (passed[kind] + len(them) / 2) / counts[kind]
        passed[kind] += len(them)
        if kind.name == "browser":  # one worker's: each has a Chromium of its own
            place *= UNHURRIED / workers
        elif kind.name != "unit":
            share, within = math.floor(place * workers), place * workers % 1
            place = (share + within * UNHURRIED) / workers
        placed.append((place, them))
    placed.sort(key=lambda it: it[0])
    items[:] = [it for _, them in placed for it in them]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays: nobody has to look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL that all may use one after the other (see `helpers_postgres.database` for one's own database)."""
    pytest.importorskip("asyncpg", reason="asyncpg (the extra `postgres`) isn't installed")
    from tierline.bench.peers.postgres import NoPostgres, server

    # In a thread with a loop of its own: a test that asks for it has one running already.
    it = server(settings="-c fsync=off")
    with ThreadPoolExecutor(1) as thread, contextlib.closing(asyncio.Runner()) as runner:
        try:
            url = thread.submit(lambda: runner.run(it.__aenter__())).result()
        except NoPostgres as error:
            pytest.skip(str(error))
        yield url
        thread.submit(lambda: runner.run(it.__aexit__(None, None, None))).result()
