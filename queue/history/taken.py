"""Calls and chats that were taken lately, by whichever process: what an estimate of the wait is made from."""

from __future__ import annotations

from sqlalchemy import select

from ...skills.skill import Channel
from .database import Database
from .records import Taken
from .tables import contacts

LONGEST_WAIT = 2 * 3_600_000
"""ms that nobody waits on the phone or at the screen: who came before isn't looked at, so the index is enough."""
MOST = 1_000


async def taken_calls(database: Database, since: int) -> tuple[Taken, ...]:
    """The newest calls taken since then (ms), at most `MOST`. Raises HistoryUnavailable."""
    return await taken_by(database, "voice", since)


async def taken_by(database: Database, channel: Channel, since: int) -> tuple[Taken, ...]:
    """The same of any channel whose customers wait for their turn."""
    it = contacts.c
    query = (
        select(it.service, it.arrived, it.accepted, it.owner)
        .where(it.arrived >= since - LONGEST_WAIT, it.channel == channel, it.accepted >= since)
        .order_by(it.arrived.desc())
        .limit(MOST)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return tuple(
        Taken(str(s), int(arrived), int(accepted), str(owner)) for s, arrived, accepted, owner in rows
    )
