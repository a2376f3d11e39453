"""Customers' cards by the name on them; and one address more, or less, on one, without writing the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..state import Event
from .cards import address_of
from .database import READ_WAIT, Database
from .fold import Position, clean
from .records import Customer, decoded
from .tables import addresses, contacts, customers, insert_into

MOST = 20


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Raises HistoryUnavailable."""

    database: Database

    async def named(self, name: str) -> tuple[Customer, ...]:
        """Everybody of that name (in any case), with or without an address; a few of them where they are many."""
        said, it = clean(" ".join(name.split())), customers.c
        query = select(it.key, it.name, it.language).where(
            or_(it.name == said, func.lower(it.name) == said.lower())
        )

        async def read() -> tuple[Customer, ...]:
            async with self.database.read() as connection:
                rows = (await connection.execute(query.order_by(it.key).limit(MOST))).all()
            return tuple(
                Customer(str(key), str(name), str(spoken), {}, known=True) for key, name, spoken in rows
            )

        return await self.database.whole(read(), READ_WAIT)


async def keep_addresses(connection: AsyncConnection, placed: Sequence[tuple[Position, Event]]) -> None:
    """Put the address on record that somebody said is a customer's, and take off what they took back.

    It goes with the event that tells of it: no failure leaves one without the other. What another customer has got
    meanwhile stays theirs.
    """
    for _, event in placed:
        if event.e != "identified":
            continue
        x = decoded(event.x)
        key = clean(str(x.get("customer") or ""))
        if added := address_of(str(x.get("added") or "")):
            await _add(connection, key, added)
        if removed := address_of(str(x.get("removed") or "")):
            it = addresses.c
            await connection.execute(delete(addresses).where(it.customer == key, it.address == removed))


async def _add(connection: AsyncConnection, key: str, address: str) -> None:
    known = select(customers.c.key).where(customers.c.key == key)
    if (await connection.execute(known)).first() is None:
        return
    last = select(func.max(addresses.c.position)).where(addresses.c.customer == key)
    position = (await connection.execute(last)).scalar()
    seen = select(contacts.c.id).where(contacts.c.verified, contacts.c.address == address).limit(1)
    card = {
        "address": address, "customer": key, "kind": "mail" if "@" in address else "phone",
        "verified": (await connection.execute(seen)).first() is not None,
        "position": 0 if position is None else position + 1,
    }  # fmt: skip
    new = insert_into(addresses, connection.dialect.name).values(card)
    await connection.execute(new.on_conflict_do_nothing())
