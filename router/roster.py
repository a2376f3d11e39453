"""From the plan's people to the queue's agents: names, profiles, shifts and their coming edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..queue.engine import Queue
from ..queue.state import mask_of
from ..skills.schedule import Hours
from ..skills.skill import Capacity, Profile
from .plan.model import AgentSpec, Service
from .rulebook import Rulebook, agent_id, both_open, instant, millis, span

EDGES = 4
"""Shift edges written ahead, so that a late router never leaves an agent without a coming change."""
AHEAD = 12
"""Changes of one schedule that are looked at for them."""


@dataclass(frozen=True, slots=True)
class Enlisted:
    """An agent as the queue is told; `changes` is the next instant (ms) at which that is to be told anew."""

    id: str
    spec: AgentSpec
    profile: Profile
    capacity: Capacity
    on_shift: bool
    edges: tuple[tuple[int, bool], ...]
    changes: int | None


@dataclass(frozen=True, slots=True)
class Closings:
    """The instants at which services open, close, or end their drain, from a while ago on: worked out once for all."""

    at: datetime
    instants: tuple[datetime, ...]
    drains: tuple[timedelta, ...]

    @classmethod
    def of(cls, book: Rulebook, at: datetime) -> Closings:
        """Those of every service that ever closes."""
        drains = tuple(sorted({s.drain for s in book.services.values()}))
        back = at - max(drains, default=timedelta())
        found = {c for name in book.services for c in _changes(book.hours(name), back)}
        return cls(at, tuple(found | {c + d for c in found for d in drains}), drains if found else ())


def duty(book: Rulebook, spec: AgentSpec, at: datetime) -> tuple[bool, tuple[str, ...]]:
    """(on shift, only these services): a shift ends later for those who waited when a service closed."""
    pair = book.on_duty(spec)
    if both_open(pair, at):
        return True, ()
    draining = tuple(
        sorted(
            name
            for name, service in book.services.items()
            if drains(book, service, at) and both_open(pair, at - service.drain)
        )
    )
    return bool(draining), draining


def drains(book: Rulebook, service: Service, at: datetime) -> bool:
    """Whether `service` has closed so lately that those who waited are still served."""
    hours = book.hours(service.name)
    if book.emergency(service.name, at):
        return False
    return not hours.is_open(at) and hours.is_open(at - service.drain)


def enlist(book: Rulebook, spec: AgentSpec, now: int, closings: Closings | None = None) -> Enlisted:
    """`spec` as of `now` (ms)."""
    at = instant(now)
    near = closings or Closings.of(book, at)
    on, only = duty(book, spec, at)
    edges, changes = _ahead(book, spec, near, (on, only))
    profile = replace(spec.profile, only=only)
    return Enlisted(agent_id(spec.name), spec, profile, book.capacity(spec), on, edges, changes)


def _ahead(
    book: Rulebook, spec: AgentSpec, near: Closings, now: tuple[bool, tuple[str, ...]]
) -> tuple[tuple[tuple[int, bool], ...], int | None]:
    """The next edges of being on shift, and the next instant at which anything about the duty changes."""
    own = {
        c
        for schedule in book.on_duty(spec)
        for c in _changes(schedule, near.at - max(near.drains, default=timedelta()))
    }
    ahead = sorted(
        c for c in {*own, *(c + d for c in own for d in near.drains), *near.instants} if c > near.at
    )
    found: list[tuple[int, bool]] = []
    changes: int | None = None
    last = now
    for moment in ahead:
        state = duty(book, spec, moment)
        if state != last:
            changes = changes or millis(moment)
            if state[0] != last[0]:
                found.append((millis(moment), state[0]))
            last = state
        if len(found) == EDGES:
            break
    return tuple(found), changes


def _changes(hours: Hours, start: datetime) -> list[datetime]:
    found: list[datetime] = []
    moment = start
    while len(found) < AHEAD and (change := hours.next_change(moment)) is not None:
        found.append(moment := change)
    return found


async def write(queue: Queue, who: Enlisted, grace: int) -> None:
    """Make the queue's agent what `who` says; presence and work stay as they are. `grace` in ms: see `Queue.agent`."""
    await queue.agent(
        who.id,
        profile=who.profile,
        capacity=who.capacity,
        channels=mask_of(who.spec.channels),
        on_shift=who.on_shift,
        edges=who.edges,
        grace=grace,
    )


def midnights(zone: str, now: int, days: int = 400) -> tuple[int, ...]:
    """The site's midnights (ms) from yesterday's on: shares are counted from the last that has passed."""
    return _midnights(zone, instant(now).astimezone(ZoneInfo(zone)).date() - timedelta(days=1), days)


@lru_cache(maxsize=4)
def _midnights(zone: str, first: date, days: int) -> tuple[int, ...]:
    tz = ZoneInfo(zone)
    return tuple(millis(datetime.combine(first + timedelta(days=i), time(), tz)) for i in range(days))


async def muster(queue: Queue, book: Rulebook, now: int) -> dict[str, int | None]:
    """Make the queue's agents those of the plan, remove who isn't in it any more.

    Returns, by name in the plan, when each is to be written anew (ms; None: never).
    """
    await queue.calendar(midnights(book.plan.timezone, now))
    changes = await write_anew(queue, book, now, [spec.name for spec in book.plan.agents])
    wanted = {agent_id(name) for name in changes}
    for name in await queue.agents():
        if name not in wanted:
            await queue.remove_agent(name, span(book.plan.settings.grace))
    return changes


async def write_anew(queue: Queue, book: Rulebook, now: int, names: Sequence[str]) -> dict[str, int | None]:
    """Write these agents as of `now`, one by one, so that a long roster never holds up the loop."""
    near, changes = Closings.of(book, instant(now)), dict[str, int | None]()
    for name in names:
        spec = book.plan.agent(name)
        if spec is not None:
            who = enlist(book, spec, now, near)
            await write(queue, who, span(book.plan.settings.grace))
            changes[name] = who.changes
    return changes
