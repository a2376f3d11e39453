"""Read what *why* needs, then let it decide: the thin shell about `why.explain`."""

from __future__ import annotations

from ..queue.engine import Queue
from .rulebook import Rulebook
from .why import Why, explain, timers


async def look(queue: Queue, book: Rulebook, contact: str) -> Why | None:
    """Why `contact` is where it is, now; None when the queue has no such contact."""
    view = await queue.contact(contact)
    if view is None:
        return None
    agents = await queue.agents()
    due = await queue.due(timers(view, agents))
    return explain(book, view, agents, due, await queue.desk_up(), await queue.now())
