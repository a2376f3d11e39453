"""Who waits on the phone, in order: what a caller's place is told by. One look a second serves all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from ..queue.engine import Queue
from ..queue.history.records import Taken
from ..queue.state import QUEUED, AgentView, ContactView
from ..skills.skill import refusal
from .pace import HALF_HOUR, minutes, pace

log = structlog.get_logger()

MOST = 1_000
"""Contacts of one need that are looked at: nobody wants to hear a greater number."""
FRESH, PACE_FRESH = 1_000, 15_000
"""ms for which a look at the line counts, and one at how fast it moves."""
HISTORY_WAIT = 0.5
"""Seconds for the history; without it nothing is said of minutes."""


@dataclass(frozen=True, slots=True)
class Line:
    """The callers of one service, first come first: contact → place from 1; when the first arrived, and one of them."""

    places: Mapping[str, int]
    since: int
    one: ContactView


async def nobody(since: int) -> Sequence[Taken]:
    """For a house without a history."""
    return ()


@dataclass(slots=True)
class Lineup:
    """Looks at the contacts that have a leg alive, and at who waits among them without one, however many texts wait.

    `taken` gives the calls taken since an instant (ms), of whichever process.
    """

    queue: Callable[[], Queue]
    taken: Callable[[int], Awaitable[Sequence[Taken]]] = nobody
    lines: Mapping[str, Line] = field(default_factory=dict)
    paces: Mapping[str, int] = field(default_factory=dict)  # service → ms a place, where it is known
    at: int = 0
    paced: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, view: ContactView) -> tuple[int, int | None]:
        """(place from 1, minutes); 0 for who isn't waiting, None where we can't say."""
        async with self.lock:
            now = await self.queue().now()
            if not 0 <= now - self.at <= FRESH:
                self.lines, self.at = await self._look(), now
            if self.lines and not 0 <= now - self.paced <= PACE_FRESH:
                self.paces, self.paced = await self._measure(now), now
        line = self.lines.get(view.service)
        place = line.places.get(view.id, 0) if line else 0
        return place, minutes(self.paces.get(view.service), place)

    async def _look(self) -> Mapping[str, Line]:
        views = await self.queue().several(await self.queue().calling())
        callers = [it for it in views if it.state in QUEUED and not it.owner]
        found: dict[str, list[ContactView]] = {}
        for view in callers:
            found.setdefault(view.service, []).append(view)
        others = await self._others(callers)
        return {
            name: _line(here, [it for it in others if it.service == name]) for name, here in found.items()
        }

    async def _others(self, callers: Sequence[ContactView]) -> Sequence[ContactView]:
        """Who waits among them without being on the line: to be called back, or with a message."""
        needs = {step.need.text: step.need for it in callers for step in it.route.steps}
        classes = [await self.queue().intern_class(need) for need in needs.values()]
        ranks = await asyncio.gather(*(self.queue().waiting(one, limit=MOST) for one in classes))
        there = {contact for found in ranks for contact, _ in found} - {it.id for it in callers}
        return [it for it in await self.queue().several(sorted(there)) if it.state in QUEUED and not it.owner]

    async def _measure(self, now: int) -> Mapping[str, int]:
        """How fast each line moves; a history that can't be asked says nothing, and no caller waits for it."""
        try:
            async with asyncio.timeout(HISTORY_WAIT):
                taken = await self.taken(now - HALF_HOUR)
        except Exception as error:
            log.warning("pace.unknown", error=type(error).__name__)
            return {}
        if not taken:
            return {}
        agents, found = (await self.queue().agents()).values(), {}
        for service, line in self.lines.items():
            of = [it for it in taken if it.service == service]
            if (known := pace(of, line.since, now, _on_duty(agents, line.one))) is not None:
                found[service] = known
        return found


def _line(callers: Sequence[ContactView], others: Sequence[ContactView]) -> Line:
    ordered = sorted((*callers, *others), key=lambda it: it.rank)
    places = {it.id: n for n, it in enumerate(ordered, 1)}
    return Line(places, min(it.arrived for it in callers), min(callers, key=lambda it: it.rank))


def _on_duty(agents: Iterable[AgentView], one: ContactView) -> int:
    """How many are there who may take its calls in any of its steps."""
    there = [it for it in agents if it.on_shift and it.presence == "available"]
    return sum(any(refusal(step.need, it.profile) is None for step in one.route.steps) for it in there)
