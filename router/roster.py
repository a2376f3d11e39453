"""From the plan's people to the queue's agents: names, profiles, shifts and their coming edges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..queue.engine import Queue
from ..queue.state import mask_of
from ..skills.skill import Capacity, Profile
from .plan.model import AgentSpec
from .rulebook import Rulebook, both_open, edges, instant, millis

EDGES = 4
"""Shift edges written ahead, so that a late router never leaves an agent without a coming change."""


def agent_id(name: str) -> str:
    """The queue's id of an agent: the name, with everything but letters and digits written as its code point."""
    return re.sub(r"[^A-Za-z0-9]", lambda c: f"_{ord(c[0]):x}_", name)[:64]


@dataclass(frozen=True, slots=True)
class Enlisted:
    """An agent as the queue is told."""

    id: str
    spec: AgentSpec
    profile: Profile
    capacity: Capacity
    on_shift: bool
    edges: tuple[tuple[int, bool], ...]


def enlist(book: Rulebook, spec: AgentSpec, now: int) -> Enlisted:
    """`spec` as of `now` (ms)."""
    pair, at = book.on_duty(spec), instant(now)
    return Enlisted(
        agent_id(spec.name),
        spec,
        spec.profile,
        book.capacity(spec),
        both_open(pair, at),
        edges(pair, at, EDGES),
    )


async def write(queue: Queue, who: Enlisted) -> None:
    """Make the queue's agent what `who` says; presence and work stay as they are."""
    await queue.agent(
        who.id,
        profile=who.profile,
        capacity=who.capacity,
        channels=mask_of(who.spec.channels),
        on_shift=who.on_shift,
        edges=who.edges,
    )


def midnights(zone: str, now: int, days: int = 400) -> tuple[int, ...]:
    """The site's midnights (ms) from yesterday's on: shares are counted from the last that has passed."""
    tz = ZoneInfo(zone)
    first = instant(now).astimezone(tz).date() - timedelta(days=1)
    return tuple(millis(datetime.combine(first + timedelta(days=i), time(), tz)) for i in range(days))


async def muster(queue: Queue, book: Rulebook, now: int) -> None:
    """Make the queue's agents those of the plan: write each, remove who isn't in it any more."""
    await queue.calendar(midnights(book.plan.timezone, now))
    wanted = {agent_id(spec.name): enlist(book, spec, now) for spec in book.plan.agents}
    for who in wanted.values():
        await write(queue, who)
    for name in await queue.agents():
        if name not in wanted:
            await queue.remove_agent(name)
