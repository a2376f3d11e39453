"""Whose a contact is, in SQL, on an open connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .cards import address_of
from .fold import clean
from .tables import addresses, contacts, customers

MOST_ADDRESSES = 500


async def customer_row(connection: AsyncConnection, address: str) -> Mapping[Any, Any] | None:
    """By key, else by address."""
    key = select(customers).where(customers.c.key == clean(address))
    if row := (await connection.execute(key)).mappings().first():
        return row
    by = select(customers).join(addresses, addresses.c.customer == customers.c.key)
    found = await connection.execute(by.where(addresses.c.address == address_of(address)))
    return found.mappings().first()


async def belongs(connection: AsyncConnection, customer: str) -> ColumnElement[bool]:
    """Whether a contact is the customer's: by key, or by an address, also from before they were known.

    A mail that only claims to come from an address is shown to who asks for that address, and is nobody's (SEC15).
    """
    found = await customer_row(connection, customer)
    asked, own = {clean(customer), address_of(customer)}, list[str]()
    if found is not None:
        those = select(addresses.c.address).where(addresses.c.customer == found["key"]).limit(MOST_ADDRESSES)
        own = [*(await connection.execute(those)).scalars()]
        asked.add(found["key"])
    vouched = or_(contacts.c.channel != "email", contacts.c.verified)
    named = or_(contacts.c.customer.in_(sorted(asked)), contacts.c.address.in_(sorted(asked)))
    theirs = or_(contacts.c.customer.in_(own), contacts.c.address.in_(own))
    return or_(named, and_(theirs, vouched))
