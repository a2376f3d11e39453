"""A message that a caller has left: a message of the contact like any other, about which somebody is asked."""

from __future__ import annotations

from ..channels.phone import Recorded
from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.state import QUEUED, ContactView
from .facts import Facts
from .intake import Intake
from .rulebook import Rulebook
from .watch import past_closing, reopening

SHORTEST_MESSAGE = 2
"""Seconds below which nobody has left a message."""


async def message_left(queue: Queue, book: Rulebook, intake: Intake, view: ContactView, it: Recorded) -> None:
    """It is the contact's next message, and somebody is asked: also where the contact was given up as without one."""
    contact = view.id
    await queue.jot(contact, "message", it.recording)
    if view.state == "abandoned":
        await queue.revive(contact)
    facts = Facts.parse(view.facts)
    text = f"Voicemail of {it.seconds} s"
    left = Arrived("voice", it.recording, facts.address, facts.recipient, text, (), None, False, "")
    await intake.take(left, view.thread)
    await _ask_for(queue, book, contact)


async def _ask_for(queue: Queue, book: Rulebook, contact: str) -> None:
    """Somebody is asked for a message now; while the service is closed, at its opening."""
    view, now = await queue.contact(contact), await queue.now()
    if view is None or view.state not in ("parked", *QUEUED):
        return
    opening = reopening(book, view.service, now)
    if past_closing(book, view.service, now):
        await queue.park(contact, opening, "closed")
    elif view.state == "parked":
        await queue.wake(contact)
