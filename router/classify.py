"""What a contact needs: a pure function of the arrival, the customer, the active plan and the instant.

entry → service → first rule that holds → service, priority, skills, language
                                        → route, rank, deadlines of the steps, or the next opening
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..queue.contact import Arrived, Decision, Route
from ..queue.history.records import Customer
from ..skills.schedule import Schedule
from ..skills.skill import Levels
from .claimed import believed
from .facts import Answers, Facts
from .plan import model, model_rules
from .rulebook import UNSORTED, Rulebook, instant, millis, span
from .rules import Subject, holds

POINT = 60_000
"""ms of rank that one point of priority is worth."""
RECHECK = timedelta(hours=24)
"""A held contact of a service that never opens is looked at again this often."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and, for *why* and the texts, how it came about."""

    decision: Decision
    facts: Facts
    service: model.Service
    parked: bool
    reply: bool  # whether the plan wants the customer told that it's closed
    urgent: bool = False  # a rule puts it before what its door's own service is worth: no script comes first


def classify(
    book: Rulebook, arrived: Arrived, customer: Customer, now: int, answers: Answers = ()
) -> Verdict:
    """Decide what `arrived` needs at `now` (ms). Total: every arrival gets a place, whatever the plan lacks."""
    at = instant(now)
    customer, claims = believed(arrived, customer)
    entry = book.plan.entry_for(arrived.channel, arrived.recipient)
    pressed = _menu_service(book, entry, arrived.text)
    first, notice = (pressed, "") if pressed else _first_service(book, arrived, entry)
    language = arrived.language or (entry.language if entry else None) or customer.language or _fallback(book)
    rule = _rule(book, arrived, customer, first, language, at, dict(answers))
    service = book.services[first]
    skills: Levels = ()
    if rule is not None:
        service = book.services.get(rule.set.service or first, service)
        language = rule.set.language or language
        skills = rule.set.skills
    priority = service.priority if rule is None or rule.set.priority is None else rule.set.priority
    hours = book.hours(service.name)
    route = book.route(service, arrived.channel, skills, language)
    due, rank = ranked(book, service, route, now, priority)
    closed = hours.why_closed(at)
    facts = Facts(
        customer=customer.key, name=customer.name or arrived.name, address=arrived.sender,
        recipient=arrived.recipient, verified=arrived.verified, language=language, version=book.version,
        rule=rule.name if rule else "", rule_line=rule.line if rule else 0, priority=priority, due=due,
        closed=closed or "", notice=notice, robot=arrived.robot, claims=claims, answers=answers,
    )  # fmt: skip
    wake = None if closed is None else millis(hours.next_open(at) or at + RECHECK)
    decision = Decision(route, rank, wake, deadlines(hours, route, now), None, facts.to_json())
    reply = closed is not None and service.after_hours.of(arrived.channel) == "reply_and_hold"
    ahead = rule is not None and (rule.set.person or priority > book.services[first].priority)
    return Verdict(decision, facts, service, wake is not None, reply, ahead)


def ranked(
    book: Rulebook, service: model.Service, route: Route, now: int, priority: int, later: bool = False
) -> tuple[int | None, int]:
    """(when the answer is due, rank), both ms: due and lag are counted in the service's open hours.

    `later`: it isn't the first answer, of which the service may promise something else.
    """
    hours, channel = book.hours(service.name), route.channel
    first = service.answer_within.of(channel)
    within = (service.promises.next_answer.on(channel) or first) if later else first
    due = hours.after(instant(now), within)
    lagged = hours.after(due, service.lag.of(channel)) if due else None
    if due is None or lagged is None:
        patience = within + service.lag.of(channel)
        return None, now + span(patience) - POINT * priority
    return millis(due), millis(lagged) - POINT * priority


def deadlines(hours: Schedule, route: Route, start: int) -> tuple[int, ...]:
    """The instants at which the steps end, in the service's open hours from `start`; () when that is plain age."""
    ages = [step.until for step in route.steps if step.until is not None]
    found: list[int] = []
    for age in ages:
        at = hours.after(instant(start), timedelta(milliseconds=age))
        if at is None:
            break
        found.append(millis(at))
    plain = [start + age for age in ages]
    return () if found == plain or len(found) != len(ages) else tuple(found)


def _menu_service(book: Rulebook, entry: model.Entry | None, text: str) -> str | None:
    """The service of the key of a call's menu whose label stands as the contact's text."""
    for key in entry.menu if entry else ():
        if key.service in book.services and any(it.casefold() == text.casefold() for _, it in key.say):
            return key.service
    return None


def _first_service(book: Rulebook, arrived: Arrived, entry: model.Entry | None) -> tuple[str, str]:
    if UNSORTED in book.services:
        return UNSORTED, "the plan has no services yet"
    if entry is not None and entry.unasked in book.services:
        return str(entry.unasked), ""
    others = [e.service for e in book.plan.entry if e.channel == arrived.channel and e.service]
    chosen = next((name for name in others if name in book.services), next(iter(book.services)))
    return chosen, f"{arrived.recipient} stands in no entry of the plan; its contacts go to {chosen}"


def _rule(
    book: Rulebook,
    arrived: Arrived,
    customer: Customer,
    service: str,
    language: str,
    at: datetime,
    answers: Mapping[str, str],
) -> model_rules.Rule | None:
    said = f"{arrived.subject}\n{arrived.text}" if arrived.subject else arrived.text
    subject = Subject(
        text=said, channel=arrived.channel, service=service, to=arrived.recipient,
        sender=arrived.sender, known=customer.known, language=language, facts=customer.facts,
        service_open=book.hours(service).is_open(at),
        open_schedules=frozenset(name for name, it in book.schedules.items() if it.is_open(at)),
        local=at.astimezone(ZoneInfo(book.plan.timezone)), answers=answers,
    )  # fmt: skip
    return next((rule for rule in book.plan.rules if holds(rule.when, subject)), None)


def _fallback(book: Rulebook) -> str:
    return book.plan.languages[0] if book.plan.languages else "en"
