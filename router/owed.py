"""Promised answers that are nearly due: the owner is warned while there is time, then `alerts` hear that it is too late.

customer writes ─▶ promised instant ──▶ the plan's part of it is left: the owner ──▶ it has come: alerts
                      └ the first answer's as it was promised, each later one's counted in the service's open hours
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import structlog

from ..channels.channel import Button, DeliveryError, Desk
from ..channels.fence import still_ours
from ..queue.engine import Queue
from ..queue.state import ContactView, MessageView
from .alerts import Alerts
from .cards import customer_line
from .due import note_late
from .facts import Facts
from .look import spec_of
from .rulebook import Rulebook, instant, millis
from .texts import spoken

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between looks."""
KEPT = 48 * 3_600_000
"""ms for which it is remembered that somebody was told."""
GOES = ("held", "queued", "sending", "sent", "delivered")
Stage = Literal["", "near", "late"]


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that its owner owes: since when, and until when it is promised (ms)."""

    since: int
    due: int


def owed(book: Rulebook, view: ContactView, said: Sequence[MessageView]) -> Owed | None:
    """What the owner of `view` owes; None for calls, for what sleeps, and where nothing is promised."""
    if view.state != "active" or not view.owed or view.channel == "voice":
        return None
    answered = max((m.n for m in said if m.kind == "reply" and m.status in GOES), default=0)
    asked = next((m for m in said if m.kind == "in" and m.n > answered), None)
    if asked is None:
        return None
    facts, service = Facts.parse(view.facts), book.services.get(view.service)
    if not answered:
        return Owed(asked.at, facts.due) if facts.due is not None else None
    if service is None:
        return None
    within = service.promises.next_answer.on(view.channel) or service.answer_within.of(view.channel)
    due = book.hours(view.service).after(instant(asked.at), within)
    return Owed(asked.at, millis(due)) if due is not None else None


def stage(it: Owed, left: int, now: int) -> Stage:
    """How near it is: `left` percent of the promised time, at least 10 s of it, are the time to warn in."""
    if now >= it.due:
        return "late"
    warn = max(10_000, (it.due - it.since) * left // 100)
    return "near" if left and now >= it.due - warn else ""


@dataclass(slots=True)
class Watchful:
    """Looks at what agents have in hand, while `mine` says that this process delivers."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    alerts: Alerts
    mine: Callable[[], bool]
    known: dict[str, tuple[int, int, Owed | None]] = field(default_factory=dict)
    """contact → (messages, plan's version, what is owed): read anew when something was said."""
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
        agents = await self.queue.agents()
        names = sorted({contact for it in agents.values() for contact in it.contacts})
        views = {it.id: it for it in await self.queue.several(names) if it.state == "active" and it.owed}
        self.known = {contact: it for contact, it in self.known.items() if contact in views}
        self.told = {it for it in self.told if it[0] in views}
        left = self.book().plan.settings.warn
        for view in views.values():
            it = await self._owed(view)
            if it is not None and (how := stage(it, left, now)):
                await self._tell(view, it, how, now)

    async def _owed(self, view: ContactView) -> Owed | None:
        book, before = self.book(), self.known.get(view.id)
        if before is None or before[:2] != (view.messages, book.version):
            it = owed(book, view, await self.queue.messages(view.id))
            before = self.known[view.id] = (view.messages, book.version, it)
        return before[2]

    async def _tell(self, view: ContactView, it: Owed, how: Stage, now: int) -> None:
        """Once for each promise: remembered when it was said, and by its key said once."""
        mark, key = (view.id, it.due, how), f"promise:{view.id}:{it.due}:{how}"
        if mark in self.told:
            return
        if not await self.queue.seen(key):
            try:
                await self._say(view, it, how, now, key)
            except DeliveryError as error:
                log.warning("promise.not_told", contact=view.id, error=type(error).__name__)
                return
            await self.queue.once(key, KEPT)
        self.told.add(mark)

    async def _say(self, view: ContactView, it: Owed, how: Stage, now: int, key: str) -> None:
        book = self.book()
        spec, about = (
            spec_of(book, view.owner),
            f"{view.id} ({view.service}, {customer_line(Facts.parse(view.facts))})",
        )
        at = spoken(it.due, now, book.plan.timezone, "en")
        if how == "late":
            await note_late(self.queue, view.id, "answer", it.due)
            text = f"{about}: the answer promised for {at} is late; {book.called(view.owner)} has it."
            await self.alerts.once(key, text, at=it.due / 1000)
            return
        if spec is not None:
            places = await self.queue.places(view.id)
            link = await self.desk.link(places[-1]) if places else ""
            way = (Button("link.open", "Go to the thread", url=link),) if link else ()
            text = f"{about} is promised an answer {at}, in {max(1, (it.due - now) // 60_000)} min."
            await self.desk.tell(spec.slack, text, way, key=key, again=True)
