"""What was promised to those who came lately, and when they were answered: the board's figures of the day."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from .database import Database
from .tables import contacts, messages

MOST = 5_000
"""Contacts looked at, the newest first: what a busy day's board says is then about the last of them."""
LEFT = ("queued", "sending", "sent", "delivered")


@dataclass(frozen=True, slots=True)
class Promised:
    """One contact. Instants in ms; `answered`: taken, of a call, else the first reply that left; None: not (yet)."""

    service: str
    due: int
    answered: int | None
    ended: int | None


async def promised(database: Database, since: int) -> tuple[Promised, ...]:
    """Of those who came since then (ms) whoever was promised an answer. Raises HistoryUnavailable."""
    it, said = contacts.c, messages.c
    reply = and_(said.contact == it.id, said.kind == "reply", said.status.in_(LEFT))
    query = (
        select(it.service, it.channel, it.accepted, it.ended, it.facts, func.min(said.at))
        .select_from(contacts.outerjoin(messages, reply))
        .where(it.arrived >= since)
        .group_by(it.id)
        .order_by(it.arrived.desc())
        .limit(MOST)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    found = []
    for service, channel, accepted, ended, facts, replied in rows:
        if (due := _due(str(facts))) is not None:
            answered = accepted if channel == "voice" else replied
            found.append(Promised(str(service), due, _whole(answered), _whole(ended)))
    return tuple(found)


def _due(facts: str) -> int | None:
    try:
        due = json.loads(facts or "{}").get("due")
    except (ValueError, AttributeError):
        return None
    return int(due) if isinstance(due, int | float) and not isinstance(due, bool) else None


def _whole(at: object) -> int | None:
    return int(str(at)) if at is not None else None
