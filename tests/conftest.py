"""What all tests share."""

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
