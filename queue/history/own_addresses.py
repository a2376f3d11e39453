"""Customers' cards by the name on them; and one address more, or less, on one, without writing the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, insert, or_, select

from .cards import address_of
from .database import READ_WAIT, WRITE_WAIT, Database
from .fold import clean
from .records import Claimed, Customer
from .tables import addresses, contacts, customers

MOST = 20
Added = Literal["added", "theirs", "nobody"]


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Every method raises HistoryUnavailable."""

    database: Database

    async def add(self, key: str, address: str) -> Added:
        """`theirs`: it stood there before; `nobody`: there is no such customer. Raises Claimed."""
        return await self.database.whole(self._add(clean(key), address_of(address)), WRITE_WAIT)

    async def remove(self, key: str, address: str) -> None:
        """Nothing where it isn't that customer's (any more)."""
        await self.database.whole(self._remove(clean(key), address_of(address)), WRITE_WAIT)

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

    async def _add(self, key: str, address: str) -> Added:
        async with self.database.write() as connection:
            if not (await connection.execute(select(customers.c.key).where(customers.c.key == key))).first():
                return "nobody"
            whose = select(addresses.c.customer).where(addresses.c.address == address)
            if (row := (await connection.execute(whose)).first()) is not None:
                if row[0] != key:
                    raise Claimed(address, str(row[0]))
                return "theirs"
            last = select(func.max(addresses.c.position)).where(addresses.c.customer == key)
            position = (await connection.execute(last)).scalar()
            seen = select(contacts.c.id).where(contacts.c.verified, contacts.c.address == address).limit(1)
            card = {
                "address": address, "customer": key, "kind": "mail" if "@" in address else "phone",
                "verified": (await connection.execute(seen)).first() is not None,
                "position": 0 if position is None else position + 1,
            }  # fmt: skip
            await connection.execute(insert(addresses), [card])
        return "added"

    async def _remove(self, key: str, address: str) -> None:
        it = addresses.c
        async with self.database.write() as connection:
            await connection.execute(delete(addresses).where(it.customer == key, it.address == address))
