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
"""Calls taken in the last half hour, below which nothing is said of minutes."""
HALF_HOUR = 1_800_000


@dataclass(frozen=True, slots=True)
class Line:
    """The callers of one service, first come first: contact → place from 1; and how long one place takes (ms)."""

    places: Mapping[str, int] = field(default_factory=dict)
    pace: int | None = None


@dataclass(slots=True)
class Lineup:
    """Looks at the contacts that have a leg alive: as many as there are calls, however many texts wait."""

    queue: Callable[[], Queue]
    lines: Mapping[str, Line] = field(default_factory=dict)
    at: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, view: ContactView) -> tuple[int, int | None]:
        """(place from 1, minutes); 0 for who isn't waiting, None where we can't say."""
        async with self.lock:
            now = await self.queue().now()
            if now - self.at > FRESH or now < self.at:
                self.lines, self.at = await self._look(now), now
        line = self.lines.get(view.service, Line())
        place = line.places.get(view.id, 0)
        minutes = round(line.pace * place / 60_000) if line.pace and place else None
        return place, minutes

    async def _look(self, now: int) -> Mapping[str, Line]:
        views = await self.queue().several(await self.queue().calling())
        found: dict[str, list[ContactView]] = {}
        taken: dict[str, int] = {}
        for view in views:
            if view.state in QUEUED and not view.owner:
                found.setdefault(view.service, []).append(view)
            elif view.owner:
                taken[view.service] = taken.get(view.service, 0) + 1
        return {service: Line(_numbered(waiting)) for service, waiting in found.items()}


def _numbered(waiting: list[ContactView]) -> Mapping[str, int]:
    return {it.id: n for n, it in enumerate(sorted(waiting, key=lambda it: it.rank), 1)}
