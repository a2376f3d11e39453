"""What a server lacked that became the store's primary: into the record, and from there to whoever can mend it."""

from __future__ import annotations

from collections.abc import Sequence

from ..queue.engine import Queue
from ..queue.state import Event
from .look import more

ACT = "store.lost"
"""Of the audit log's line: when, how much, found by which process."""
REMEMBERED = 30 * 86_400_000  # ms
NAMED = 20
"""Contacts that are named; more are counted."""


async def count(queue: Queue, changes: int, by: str) -> None:
    """A process misses so many changes that had been acknowledged to it."""
    await queue.audit("tierline", ACT, {"changes": changes}, by)


async def name(queue: Queue, entries: Sequence[Event], by: str) -> bool:
    """The history has `entries`, which the store has lost; False when that was told already."""
    if not await queue.once(f"lost:{entries[-1].id}", REMEMBERED):
        return False
    contacts = sorted({it.c for it in entries if it.c}, key=lambda c: (len(c), c))
    gone = [it for it in contacts[:NAMED] if await queue.contact(it) is None]
    back = [it for it in contacts[:NAMED] if it not in gone]
    what = {
        "entries": len({it.id for it in entries}),
        "gone": gone,
        "back": back,
        "more": len(contacts) - NAMED,
    }
    await queue.audit("tierline", ACT, what, by)
    return True


def told(event: Event) -> tuple[str, str] | None:
    """The alert that an `audit` event of this kind is, and its name; None for every other."""
    said = more(event)
    what = said.get("what")
    if said.get("act") != ACT or not isinstance(what, dict):
        return None
    if "changes" in what:
        return f"{ACT}:changes", (
            f"A server has become the store's primary that lacks at least {what['changes']} changes which had been"
            " acknowledged. Which contacts they were about follows, as far as the history knows."
        )
    gone, back, rest = (what.get(key) for key in ("gone", "back", "more"))
    lines = [f"The store has lost {what.get('entries')} entries of its ledger that the history has."]
    if gone:
        lines.append(
            f"Gone from the queue: {', '.join(gone)}. Nobody is asked about them any more: look there"
            " (`tierline why`, the API) what their customers wrote, and write to them."
        )
    if back:
        lines.append(
            f"As they were a moment earlier: {', '.join(back)}. Look whether they are where they belong."
        )
    if isinstance(rest, int) and rest > 0:
        lines.append(f"And {rest} more.")
    return f"{ACT}:{event.id}", " ".join(lines)
