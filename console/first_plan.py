"""The first plan: a small whole one, or the one that is there with what is missing added. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..router.plan.load import parse
from ..router.plan.model import AgentSpec, Plan
from ..router.plan.write import add_agent, add_entry, add_supervisor

FIRST = """\
# Your routing plan. `tierline plan check FILE` tells every mistake; nothing changes before you publish it.
# A complete example with every key stands in router/plan/example.yaml.
site: {site}
timezone: {zone}
languages: [en]

alerts: {{slack: "#{room}"}}

schedules:
  office: {{hours: "Mo-Fr 09:00-17:00"}}
  always: {{hours: "24/7"}}

teams:
  {team}: {{channel: "#{room}"}}

services:
  support:
    schedule: always
    answer_within: {{voice: 60s, chat: 2m, sms: 10m, email: 4h}}
    steps:
      - {{tiers: [L1], until: 5m}}
      - {{tiers: [L1, L2, L3], until: 20m}}
      - {{then: hold, alert: true}}

texts:
  received: {{en: "We have your message and will answer by {{due}}."}}
  taken: {{en: "{{agent}} is on it."}}
"""


@dataclass(frozen=True, slots=True)
class Door:
    """A number and the service that its texts, or its calls, lead to; or a mailbox."""

    number: str
    service: str
    channel: Literal["sms", "voice", "email"] = "sms"


def zone_or_utc(name: str) -> str:
    """`name` when it is an IANA zone, else UTC."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return name


def first(site: str, zone: str, team: str, room: str) -> str:
    """A plan with one team and one service. Raises PlanErrors when a name isn't one."""
    text = FIRST.format(site=site, zone=zone, team=team, room=room.removeprefix("#"))
    parse(text)
    return text


def completed(
    source: str, supervisors: Iterable[str], agents: Iterable[AgentSpec], doors: Iterable[Door]
) -> str:
    """`source` with those people and doors that it doesn't have; what it has stays as it is. Raises PlanErrors."""
    for person in supervisors:
        source = add_supervisor(source, person)
    for agent in agents:
        known = {a.slack.casefold() for a in parse(source).agents}
        if agent.slack.casefold() not in known:
            source = add_agent(source, agent)
    for door in doors:
        if parse(source).entry_for(door.channel, door.number) is None:
            source = add_entry(source, door.channel, door.number, door.service)
    return source


def rooms(plan: Plan) -> tuple[str, ...]:
    """Every Slack channel that the plan names."""
    named = [c for team in plan.teams for c in team.channels]
    named += [plan.alerts.slack] if plan.alerts.slack else []
    return tuple(dict.fromkeys(named))


def difference(old: str, new: str, name: str) -> str:
    """What changes, as a unified diff."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{name} (now)", f"{name} (then)", lineterm=""
    )
    return "\n".join(lines)
