"""Customers' cards in SQL, on one open transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .fold import clean
from .records import Card, Clash
from .tables import addresses, contacts, customers, facts
from .writing import chunks, put


async def put_cards(connection: AsyncConnection, cards: Sequence[Card]) -> list[Clash]:
    """Create or replace each; a card with an address of another customer is left out whole, and named."""
    clashes: list[Clash] = []
    for part in chunks(cards):
        clashes += await _put(connection, [tidy(card) for card in part])
    return clashes


async def get_cards(connection: AsyncConnection, keys: Sequence[str], named: Sequence[str]) -> list[Card]:
    """The customers with these keys or addresses, whole."""
    wanted = {clean(key) for key in keys}
    for part in chunks([address_of(it) for it in named]):
        query = select(addresses.c.customer).where(addresses.c.address.in_(part))
        wanted.update(str(it) for it in (await connection.execute(query)).scalars())
    found: list[Card] = []
    for part in chunks(sorted(wanted)):
        where = select(customers).where(customers.c.key.in_(part))
        rows = (await connection.execute(where)).mappings().all()
        own: dict[str, list[str]] = {row["key"]: [] for row in rows}
        told: dict[str, dict[str, str]] = {row["key"]: {} for row in rows}
        those = select(addresses).where(addresses.c.customer.in_(part)).order_by(addresses.c.position)
        for it in (await connection.execute(those)).mappings():
            own[it["customer"]].append(it["address"])
        for it in (await connection.execute(select(facts).where(facts.c.customer.in_(part)))).mappings():
            told[it["customer"]][it["name"]] = it["value"]
        found += [
            Card(row["key"], row["name"], row["language"], tuple(own[row["key"]]), told[row["key"]])
            for row in rows
        ]
    return found


def tidy(card: Card) -> Card:
    """As it is kept: clean text, mails in lower case, each address once."""
    kept = dict.fromkeys(address_of(it) for it in card.addresses)
    kept.pop("", None)
    told = {clean(name): clean(value) for name, value in card.facts.items()}
    return Card(clean(card.key), clean(card.name), clean(card.language), tuple(kept), told)


def address_of(text: str) -> str:
    """An address as it is kept: mail in lower case, else as it came."""
    text = clean(text.strip())
    return text.casefold() if "@" in text else text


async def _put(connection: AsyncConnection, cards: Sequence[Card]) -> list[Clash]:
    named = sorted({address for card in cards for address in card.addresses})
    owned = {}
    for part in chunks(named):
        query = select(addresses.c.address, addresses.c.customer).where(addresses.c.address.in_(part))
        found = await connection.execute(query)
        owned.update({str(address): str(customer) for address, customer in found})
    good: dict[str, Card] = {}
    clashes: list[Clash] = []
    for card in cards:
        clash = next((it for it in card.addresses if owned.get(it, card.key) != card.key), None)
        if clash is not None:
            clashes.append(Clash(card.key, clash, owned[clash]))
            continue
        good[card.key] = card
        owned.update(dict.fromkeys(card.addresses, card.key))
    await _replace(connection, list(good.values()))
    return clashes


async def _replace(connection: AsyncConnection, cards: Sequence[Card]) -> None:
    if not cards:
        return
    keys = [card.key for card in cards]
    await put(connection, customers, [{"key": c.key, "name": c.name, "language": c.language} for c in cards])
    await connection.execute(delete(addresses).where(addresses.c.customer.in_(keys)))
    await connection.execute(delete(facts).where(facts.c.customer.in_(keys)))
    vouched = await _vouched(connection, [address for card in cards for address in card.addresses])
    rows = [
        {
            "address": address, "customer": card.key, "kind": "mail" if "@" in address else "phone",
            "verified": address in vouched, "position": i,
        }
        for card in cards
        for i, address in enumerate(card.addresses)
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(addresses), rows)
    told = [
        {"customer": card.key, "name": name, "value": value}
        for card in cards
        for name, value in card.facts.items()
    ]
    if told:
        await connection.execute(insert(facts), told)


async def _vouched(connection: AsyncConnection, named: Sequence[str]) -> set[str]:
    """Those for which a carrier has vouched in some contact."""
    found: set[str] = set()
    for part in chunks(named):
        query = select(contacts.c.address).where(contacts.c.verified, contacts.c.address.in_(part))
        found.update(str(it) for it in (await connection.execute(query.distinct())).scalars())
    return found
