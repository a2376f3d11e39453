"""Time: the ticks that carry out what is due, and the services' closing times, which only the plan knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ..queue.engine import Queue
from .roster import muster, write_anew
from .rulebook import Rulebook, instant, millis
from .situation import Shut

LONGEST_SLEEP = 0.25
"""Seconds: a tick at least this often, so that a gap of 2 s always means that we stood still."""
CHUNK = 200
ABREAST = 2
"""Ticks in one write while more is due: short scripts, and one sync of the log for both."""


@dataclass(slots=True)
class Watch:
    """Runs the clock of one site; `last_tick` is its latest instant (ms), for health."""

    queue: Queue
    book: Callable[[], Rulebook]
    last_tick: int = 0
    next_closing: int | None = None
    version: int = -1
    changes: dict[str, int | None] = field(default_factory=dict)  # when each agent is to be written anew
    mustered: int = -1
    due: int | None = None
    more: bool = False
    shut: tuple[Shut, ...] = ()
    written: Callable[[int], dict[str, int | None] | None] = lambda version: None
    """What `muster` gave where somebody in this process has written the agents of that version."""

    async def run(self) -> None:
        """Tick for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        while True:
            ticked = await self.tick()
            if not ticked:
                await asyncio.sleep(await self._pause())

    async def tick(self) -> int:
        """Some of what is due; how many entries were carried out."""
        ticks = await asyncio.gather(*(self.queue.tick() for _ in range(ABREAST if self.more else 1)))
        ticked = ticks[-1]
        self.last_tick, self.due, self.more = ticked.now, ticked.next_due, ticked.more
        fired = sum(it.fired for it in ticks) + await self.roster(ticked.now) + await self.hours(ticked.now)
        return max(fired, 1) if ticked.more else fired

    async def _pause(self) -> float:
        ahead = [at for at in (self.due, self.next_closing, self.next_muster) if at is not None]
        away = (min(ahead) - self.last_tick) / 1000 if ahead else LONGEST_SLEEP
        return min(max(away, 0.005), LONGEST_SLEEP)

    async def roster(self, now: int) -> int:
        """Write the agents anew where a shift ends or begins otherwise than by an edge the queue knows; 1 or 0."""
        book = self.book()
        if book.version != self.mustered:
            known = self.written(book.version)
            self.changes = await muster(self.queue, book, now) if known is None else known
            first, self.mustered = self.mustered == -1, book.version
            return 0 if first else 1
        late = [name for name, at in self.changes.items() if at is not None and at <= now]
        if not late:
            return 0
        self.changes |= await write_anew(self.queue, book, now, late)
        return 1

    @property
    def next_muster(self) -> int | None:
        """When the next agent is to be written anew."""
        return min((at for at in self.changes.values() if at is not None), default=None)

    async def hours(self, now: int) -> int:
        """Park what still waits where a service's closing time and its drain have passed; how many."""
        book = self.book()
        same = book.version == self.version and book.situation.shut == self.shut
        if same and (self.next_closing is None or now < self.next_closing):
            return 0
        parked = 0
        for name in book.services:
            if past_closing(book, name, now):
                count = await self._park(book, name, now)
                if count is None:
                    return parked  # by now it may be open again: once that is known, it is looked at anew
                parked += count
        self.version, self.shut, self.next_closing = (
            book.version,
            book.situation.shut,
            next_closing(book, now),
        )
        return parked

    async def _park(self, book: Rulebook, service: str, now: int) -> int | None:
        """How many; None: another situation began meanwhile."""
        count, until = 0, reopening(book, service, now)
        while True:
            waiting = await self.queue.contacts(("waiting",), service=service, limit=CHUNK)
            for contact in waiting:
                answer = await self.queue.park(contact.id, until, "closed", book.situation.number)
                if answer.outcome == "outdated":
                    return None
                count += 1
            if len(waiting) < CHUNK:
                return count


def past_closing(book: Rulebook, service: str, now: int) -> bool:
    """Whether `service` is closed and its drain is over, too: what waits now follows `after_hours`."""
    hours, spec = book.hours(service), book.services.get(service)
    if book.emergency(service, instant(now)):
        return True  # no drain: nobody is served any more
    drain = spec.drain if spec else timedelta()
    return not hours.is_open(instant(now)) and not hours.is_open(instant(now) - drain)


def reopening(book: Rulebook, service: str, now: int) -> int:
    """When a contact held by `service` is looked at again: its next opening, or a day later if there is none."""
    opening = book.hours(service).next_open(instant(now))
    return millis(opening) if opening else now + 86_400_000


def next_closing(book: Rulebook, now: int) -> int | None:
    """The next instant at which some service's drain ends; None when all are always open or never."""
    found: list[int] = []
    for name, spec in book.services.items():
        hours, at = book.hours(name), instant(now) - spec.drain
        change = hours.next_change(at)
        if change is not None and hours.is_open(change):
            change = hours.next_change(change)
        if change is not None:
            found.append(millis(change + spec.drain))
    return min((at for at in found if at > now), default=None)
