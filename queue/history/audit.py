"""The audit log: who changed what, when and from where; every line's hash covers the line before it.

A line comes from an `audit` event of the ledger and is written once, in the transaction that archives the event.
`verify` finds every line that was altered, taken out or put in. Whoever can write the whole database could write
a whole new chain: note the head (number and hash) elsewhere from time to time, and verify against it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ..state import Event
from .fold import Position, clean
from .tables import audit, events

GENESIS = "0" * 64
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One change. `at` in ms; `what` is JSON; `hash` covers the hash before, so the whole log up to here."""

    n: int
    ms: int
    seq: int
    i: int
    at: int
    who: str
    act: str
    origin: str
    what: str
    hash: str = ""

    @property
    def place(self) -> Position:
        """Where its event stands in the ledger."""
        return (self.ms, self.seq, self.i)

    def hashed(self, before: str) -> str:
        """The hash that it must have behind the line whose hash is `before`."""
        told = [
            before,
            self.n,
            self.ms,
            self.seq,
            self.i,
            self.at,
            self.who,
            self.act,
            self.origin,
            self.what,
        ]
        return sha256(json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()

    def to_json(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "n": self.n, "at": self.at, "who": self.who, "act": self.act, "origin": self.origin,
            "what": json.loads(self.what or "{}"), "hash": self.hash,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome: `lines` were right from the first on; `wrong` says what is wrong with the next, "" if none."""

    lines: int
    head: str
    wrong: str = ""


def told(place: Position, event: Event, n: int) -> Line:
    """The line that an `audit` event becomes, without its hash."""
    try:
        x = json.loads(event.x or "{}")
    except (ValueError, RecursionError):
        x = {}
    x = x if isinstance(x, dict) else {}
    what = clean(json.dumps(x.get("what") or {}, ensure_ascii=False, sort_keys=True))
    who, act, origin = (clean(str(x.get(key) or "")) for key in ("who", "act", "origin"))
    return Line(n, *place, event.t, who, act, origin, what)


async def chain(connection: AsyncConnection, placed: Sequence[tuple[Position, Event]]) -> None:
    """Append the `audit` events among newly archived ones."""
    fresh = [(place, event) for place, event in placed if event.e == "audit"]
    if not fresh:
        return
    last = (await connection.execute(select(audit).order_by(audit.c.n.desc()).limit(1))).mappings().first()
    n, before = (last["n"], last["hash"]) if last else (0, GENESIS)
    rows: list[dict[str, Any]] = []
    for number, (place, event) in enumerate(fresh, n + 1):
        line = told(place, event, number)
        before = line.hashed(before)
        rows.append({name: getattr(line, name) for name in Line.__slots__} | {"hash": before})
    await connection.execute(insert(audit), rows)


async def read_lines(connection: AsyncConnection, after: int, limit: int) -> tuple[Line, ...]:
    """Lines behind number `after`, oldest first."""
    query = select(audit).where(audit.c.n > after).order_by(audit.c.n).limit(limit)
    return tuple(_line(row) for row in (await connection.execute(query)).mappings())


async def verify(connection: AsyncConnection, noted: tuple[int, str] | None = None) -> Verified:
    """Check every line against the one before, against the ledger's archive, and against a head noted earlier."""
    n, before, places = 0, GENESIS, set[Position]()
    while True:
        page = await read_lines(connection, n, PAGE)
        for line in page:
            if line.n != n + 1:
                return Verified(n, before, f"line {n + 1} is missing")
            if line.hash != line.hashed(before):
                return Verified(n, before, f"line {line.n} was altered, or something before it was taken out")
            if noted is not None and line.n == noted[0] and line.hash != noted[1]:
                return Verified(n, before, f"line {line.n} isn't the one whose hash was noted")
            n, before = line.n, line.hash
            places.add(line.place)
        if not page:
            break
    if noted is not None and noted[0] > n:
        return Verified(n, before, f"lines {n + 1} to {noted[0]} are missing")
    return Verified(n, before, await _against_archive(connection, places))


async def _against_archive(connection: AsyncConnection, places: set[Position]) -> str:
    """Every archived `audit` event has its line, and every line its event."""
    known, after = set[Position](), (-1, -1, -1)
    key = tuple_(events.c.ms, events.c.seq, events.c.i)
    while True:
        query = select(events.c.ms, events.c.seq, events.c.i).where(events.c.e == "audit", key > after)
        rows = (await connection.execute(query.order_by(*key.clauses).limit(PAGE))).all()
        if not rows:
            break
        found = [(int(ms), int(seq), int(i)) for ms, seq, i in rows]
        known.update(found)
        after = found[-1]
    if lost := sorted(known - places):
        return f"the change told in ledger entry {lost[0][0]}-{lost[0][1]} has no line"
    if strange := sorted(places - known):
        return f"a line names ledger entry {strange[0][0]}-{strange[0][1]}, which isn't in the archive"
    return ""


def _line(row: Mapping[Any, Any]) -> Line:
    return Line(**{name: row[name] for name in Line.__slots__})
