"""PostgreSQL for a test: a database of one's own on the session's server, or a server that may be crashed and frozen."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tierline.bench.peers.postgres import NoPostgres, Postgres

SETTINGS = "-c fsync=off"  # a crash of the server is none of the machine


@contextlib.asynccontextmanager
async def database(url: str) -> AsyncIterator[str]:
    """An empty database on the server at `url`; yields its URL, and is gone afterwards."""
    import asyncpg

    name = f"t{uuid.uuid4().hex}"
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@dataclass(frozen=True, slots=True)
class Own:
    """A server of one's own, running."""

    server: Postgres
    url: str

    async def crash(self) -> None:
        """Every connection breaks at once, nothing is tidied up."""
        await self.server.stop("immediate")

    async def start(self) -> None:
        await self.server.start(SETTINGS)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It and all that serve somebody stand still."""
        main = psutil.Process(self.server.pid)
        everybody = [main, *main.children()]
        for it in everybody:
            os.kill(it.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for it in everybody:
                os.kill(it.pid, signal.SIGCONT)


@contextlib.asynccontextmanager
async def own_postgres() -> AsyncIterator[Own]:
    """Skips the test where there is no PostgreSQL."""
    pytest.importorskip("asyncpg", reason="asyncpg (the extra `postgres`) isn't installed")
    with tempfile.TemporaryDirectory(prefix="tierline-pg-") as place:
        try:
            server = await Postgres.create(Path(place))
        except NoPostgres as error:
            pytest.skip(str(error))
        it = Own(server, server.url)
        await it.start()
        try:
            yield it
        finally:
            with contextlib.suppress(NoPostgres):  # it may lie where the test has crashed it
                await it.crash()
