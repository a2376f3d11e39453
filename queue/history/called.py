"""Customers by the name that people say."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from .database import Database
from .fold import clean
from .records import Customer
from .tables import addresses, customers

MOST = 20
"""Addresses of customers of one name: more are no answer to *whom do you mean?*."""


async def called(database: Database, name: str) -> tuple[tuple[Customer, str], ...]:
    """Everybody of that name (in any case), once for each of their addresses. Raises HistoryUnavailable."""
    said = clean(" ".join(name.split()))
    it = customers.c
    query = (
        select(it.key, it.name, it.language, addresses.c.address)
        .select_from(customers.join(addresses, addresses.c.customer == it.key))
        .where(or_(it.name == said, func.lower(it.name) == said.lower()))
        .order_by(it.key, addresses.c.address)
        .limit(MOST)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return tuple(
        (Customer(str(key), str(named), str(language), {}, known=True), str(address))
        for key, named, language, address in rows
    )
