"""When a contact is promised to be done, and who hears of it: its owner while there is time, `alerts` when it is late.

arrival ─▶ resolve_within, in open hours ─▶ near: the owner, or `alerts` where nobody has it ─▶ late: `alerts`
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from ..channels.channel import Button, DeliveryError, Desk
from ..channels.fence import still_ours
from ..queue.engine import Queue
from ..queue.state import ContactView
from .alerts import Alerts
from .cards import customer_line
from .due import note_late, promises_solutions, solve_due
from .facts import Facts
from .look import spec_of
from .owed import KEPT, Owed, Stage, stage
from .rulebook import Rulebook
from .texts import spoken

log = structlog.get_logger()

EVERY = 10.0
"""Seconds between looks: a promise of hours and days needs no more, and a look reads every open contact."""
OPEN = ("waiting", "offered", "active", "snoozed", "parked")
MOST = 10_000
"""Contacts of one look, the oldest first: those are the first to be late."""
BREATH = 100
"""Contacts after which others have their turn."""


@dataclass(slots=True)
class Solving:
    """Looks at what is open, while `mine` says that this process delivers."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    alerts: Alerts
    mine: Callable[[], bool]
    known: dict[str, tuple[tuple[int, str], int | None]] = field(default_factory=dict)
    """contact → (plan's version, service), until when it is promised: opening hours are worked out once."""
    told: set[tuple[str, int, Stage]] = field(default_factory=set)

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        still_ours.set(self.mine)
        while True:
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look(await self.queue.now())

    async def look(self, now: int) -> None:
        """One round at `now` (ms)."""
        book = self.book()
        if not promises_solutions(book):
            return
        views = {it.id: it for it in await self.queue.contacts(OPEN, limit=MOST)}
        self.known = {contact: it for contact, it in self.known.items() if contact in views}
        self.told = {it for it in self.told if it[0] in views}
        for n, view in enumerate(views.values()):
            if n % BREATH == BREATH - 1:
                await asyncio.sleep(0)  # working out opening hours takes its time
            due = self._due(book, view)
            if due is not None and (how := stage(Owed(view.arrived, due), book.plan.settings.warn, now)):
                await self._tell(view, due, how, now)

    def _due(self, book: Rulebook, view: ContactView) -> int | None:
        key, before = (book.version, view.service), self.known.get(view.id)
        if before is None or before[0] != key:
            before = self.known[view.id] = key, solve_due(book, view)
        return before[1]

    async def _tell(self, view: ContactView, due: int, how: Stage, now: int) -> None:
        """Once for each promise: remembered when it was said, and by its key said once."""
        mark, key = (view.id, due, how), f"solve:{view.id}:{due}:{how}"
        if mark in self.told:
            return
        if not await self.queue.seen(key):
            try:
                await self._say(view, due, how, now, key)
            except DeliveryError as error:
                log.warning("promise.not_told", contact=view.id, error=type(error).__name__)
                return
            await self.queue.once(key, KEPT)
        self.told.add(mark)

    async def _say(self, view: ContactView, due: int, how: Stage, now: int, key: str) -> None:
        book = self.book()
        spec, at = spec_of(book, view.owner), spoken(due, now, book.plan.timezone, "en")
        about = f"{view.id} ({view.service}, {customer_line(Facts.parse(view.facts))})"
        has = f"{book.called(view.owner)} has it" if view.owner else f"nobody has it: it is {view.state}"
        if how == "late":
            await note_late(self.queue, view.id, "solution", due)
            await self.alerts.once(key, f"{about} was promised to be done {at}; {has}.", at=due / 1000)
        elif spec is None:
            await self.alerts.once(key, f"{about} is promised to be done {at}; {has}.", at=now / 1000)
        else:
            places = await self.queue.places(view.id)
            link = await self.desk.link(places[-1]) if places else ""
            way = (Button("link.open", "Go to the thread", url=link),) if link else ()
            text = f"{about} is promised to be done {at}, in {max(1, (due - now) // 60_000)} min."
            await self.desk.tell(spec.slack, text, way, key=key, again=True)
