"""Conversations by mail, however long ago: by their thread, and by the ids of mails that their customer wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from .cards import address_of
from .database import Database
from .fold import clean
from .tables import contacts, messages

LATEST = 200
"""Contacts of one address whose mails are looked through, the newest."""


@dataclass(frozen=True, slots=True)
class Conversed:
    """A contact and the conversation that it is of."""

    contact: str
    thread: str


async def conversed(database: Database, address: str, threads: Sequence[str]) -> Conversed | None:
    """The latest contact of that address in one of these conversations. Raises HistoryUnavailable."""
    it = contacts.c
    query = (
        select(it.id, it.thread)
        .where(
            it.address.in_({clean(address), address_of(address)}), it.thread.in_([clean(t) for t in threads])
        )
        .order_by(it.arrived.desc(), it.id.desc())
        .limit(1)
    )
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    return Conversed(str(row[0]), str(row[1])) if row is not None else None


async def wrote(database: Database, address: str, message_ids: Sequence[str]) -> Conversed | None:
    """The latest contact to which that address wrote a mail with one of these ids. Raises HistoryUnavailable."""
    it = contacts.c
    theirs = (
        select(it.id, it.thread, it.arrived)
        .where(it.address.in_({clean(address), address_of(address)}), it.channel == "email")
        .order_by(it.arrived.desc(), it.id.desc())
        .limit(LATEST)
        .subquery()
    )
    named = [f'"message_id":{json.dumps(clean(one), ensure_ascii=False)}' for one in message_ids]
    query = (
        select(theirs.c.id, theirs.c.thread)
        .join(messages, messages.c.contact == theirs.c.id)
        .where(
            messages.c.kind == "in", or_(*(messages.c.body.contains(one, autoescape=True) for one in named))
        )
        .order_by(theirs.c.arrived.desc(), theirs.c.id.desc())
        .limit(1)
    )
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    return Conversed(str(row[0]), str(row[1])) if row is not None else None


async def party(database: Database, contact: str) -> tuple[str, str] | None:
    """(address, thread) of a contact. Raises HistoryUnavailable."""
    query = select(contacts.c.address, contacts.c.thread).where(contacts.c.id == clean(contact))
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    return (str(row[0]), str(row[1])) if row is not None else None
