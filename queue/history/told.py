"""What was told to whom, and what isn't known to have arrived: of texts that somebody has to come back to."""

from __future__ import annotations

from sqlalchemy import RowMapping, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from .records import Told
from .tables import contacts, messages

Place = tuple[int, str]
"""When a contact ended (ms) and which it is: where a reader goes on."""


async def read_told(
    connection: AsyncConnection, kind: str, over: str, after: Place, limit: int
) -> tuple[tuple[Told, ...], Place | None]:
    """See `History.told`."""
    order = (contacts.c.ended, contacts.c.id)
    query = select(contacts).where(contacts.c.ended >= after[0], tuple_(*order) > after)
    rows = (await connection.execute(query.order_by(*order).limit(limit))).mappings().all()
    said: dict[str, dict[int, str]] = {row["id"]: {} for row in rows}
    texts = select(messages.c.contact, messages.c.n, messages.c.kind).where(messages.c.contact.in_(said))
    for contact, n, what in await connection.execute(texts):
        said[contact][n] = what
    found = tuple(
        _told(row, max(said[row["id"]]))
        for row in rows
        if kind in said[row["id"]].values() and over not in said[row["id"]].values()
    )
    return found, (rows[-1]["ended"], rows[-1]["id"]) if len(rows) == limit else None


async def read_ended(connection: AsyncConnection, contact: str) -> Told | None:
    """See `History.ended`."""
    query = select(contacts).where(contacts.c.id == contact, contacts.c.ended.is_not(None))
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    last = select(func.max(messages.c.n)).where(messages.c.contact == contact)
    return _told(row, (await connection.execute(last)).scalar() or 0)


def _told(row: RowMapping, last: int) -> Told:
    return Told(
        row["id"], row["service"], row["channel"], row["thread"], row["facts"], last, row["state"], row["arrived"],
        row["owner"],
    )  # fmt: skip


async def read_under_way(
    connection: AsyncConnection, after: tuple[int, str, int], until: int, limit: int
) -> tuple[tuple[int, str, int], ...]:
    """See `History.under_way`."""
    it = messages.c
    key = (it.under_way, it.contact, it.n)
    # The first two conditions are there for the index, whose rows all have an instant.
    between = (it.under_way >= after[0], it.under_way <= until, tuple_(*key) > after)
    rows = await connection.execute(select(*key).where(*between).order_by(*key).limit(limit))
    return tuple((int(since), str(contact), int(n)) for since, contact, n in rows)
