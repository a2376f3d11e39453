"""Messages that callers leave: kept as recordings, and somebody is asked to answer them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ..channels.phone import Call, HangUp, Heard, Recorded
from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.state import QUEUED, ContactView
from . import spoken
from .facts import Facts
from .intake import Intake
from .recalled import call_back
from .rulebook import Rulebook
from .watch import past_closing, reopening

log = structlog.get_logger()

SHORTEST_MESSAGE = 2
"""Seconds below which nobody has left a message."""
NO_MESSAGE = "hung up without leaving a message"
"""Why a contact was given up whose caller was asked for one."""


@dataclass(slots=True)
class Messages:
    """What becomes of recordings."""

    queue: Callable[[], Queue]
    intake: Intake
    book: Callable[[], Rulebook]

    async def after(self, call: Call) -> Heard:
        """The recording of a message is over; a caller who said nothing has left none."""
        view = await self.queue().contact(call.about.get("c", ""))
        language = Facts.parse(view.facts).language if view else "en"
        return (spoken.line(self.book(), "thanks", language), HangUp())

    async def recorded(self, it: Recorded) -> None:
        """A recording is there: it is fetched from there. A contact that has left the store is called back for it.

        A message that was left is the contact's next one, and somebody is asked now or at opening. Twilio tells of it
        after the call has ended, when a contact without a message was given up.
        """
        contact = it.about.get("c", "")
        if not it.ok or not contact:
            return
        kind = "call" if it.sid.startswith("CF") else "message"
        if kind == "message" and it.seconds < SHORTEST_MESSAGE:
            return
        about = {"recording": it.recording, "url": it.url, "seconds": str(it.seconds), "for": kind}
        facts = {f"tape.{it.recording}": str(it.seconds)}
        if (await self.queue().happen(contact, "recorded", facts, about=about)).outcome == "gone":
            ended = await self.intake.records().ended(
                contact
            )  # raises while the history is away: it is told again
            if ended is None:
                log.error("recording.of_nobody", contact=contact, recording=it.recording)
                return
            await call_back(self.queue(), ended, ended.arrived)
            await self.queue().happen(contact, "recorded", facts, about=about)
        view = await self.queue().contact(contact)
        if kind == "message" and view is not None:
            await self._message(view, it)

    async def _message(self, view: ContactView, it: Recorded) -> None:
        contact = view.id
        await self.queue().jot(contact, "message", it.recording)
        now = await self.queue().contact(contact)  # who gives it up after this look finds the message
        if now is not None and now.state == "abandoned":
            await self.queue().revive(contact)
        facts = Facts.parse(view.facts)
        text = f"Voicemail of {it.seconds} s"
        left = Arrived("voice", it.recording, facts.address, facts.recipient, text, (), None, False, "")
        taken = await self.intake.take(left, view.thread)
        if taken.contact != contact:  # it was given up this very moment
            await self.queue().jot(taken.contact, "kind", "voicemail")
            await self.queue().jot(taken.contact, "message", it.recording)
        await self.ask_for(taken.contact)

    async def ask_for(self, contact: str) -> None:
        """Somebody is asked for a message now; while the service is closed, at its opening."""
        view, now = await self.queue().contact(contact), await self.queue().now()
        if view is None or view.state not in ("parked", *QUEUED):
            return
        book = self.book()
        if past_closing(book, view.service, now):
            opening = reopening(book, view.service, now)
            await self.queue().park(contact, opening, "closed", book.situation.number)
        elif view.state == "parked":
            await self.queue().wake(contact)
