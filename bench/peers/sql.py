"""One assignment in SQL: an agent is free, the contact due earliest among those they may take becomes theirs, committed.

Three designs, from what helpdesks do to what an expert would: every waiting row loaded and looked at in the program;
one query over the agent's classes; one index probe for each class (LATERAL, in SQLite a correlated subquery). None
chooses among several free agents, counts capacity, has offers with deadlines or tells anybody what happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

CLASSES, PROFILES, SERVED = 100, 50, 20
NOBODY = CLASSES - 1
Served = Sequence[int]
PAYLOAD = "x" * 190
TABLE = "tierline_bench"
INDEXES = {"due": "(state, due)", "class, due": "(state, class, due)"}


def backlog(count: int) -> Iterator[tuple[int, int, int, int, str]]:
    """Rows (id, state 0 = waiting, class, due, payload): half of a class that nobody serves, and due earliest."""
    for i in range(count):
        yield (i, 0, NOBODY, i, PAYLOAD) if i < count // 2 else (i, 0, i % NOBODY, 1_000_000 + i, PAYLOAD)


def profiles() -> Iterator[Served]:
    """Whose turn it is, by the classes they serve."""
    return cycle([[(p * 7 + j) % NOBODY for j in range(SERVED)] for p in range(PROFILES)])


def sqlite(place: Path, count: int) -> sqlite3.Connection:
    """A file with write-ahead log, each commit on disk."""
    db = sqlite3.connect(place / f"{count}.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(
        f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, state INTEGER, class INTEGER, due INTEGER, payload TEXT)"
    )
    db.execute("BEGIN")
    db.executemany(f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?, ?)", backlog(count))
    db.execute("COMMIT")
    return db


def sqlite_index(db: sqlite3.Connection, index: str) -> None:
    """Everything waits again; this index alone."""
    db.execute("DROP INDEX IF EXISTS bench_index")
    db.execute(f"UPDATE {TABLE} SET state = 0 WHERE state = 1")
    db.execute(f"CREATE INDEX bench_index ON {TABLE} {INDEXES[index]}")
    db.execute("ANALYZE")


def sqlite_loop(db: sqlite3.Connection, served: Served) -> None:
    """As helpdesks do: all that waits, in order, looked at one by one."""
    able = set(served)
    db.execute("BEGIN IMMEDIATE")
    rows = db.execute(f"SELECT id, class FROM {TABLE} WHERE state = 0 ORDER BY due").fetchall()
    found = next(id for id, kind in rows if kind in able)
    db.execute(f"UPDATE {TABLE} SET state = 1 WHERE id = ?", (found,))
    db.execute("COMMIT")


def sqlite_any(db: sqlite3.Connection, served: Served) -> None:
    """One query over the classes."""
    marks = ",".join("?" * len(served))
    query = f"SELECT id FROM {TABLE} WHERE state = 0 AND class IN ({marks}) ORDER BY due LIMIT 1"
    assert db.execute(f"UPDATE {TABLE} SET state = 1 WHERE id = ({query})", served).rowcount == 1


def sqlite_probe(db: sqlite3.Connection, served: Served) -> None:
    """One probe of the index for each class."""
    classes = ",".join(["(?)"] * len(served))
    head = f"SELECT id FROM {TABLE} WHERE state = 0 AND class = k.column1 ORDER BY due LIMIT 1"
    heads = f"SELECT ({head}) FROM (VALUES {classes}) AS k"
    query = f"SELECT id FROM {TABLE} WHERE id IN ({heads}) ORDER BY due LIMIT 1"
    assert db.execute(f"UPDATE {TABLE} SET state = 1 WHERE id = ({query})", served).rowcount == 1


SQLITE: dict[str, tuple[str, Callable[[sqlite3.Connection, Served], None]]] = {
    "SQLite, loop in the program": ("due", sqlite_loop),
    "SQLite, class IN …, index (due)": ("due", sqlite_any),
    "SQLite, class IN …, index (class, due)": ("class, due", sqlite_any),
    "SQLite, a probe for each class": ("class, due", sqlite_probe),
}

LOCKED = "LIMIT 1 FOR UPDATE SKIP LOCKED"
ANY = f"SELECT id FROM {TABLE} WHERE state = 0 AND class = ANY($1) ORDER BY due {LOCKED}"
LATERAL = (
    f"SELECT h.id FROM unnest($1::int[]) AS k(class) CROSS JOIN LATERAL (SELECT id, due FROM {TABLE} AS t"
    f" WHERE t.state = 0 AND t.class = k.class ORDER BY due {LOCKED}) AS h ORDER BY h.due LIMIT 1"
)


async def postgres(connection: Any, count: int) -> None:
    """The table, filled."""
    await connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
    await connection.execute(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, state smallint, class int, due int, payload text)"
    )
    await connection.copy_records_to_table(TABLE, records=backlog(count))


async def postgres_index(connection: Any, index: str) -> None:
    """Everything waits again; this index alone."""
    await connection.execute("DROP INDEX IF EXISTS tierline_bench_index")
    await connection.execute(f"UPDATE {TABLE} SET state = 0 WHERE state = 1")
    await connection.execute(f"CREATE INDEX tierline_bench_index ON {TABLE} {INDEXES[index]}")
    await connection.execute(f"VACUUM ANALYZE {TABLE}")


async def postgres_loop(connection: Any, served: Served) -> None:
    """As `sqlite_loop`."""
    able = set(served)
    async with connection.transaction():
        rows = await connection.fetch(f"SELECT id, class FROM {TABLE} WHERE state = 0 ORDER BY due")
        found = next(row[0] for row in rows if row[1] in able)
        await connection.execute(f"UPDATE {TABLE} SET state = 1 WHERE id = $1", found)


async def postgres_any(connection: Any, served: Served) -> None:
    """As `sqlite_any`, passing over what others hold."""
    assert await connection.execute(f"UPDATE {TABLE} SET state = 1 WHERE id = ({ANY})", served) == "UPDATE 1"


async def postgres_lateral(connection: Any, served: Served) -> None:
    """As `sqlite_probe`, passing over what others hold."""
    assert (
        await connection.execute(f"UPDATE {TABLE} SET state = 1 WHERE id = ({LATERAL})", served) == "UPDATE 1"
    )


POSTGRES = {
    "PostgreSQL, loop in the program": ("due", postgres_loop),
    "PostgreSQL, class = ANY, index (due)": ("due", postgres_any),
    "PostgreSQL, class = ANY, index (class, due)": ("class, due", postgres_any),
    "PostgreSQL, LATERAL, a probe for each class": ("class, due", postgres_lateral),
}
