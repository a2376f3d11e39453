"""Who was told something, of contacts that have ended: so that they can be told what came of it."""

from __future__ import annotations

from sqlalchemy import select, tuple_
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
    meant = [row for row in rows if kind in said[row["id"]].values()]
    found = tuple(
        Told(row["id"], row["service"], row["channel"], row["thread"], row["facts"], max(said[row["id"]]),
             row["state"], row["arrived"], row["owner"])
        for row in meant
        if over not in said[row["id"]].values()
    )  # fmt: skip
    return found, (rows[-1]["ended"], rows[-1]["id"]) if len(rows) == limit else None
