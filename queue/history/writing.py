"""How rows get into a table: many by one statement, in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Executable, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import insert_into

CHUNK = 200
"""Rows per statement: few enough that the loop is free again within milliseconds."""
T = TypeVar("T")


async def put(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace by primary key."""
    if not rows:
        return
    statement = _replacing(table, connection.dialect.name)
    for part in chunks(rows):
        await connection.execute(statement, part)


@cache  # to put one together costs as much as to carry out a row of it
def _replacing(table: Table, dialect: str) -> Executable:
    it = insert_into(table, dialect)
    keys = [column.name for column in table.primary_key]
    rest = {column.name: it.excluded[column.name] for column in table.c if column.name not in keys}
    found: Executable = it.on_conflict_do_update(index_elements=keys, set_=rest)
    return found


def chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """`CHUNK` of them at a time."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
