"""From the plan's people to the queue's agents: names, profiles, shifts and their coming edges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ..queue.engine import Queue
from ..queue.state import AgentView, mask_of
from ..skills.schedule import Hours
from ..skills.skill import Capacity, Profile
from .plan.model import AgentSpec, Plan, Service
from .rulebook import Rulebook, agent_id, both_open, instant, millis, span

EDGES = 4
"""Shift edges written ahead, so that a late router never leaves an agent without a coming change."""
AHEAD = 12
"""Changes of one schedule that are looked at for them."""
BATCH = 25
"""Agents that are worked out and written at once: some milliseconds of the loop."""


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
        channels=mask_of(who.spec.reached),
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


async def muster(
    queue: Queue, book: Rulebook, now: int, before: Rulebook | None = None
) -> dict[str, int | None]:
    """Make the queue's agents those of the plan, remove who isn't in it any more.

    `before` is the version that this process mustered last: whom nothing concerns that differs, and whom the queue has
    as the plan says, isn't written again. Returns, by name in the plan, when each is to be written anew (ms; None:
    never).
    """
    await queue.calendar(midnights(book.plan.timezone, now))
    there = await queue.agents()
    same = _unconcerned(before, book)
    known = {name: view for name, view in there.items() if name in same}
    changes = await write_anew(queue, book, now, [spec.name for spec in book.plan.agents], known)
    grace, gone = span(book.plan.settings.grace), [name for name in there if name not in book.by_id]
    for some in batched(gone):
        await asyncio.gather(*(queue.remove_agent(name, grace) for name in some))
    return changes


async def write_anew(
    queue: Queue,
    book: Rulebook,
    now: int,
    names: Sequence[str],
    known: Mapping[str, AgentView] = MappingProxyType({}),
) -> dict[str, int | None]:
    """Write these agents as of `now`, but not who is `known` to be as they should, some at once: a long roster never
    holds up the loop, and the store syncs once for all that come together."""
    near, changes = Closings.of(book, instant(now)), dict[str, int | None]()
    grace = span(book.plan.settings.grace)
    for some in batched(names):
        specs = [spec for name in some if (spec := book.by_id.get(agent_id(name))) is not None]
        people = [enlist(book, spec, now, near) for spec in specs]
        changes |= {who.spec.name: who.changes for who in people}
        late = [who for who in people if not _stands(who, known.get(who.id))]
        await asyncio.gather(*(write(queue, who, grace) for who in late))
        await asyncio.sleep(0)
    return changes


def batched(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as are asked of the store at once."""
    return (names[i : i + BATCH] for i in range(0, len(names), BATCH))


def _unconcerned(before: Rulebook | None, book: Rulebook) -> frozenset[str]:
    """The ids of agents about whom `book` says what the version just before it said."""
    if before is None or before.version != book.version - 1 or before.situation != book.situation:
        return frozenset()
    if _terms(before.plan) != _terms(book.plan):
        return frozenset()
    return frozenset(name for name, spec in book.by_id.items() if before.by_id.get(name) == spec)


def _terms(plan: Plan) -> tuple[object, ...]:
    """Everything but themselves that says how agents are to be written."""
    return plan.timezone, plan.schedules, plan.channels, plan.teams, plan.services, plan.settings


def _stands(who: Enlisted, view: AgentView | None) -> bool:
    """Whether the queue has this agent as they should be; whoever is leaving is told that they stay."""
    return view is not None and view.leaving is None and (
        (view.profile, view.capacity, view.channels, view.shift)
        == (who.profile, who.capacity, mask_of(who.spec.reached), who.on_shift)
    )  # fmt: skip
