"""What is never said of our own accord: anything to a machine, a second acknowledgement by mail on one day (RFC 3834).

Two desks that acknowledge each other's mails would otherwise do so all night.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.state import Event, MessageView
from .facts import Facts
from .rulebook import Rulebook, instant

A_DAY_AND_MORE = 26 * 3_600_000
"""ms for which it is kept that a sender was acknowledged today: the longest day there is, and a little."""


def silent(facts: Facts) -> bool:
    """Whether the plan's texts stay unsaid to whoever began the contact: a machine, or known as spam."""
    return bool(facts.robot) or facts.spam


def machine_last(said: Sequence[MessageView]) -> bool:
    """Whether the customer's side spoke last by a machine."""
    last = next((it for it in reversed(said) if it.kind == "in"), None)
    return last is not None and bool(Arrived.parse(last.body).robot)


async def may_acknowledge(queue: Queue, book: Rulebook, event: Event, address: str) -> bool:
    """Whether this contact's acknowledgement is the mail sender's first today (the site's day), over all their contacts.

    Asked again for the same event it says the same: a delivery may be tried twice.
    """
    day = instant(event.t).astimezone(ZoneInfo(book.plan.timezone)).date().isoformat()
    key = f"acknowledged:{address.casefold()}:{day}"
    if await queue.seen(f"{key}:{event.c}"):
        return True
    return await queue.once(key, A_DAY_AND_MORE) and await queue.once(f"{key}:{event.c}", A_DAY_AND_MORE)
