"""An agent's numbers of a day, from what the history tells: taken, closed, answered in time, missed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from .database import Database
from .fold import clean
from .projections import chunks
from .tables import contacts, events, messages, offers

LONGEST_OFFER = 3_600_000
"""ms that an offer stands at most: what was offered earlier was not taken or missed since."""
GONE_OUT = ("queued", "sending", "sent", "delivered")
"""Receipts of a reply that left: what was undone, or couldn't be sent, is no answer."""
MOST = 2_000
"""Contacts of one agent and day that are looked at."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """`kept` of the `promised` contacts were first answered in time; `handling`: ms from taking to the end, on average.

    Promised are those taken since, with a promise, that this agent has answered or whose promise is over.
    """

    taken: int = 0
    closed: int = 0
    kept: int = 0
    promised: int = 0
    handling: int | None = None
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A contact that an agent took `at`; `due`: until when an answer was promised; `answered`: when they first wrote."""

    channel: str
    at: int
    due: int | None
    answered: int | None


def in_time(taken: Sequence[Taken], now: int) -> tuple[int, int]:
    """(in how many a promise was kept, in how many it could be judged): a call is answered by taking it."""
    kept = judged = 0
    for it in taken:
        answered = it.at if it.channel == "voice" else it.answered
        if it.due is None or (answered is None and it.due > now):
            continue
        judged += 1
        kept += answered is not None and answered <= it.due
    return kept, judged


async def numbers_of(database: Database, agent: str, since: int, now: int) -> Numbers:
    """What `agent` (the queue's id) has done from `since` to `now` (ms). Raises HistoryUnavailable."""
    it = offers.c
    mine = (it.agent == clean(agent), it.offered >= since - LONGEST_OFFER, it.ended >= since)
    asked = (
        select(it.contact, it.state, it.ended).where(*mine, it.state.in_(("accepted", "missed"))).limit(MOST)
    )
    over = select(func.count(), func.avg(contacts.c.ended - contacts.c.accepted)).where(
        contacts.c.ended >= since, contacts.c.state == "closed", contacts.c.owner == clean(agent)
    )
    async with database.read() as connection:
        rows = (await connection.execute(asked)).all()
        closed, handling = (await connection.execute(over)).one()
        got = {str(row[0]): int(row[2]) for row in rows if row[1] == "accepted"}
        taken = await _taken(connection, clean(agent), got)
    kept, promised = in_time(taken, now)
    missed = sum(1 for row in rows if row[1] == "missed")
    took = sum(1 for row in rows if row[1] == "accepted")
    return Numbers(
        took, int(closed), kept, promised, None if handling is None else round(float(handling)), missed
    )


async def _taken(connection: Any, agent: str, got: Mapping[str, int]) -> list[Taken]:
    first: dict[str, int] = {}
    due: dict[str, tuple[str, int | None]] = {}
    for part in chunks(sorted(got)):
        wrote = select(messages.c.contact, func.min(messages.c.at)).where(
            messages.c.contact.in_(part), messages.c.kind == "reply", messages.c.agent == agent,
            messages.c.status.in_(GONE_OUT),
        )  # fmt: skip
        first |= {str(c): int(at) for c, at in await connection.execute(wrote.group_by(messages.c.contact))}
        came = select(contacts.c.id, contacts.c.channel, events.c.x).join(events, events.c.c == contacts.c.id)
        where = (contacts.c.id.in_(part), events.c.e == "arrived")
        due |= {
            str(c): (str(channel), _due(x)) for c, channel, x in await connection.execute(came.where(*where))
        }
    return [Taken(due[c][0], at, due[c][1], first.get(c)) for c, at in got.items() if c in due]


def _due(arrived: str) -> int | None:
    """What was promised when it arrived; later decisions promise anew, from a later message."""
    try:
        facts = json.loads(json.loads(arrived).get("facts") or "{}")
        due = facts.get("due")
    except (ValueError, AttributeError):
        return None
    return int(due) if isinstance(due, int | float) else None
