"""Archive the ledger's events and keep what is worked out from them, on one open transaction.

Every row is a function of the archive: a contact whose events come in order goes on from its row, one with an
event from before its row (a cursor set back, a gap filled later) is told again from its first event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Executable, and_, delete, exists, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..state import Event
from .audit import chain
from .fold import KEPT, LIVE, START, ContactRow, MessageRow, OfferRow, Position, Tale, clean, fold
from .own_addresses import keep_addresses
from .plans import keep_plans
from .tables import PROJECTED, addresses, arrivals, contacts, endings, events, insert_into, messages, offers
from .writing import chunks, put

PAGE = 1_000
MOST = (1 << 63) - 1

_COLUMNS = {kind: tuple(it.name for it in fields(kind)) for kind in (ContactRow, MessageRow, OfferRow)}
Placed = tuple[Position, Event]


def numbered(entries: Iterable[Event]) -> list[Placed]:
    """Give each event its place within its entry; an entry is always handed in whole."""
    placed: list[Placed] = []
    for stream_id, together in groupby(entries, key=lambda event: event.id):
        ms, _, seq = stream_id.partition("-")
        placed += [((int(ms), int(seq or 0), i), _plain(event)) for i, event in enumerate(together)]
    return placed


def _plain(event: Event) -> Event:
    """As the archive can hold it: rows must be the same whether an event comes from the ledger or from it."""
    c, n = clean(event.c), max(-MOST, min(event.n, MOST))
    return Event(event.t, clean(event.e), c, clean(event.a), n, clean(event.x or "{}"), id=event.id)


async def project(connection: AsyncConnection, entries: Sequence[Event]) -> None:
    """Archive what is new in `entries` and bring everything up to date with it."""
    placed = await archive(connection, entries)
    if not placed:
        return
    tales = await _tell(connection, placed)
    await keep_plans(connection, placed)
    await keep_addresses(connection, placed)
    await _keep_endings(connection, tales)


async def archive(connection: AsyncConnection, entries: Sequence[Event]) -> list[Placed]:
    """Keep what is new in `entries` as it is; that, each with its place."""
    placed = await _new(connection, numbered(entries))
    for part in chunks([_row(position, event) for position, event in placed]):
        await connection.execute(insert(events), part)
    await chain(connection, placed)
    return placed


async def rebuild(connection: AsyncConnection) -> int:
    """Empty the projections and work them out again; how many events there were."""
    for table in PROJECTED:
        await connection.execute(delete(table))
    count, after = 0, START
    key = tuple_(events.c.ms, events.c.seq, events.c.i)
    while True:
        page = select(events).where(key > after).order_by(events.c.ms, events.c.seq, events.c.i).limit(PAGE)
        placed = [_placed(row) for row in (await connection.execute(page)).mappings()]
        if not placed:
            break
        await _tell(connection, placed)
        await keep_plans(connection, placed)
        count, after = count + len(placed), placed[-1][0]
    await connection.execute(update(addresses).values(verified=_vouched()))
    return count


async def cut(connection: AsyncConnection, last: str, present: Sequence[str]) -> int:
    """Forget what came after the ledger's entry `last`, as if it had not happened; how many events that was.

    `present`: the contacts that the store holds at that entry, which it is to forget in time.
    """
    ms, _, seq = last.partition("-")
    later = tuple_(events.c.ms, events.c.seq) > (int(ms), int(seq or 0))
    gone = int((await connection.execute(delete(events).where(later))).rowcount)
    if gone:
        await rebuild(connection)
    await connection.execute(delete(endings))
    for part in chunks(present):
        ended = select(contacts.c.id, contacts.c.ended, contacts.c.state).where(
            contacts.c.id.in_(part), contacts.c.ended.is_not(None), contacts.c.state.in_(KEPT)
        )
        rows = [
            {"contact": id, "until": at + KEPT[state]} for id, at, state in await connection.execute(ended)
        ]
        await put(connection, endings, rows)
    return gone


async def _new(connection: AsyncConnection, placed: list[Placed]) -> list[Placed]:
    if not placed:
        return []
    low, high = min(it[0][0] for it in placed), max(it[0][0] for it in placed)
    known = select(events.c.ms, events.c.seq, events.c.i).where(events.c.ms.between(low, high))
    have = {tuple(row) for row in await connection.execute(known)}
    fresh = {position: event for position, event in placed if position not in have}
    return sorted(fresh.items(), key=lambda it: it[0])


# ---- contacts --------------------------------------------------------------------------------------------


async def _tell(connection: AsyncConnection, placed: Sequence[Placed]) -> list[Tale]:
    """Fold new events, which the archive holds already, into their contacts' rows."""
    by_contact: dict[str, list[Placed]] = {}
    for position, event in placed:
        if event.c:
            by_contact.setdefault(event.c, []).append((position, event))
    tales: list[Tale] = []
    for part in chunks(sorted(by_contact)):
        found = await _load(connection, part, by_contact)
        for name in part:
            tale = found.get(name) or Tale(ContactRow(name))
            if tale.contact.last >= by_contact[name][0][0]:
                tale = await _again(connection, name)
            else:
                for position, event in by_contact[name]:
                    fold(tale, event, position)
            tales.append(tale)
        await asyncio.sleep(0)
    await _save(connection, tales)
    return tales


async def _load(
    connection: AsyncConnection, names: Sequence[str], by_contact: Mapping[str, list[Placed]]
) -> dict[str, Tale]:
    """Rows of the contacts with their live offers, and the offers and messages that the events name."""
    rows = await connection.execute(select(contacts).where(contacts.c.id.in_(names)))
    tales = {row["id"]: Tale(ContactRow(**row)) for row in rows.mappings()}
    if not tales:
        return tales
    numbers = sorted({event.n for name in tales for _, event in by_contact[name] if event.n})
    live = select(offers).where(offers.c.contact.in_(tales), offers.c.state.in_(LIVE))
    for row in (await connection.execute(live)).mappings():
        tales[row["contact"]].offers[row["n"]] = OfferRow(**row)
    for part in chunks(numbers):
        among = select(offers).where(offers.c.contact.in_(tales), offers.c.n.in_(part))
        for row in (await connection.execute(among)).mappings():
            tales[row["contact"]].offers[row["n"]] = OfferRow(**row)
        said = select(messages).where(messages.c.contact.in_(tales), messages.c.n.in_(part))
        for row in (await connection.execute(said)).mappings():
            tales[row["contact"]].messages[row["n"]] = MessageRow(**row)
    return tales


async def _again(connection: AsyncConnection, name: str) -> Tale:
    """The contact told from its first event."""
    for table in (offers, messages):
        await connection.execute(delete(table).where(table.c.contact == name))
    query = select(events).where(events.c.c == name).order_by(events.c.ms, events.c.seq, events.c.i)
    tale = Tale(ContactRow(name))
    for row in (await connection.execute(query)).mappings():
        position, event = _placed(row)
        fold(tale, event, position)
    return tale


async def _save(connection: AsyncConnection, tales: Sequence[Tale]) -> None:
    await put(connection, contacts, [_flat(it.contact) for it in tales])
    await put(connection, offers, [_flat(row) for it in tales for row in it.offers.values()])
    await put(connection, messages, [_flat(row) for it in tales for row in it.messages.values()])
    await _remember(connection, tales)
    vouched = sorted({it.contact.address for it in tales if it.contact.verified and it.contact.address})
    for part in chunks(vouched):
        await connection.execute(update(addresses).where(addresses.c.address.in_(part)).values(verified=True))


async def _remember(connection: AsyncConnection, tales: Sequence[Tale]) -> None:
    """The outside's ids: should two messages claim one, the earlier has it, in whatever order they come."""
    heard: dict[str, dict[str, Any]] = {}
    for tale in tales:
        for name, (n, (ms, seq, i)) in tale.heard.items():
            row = {"event": name, "contact": tale.contact.id, "n": n, "ms": ms, "seq": seq, "i": i}
            if name not in heard or _place(row) < _place(heard[name]):
                heard[name] = row
    if not heard:
        return
    statement = _remembering(connection.dialect.name)
    for part in chunks(list(heard.values())):
        await connection.execute(statement, part)


@cache
def _remembering(dialect: str) -> Executable:
    it = insert_into(arrivals, dialect)
    new, old = it.excluded, arrivals.c
    earlier = tuple_(new.ms, new.seq, new.i) < tuple_(old.ms, old.seq, old.i)
    found: Executable = it.on_conflict_do_update(
        index_elements=[old.event],
        set_={name: new[name] for name in ("contact", "n", "ms", "seq", "i")},
        where=earlier,
    )
    return found


def _flat(row: ContactRow | MessageRow | OfferRow) -> dict[str, Any]:
    """Its columns; `asdict` would copy every text deeply."""
    return {name: getattr(row, name) for name in _COLUMNS[type(row)]}


def _place(row: Mapping[str, Any]) -> Position:
    return (row["ms"], row["seq"], row["i"])


async def _keep_endings(connection: AsyncConnection, tales: Sequence[Tale]) -> None:
    """Note when the store may forget what ended, counted from what was told of it last: a text may be on its way.

    What was brought back isn't noted any more.
    """
    alive = [tale.contact.id for tale in tales if tale.contact.ended is None]
    for part in chunks(alive):
        await connection.execute(delete(endings).where(endings.c.contact.in_(part)))
    rows = [
        {"contact": it.id, "until": max(it.ended, latest) + KEPT[it.state]}
        for it, latest in ((tale.contact, tale.latest) for tale in tales)
        if it.ended is not None and it.state in KEPT
    ]
    await put(connection, endings, rows)


def _vouched() -> Any:
    """Whether a carrier ever vouched for the address."""
    return exists().where(and_(contacts.c.address == addresses.c.address, contacts.c.verified))


# ---- rows ------------------------------------------------------------------------------------------------


def _row(position: Position, event: Event) -> dict[str, Any]:
    ms, seq, i = position
    return {
        "ms": ms, "seq": seq, "i": i, "t": event.t, "e": event.e, "c": event.c, "a": event.a, "n": event.n,
        "x": event.x,
    }  # fmt: skip


def _placed(row: Mapping[Any, Any]) -> Placed:
    return (row["ms"], row["seq"], row["i"]), archived(row)


def archived(row: Mapping[Any, Any]) -> Event:
    """An event of the archive, with the id of its entry."""
    return Event(row["t"], row["e"], row["c"], row["a"], row["n"], row["x"], id=f"{row['ms']}-{row['seq']}")
