"""What follows when a service is closed or opened at once, and when an incident begins or ends: by the outbox, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..queue.engine import Queue
from ..queue.state import ContactView, Event
from .lanes import Job, Try
from .look import more
from .rulebook import Rulebook
from .situation import Incident, Shut, parse, told_kind
from .towards import Towards
from .watch import reopening

OPEN = ("waiting", "offered", "active", "snoozed", "parked", "wrapping")
PART = 32
"""Contacts worked on at one time."""
FOLLOWED = 1.0
"""Seconds after which every router has seen the change."""
MOST = 100_000


@dataclass(slots=True)
class Announce:
    """`heed` makes our own rulebook see the change that the event tells of."""

    queue: Queue
    towards: Towards
    book: Callable[[], Rulebook]
    heed: Callable[[], Awaitable[object]]

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of an `alert` event; none for troubles of other kinds."""
        said = more(event)
        it, on = parse(str(said.get("name")), str(said.get("text") or "")), bool(said.get("on"))
        match it:
            case Shut():
                shut = it
                work = (lambda t: self._shut(shut)) if on else (lambda t: self._opened(shut))
                return [Job(f"site:{it.name}", "closing" if on else "opening", work)]
            case Incident():
                about = it
                return [Job(f"site:{it.name}", "incident", lambda t: self._incident(about, on, t))]
            case _:
                return []

    async def _shut(self, it: Shut) -> None:
        """Whoever waits is held until it opens; their place in the queue stays theirs."""
        await self.heed()
        for contact in await self.queue.contacts(("waiting",), service=it.service, limit=MOST):
            now = await self.queue.now()
            if self.book().situation.shut_of(it.service) == it:
                await self.queue.park(contact.id, reopening(self.book(), it.service, now), "closed")

    async def _opened(self, it: Shut) -> None:
        """Whom the closing held goes back into the queue; twice, as a router may have learnt of it late."""
        for pause in (FOLLOWED, 0.0):
            await self.heed()
            now, book = await self.queue.now(), self.book()
            if book.situation.shut_of(it.service) is not None:
                return  # closed again meanwhile
            shut = book.under(type(book.situation)(shut=(it,)))
            until = reopening(shut, it.service, now)
            held = await self.queue.contacts(("parked",), service=it.service, limit=MOST)
            await self._each([c for c in held if c.wake == until], self._wake)
            await asyncio.sleep(pause)

    async def _wake(self, contact: ContactView) -> None:
        await self.queue.wake(contact.id)

    async def _incident(self, it: Incident, on: bool, t: Try) -> None:
        """Everybody whom it concerns is told what is known; at its end all who were told hear of that."""
        await self.heed()
        kind = told_kind(it.id)

        async def begin(contact: ContactView) -> None:
            await self.towards.of_incident(contact.id)

        async def over(contact: ContactView) -> None:
            if any(m.kind == kind for m in await self.queue.messages(contact.id)):
                await self.towards.once_about(contact.id, it, told_kind(it.id, over=True), it.end)

        await self._each(await self.queue.contacts(OPEN if on else (), limit=MOST), begin if on else over)

    async def _each(
        self, contacts: list[ContactView], work: Callable[[ContactView], Awaitable[None]]
    ) -> None:
        for i in range(0, len(contacts), PART):
            await asyncio.gather(*(work(it) for it in contacts[i : i + PART]))
