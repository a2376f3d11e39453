"""What a plan leaves uncovered in the next thirty days: hours in which nobody could take a contact, steps that never
open, rules that never match, languages that nobody speaks. Pure.

Who is on shift follows from schedules alone: whether they are available then, no plan knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from ..queue.contact import Route
from ..skills.schedule import Hours
from ..skills.skill import CHANNELS, Channel, Levels, Need, Profile, refusal
from .plan import model
from .plan.ranges import Range, ranges
from .plan.say import quoted, tiers
from .rulebook import UNSORTED, Rulebook, instant

DAYS = 30
MOST_ASKED = 1_000_000
"""Pairs of need and profile that are compared: some seconds."""
LANGUAGES = {
    "de": "German", "en": "English", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch",
    "pl": "Polish", "pt": "Portuguese", "tr": "Turkish", "uk": "Ukrainian", "ru": "Russian", "ar": "Arabic",
    "da": "Danish", "sv": "Swedish", "cs": "Czech", "zh": "Chinese", "ja": "Japanese",
}  # fmt: skip

Span = tuple[datetime, datetime]
Kind = Literal["gap", "step", "rule", "language"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is allowed and probably not meant; `about` names the service, rule or language."""

    kind: Kind
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One kind of contact that can arrive, and its way through its service."""

    service: str
    channel: Channel
    language: str  # "" where the service asks for none
    skills: Levels  # asked for by a rule beyond the service's own
    route: Route


def coverage(book: Rulebook, now: int, days: int = DAYS) -> tuple[Finding, ...]:
    """All findings from `now` (ms) on, the plainest first. Takes a second or so: call it off the loop."""
    if UNSORTED in book.services:
        return ()
    start = instant(now)
    look = _Look(book, start, start + timedelta(days=days))
    found = [*_languages(book.plan), *_rules(book.plan)]
    try:
        wanted = tuple(_wanted(book))
        found += _steps(look, wanted)
        found += _gaps(look, wanted, days)
    except TooLarge:
        found.append(Finding("gap", "", "the plan is too large: not all of its hours could be looked at"))
    return tuple(found)


class TooLarge(Exception):
    """Looking at all of it would take longer than anybody waits."""


class _Look:
    """Who is on shift when, worked out once for each pair of schedules and each need."""

    def __init__(self, book: Rulebook, start: datetime, end: datetime) -> None:
        self.book, self.start, self.end = book, start, end
        self._open: dict[str | None, tuple[Span, ...]] = {}
        self._pairs: dict[tuple[str | None, str | None], tuple[Span, ...]] = {}
        self._needs: dict[Need, tuple[Span, ...]] = {}
        self._asked = 0
        people: dict[tuple[Profile, str | None, str | None], None] = {}
        for agent in book.plan.agents:
            team = book.plan.team(agent.team)
            people[_with_room(book, agent), team.schedule if team else None, agent.shift] = None
        self.people = tuple(people)

    def schedule(self, name: str | None) -> tuple[Span, ...]:
        """When a schedule is open."""
        if name not in self._open:
            self._open[name] = tuple(_stretches(self.book.schedule(name), self.start, self.end))
        return self._open[name]

    def staffed(self, need: Need) -> tuple[Span, ...]:
        """When somebody whom `need` admits is on shift."""
        if need not in self._needs:
            self._asked += len(self.people)
            if self._asked > MOST_ASKED:
                raise TooLarge
            pairs = {(team, shift) for profile, team, shift in self.people if refusal(need, profile) is None}
            self._needs[need] = union(span for pair in pairs for span in self._pair(*pair))
        return self._needs[need]

    def _pair(self, team: str | None, shift: str | None) -> tuple[Span, ...]:
        if (team, shift) not in self._pairs:
            self._pairs[team, shift] = both(self.schedule(team), self.schedule(shift))
        return self._pairs[team, shift]

    def hours(self, service: str) -> tuple[Span, ...]:
        """When the service is open."""
        return self.schedule(self.book.services[service].schedule)


def _with_room(book: Rulebook, agent: model.AgentSpec) -> Profile:
    """The agent's profile without the channels of which not even one contact fits into their budget or cap."""
    room = book.capacity(agent)
    costs, caps = dict(room.costs), dict(room.caps)
    fits = (it for it in agent.profile.channels if costs[it] <= room.budget and caps.get(it, 1))
    return replace(agent.profile, channels=tuple(fits))


# ---- what can arrive ------------------------------------------------------------------------------------------------


def _wanted(book: Rulebook) -> Iterator[Wanted]:
    """Every kind of contact that doors and rules lead to a service."""
    plan = book.plan
    found: dict[tuple[str, Channel, Levels], None] = {}
    for channel in CHANNELS:
        begin = first_services(plan, channel)
        for name in begin:
            found[name, channel, ()] = None
        for rule in plan.rules:
            if begin and (not rule.when.channel or channel in rule.when.channel):
                came = [name for name in begin if not rule.when.service or name in rule.when.service]
                for name in [rule.set.service] if rule.set.service and came else came:
                    found[name, channel, rule.set.skills] = None
    for name, channel, skills in found:
        service = book.services[name]
        asked = [language for language, _ in service.languages]
        for language in asked or [""]:
            yield Wanted(name, channel, language, skills, book.route(service, channel, skills, language))


def first_services(plan: model.Plan, channel: Channel) -> tuple[str, ...]:
    """The services that the doors of a channel lead to, before any rule."""
    doors = [entry for entry in plan.entry if entry.channel == channel]
    return tuple(dict.fromkeys(name for entry in doors for name in entry.services))


# ---- findings -------------------------------------------------------------------------------------------------------


def _gaps(look: _Look, wanted: Sequence[Wanted], days: int) -> Iterator[Finding]:
    """While the service is open and no step of it admits anybody on shift."""
    merged: dict[tuple[str, tuple[Range, ...] | None], list[Wanted]] = {}
    zone = ZoneInfo(look.book.plan.timezone)
    for it in wanted:
        hours = look.hours(it.service)
        staffed = union(span for step in it.route.steps for span in look.staffed(step.need))
        open_alone = without(hours, staffed)
        if open_alone:
            always = tuple(open_alone) == hours
            when = None if always else tuple(ranges(open_alone, zone, look.start, look.end))
            merged.setdefault((it.service, when), []).append(it)
    for (service, when), kinds in merged.items():
        who = f"{service}{_kinds(kinds, [w for w in wanted if w.service == service])}"
        if when is None:
            yield Finding("gap", service, f"{who}: nobody at any time in the next {days} days")
        else:
            for each in when:
                yield Finding("gap", service, f"{who}, {each.text}: nobody")


def _kinds(these: Sequence[Wanted], every: Sequence[Wanted]) -> str:
    """Which of a service's contacts: nothing to say where it is all of them."""
    parts = []
    skills = sorted({name for it in these for name, _ in it.skills})
    if len(these) < len(every):
        for all_of, key in ((every, "language"), (every, "channel")):
            some = list(dict.fromkeys(getattr(it, key) for it in these))
            if set(some) != {getattr(it, key) for it in all_of}:
                parts.append(" and ".join(LANGUAGES.get(name, name) for name in some))
        if skills and not all(it.skills for it in every):
            parts.append(f"with {', '.join(skills)}")
    return "".join(f", {part}" for part in parts if part)


def _steps(look: _Look, wanted: Sequence[Wanted]) -> Iterator[Finding]:
    """A step, not the last, that admits nobody who is ever on shift while the service is open."""
    for name, service in look.book.services.items():
        ways = [it.route for it in wanted if it.service == name]
        hours = look.hours(name)
        for index, step in enumerate(service.steps[:-1]):
            if ways and not any(both(hours, look.staffed(way.steps[index].need)) for way in ways):
                asked = f"{tiers(step.tiers)}{'' if step.teams is None else ' of the teams it names'}"
                text = (
                    f"{name}: step {index + 1} never opens: nobody who can do it is {asked} and on shift then"
                )
                yield Finding("step", name, text)


def _rules(plan: model.Plan) -> Iterator[Finding]:
    """A rule that asks for a door that isn't there; rules that an earlier one shadows are warnings of the plan."""
    for number, rule in enumerate(plan.rules, 1):
        channels = rule.when.channel or CHANNELS
        begun = {name for channel in channels for name in first_services(plan, channel)}
        who = f"rule {quoted(rule.name)} (number {number}) never matches"
        if not begun and plan.entry:
            yield Finding("rule", rule.name, f"{who}: no door has its channel")
        elif rule.when.service and plan.entry and not begun & set(rule.when.service):
            yield Finding("rule", rule.name, f"{who}: no door leads to {', '.join(rule.when.service)}")


def _languages(plan: model.Plan) -> Iterator[Finding]:
    """A language of the plan that no agent has, where agents have languages at all."""
    if any(agent.languages for agent in plan.agents):
        for language in plan.languages:
            if not any(dict(agent.languages).get(language) for agent in plan.agents):
                yield Finding("language", language, f"no agent speaks {LANGUAGES.get(language, language)}")


# ---- stretches of time ----------------------------------------------------------------------------------------------


def _stretches(hours: Hours, start: datetime, end: datetime) -> Iterator[Span]:
    since = hours.next_open(start)
    while since is not None and since < end:
        until = hours.next_change(since)
        yield since, min(until, end) if until else end
        since = until and hours.next_change(until)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Everything that lies in any of them."""
    found: list[Span] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((since, until))
    return tuple(found)


def both(ones: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """Everything that lies in both; each in order and without overlaps."""
    found: list[Span] = []
    i = j = 0
    while i < len(ones) and j < len(others):
        since, until = max(ones[i][0], others[j][0]), min(ones[i][1], others[j][1])
        if since < until:
            found.append((since, until))
        i, j = (i + 1, j) if ones[i][1] <= others[j][1] else (i, j + 1)
    return tuple(found)


def without(ones: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """What of `ones` lies in none of `others`; each in order and without overlaps."""
    found: list[Span] = []
    first = 0
    for since, until in ones:
        here = since
        while first < len(others) and others[first][1] <= here:
            first += 1
        for index in range(first, len(others)):
            begun, ended = others[index]
            if begun >= until:
                break
            if begun > here:
                found.append((here, begun))
            here = max(here, ended)
        if here < until:
            found.append((here, until))
    return tuple(found)
