"""The connection to the history's database: SQLite in the data directory, or PostgreSQL by `DATABASE_URL`.

SQLite has one writer at a time and says "locked" to the others; so one connection writes what people change and one
what the projector carries, and both take the lock at BEGIN. Readers see the last commit meanwhile (WAL).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, Executable, create_engine, event, inspect
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ..failures import StoreUnavailable
from . import postgres
from .postgres import HistoryUnusable
from .quick import Ask, Quick, Row
from .side import Side, Work
from .tables import metadata

FILE = "history.sqlite3"
BUSY = 5.0
"""Seconds that SQLite waits for another process's write."""
PAGE = 8192
"""Bytes of a page of SQLite's: a mail's words are three of them, and each is written twice with a system call or two."""
READ_WAIT, WRITE_WAIT, OPEN_WAIT = 5.0, 30.0, 60.0  # seconds
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION = 0x7469_6572  # keys of PostgreSQL's advisory locks: any numbers that are always the same
_WRITING = _MIGRATION + 1
_ONE_AT_A_TIME = threading.Lock()  # alembic's `op` and `context` are globals of the process

T = TypeVar("T")


class HistoryUnavailable(StoreUnavailable):
    """The database failed, and nothing is kept; or it didn't answer in time, and all may be kept or nothing."""


class HistoryRefused(HistoryUnavailable):
    """The database is well and refuses these very values: trying again changes nothing."""


@dataclass(frozen=True, slots=True)
class Database:
    """`reader` and `writer` are two pools on SQLite, one on PostgreSQL."""

    reader: AsyncEngine
    writer: AsyncEngine
    quick: Quick | None = None
    side: Side | None = None
    running: set[asyncio.Task[Any]] = field(default_factory=set, compare=False)

    @classmethod
    async def open(cls, database_url: str | None, data: Path) -> Database:
        """Connect and bring the tables up to date. Raises HistoryUnusable, HistoryUnavailable."""
        url, options = where(database_url, data)
        try:
            async with asyncio.timeout(OPEN_WAIT):
                await asyncio.to_thread(_migrate, url, options)
        except TimeoutError:
            raise HistoryUnavailable("the database didn't answer in time") from None
        if not _sqlite(url):
            engine = _engine(
                url, options, pool_size=8, max_overflow=0, pool_timeout=READ_WAIT, pool_pre_ping=True
            )
            return cls(engine, engine)
        one = {"pool_size": 1, "max_overflow": 0, "pool_timeout": WRITE_WAIT}
        reader = _engine(url, options, pool_size=4, max_overflow=0, pool_timeout=READ_WAIT)
        writer = _engine(url, options, begin="BEGIN IMMEDIATE", **one)
        side = Side(lambda: _plain(url, options))
        return cls(reader, writer, Quick(Path(str(url.database)), BUSY), side)

    async def ask(self, *asks: Ask) -> list[list[Row]]:
        """The rows of each question (statement, parameters), by the shortest way and within `READ_WAIT`."""
        if self.quick is None:
            return await self.whole(self._ask(asks), READ_WAIT)
        try:
            async with asyncio.timeout(READ_WAIT):
                return await self.quick.ask(asks)
        except TimeoutError:
            raise HistoryUnavailable(f"no answer within {READ_WAIT:g} s") from None
        except sqlite3.Error as error:
            raise HistoryUnavailable(type(error).__name__) from None

    async def _ask(self, asks: Sequence[Ask]) -> list[list[Row]]:
        async with self.read() as connection:
            found: list[list[Row]] = []
            for statement, values in asks:
                rows = await connection.execute(cast(Executable, statement), values)
                found.append([dict(row) for row in rows.mappings()])
            return found

    async def whole(self, work: Coroutine[Any, Any, T], within: float) -> T:
        """The result of `work`, which is never cut in the middle, waited for `within` seconds.

        A driver's thread can't be cancelled: a statement whose task was leaves a connection behind that keeps
        SQLite's lock. So when the caller is cancelled or gives up, the work still ends by itself.
        """
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=within)
        if not done:
            raise HistoryUnavailable(f"no answer within {within:g} s")
        return task.result()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.running.discard(task)
        if not task.cancelled():
            task.exception()  # the caller has it, unless it's gone

    async def close(self) -> None:
        """Let what is running end, then close every connection."""
        if self.running:
            await asyncio.wait(self.running, timeout=WRITE_WAIT)
        if self.quick is not None:
            await self.quick.close()
        if self.side is not None:
            await self.side.close()
        for engine in {self.reader, self.writer}:
            await engine.dispose()

    @property
    def sqlite(self) -> bool:
        """Whether it is the file in the data directory."""
        return _sqlite(self.reader.url)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes nothing; use it inside `whole`."""
        with _honest():
            async with self.reader.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: all of it is kept, or nothing; use it inside `whole`.

        One at a time, whoever writes: what was read in it is still so when it writes. While a role goes from one
        process to another, two project the same entries.
        """
        with _honest():
            async with self.writer.begin() as connection:
                if not self.sqlite:
                    await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")
                yield connection

    async def carry(self, work: Work[T]) -> T:
        """`work` in a transaction, as in `write`, by the shortest way: it awaits the connection and nothing else."""
        if self.side is None:
            async with self.write() as connection:
                return await work(connection)
        with _honest():
            return await self.side.carry(work)


@contextmanager
def _honest() -> Iterator[None]:
    """Errors without the values they are about: a driver's text may quote a customer."""
    try:
        yield
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        kind = HistoryRefused if isinstance(error, DataError | IntegrityError) else HistoryUnavailable
        raise kind(postgres.why(error)) from None


def where(database_url: str | None, data: Path) -> tuple[URL, dict[str, Any]]:
    """The URL for SQLAlchemy and the driver's options. Raises HistoryUnusable, without the password."""
    if database_url is None:
        data.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite+aiosqlite", database=str(data / FILE)), {"timeout": BUSY}
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        url = URL.create("unreadable")
    if url.drivername == "sqlite" and (url.database or "").startswith("/") and not url.query:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        return url.set(drivername="sqlite+aiosqlite"), {"timeout": BUSY}
    if url.drivername not in postgres.SCHEMES:
        raise HistoryUnusable(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name"
            " (unset, the history is a SQLite file in TIERLINE_DATA; sqlite:////path/to/file is one that the"
            " processes of one machine share)"
        )
    return postgres.read(url, WRITE_WAIT)


def _sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _engine(url: URL, options: dict[str, Any], begin: str = "BEGIN", **pool: Any) -> AsyncEngine:
    engine = create_async_engine(url, connect_args=options, hide_parameters=True, **pool)
    if _sqlite(url):
        _exact(engine.sync_engine, begin)
    return engine


def _plain(url: URL, options: dict[str, Any]) -> Engine:
    """SQLite without asyncio, for writing."""
    engine = create_engine(url.set(drivername="sqlite"), connect_args=options, hide_parameters=True)
    _exact(engine, "BEGIN IMMEDIATE")
    return engine


def _exact(engine: Engine, begin: str) -> None:
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))


def _prepare(connection: Any, _record: object) -> None:
    # The driver begins transactions late and never around DDL; SQLAlchemy's own BEGIN is exact.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA page_size={PAGE}")  # of a file that begins; one that is there keeps its own
    cursor.execute("PRAGMA journal_mode=WAL")
    # The ledger is trimmed behind what is committed here: a commit must survive a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _migrate(url: URL, options: dict[str, Any]) -> None:
    """In a thread with a loop of its own: alembic blocks, and the driver is asynchronous."""
    end = time.monotonic() + OPEN_WAIT
    with _ONE_AT_A_TIME:
        while True:
            try:
                return asyncio.run(_up_to_date(url, options))
            except OperationalError as error:
                # Another process is at it, or switches the file to WAL, which waits for nobody.
                if "locked" not in str(error.orig) or time.monotonic() > end:
                    raise HistoryUnavailable(type(error.orig).__name__) from None
                time.sleep(0.05)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                raise HistoryUnavailable(postgres.why(error)) from None


async def _up_to_date(url: URL, options: dict[str, Any]) -> None:
    engine = _engine(url, options, begin="BEGIN IMMEDIATE", poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            if not _sqlite(url):
                await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION})")
            await connection.run_sync(bring_up)
    finally:
        await engine.dispose()


def bring_up(connection: Connection) -> None:
    """Make an empty database today's at once; run the migrations that another one hasn't had."""
    newest = max(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    known = inspect(connection).get_table_names()
    if "alembic_version" in known:
        if connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() != newest:
            upgrade(connection)
    elif known:
        upgrade(connection)
    else:
        metadata.create_all(connection)
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        )
        connection.exec_driver_sql(f"INSERT INTO alembic_version (version_num) VALUES ('{newest}')")


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that the database hasn't had, in the connection's own transaction.

    Raises HistoryUnusable when a newer Tierline wrote it.
    """
    from alembic import command  # a quarter of a second of imports that nearly no start needs
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError:
        raise HistoryUnusable(
            "The history database was written by a newer Tierline: run that version,"
            " or restore a backup of before."
        ) from None
