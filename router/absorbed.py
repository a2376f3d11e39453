"""What was merged into a contact goes on there: its owner reads what was said before, and to whom answers go."""

from __future__ import annotations

from ..channels.channel import Line
from ..queue.engine import Queue
from .body import Body, line
from .cards import customer_line
from .facts import Facts

LINES, LONGEST = 5, 500
"""How many of the latest messages are carried over, and how much of each."""


async def carried_over(queue: Queue, contact: str, other: str) -> tuple[str, tuple[Line, ...]]:
    """A line for the thread of `contact`, which `other` is part of by now, and what its customer has said there.

    It is a note of `contact`, too: a thread that opens later has it. Asked twice it is kept once.
    """
    told = f"{other} is part of this now: what its customer writes comes here."
    view, gone = await queue.contact(contact), await queue.contact(other)
    if view is None or gone is None:
        return told, ()
    here, there = (customer_line(Facts.parse(it.facts)) for it in (view, gone))
    if here != there:
        told += f" What you answer goes to {here} alone."
    said = [line(other, it, there) for it in await queue.messages(other) if it.kind == "in"][-LINES:]
    by = f"{other}, {there}"
    kept = (Body.parse(it.body).by for it in await queue.messages(contact) if it.kind == "note")
    if said and by not in kept:
        text = "\n".join(_words(it) for it in said)
        await queue.append(contact, Body(text, by=by).to_json())
    return told, tuple(said)


def _words(it: Line) -> str:
    files = ", ".join(one.name or one.content_type for one in it.media)
    return " ".join(filter(None, (it.text[:LONGEST], f"({files})" if files else "")))
