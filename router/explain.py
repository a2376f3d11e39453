"""Read what *why* needs, then let it decide: the thin shell about `why.explain`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import ContactRecord
from .rulebook import Rulebook
from .why import Why, explain, timers

SINCE_WAIT = 0.5
"""Seconds that the history is given for *since when*; without it the rest is explained all the same."""


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
        since = await asyncio.wait_for(moments.latest(contact, list(agents)), SINCE_WAIT)
    except (StoreError, TimeoutError):
        since = {}
    return explain(book, view, agents, due, await queue.desk_up(), await queue.now(), since)
