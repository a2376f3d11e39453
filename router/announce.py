"""What follows when a service is closed or opened at once, and when an incident begins or ends: by the outbox, once.

An incident's end reaches whoever was told of it: in the store, and, by the history, what has left the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from ..queue.engine import Queue
from ..queue.history.records import Told
from ..queue.state import ContactView, Event
from .again import opens_early
from .aloud import is_over
from .facts import Facts
from .lanes import Job, Try
from .look import more
from .recalled import call_back
from .rulebook import Rulebook
from .situation import Incident, Shut, Situation, parse, told_kind
from .towards import Towards
from .watch import past_closing, reopening

OPEN = ("waiting", "offered", "active", "snoozed", "parked", "wrapping")
PART = 32
"""Contacts worked on at one time."""
FOLLOWED = 1.0
"""Seconds after which every router has seen the change."""
MOST = 100_000


PAGE = 500
"""Ended contacts of the history looked at in one go."""


class Gone(Protocol):
    """What the history knows of contacts that have left the store."""

    async def told(
        self, kind: str, over: str, after: tuple[int, str], limit: int
    ) -> tuple[tuple[Told, ...], tuple[int, str] | None]:
        """Of the next ended ones behind `after` those with a text of `kind` and none of kind `over`; where to go on."""


@dataclass(slots=True)
class Announce:
    """`heed` makes our own rulebook see the change that the event tells of."""

    queue: Queue
    towards: Towards
    book: Callable[[], Rulebook]
    heed: Callable[[], Awaitable[object]]
    histories: Gone

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
        """Whoever waits is held until it opens, and whom the hours alone held is, too; their place stays theirs."""
        await self.heed()
        plain = reopening(self.book().under(Situation()), it.service, it.since)
        for contact in await self.queue.contacts(("waiting", "parked"), service=it.service, limit=MOST):
            while (book := self.book()).situation.shut_of(it.service) == it:
                until = reopening(book, it.service, await self.queue.now())
                by_hours = contact.wake == plain and plain < until  # not by somebody who gave it a date
                if contact.state != "waiting" and not by_hours:
                    break
                answer = await self.queue.park(contact.id, until, "closed", book.situation.number)
                if answer.outcome != "outdated":
                    break
                await self.heed()

    async def _opened(self, it: Shut) -> None:
        """Whom the closing held goes back into the queue; twice, as a router may have learnt of it late.

        Closed anew, with another date or for another reason, it holds them until then.
        """
        for pause in (FOLLOWED, 0.0):
            await self.heed()
            now, book = await self.queue.now(), self.book()
            shut = book.under(type(book.situation)(shut=(it,)))
            until = reopening(shut, it.service, now)
            if reopening(book, it.service, now) == until:
                return
            held = await self.queue.contacts(("parked",), service=it.service, limit=MOST)
            await self._each([c for c in held if c.wake == until], partial(self._wake, shut))
            await asyncio.sleep(pause)

    async def look_again(self, event: Event) -> None:
        """Held by a decision that was made amid a closing, and stored when that was over: it goes back into the queue.

        Whoever re-opens, splits or moves a contact may stand still between the two. A date that somebody gave stays.
        """
        said = more(event)
        if said.get("reason") and "facts" not in said:
            return
        await self.heed()
        contact, now, book = await self.queue.contact(event.c), await self.queue.now(), self.book()
        if (
            contact is None
            or contact.state != "parked"
            or contact.wake is None
            or contact.wake != said.get("wake")
        ):
            return
        amid = Facts.parse(contact.facts).closed.startswith("emergency")
        early = (
            not past_closing(book, contact.service, now)
            or reopening(book, contact.service, now) < contact.wake
        )
        if amid and early and book.situation.shut_of(contact.service) is None:
            over = Shut(contact.service, contact.arrived, contact.wake, "", "")
            await self._wake(book.under(Situation(shut=(over,))), contact)

    async def _wake(self, shut: Rulebook, contact: ContactView) -> None:
        now, book = await self.queue.now(), self.book()
        if (anew := opens_early(shut, book, contact, now)) is not None:
            await self.queue.reroute(contact.id, anew, contact.route)
        elif past_closing(book, contact.service, now):  # closed all the same
            until = reopening(book, contact.service, now)
            await self.queue.park(contact.id, until, "closed", book.situation.number)
        else:
            await self.queue.wake(contact.id)

    async def _incident(self, it: Incident, on: bool, t: Try) -> None:
        """Everybody whom it concerns is told what is known; at its end all who were told hear of that."""
        await self.heed()
        kind = told_kind(it.id)

        async def begin(contact: ContactView) -> None:
            await self.towards.of_incident(contact.id)

        async def over(contact: ContactView) -> None:
            if contact.channel == "voice":
                await is_over(self.queue, contact, it)
            elif any(m.kind == kind for m in await self.queue.messages(contact.id)):
                await self.towards.once_about(contact.id, told_kind(it.id, over=True), it.end)

        await self._each(await self.queue.contacts(OPEN if on else (), limit=MOST), begin if on else over)
        if not on and it.end:
            await self._over_for_those_gone(it)

    async def _over_for_those_gone(self, it: Incident) -> None:
        """The same for contacts that have left the store since they were told: called back for this one text."""
        kind, over = told_kind(it.id), told_kind(it.id, over=True)
        place: tuple[int, str] | None = (it.since, "")
        while place is not None:
            gone, place = await self.histories.told(kind, over, place, PAGE)
            for told in gone:
                await self._last_word(told, it, over)

    async def _last_word(self, told: Told, it: Incident, over: str) -> None:
        if await self.queue.opted_out(Facts.parse(told.facts).address):
            return
        await call_back(self.queue, told, it.since)
        await self.towards.once_about(told.id, over, it.end)

    async def _each(
        self, contacts: list[ContactView], work: Callable[[ContactView], Awaitable[None]]
    ) -> None:
        for i in range(0, len(contacts), PART):
            await asyncio.gather(*(work(it) for it in contacts[i : i + PART]))
