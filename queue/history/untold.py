"""Changes made where the ledger is out of reach: kept beside what they changed until the audit log has been told.

A command that writes into the history itself may run while no Tierline does, and an embedded store is open to its own
process alone. So the change is noted here, and whoever projects next carries it into the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import delete, insert, select

from .database import READ_WAIT, WRITE_WAIT, Database
from .fold import clean
from .tables import untold

MOST = 100


@dataclass(frozen=True, slots=True)
class Change:
    """Who did which act from where, and what it was, as the audit log is to say it."""

    id: str
    who: str
    act: str
    origin: str
    what: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Untold:
    """The changes that the audit log hasn't been told of. Every method raises HistoryUnavailable."""

    database: Database

    async def note(self, who: str, act: str, origin: str, what: Mapping[str, object], at: int) -> None:
        """Keep one; `at` (ms) is when it was made by the caller's clock, in whose order they are told."""
        row = {
            "id": uuid4().hex, "at": at, "who": clean(who), "act": clean(act), "origin": clean(origin),
            "what": clean(json.dumps(what, ensure_ascii=False)),
        }  # fmt: skip

        async def write() -> None:
            async with self.database.write() as connection:
                await connection.execute(insert(untold), [row])

        await self.database.whole(write(), WRITE_WAIT)

    async def first(self) -> Sequence[Change]:
        """The oldest, at most a hundred."""

        async def read() -> list[Change]:
            query = select(untold).order_by(untold.c.at, untold.c.id).limit(MOST)
            async with self.database.read() as connection:
                rows = (await connection.execute(query)).mappings().all()
            return [Change(r["id"], r["who"], r["act"], r["origin"], json.loads(r["what"])) for r in rows]

        return await self.database.whole(read(), READ_WAIT)

    async def told(self, id: str) -> None:
        """The ledger has it."""

        async def write() -> None:
            async with self.database.write() as connection:
                await connection.execute(delete(untold).where(untold.c.id == id))

        await self.database.whole(write(), WRITE_WAIT)
