"""The agent's own part of their Home: reads what the queue and the history say, and lets `home` decide what is shown.

Many look at the same time, every two seconds: what they share is read once for all until the next thing happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from ..channels.home import Section
from ..channels.house import Actor
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.state import AgentView, ContactView
from ..skills.skill import Profile
from .absence import stood_in_for
from .active import ActivePlan
from .home import MOST_WAITING, Scene, can_be_offered, sections
from .parts import Silent
from .people import agent_of
from .plan.model import AgentSpec
from .roster import midnights
from .rulebook import Rulebook, agent_id, edges, instant

if TYPE_CHECKING:
    from ..queue.history.numbers import Numbers

log = structlog.get_logger()

HISTORY_WAIT = 1.0
"""Seconds that the history is given for the day's numbers; without them the rest is shown all the same."""
BEHIND, OLD = 4_000, 60_000
"""ms that the history may be behind what has just happened, and after which numbers are read again anyway."""
NOT_YET = Section("One moment", "You are in the plan but not in the queue yet: it takes a second.")


class Days(Protocol):
    """What is asked of the history."""

    async def numbers(self, agent: str, since: int, now: int) -> Numbers:
        """What an agent has done since then (ms)."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An agent's numbers as they were read `at`, for what they `held` then; since when it is that, in ms."""

    numbers: Numbers
    at: int
    held: object
    since: int

    def stands(self, held: object, now: int) -> bool:
        """Whether they needn't be read again."""
        caught_up = held == self.held and self.at - self.since > BEHIND
        return now - self.at < (OLD if caught_up else BEHIND // 2)


@dataclass(slots=True)
class AgentHome(Silent):
    """Their state, contacts, what waits for them, today, next shift."""

    queue: Queue
    plan: ActivePlan
    days: Days
    last: str = ""
    agents: Mapping[str, AgentView] = field(default_factory=dict)
    stands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: dict[Profile, tuple[list[ContactView], int]] = field(default_factory=dict)
    counted: dict[str, Counted] = field(default_factory=dict)
    shifts: dict[tuple[int, str], tuple[tuple[int, bool], ...]] = field(default_factory=dict)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def home(self, actor: Actor) -> tuple[Section, ...]:
        """All sections of an agent; nothing for anybody else."""
        book = self.plan()
        spec = agent_of(book.plan, actor)
        if spec is None:
            return ()
        scene = await self._scene(book, spec)
        return sections(scene) if scene is not None else (NOT_YET,)

    async def _scene(self, book: Rulebook, spec: AgentSpec) -> Scene | None:
        name, now = agent_id(spec.name), await self.queue.now()
        me = (await self._everybody()).get(name)
        if me is None:
            return None
        held = sorted(me.contacts | me.snoozed)
        (ahead, waits), mine, places, due, today = await asyncio.gather(
            self._line(me),
            self.queue.several(held),
            asyncio.gather(*(self.queue.places(contact) for contact in held)),
            self.queue.due([f"b:{name}"]),
            self._today(book, me, now),
        )
        threads = {contact: at[-1] for contact, at in zip(held, places, strict=True) if at}
        shown = tuple(contact for contact in ahead if can_be_offered(contact, name))[:MOST_WAITING]
        hidden = len(ahead) - len([contact for contact in ahead if can_be_offered(contact, name)])
        return Scene(
            book, spec, me, now, mine, threads, shown, waits - hidden, due.get(f"b:{name}"),
            self._shift(book, spec, now), today, self.stands.get(name, ()),
        )  # fmt: skip

    async def _everybody(self) -> Mapping[str, AgentView]:
        """All agents; read again when anything has happened since."""
        async with self.looking:
            last = await self.queue.last_event()
            if last != self.last or not self.agents:
                self.agents, self.last = await self.queue.agents(), last
                self.stands = stood_in_for(self.plan(), self.agents.values())
                self.lines.clear()
            return self.agents

    async def _line(self, me: AgentView) -> tuple[list[ContactView], int]:
        """Who waits for somebody of their profile; some more than are shown, for those that are closed to them."""
        async with self.looking:
            known = self.lines.get(me.profile)
            if known is None:
                ids, waits = await self.queue.in_line(me.profile, 2 * MOST_WAITING)
                order = {id: n for n, id in enumerate(ids)}
                found = sorted(await self.queue.several(ids), key=lambda it: order[it.id])
                known = self.lines[me.profile] = found, waits
            return known

    async def _today(self, book: Rulebook, me: AgentView, now: int) -> Numbers | None:
        held = (me.contacts, me.snoozed, me.last_offered, me.misses)
        known = self.counted.get(me.name)
        midnight = max(at for at in midnights(book.plan.timezone, now) if at <= now)
        if known is not None and known.at >= midnight and known.stands(held, now):
            return known.numbers
        try:
            async with asyncio.timeout(HISTORY_WAIT):
                numbers = await self.days.numbers(me.name, midnight, now)
        except (StoreError, TimeoutError) as error:
            log.info("home.history", error=type(error).__name__)
            return None
        since = known.since if known is not None and known.held == held else now
        self.counted[me.name] = Counted(numbers, now, held, since)
        return numbers

    def _shift(self, book: Rulebook, spec: AgentSpec, now: int) -> tuple[tuple[int, bool], ...]:
        """The next instants at which they come on and go off; worked out again when one has passed."""
        key = book.version, spec.name
        known = self.shifts.get(key)
        if known is None or (known and known[0][0] <= now):
            if len(self.shifts) > 5_000:
                self.shifts.clear()
            known = self.shifts[key] = edges(book.on_duty(spec), instant(now), 3)
        return known
