"""What a customer was promised, and whether it was kept: the first answer, the latest further one, the solution. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ..queue.state import ENDED, ContactView, Event, MessageView
from .facts import Facts
from .look import more
from .owed import GOES
from .rulebook import Rulebook, instant, millis

State = Literal["open", "late", "kept", "missed", "moot"]
"""`open`: there is time; `late`: there is none, and it is still owed; `kept` and `missed`: it came in time, or too late
or never; `moot`: the contact ended before it was due, and without it."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Until when (ms), and how it stands."""

    due: int
    state: State


@dataclass(frozen=True, slots=True)
class Promises:
    """None: nothing of the kind is promised, or nothing is asked."""

    first_answer: Promise | None = None
    next_answer: Promise | None = None
    resolution: Promise | None = None


@dataclass(frozen=True, slots=True)
class _Turn:
    """The customer's, from their first words to our next ones (ms)."""

    asked: int
    answered: int | None


def promises(
    book: Rulebook, view: ContactView, said: Sequence[MessageView], events: Sequence[Event], now: int
) -> Promises:
    """How they stand at `now` (ms). `events` are the contact's, in the ledger's order, as far as they are known."""
    if Facts.parse(view.facts).robot:
        return Promises()
    over = _over(view, events)
    solved = None if view.state in ("abandoned", "dead") else over
    due = _after(book, view, view.arrived, _within(book, view, "resolve"))
    resolution = _standing(due, solved, over, now)
    if view.channel == "voice":
        taken = next((it.t for it in events if it.e == "accepted"), None)
        return Promises(_first(book, view, _Turn(view.arrived, taken), events, over, now), None, resolution)
    turns, begins_with_us = _turns(said)
    first = None if begins_with_us or not turns else _first(book, view, turns[0], events, over, now)
    later = turns if begins_with_us else turns[1:]
    if not later:
        return Promises(first, None, resolution)
    asked = later[-1].asked
    due = _after(book, view, asked, _within(book, view, "next") or _within(book, view, "answer"))
    return Promises(first, _standing(due, later[-1].answered, over, now), resolution)


def _turns(said: Sequence[MessageView]) -> tuple[list[_Turn], bool]:
    """The customer's turns, oldest first, and whether we spoke before them."""
    turns, open_since, ours_first = list[_Turn](), None, False
    for it in sorted(said, key=lambda one: one.n):
        if it.kind == "in" and open_since is None:
            open_since = it.at
        elif it.kind == "reply" and it.status in GOES:
            if open_since is not None:
                turns.append(_Turn(open_since, it.at))
                open_since = None
            elif not turns:
                ours_first = True
    return ([*turns, _Turn(open_since, None)] if open_since is not None else turns), ours_first


def _first(
    book: Rulebook, view: ContactView, turn: _Turn, events: Sequence[Event], over: int | None, now: int
) -> Promise | None:
    """Later words are due anew: what was promised at first is what was told before it was answered."""
    if turn.answered is None:
        due = Facts.parse(view.facts).due
    else:
        due = _told(events, turn.answered)
        if due is None:
            due = _after(book, view, turn.asked, _within(book, view, "answer"))
    return _standing(due, turn.answered, over, now)


def _told(events: Sequence[Event], until: int) -> int | None:
    """When the answer was due by the last decision before `until` (ms)."""
    found = None
    for it in events:
        if it.t <= until and isinstance(facts := more(it).get("facts"), str):
            due = json.loads(facts or "{}").get("due")
            found = int(due) if isinstance(due, int) else found
    return found


def _standing(due: int | None, came: int | None, over: int | None, now: int) -> Promise | None:
    if due is None:
        return None
    if came is not None:
        return Promise(due, "kept" if came <= due else "missed")
    if over is not None:
        return Promise(due, "moot" if over <= due else "missed")
    return Promise(due, "open" if now <= due else "late")


def _over(view: ContactView, events: Sequence[Event]) -> int | None:
    """When it was done, or ended otherwise; None while it goes on."""
    if view.state not in (*ENDED, "wrapping"):
        return None
    ends = [it.t for it in events if it.e in ("wrapping", *ENDED)]
    begun = max((it.t for it in events if it.e in ("reopened", "revived")), default=0)
    return next((at for at in ends if at >= begun), view.closed_at)


def _within(
    book: Rulebook, view: ContactView, what: Literal["answer", "next", "resolve"]
) -> timedelta | None:
    service = book.services.get(view.service)
    if service is None:
        return None
    if what == "answer":
        return service.answer_within.of(view.channel)
    return (service.promises.next_answer if what == "next" else service.promises.resolve).on(view.channel)


def _after(book: Rulebook, view: ContactView, at: int, within: timedelta | None) -> int | None:
    if within is None:
        return None
    due = book.hours(view.service).after(instant(at), within)
    return millis(due) if due is not None else None
