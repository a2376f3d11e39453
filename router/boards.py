"""Read what a supervisor's board needs, then let it decide: the thin shell about `board.board`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.state import ContactView
from .board import Board, board
from .rulebook import Rulebook, instant, millis

if TYPE_CHECKING:
    from ..queue.history.promised import Promised

log = structlog.get_logger()

MOST = 5_000
"""Contacts that a board counts; a site with more that are open has other worries than the exact number."""
LATELY = 5_000
"""ms for which one reading of everything serves all supervisors whose Homes are looked at every two seconds."""
DAY_WAIT, DAY_FRESH = 2.0, 20_000
"""Seconds that the history is given for the day's figures, and ms that they are believed."""


@dataclass(slots=True)
class Boards:
    """`promised` gives the promises to those who came since an instant (ms)."""

    queue: Queue
    book: Callable[[], Rulebook]
    promised: Callable[[int], Awaitable[Sequence[Promised]]]
    day: tuple[int, Sequence[Promised]] | None = field(default=None, repr=False)
    last: Board | None = field(default=None, repr=False)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def lately(self) -> Board:
        """The board as of now or up to `LATELY` ago."""
        async with self.looking:
            at = await self.queue.now()
            if self.last is None or not 0 <= at - self.last.at < LATELY:
                self.last = await self.now()
            return self.last

    async def now(self) -> Board:
        """The board as of this instant."""
        at = await self.queue.now()
        contacts, agents, day = await asyncio.gather(self._open(), self.queue.agents(), self._day(at))
        away = [name for name, it in agents.items() if it.presence == "away"]
        timers = await self.queue.due([f"b:{name}" for name in away])
        back = {name.partition(":")[2]: due for name, due in timers.items()}
        return board(self.book(), contacts[:MOST], agents, day, back, at, whole=len(contacts) <= MOST)

    async def _open(self) -> list[ContactView]:
        found: list[ContactView] = []
        after: int | None = 0
        while after is not None and len(found) <= MOST:
            page, after = await self.queue.page(after)
            found += page
        return found

    async def _day(self, at: int) -> Sequence[Promised] | None:
        if self.day is not None and 0 <= at - self.day[0] < DAY_FRESH:
            return self.day[1]
        try:
            async with asyncio.timeout(DAY_WAIT):
                found = await self.promised(midnight(at, self.book().plan.timezone))
        except (StoreError, TimeoutError) as error:
            log.warning("board.day", error=type(error).__name__)
            return None
        self.day = at, found
        return found


def midnight(at: int, zone: str) -> int:
    """When the site's day began in which `at` (ms) falls."""
    here = instant(at).astimezone(ZoneInfo(zone))
    return millis(datetime.combine(here.date(), time(), ZoneInfo(zone)))
