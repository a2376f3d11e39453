"""The questions of the main path, asked of SQLite straight: one thread, statements compiled once, no pool.

Every arrival and every offer asks the history. Through the async engine each costs a dozen hops between threads;
here it is one. PostgreSQL, which answers on a socket, needs none of this.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite

Row = Mapping[str, Any]
Ask = tuple[ClauseElement, Mapping[str, Any]]
Answer = asyncio.Future[list[list[Row]]]
Found = list[list[Row]] | Exception
_DIALECT = sqlite.dialect(paramstyle="named")


class Quick:
    """Reads of one SQLite file. `close` when done."""

    def __init__(self, path: Path, busy: float) -> None:
        """`busy`: seconds that a locked file is waited for."""
        self._path, self._busy = path, busy
        self._turn: list[tuple[Answer, Sequence[Ask]]] = []  # asked in this turn of the loop
        self._asked: SimpleQueue[list[tuple[Answer, Sequence[Ask]]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._texts: dict[ClauseElement, tuple[str, Mapping[str, Any]]] = {}

    async def ask(self, asks: Sequence[Ask]) -> list[list[Row]]:
        """The rows of each question. Raises sqlite3.Error. Who gives up leaves nothing behind: it only reads."""
        if self._thread is None:
            self._thread = Thread(target=self._serve, name="history-reads", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: Answer = loop.create_future()
        if not self._turn:
            loop.call_soon(self._send)
        self._turn.append((answer, asks))
        return await answer

    def _send(self) -> None:
        """What was asked in one turn goes to the thread together: waking it costs more than what it is asked."""
        asked, self._turn = self._turn, []
        if asked:
            self._asked.put(asked)

    def _serve(self) -> None:
        """In the thread. An executor would do as well, at three times the price of what is asked."""
        while (asked := self._asked.get()) is not None:
            found = [(answer, self._found(asks)) for answer, asks in asked if not answer.done()]
            try:
                asked[0][0].get_loop().call_soon_threadsafe(_tell, found)
            except RuntimeError:  # the loop has ended, and whoever asked with it
                break
        if self._connection is not None:
            self._connection.close()

    def _found(self, asks: Sequence[Ask]) -> Found:
        try:
            return self._answer(asks)
        except Exception as error:
            return error

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
        """Answer what was asked, then let go of the file."""
        self._send()
        if self._thread is not None:
            self._asked.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None


def _tell(told: Sequence[tuple[Answer, Found]]) -> None:
    for answer, found in told:
        if answer.done():
            continue
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
