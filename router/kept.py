"""What a customer was promised, and whether it was kept: the first answer, the latest further one, the solution. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from ..queue.history.records import ContactRecord, decoded
from ..queue.state import ENDED, ContactState, ContactView, Event, MessageView
from ..skills.skill import CHANNELS, Channel
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
class Case:
    """What of a contact counts here, whether the store has it or the history alone. Instants in ms."""

    state: ContactState
    service: str
    channel: Channel
    arrived: int
    due: int | None  # of the answer, by the last decision
    ended: int | None
    robot: bool = False

    @classmethod
    def of(cls, view: ContactView) -> Case:
        """As the store has it."""
        facts = Facts.parse(view.facts)
        return cls(
            view.state, view.service, view.channel, view.arrived, facts.due, view.closed_at, bool(facts.robot)
        )

    @classmethod
    def recorded(cls, it: ContactRecord) -> Case | None:
        """As the history has it; None for what an older version wrote, which is no contact as we know them."""
        state, channel = _STATES.get(it.state), next((one for one in CHANNELS if one == it.channel), None)
        if state is None or channel is None:
            return None
        told = _decided(it.events, it.ended or it.arrived)
        due, robot = told.get("due"), bool(told.get("robot"))
        return cls(
            state, it.service, channel, it.arrived, due if isinstance(due, int) else None, it.ended, robot
        )


_STATES: Mapping[str, ContactState] = {it: it for it in get_args(ContactState)}


@dataclass(frozen=True, slots=True)
class _Turn:
    """The customer's, from their first words to our next ones (ms)."""

    asked: int
    answered: int | None


def promises(
    book: Rulebook, it: Case, said: Sequence[MessageView], events: Sequence[Event], now: int
) -> Promises:
    """How they stand at `now` (ms). `events` are the contact's, in the ledger's order, as far as they are known."""
    if it.robot:
        return Promises()
    over = _over(it, events)
    solved = None if it.state in ("abandoned", "dead") else over
    due = _after(book, it, it.arrived, _within(book, it, "resolve"))
    resolution = _standing(due, solved, over, now)
    if it.channel == "voice":
        taken = next((one.t for one in events if one.e == "accepted"), None)
        return Promises(_first(book, it, _Turn(it.arrived, taken), events, over, now), None, resolution)
    turns, begins_with_us = _turns(said)
    first = None if begins_with_us or not turns else _first(book, it, turns[0], events, over, now)
    later = turns if begins_with_us else turns[1:]
    if not later:
        return Promises(first, None, resolution)
    asked = later[-1].asked
    due = _after(book, it, asked, _within(book, it, "next") or _within(book, it, "answer"))
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
    book: Rulebook, it: Case, turn: _Turn, events: Sequence[Event], over: int | None, now: int
) -> Promise | None:
    """Later words are due anew: what was promised at first is what was told before it was answered."""
    if turn.answered is None:
        due = it.due
    else:
        told = _decided(events, turn.answered).get("due")
        due = told if isinstance(told, int) else None
        if due is None:
            due = _after(book, it, turn.asked, _within(book, it, "answer"))
    return _standing(due, turn.answered, over, now)


def _decided(events: Sequence[Event], until: int) -> Mapping[str, object]:
    """The facts of the last decision before `until` (ms)."""
    told = (more(one).get("facts") for one in reversed(events) if one.t <= until)
    return decoded(next((str(facts) for facts in told if facts), "{}"))


def _standing(due: int | None, came: int | None, over: int | None, now: int) -> Promise | None:
    if due is None:
        return None
    if came is not None:
        return Promise(due, "kept" if came <= due else "missed")
    if over is not None:
        return Promise(due, "moot" if over <= due else "missed")
    return Promise(due, "open" if now <= due else "late")


def _over(it: Case, events: Sequence[Event]) -> int | None:
    """When it was done, or ended otherwise; None while it goes on."""
    if it.state not in (*ENDED, "wrapping"):
        return None
    ends = [one.t for one in events if one.e in ("wrapping", *ENDED)]
    begun = max((one.t for one in events if one.e in ("reopened", "revived")), default=0)
    return next((at for at in ends if at >= begun), it.ended)


def _within(book: Rulebook, it: Case, what: Literal["answer", "next", "resolve"]) -> timedelta | None:
    service = book.services.get(it.service)
    if service is None:
        return None
    if what == "answer":
        return service.answer_within.of(it.channel)
    return (service.promises.next_answer if what == "next" else service.promises.resolve).on(it.channel)


def _after(book: Rulebook, it: Case, at: int, within: timedelta | None) -> int | None:
    if within is None:
        return None
    due = book.hours(it.service).after(instant(at), within)
    return millis(due) if due is not None else None
