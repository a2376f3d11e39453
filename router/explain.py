"""Read what *why* needs, then let it decide: the thin shell about `why.explain`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from ..queue.engine import Queue
from ..queue.failures import StoreError, StoreUnavailable
from ..queue.history.records import ContactRecord
from ..queue.state import Event
from .account import Account, accounted
from .rulebook import Rulebook
from .story import tell
from .why import Why, explain, timers

log = structlog.get_logger()

SINCE_WAIT = 0.5
"""Seconds that the history is given for *since when*; without it the rest is explained all the same."""
STORY_WAIT = 2.0


class Moments(Protocol):
    """What *why* asks of the history."""

    async def latest(self, contact: str, agents: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """(agent, kind of event) → the last instant (ms)."""

    async def contact(self, contact: str) -> ContactRecord | None:
        """A contact as the history has it, with its messages."""


async def look(queue: Queue, book: Rulebook, moments: Moments, contact: str) -> Why | None:
    """Why `contact` is where it is, now; None when the queue has no such contact."""
    view = await queue.contact(contact)
    if view is None:
        return None
    agents = await queue.agents()
    due = await queue.due(timers(view, agents))
    try:
        async with asyncio.timeout(SINCE_WAIT):  # wait_for may lose a cancellation before Python 3.12
            since = await moments.latest(contact, list(agents))
    except (StoreError, TimeoutError):
        since = {}
    return explain(book, view, agents, due, await queue.desk_up(), await queue.now(), since)


LEDGER = 1_000
"""Entries of the ledger that are looked through for what the history hasn't got yet."""
UNTOLD = "The history doesn't answer: how it came here can't be told now."


async def account(queue: Queue, book: Rulebook, moments: Moments, contact: str) -> Account | None:
    """Why `contact` is where it is and how it got there; None when neither queue nor history knows it."""
    why, note = await look(queue, book, moments, contact), ""
    events: list[Event] = []
    try:
        async with asyncio.timeout(STORY_WAIT):
            record = await moments.contact(contact)
        events = list(record.events) if record else []
    except (StoreError, TimeoutError) as error:
        log.warning("why.history", error=type(error).__name__)
        record, note = None, UNTOLD
        if why is None:
            raise StoreUnavailable("the history doesn't answer") from None
    if why is None and record is None:
        return None
    events += await _tail(queue, contact, events[-1].id if events else "0-0")
    story = tell(book, contact, events)
    return accounted(book, why, story, note)


async def _tail(queue: Queue, contact: str, after: str) -> list[Event]:
    """What happened to it behind the entry `after` and is in the ledger alone."""
    return [event for event in await queue.events(after, LEDGER) if event.c == contact]
