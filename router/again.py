"""What a further message of a contact needs that its owner may not be able to take: decided as it arrives. Pure."""

from __future__ import annotations

from dataclasses import replace

from ..queue.contact import Decision, Preference
from ..queue.state import ContactView
from .classify import RECHECK, Verdict, deadlines, ranked
from .facts import Facts
from .handover import base_route
from .rulebook import Rulebook, instant, millis, span

SLIGHT = 900
"""ms by which the instants of one and the same decision differ at most: it's made a moment before it's stored."""
BEHIND = 7 * 86_400_000
"""ms of rank by which such a contact comes later: after a week it is somebody's turn to look at it."""


def behind_all(verdict: Verdict) -> Verdict:
    """For what comes from an address that was marked as spam: it waits behind everything else, and nothing is said."""
    facts = replace(verdict.facts, spam=True)
    decision = replace(verdict.decision, rank=verdict.decision.rank + BEHIND, facts=facts.to_json())
    return replace(verdict, decision=decision, facts=facts, reply=False)


def their_own_first(book: Rulebook, verdict: Verdict, last: str, now: int) -> Verdict:
    """For a caller who had the agent `last` before, "" for none: that one alone is asked for a while."""
    alone = span(book.plan.channels.voice.preferred)
    if not last or not alone:
        return verdict
    prefer = Preference(last, "preferred", now + alone)
    return replace(verdict, decision=replace(verdict.decision, prefer=prefer))


def spam_key(address: str) -> str:
    """Under which the store remembers that an address was marked as spam."""
    return f"spam:{address.casefold()[:200]}"


def reopens(book: Rulebook, view: ContactView) -> int:
    """How long (ms) after its end a message opens the contact again."""
    service = book.services.get(view.service)
    return span(service.reopen) if service else 0


def former(book: Rulebook, view: ContactView, now: int) -> Preference | None:
    """The former owner of a contact that comes back, who alone is asked for a while."""
    alone = span(book.plan.channels.of(view.channel).preferred)
    return Preference(view.owner, "preferred", now + alone) if view.owner and alone else None


def opens_early(shut: Rulebook, book: Rulebook, view: ContactView, now: int) -> Decision | None:
    """What a contact needs that came while its service was closed at once, and is open (`book`) sooner than thought.

    Its place and its steps were counted from an opening that a supervisor had named, or from none at all: they count
    from `now`. Who has an earlier place, from before, keeps that; what somebody has put forward or back stays so.
    None: it came before, and nothing was counted from there.
    """
    facts, service = Facts.parse(view.facts), book.services.get(view.service)
    if service is None or not facts.closed.startswith("emergency"):
        return None
    hours, at = book.hours(service.name), instant(now)
    _, thought = ranked(shut, service, view.route, view.arrived, facts.priority)
    due, rank = ranked(book, service, view.route, now, facts.priority)
    place = view.rank // 1000
    if place > rank:
        off = place - thought
        place = min(place, rank + off if SLIGHT < abs(off) <= BEHIND + SLIGHT else rank)
    closed = hours.why_closed(at)
    wake = None if closed is None else millis(hours.next_open(at) or at + RECHECK)
    ages = tuple(now + step.until for step in view.route.steps if step.until is not None)
    told = replace(facts, due=due, closed=closed or "", version=book.version)
    ends = deadlines(hours, view.route, now) or ages
    return Decision(view.route, place, wake, ends, None, told.to_json())


def asks_again(book: Rulebook, view: ContactView, now: int) -> Decision:
    """What a further message of a snoozed or just ended contact needs: its own service, due anew from now."""
    facts = Facts.parse(view.facts)
    service = book.services.get(view.service)
    if service is None:
        return Decision(view.route, now, None, (), former(book, view, now), view.facts)
    hours, at = book.hours(service.name), instant(now)
    route = view.route if facts.moves else base_route(book, view)
    due, rank = ranked(book, service, route, now, facts.priority, later=True)
    closed = hours.why_closed(at)
    wake = None if closed is None else millis(hours.next_open(at) or at + RECHECK)
    told = replace(facts, due=due, closed=closed or "", version=book.version, first="", until=0)
    ends = deadlines(hours, route, now)
    return Decision(route, rank, wake, ends, former(book, view, now), told.to_json())
