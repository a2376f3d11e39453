"""Who waits in the web chat, and how soon it is their turn: one look serves all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from ..queue.engine import Queue
from ..queue.history.records import Taken
from ..queue.state import QUEUED, AgentView, ContactView
from ..skills.skill import refusal
from .lineup import nobody
from .pace import HALF_HOUR, pace

log = structlog.get_logger()

MOST = 1_000
"""Contacts of one need that are looked at: nobody wants to read a greater number."""
PACE_FRESH = 15_000
"""ms for which a look at how fast the lines move counts."""
HISTORY_WAIT = 0.5
"""Seconds for the history; without it nothing is said of the time."""


@dataclass(frozen=True, slots=True)
class Place:
    """`position` from 1; `wait` in ms, None where nobody can say; `staffed`: somebody is there who may take it."""

    position: int
    wait: int | None = None
    staffed: bool = True


@dataclass(slots=True)
class ChatPlaces:
    """`taken` gives the chats taken since an instant (ms), of whichever process."""

    queue: Callable[[], Queue]
    taken: Callable[[int], Awaitable[Sequence[Taken]]] = nobody
    known: Sequence[Taken] = ()
    looked: int = 0

    async def of(self, views: Sequence[ContactView]) -> Mapping[str, Place]:
        """The places of these contacts, by contact; who isn't waiting has none."""
        waiting = [it for it in views if it.state in QUEUED and not it.owner]
        if not waiting:
            return {}
        ranks = await self._ranks(waiting)
        now = await self.queue().now()
        await self._look(now)
        agents = list((await self.queue().agents()).values())
        found: dict[str, Place] = {}
        for service in {it.service for it in waiting}:
            mine = [it for it in waiting if it.service == service]
            there = _on_duty(agents, mine[0])
            speed = self._speed(service, mine, now, there)
            for view in mine:
                position = place(view, ranks)
                found[view.id] = Place(position, speed * position if speed is not None else None, there > 0)
        return found

    async def _ranks(self, waiting: Sequence[ContactView]) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Who waits, by need."""
        needs = {step.need.text: step.need for it in waiting for step in it.route.steps}
        numbers = [await self.queue().intern_class(need) for need in needs.values()]
        found = await asyncio.gather(*(self.queue().waiting(one, limit=MOST) for one in numbers))
        return dict(zip(needs, found, strict=True))

    async def _look(self, now: int) -> None:
        if 0 <= now - self.looked <= PACE_FRESH:
            return
        self.looked = now
        try:
            async with asyncio.timeout(HISTORY_WAIT):
                self.known = await self.taken(now - HALF_HOUR)
        except Exception as error:
            log.warning("pace.unknown", error=type(error).__name__)
            self.known = ()

    def _speed(self, service: str, mine: Sequence[ContactView], now: int, there: int) -> int | None:
        """ms a place."""
        taken = [it for it in self.known if it.service == service]
        return pace(taken, min(it.arrived for it in mine), now, there) if taken else None


def place(view: ContactView, ranks: Mapping[str, Sequence[tuple[str, int]]]) -> int:
    """How many come before it in any of its steps, and itself."""
    needs = {step.need.text for step in view.route.steps}
    before = {id for need in needs for id, rank in ranks.get(need, ()) if rank < view.rank and id != view.id}
    return len(before) + 1


def _on_duty(agents: Iterable[AgentView], one: ContactView) -> int:
    there = [it for it in agents if it.on_shift and it.presence == "available"]
    return sum(any(refusal(step.need, it.profile) is None for step in one.route.steps) for it in there)
