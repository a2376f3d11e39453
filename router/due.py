"""When a contact is promised to be done, and what is put down of a promise that wasn't kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView
from .facts import Facts
from .rulebook import Rulebook, instant, millis

LATE = "late"
"""What happened to a contact whose promise wasn't kept, as its timeline has it."""
Of = Literal["answer", "solution"]


def solve_due(book: Rulebook, view: ContactView) -> int | None:
    """Until when (ms) it is promised to be done; None for what has ended, a machine's mail, and where nothing is."""
    service = book.services.get(view.service)
    within = service.promises.resolve.on(view.channel) if service else None
    if within is None or view.state in (*ENDED, "wrapping") or Facts.parse(view.facts).robot:
        return None
    due = book.hours(view.service).after(instant(view.arrived), within)
    return millis(due) if due is not None else None


def promises_solutions(book: Rulebook) -> bool:
    """Whether the plan promises any."""
    return any(it.promises.resolve for it in book.services.values())


async def note_late(queue: Queue, contact: str, of: Of, due: int) -> None:
    """Put it into the contact's timeline, and so into its thread and history: once for each promise."""
    await queue.happen(contact, LATE, {f"{LATE}.{of}": str(due)}, about={"of": of, "why": said({"of": of})})


def said(x: Mapping[str, object]) -> str:
    """In words."""
    what = (
        "It was to be done by now" if x.get("of") == "solution" else "The customer was to be answered by now"
    )
    return f"{what}: the promise isn't kept."
