"""What is spam, and what isn't after all: what its sender writes comes behind everything, and nothing is sent to them."""

from __future__ import annotations

from ..queue.engine import Queue
from ..queue.state import ContactView
from .again import spam_key
from .facts import Facts

KEPT = 30 * 86_400_000
"""ms for which what an address writes comes behind everything else, once it was marked."""


async def mark(queue: Queue, view: ContactView) -> None:
    """It has ended as spam: its address is remembered, and replies that are still held don't leave."""
    await queue.once(_key(view), KEPT)
    for it in await queue.messages(view.id):
        if it.kind == "reply" and it.status == "held":
            await queue.undo_reply(view.id, it.n, it.agent)


async def lift(queue: Queue, view: ContactView) -> None:
    """Somebody goes on with it: its address is like any other."""
    await queue.once(_key(view), 0)


def _key(view: ContactView) -> str:
    return spam_key(Facts.parse(view.facts).address)
