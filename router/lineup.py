"""Who waits on the phone, in order: what a caller's place is told by. One look a second serves all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..queue.engine import Queue
from ..queue.state import QUEUED, ContactView

FRESH = 1_000
"""ms for which a look counts."""
FEW = 3
"""Calls taken since callers wait, and at most in the last half hour, below which nothing is said of minutes."""
HALF_HOUR = 1_800_000
GAP = 120_000
"""ms without a look after which nobody has waited meanwhile: who waits is asked about every 20 s."""
MOST = 1_000
"""Contacts of one class that are looked at: nobody wants to hear a greater number."""


@dataclass(frozen=True, slots=True)
class Line:
    """The callers of one service, first come first: contact → place from 1; and how long one place takes (ms)."""

    places: Mapping[str, int] = field(default_factory=dict)
    pace: int | None = None


@dataclass(slots=True)
class Rush:
    """While callers of a service wait: `since` when, and when a call was taken meanwhile, as far as was seen here."""

    since: int
    taken: list[int] = field(default_factory=list)

    def pace(self, now: int) -> int | None:
        """ms from one call taken to the next; None while too few were."""
        start = max(self.since, now - HALF_HOUR)
        self.taken = [at for at in self.taken if at > start]
        return (now - start) // len(self.taken) if len(self.taken) >= FEW else None


@dataclass(slots=True)
class Lineup:
    """Looks at the contacts that have a leg alive, and at who waits among them without one: to be called back."""

    queue: Callable[[], Queue]
    lines: Mapping[str, Line] = field(default_factory=dict)
    at: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    owned: frozenset[str] = frozenset()
    rushes: dict[str, Rush] = field(default_factory=dict)

    async def of(self, view: ContactView) -> tuple[int, int | None]:
        """(place from 1, minutes); 0 for who isn't waiting, None where we can't say."""
        async with self.lock:
            now = await self.queue().now()
            if now - self.at > FRESH or now < self.at:
                self.lines, self.at = await self._look(now), now
        line = self.lines.get(view.service, Line())
        place = line.places.get(view.id, 0)
        minutes = max(round(line.pace * place / 60_000), 1) if line.pace and place else None
        return place, minutes

    async def _look(self, now: int) -> Mapping[str, Line]:
        calls = await self.queue().several(await self.queue().calling())
        waiting = await self._waiting([it for it in calls if it.state in QUEUED and not it.owner])
        self._count([it for it in calls if it.owner], waiting, now)
        return {name: Line(_numbered(all_), self.rushes[name].pace(now)) for name, all_ in waiting.items()}

    async def _waiting(self, callers: list[ContactView]) -> dict[str, list[ContactView]]:
        """Service → who waits there: the callers, and who is to be called back or has left a message."""
        needs = {step.need.text: step.need for it in callers for step in it.route.steps}
        classes = [await self.queue().intern_class(need) for need in needs.values()]
        ranks = await asyncio.gather(*(self.queue().waiting(one, limit=MOST) for one in classes))
        here = {it.id for it in callers}
        others = sorted({contact for found in ranks for contact, _ in found} - here)
        found: dict[str, list[ContactView]] = {}
        for view in (*callers, *await self.queue().several(others)):
            if view.state in QUEUED and not view.owner:
                found.setdefault(view.service, []).append(view)
        return found

    def _count(self, owned: list[ContactView], waiting: Mapping[str, object], now: int) -> None:
        """Calls that somebody has taken since the last look; a service that nobody waits for begins anew."""
        known = self.rushes if now - self.at < GAP else {}
        self.rushes = {name: known.get(name) or Rush(now) for name in waiting}
        for view in owned:
            if view.id not in self.owned and (rush := self.rushes.get(view.service)) and rush.since < now:
                rush.taken.append(now)
        self.owned = frozenset(it.id for it in owned)


def _numbered(waiting: list[ContactView]) -> Mapping[str, int]:
    return {it.id: n for n, it in enumerate(sorted(waiting, key=lambda it: it.rank), 1)}
