"""A transaction of SQLite's, whole in one thread: for the projector, which writes all the time.

Through the async engine each statement costs four hops between two threads and a greenlet; a batch of the ledger has a
dozen, which was a sixth of the loop's time. The work is the same coroutine for both kinds of database: here nothing that
it awaits ever waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from sqlalchemy import Dialect, Engine, Executable
from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Work = Callable[[AsyncConnection], Coroutine[Any, Any, T]]


class Side:
    """`make` gives the engine, which is used in the thread alone. `close` when done."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make, self._engine = make, cast("Engine | None", None)
        self._thread = ThreadPoolExecutor(1, "history-writes")

    async def carry(self, work: Work[T]) -> T:
        """The result of `work`, all of it kept or nothing. Who gives up leaves it to its end. Raises SQLAlchemyError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._carry, work)

    def _carry(self, work: Work[T]) -> T:
        if self._engine is None:
            self._engine = self._make()
        with self._engine.begin() as connection:
            return _driven(work(cast(AsyncConnection, _AtOnce(connection))))

    async def close(self) -> None:
        """Let what is running end, and go of the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown(wait=False)

    def _shut(self) -> None:
        if self._engine is not None:
            self._engine.dispose()


class _AtOnce:
    """Of an `AsyncConnection` what a work may use, answered on the spot."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)


def _driven(work: Coroutine[Any, Any, T]) -> T:
    """Run to its end without a loop: what it awaits is here already, and its turns for others are nobody's."""
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        return cast(T, end.value)
