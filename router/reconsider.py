"""What another plan makes of a contact that waits: the same contact, decided again. Pure.

Its facts are kept: who wrote, when, and what they first said; the rule, the service, the rank and who may be asked
follow from the plan. What a person decided about it stays: where somebody moved it, and a date that somebody gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..queue.contact import Arrived, Decision
from ..queue.history.records import Customer
from ..queue.state import ContactView, MessageView
from .again import SLIGHT
from .claimed import carry
from .classify import RECHECK, Verdict, classify, deadlines, ranked
from .facts import Facts
from .rulebook import Rulebook, instant, millis, span
from .watch import past_closing, reopening

MOVABLE = ("waiting", "offered", "parked")
"""The states of contacts that a new plan may decide about: whoever has an owner keeps them."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contact that waits, and what is known of it."""

    view: ContactView
    arrived: Arrived
    since: int  # ms: from when its rank counts
    customer: Customer


@dataclass(frozen=True, slots=True)
class Move:
    """What a plan would make of a contact: from one service (and rule) to another, or the same at other terms."""

    contact: str
    from_service: str
    to_service: str
    rule: str
    decision: Decision


def said(messages: Sequence[MessageView]) -> tuple[Arrived, int] | None:
    """(the contact's first message, the instant (ms) of the customer's first words that no reply has followed)."""
    first: Arrived | None = None
    since: int | None = None
    for it in messages:
        if it.kind == "in":
            if first is None:
                try:
                    first = Arrived.parse(it.body)
                except ValueError:  # nothing that a door wrote: nothing to go by
                    return None
            since = it.at if since is None else since
        elif it.kind == "reply" and it.status not in ("held", "undone", "failed"):
            since = None
    return None if first is None or since is None else (first, since)


def reconsider(old: Rulebook, book: Rulebook, it: Waiting, now: int) -> Move | None:
    """How `book` would change the decision about `it` at `now` (ms); None: it doesn't.

    `old` is the plan before: by it one sees whether a contact was parked by opening hours or by somebody.
    """
    view, facts = it.view, Facts.parse(it.view.facts)
    if view.state not in MOVABLE or view.owner:
        return None
    # Where the version before has decided about it, what is otherwise by now was decided by a person.
    same = facts.version == old.version
    before = classify(old, it.arrived, it.customer, view.arrived, facts.answers) if same else None
    by_hand = facts.moved or (before is not None and before.decision.route != view.route)
    if by_hand and view.service in book.services:
        return None
    verdict = classify(book, it.arrived, it.customer, view.arrived, facts.answers)
    decision = _decided(old, book, it, verdict, now)
    if before is not None and not by_hand:
        decision = replace(decision, rank=decision.rank + _hurried(old, it, before))
    if _same(old, view, facts, decision):
        return None
    return Move(view.id, view.service, decision.route.service, verdict.facts.rule, decision)


def _hurried(old: Rulebook, it: Waiting, before: Verdict) -> int:
    """By how much (ms) somebody has put it forward or back; 0 when nobody has."""
    _, rank = ranked(old, before.service, before.decision.route, it.since, before.facts.priority)
    off = it.view.rank // 1000 - rank
    return off if abs(off) > SLIGHT else 0


def _decided(old: Rulebook, book: Rulebook, it: Waiting, verdict: Verdict, now: int) -> Decision:
    view, route, service = it.view, verdict.decision.route, verdict.service
    due, rank = ranked(book, service, route, it.since, verdict.facts.priority)
    begun = view.base if service.name == view.service else now
    wake = _wake(old, book, view, service.name, now)
    kept = Facts.parse(view.facts)
    closed = book.hours(service.name).why_closed(instant(now)) if wake is not None else None
    facts = replace(
        verdict.facts,
        name=kept.name or verdict.facts.name,
        version=book.version,
        due=due,
        closed=closed or "",
        first=kept.first,
        until=kept.until,
    )
    ends = deadlines(book.hours(service.name), route, begun)
    return Decision(route, rank, wake, ends, None, carry(kept, facts).to_json())


def _wake(old: Rulebook, book: Rulebook, view: ContactView, service: str, now: int) -> int | None:
    """Until when it is parked; None: it isn't."""
    if view.state != "parked":
        return reopening(book, service, now) if past_closing(book, service, now) else None
    if not _by_hours(old, view, now):
        return view.wake
    hours = book.hours(service)
    if hours.is_open(instant(now)):
        return None
    opening = hours.next_open(instant(now))
    same_as_ever = service == view.service and view.wake is not None
    return millis(opening) if opening else view.wake if same_as_ever else now + span(RECHECK)


def _by_hours(old: Rulebook, view: ContactView, now: int) -> bool:
    """Whether opening hours have parked it; else somebody gave it a date."""
    return bool(Facts.parse(view.facts).closed) or view.wake == reopening(old, view.service, now)


def _same(old: Rulebook, view: ContactView, facts: Facts, new: Decision) -> bool:
    told = Facts.parse(new.facts)
    # A service that was closed at once since it came: the plan before would count its steps otherwise by now, too.
    again = deadlines(old.hours(view.service), view.route, view.base) if view.service in old.services else ()
    return (
        new.route == view.route
        and told.language == facts.language
        and told.priority == facts.priority
        and new.wake == (view.wake if view.state == "parked" else None)
        and _near((new.rank,), (view.rank // 1000,))
        and (_near(new.deadlines, view.deadlines) or _near(new.deadlines, again))
    )


def _near(ones: Sequence[int], others: Sequence[int]) -> bool:
    return len(ones) == len(others) and all(abs(a - b) <= SLIGHT for a, b in zip(ones, others, strict=True))
