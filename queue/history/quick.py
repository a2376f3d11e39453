"""The questions of the main path, asked of SQLite straight: one thread, statements compiled once, no pool.

Every arrival and every offer asks the history. Through the async engine each costs a dozen hops between threads;
here it is one. PostgreSQL, which answers on a socket, needs none of this.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite

Row = Mapping[str, Any]
Ask = tuple[ClauseElement, Mapping[str, Any]]
_DIALECT = sqlite.dialect(paramstyle="named")


class Quick:
    """Reads of one SQLite file. `close` when done."""

    def __init__(self, path: Path, busy: float) -> None:
        """`busy`: seconds that a locked file is waited for."""
        self._path, self._busy = path, busy
        self._thread = ThreadPoolExecutor(1, "history-reads")
        self._connection: sqlite3.Connection | None = None
        self._texts: dict[ClauseElement, tuple[str, Mapping[str, Any]]] = {}

    async def ask(self, asks: Sequence[Ask]) -> list[list[Row]]:
        """The rows of each question. Raises sqlite3.Error."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, asks)

    def _answer(self, asks: Sequence[Ask]) -> list[list[Row]]:
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"file:{self._path}?mode=ro", uri=True, timeout=self._busy, isolation_level=None
            )
            self._connection.row_factory = _row
        found = []
        for statement, values in asks:
            text, fixed = self._text(statement)
            found.append(self._connection.execute(text, {**fixed, **values}).fetchall())
        return found

    def _text(self, statement: ClauseElement) -> tuple[str, Mapping[str, Any]]:
        known = self._texts.get(statement)
        if known is None:
            compiled = statement.compile(dialect=_DIALECT)
            known = self._texts[statement] = (str(compiled), dict(compiled.params))
        return known

    async def close(self) -> None:
        """Let go of the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown(wait=False)

    def _shut(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
