"""The lines of one number: an office has one for many people, so each of its calls at a time is a conversation.

They are told apart by places, the first free one for each call. So whoever hangs up leaves a place to which they, or the
next from there, can come back; and who calls again so soon that the end of the call before isn't known yet gets its rank.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..channels.phone import Call
from ..queue.engine import Queue
from ..queue.state import QUEUED, ContactView
from .facts import Facts

MOST = 4
"""Lines of a number that are looked through; the calls beyond are conversations of their own."""
AT_ONCE = 30_000
"""ms after the beginning of a call within which the end of the one before counts as that of the same person."""


@dataclass(frozen=True, slots=True)
class Line:
    """One of a number's conversations with ours. `contact` is the one there, "" for none; `open`: it hasn't ended."""

    thread: str
    contact: str
    open: bool


def thread_of(call: Call) -> str:
    """The first one. Callers who withhold their number share none: each such call is a conversation of its own."""
    return _thread(call.sender or call.sid, call.recipient)


def free_thread(lines: list[Line], call: Call) -> str:
    """The conversation of a call that is nobody's who has been here."""
    return next((it.thread for it in lines if not it.open), f"{thread_of(call)}:{call.sid}")


async def lines_of(queue: Queue, sender: str, recipient: str) -> list[Line]:
    """All that are looked through, in their order."""
    first = _thread(sender, recipient)
    threads = [first, *(f"{first}:{n}" for n in range(2, MOST + 1))]
    known = [it or "" for it in await asyncio.gather(*(queue.open_in(thread) for thread in threads))]
    return [
        Line(thread, it.removeprefix("-"), bool(it) and not it.startswith("-"))
        for thread, it in zip(threads, known, strict=True)
    ]


async def hand_on(queue: Queue, view: ContactView) -> None:
    """Who waits in `view` has hung up: a call from there that came a moment ago is theirs, and has the earlier rank."""
    facts = Facts.parse(view.facts)
    if not facts.address:
        return
    for line in await lines_of(queue, facts.address, facts.recipient):
        other = await queue.contact(line.contact) if line.open and line.contact != view.id else None
        if other is None or other.owner or other.state not in QUEUED or other.service != view.service:
            continue
        age = await queue.now() - other.arrived
        if other.arrived > view.arrived and age <= AT_ONCE and other.rank > view.rank:
            await queue.rerank(other.id, view.rank // 1000)
            await queue.jot(view.id, "again", other.id)
            return


def _thread(sender: str, recipient: str) -> str:
    return f"voice:{sender}:{recipient}"
