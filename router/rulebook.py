"""The active plan made ready to decide with: schedules built, routes worked out. Pure; built once a version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from sys import maxunicode
from types import MappingProxyType

from ..queue.contact import Pick, Route, Step
from ..skills.schedule import Schedule, ScheduleSpec
from ..skills.skill import Capacity, Channel, Levels, Need, levels
from .plan import model
from .situation import Shut, Situation

ALWAYS = "24/7"
UNSORTED = "unsorted"
"""The service of contacts that arrive while the plan names none: everybody may take them."""

MOST_ROUTES = 10_000
"""Routes remembered; a plan has some dozens."""

_PICKS: Mapping[str, Pick] = MappingProxyType(
    {
        "longest_available": "longest",
        "least_loaded": "least_loaded",
        "round_robin": "round_robin",
        "best_skill": "best_skill",
    }
)


LONGEST_ID = 64


def agent_id(name: str) -> str:
    """The queue's id of an agent: the name, with everything but letters and digits written as its code point.

    A long one is cut and ends in a digest: two names that begin alike are two people.
    """
    plain = re.sub(r"[^A-Za-z0-9]", lambda c: f"_{ord(c[0]):x}_", name)
    return plain if len(plain) <= LONGEST_ID else f"{plain[:43]}_{sha256(name.encode()).hexdigest()[:20]}"


def name_of(agent: str) -> str:
    """The name behind a queue's id, for whoever is in no plan any more; a long one as far as it goes."""
    if cut := re.fullmatch(r"(.{43})_[0-9a-f]{20}", agent):
        return re.sub(r"_[0-9a-f]*$", "", _decoded(cut[1])) + "…"
    name = _decoded(agent)
    return name if agent_id(name) == agent else agent


def _decoded(text: str) -> str:
    return re.sub(r"_([0-9a-f]{1,6})_", _letter, text)


def _letter(code: re.Match[str]) -> str:
    point = int(code[1], 16)
    return chr(point) if point <= maxunicode else code[0]


def instant(ms: int) -> datetime:
    """ms since the epoch as an aware datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def millis(at: datetime) -> int:
    """An aware datetime as ms since the epoch."""
    return round(at.timestamp() * 1000)


def span(of: timedelta) -> int:
    """A duration in ms."""
    return round(of.total_seconds() * 1000)


@dataclass(frozen=True)
class Rulebook:
    """A plan and its number, with everything that can be worked out beforehand."""

    plan: model.Plan
    version: int
    situation: Situation = Situation()

    def under(self, situation: Situation) -> Rulebook:
        """The same plan with other services closed at once, and other incidents."""
        return self if situation == self.situation else replace(self, situation=situation)

    @cached_property
    def schedules(self) -> Mapping[str, Schedule]:
        """Every schedule by name."""
        return {spec.name: Schedule(spec) for spec in self.plan.schedules}

    @cached_property
    def by_id(self) -> Mapping[str, model.AgentSpec]:
        """Every agent by the id under which the queue knows them."""
        return {agent_id(spec.name): spec for spec in self.plan.agents}

    def called(self, agent: str) -> str:
        """The agent's name as people know it, by the queue's id; also of one who isn't in the plan any more."""
        spec = self.by_id.get(agent)
        return spec.name if spec else name_of(agent)

    @cached_property
    def always(self) -> Schedule:
        """Round the clock, for what names no schedule."""
        return Schedule(ScheduleSpec("always", ALWAYS, self.plan.timezone))

    def schedule(self, name: str | None) -> Schedule:
        """The schedule of that name; round the clock for None."""
        return self.always if name is None else self.schedules.get(name, self.always)

    @cached_property
    def services(self) -> Mapping[str, model.Service]:
        """Every service by name, `UNSORTED` included when the plan has none."""
        found = {service.name: service for service in self.plan.services}
        return found or {UNSORTED: _unsorted()}

    @cached_property
    def longest_reopen(self) -> int:
        """ms for which the store must know what has ended: a customer's next words may open it again."""
        return max((span(it.reopen) for it in self.services.values()), default=0)

    def hours(self, service: str) -> Schedule:
        """The opening hours of a service, an emergency close included."""
        spec = self.services.get(service)
        plain = self.schedule(spec.schedule if spec and spec.name != UNSORTED else None)
        shut = self.situation.shut_of(service)
        if shut is None:
            return plain
        if service not in self._shut:  # a schedule works out its year once
            self._shut[service] = plain.with_closure(shut.closure)
        return self._shut[service]

    @cached_property
    def _shut(self) -> dict[str, Schedule]:
        return {}

    def emergency(self, service: str, at: datetime) -> Shut | None:
        """The emergency close in force at `at`, if there is one."""
        shut = self.situation.shut_of(service)
        return shut if shut and shut.closure.since <= at < (shut.closure.until or at) else None

    def route(self, service: model.Service, channel: Channel, skills: Levels, language: str) -> Route:
        """The steps of `service` on `channel` with extra `skills` and the contact's language."""
        key = (service.name, channel, skills, language)
        if key not in self._routes:
            if len(self._routes) >= MOST_ROUTES:
                self._routes.clear()
            self._routes[key] = self._route(service, channel, skills, language)
        return self._routes[key]

    @cached_property
    def _routes(self) -> dict[tuple[str, Channel, Levels, str], Route]:
        return {}

    def _route(self, service: model.Service, channel: Channel, skills: Levels, language: str) -> Route:
        want = dict(service.skills)
        for name, level in skills:
            want[name] = max(level, want.get(name, 0))
        spoken = dict(service.languages).get(language)
        tongues: Levels = ((language, spoken),) if spoken else ()
        spec = self.plan.channels.of(channel)
        shares = levels({t.name: t.share for t in self.plan.teams if t.share is not None})
        steps = tuple(
            self._step(service, step, channel, levels(want), tongues, shares) for step in service.steps
        )
        quiet, nudge = (
            None if channel == "voice" or it is None else span(it) for it in (spec.quiet, spec.nudge)
        )
        return Route(service.name, channel, steps, span(spec.offer), span(spec.wrap_up), quiet, nudge)

    def _step(
        self,
        service: model.Service,
        step: model.Step,
        channel: Channel,
        skills: Levels,
        tongues: Levels,
        shares: Levels,
    ) -> Step:
        from_plan = self.plan.need_teams(step)
        need = Need(service.name, channel, skills, tongues, step.tiers, from_plan)
        admitted = tuple((t, s) for t, s in shares if not from_plan or t in from_plan)
        until = None if step.until is None else span(step.until)
        return Step(need, until, _PICKS[step.pick], step.offer_to, admitted, step.alert)

    def on_duty(self, agent: model.AgentSpec) -> tuple[Schedule, Schedule]:
        """The two schedules that must both be open for `agent` to be on shift: the team's and their own."""
        team = self.plan.team(agent.team)
        return self.schedule(team.schedule if team else None), self.schedule(agent.shift)

    def capacity(self, agent: model.AgentSpec) -> Capacity:
        """The agent's budget with each channel's cost and cap from the plan."""
        costs: dict[str, int] = {name: spec.cost for name, spec in self._channels()}
        caps: dict[str, int] = {name: spec.cap for name, spec in self._channels() if spec.cap is not None}
        caps.update(dict(agent.capacity.caps))
        return Capacity(agent.capacity.budget, levels(costs), levels(caps), self.plan.settings.offers)

    def _channels(self) -> list[tuple[Channel, model.ChannelSpec]]:
        return [(name, self.plan.channels.of(name)) for name in ("voice", "chat", "sms", "email")]


def both_open(pair: tuple[Schedule, Schedule], at: datetime) -> bool:
    """Whether both schedules are open."""
    return pair[0].is_open(at) and pair[1].is_open(at)


def edges(pair: tuple[Schedule, Schedule], at: datetime, count: int = 4) -> tuple[tuple[int, bool], ...]:
    """The next `count` instants (ms) at which both-open becomes true or false, fewer when there are fewer.

    A pair that flips against each other without ever both being open is given up after 400 changes.
    """
    found: list[tuple[int, bool]] = []
    state, moment = both_open(pair, at), at
    for _ in range(400):
        ahead = [change for schedule in pair if (change := schedule.next_change(moment)) is not None]
        if not ahead or len(found) == count:
            break
        moment = min(ahead)
        if (now := both_open(pair, moment)) != state:
            state = now
            found.append((millis(moment), now))
    return tuple(found)


def _unsorted() -> model.Service:
    hour = timedelta(hours=1)
    every = model.PerChannel(hour, hour, hour, hour)
    none = model.PerChannel(timedelta(), timedelta(), timedelta(), timedelta())
    hold: model.PerChannel[model.AfterHours] = model.PerChannel("hold", "hold", "hold", "hold")
    end: model.PerChannel[model.Then] = model.PerChannel("hold", "hold", "hold", "hold")
    steps = (model.Step((1, 2, 3), "any", then=end, alert=True),)
    return model.Service(UNSORTED, ALWAYS, steps, every, none, hold)
