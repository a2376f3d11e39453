"""Who may say how a contact goes on or ends: its owner, or a supervisor; after its end, whoever had it last."""

from __future__ import annotations

from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.state import ENDED
from .explain import Moments
from .people import agent_of, is_supervisor
from .rulebook import Rulebook, agent_id


async def answerable(queue: Queue, moments: Moments, contact: str) -> str | None:
    """Who has it, or, of what has been closed, had it last ("" nobody); None: nothing can be said of its end."""
    view = await queue.contact(contact)
    if view is not None and view.state not in ENDED:
        return view.owner
    if view is not None:
        return view.last_owner or None if view.state == "closed" else None
    record = await moments.contact(contact)
    return record.owner or None if record is not None and record.state == "closed" else None


async def may(
    queue: Queue, book: Rulebook, moments: Moments, actor: Actor, contact: str, what: str = "do that"
) -> Told:
    """Whether the actor may; ok False says who has it, and that only they or a supervisor may `what`."""
    owner = await answerable(queue, moments, contact)
    if owner is None:
        return Told(False, f"{contact} has ended already.")
    spec = agent_of(book.plan, actor)
    if spec is not None and owner == agent_id(spec.name) or is_supervisor(book.plan, actor):
        return Told(True, "")
    who = book.called(owner) if owner else "nobody yet"
    return Told(False, f"{contact} is with {who}: only the owner or a supervisor can {what}.")
