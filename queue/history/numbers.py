"""An agent's numbers of a day, from what the history tells: taken, closed, answered in time, missed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from ..state import Event
from .database import Database
from .fold import clean
from .handle_time import TURNS, handle_time
from .tables import contacts, events, messages, offers
from .writing import chunks

LONGEST_OFFER = 3_600_000
"""ms that an offer stands at most: what was offered earlier was not taken or missed since."""
GONE_OUT = ("queued", "sending", "sent", "delivered")
"""Receipts of a reply that left: what was undone, or couldn't be sent, is no answer."""
MOST_AVERAGED = 300
"""Of the contacts closed, the latest, over which the handle time is averaged."""
MOST = 2_000
"""Contacts of one agent and day that are looked at."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """`kept` of the `promised` contacts were first answered in time.

    Promised are those taken since, with a promise, that this agent has answered or whose promise is over.
    `aht_calls` and `aht_written`: the average handle time (`handle_time.py`) in ms of the calls that they have closed
    since, and of all else; None where there is none.
    """

    taken: int = 0
    closed: int = 0
    kept: int = 0
    promised: int = 0
    aht_calls: int | None = None
    aht_written: int | None = None
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
    mine_over = (contacts.c.ended >= since, contacts.c.state == "closed", contacts.c.owner == clean(agent))
    over = select(func.count()).where(*mine_over)
    last = select(contacts.c.id, contacts.c.channel).where(*mine_over).order_by(contacts.c.ended.desc())
    async with database.read() as connection:
        rows = (await connection.execute(asked)).all()
        (closed,) = (await connection.execute(over)).one()
        ended = {str(c): str(channel) for c, channel in await connection.execute(last.limit(MOST_AVERAGED))}
        times = await _handle_times(connection, clean(agent), sorted(ended))
        got = {str(row[0]): int(row[2]) for row in rows if row[1] == "accepted"}
        taken = await _taken(connection, clean(agent), got)
    kept, promised = in_time(taken, now)
    missed = sum(1 for row in rows if row[1] == "missed")
    took = sum(1 for row in rows if row[1] == "accepted")
    calls = [ms for c, ms in times.items() if ended[c] == "voice"]
    written = [ms for c, ms in times.items() if ended[c] != "voice"]
    return Numbers(took, int(closed), kept, promised, _average(calls), _average(written), missed)


def _average(times: Sequence[int]) -> int | None:
    return round(sum(times) / len(times)) if times else None


async def _handle_times(connection: Any, agent: str, ids: Sequence[str]) -> dict[str, int]:
    """By contact; what began before our time, or in nobody's hands, is left out."""
    it = events.c
    told: dict[str, list[Event]] = {}
    for part in chunks(ids):
        turns = select(it.t, it.e, it.c, it.a, it.n, it.x).where(it.c.in_(part), it.e.in_(TURNS))
        for t, e, c, a, n, x in await connection.execute(turns.order_by(it.ms, it.seq, it.i)):
            told.setdefault(str(c), []).append(Event(int(t), str(e), str(c), str(a), int(n), str(x)))
    found = {c: handle_time(turns, agent) for c, turns in told.items()}
    return {c: ms for c, ms in found.items() if ms}


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
