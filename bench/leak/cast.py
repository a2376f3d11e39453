"""Who plays: two teams whose typed replies are sent, one where only the Reply form sends, and whoever isn't asked."""

from __future__ import annotations

from ...channels.house import Actor
from ...router.plan.load import parse
from ...router.rulebook import Rulebook

OURS, LINE = "+4915790000000", "+4930100"
CUSTOMERS = tuple(f"+49151100000{n:02}" for n in range(6))
TEAMS = {"Ada": "desk", "Ben": "desk", "Cleo": "night", "Dan": "night", "Eve": "careful", "Fay": "careful"}
"""Whose team; the first of a team is L1, the second L2."""
EXPLICIT = "careful"
SUPERVISOR, STRANGER, BOT, GUEST, TWIN = "Mira", "Sam", "Robot", "Gus", "Twin"
OTHERS = (SUPERVISOR, STRANGER, BOT, GUEST, TWIN)
AUTO = "AUTO: "
"""How every text of the plan begins, and nobody's words."""
HOLD = 8_000
"""ms that a reply is held."""


def user(name: str) -> str:
    """Their id in Slack."""
    return f"U{name.upper()}"


def actor(name: str) -> Actor:
    """Who they are, as Slack says. The twin has an agent's name, and another's workspace."""
    if name == BOT:
        return Actor(user(name), "ada@leak.example", name, is_bot=True)
    if name == TWIN:
        return Actor(user(name), "", "Ada", is_guest=True, team="TELSEWHERE")
    return Actor(user(name), f"{name.lower()}@leak.example", name, is_guest=name == GUEST)


BY_USER = {user(name): actor(name) for name in (*TEAMS, *OTHERS)}
_FIRST = {team: next(name for name in TEAMS if TEAMS[name] == team) for team in TEAMS.values()}
_AGENTS = "\n".join(
    f'  - {{name: {name}, slack: {name.lower()}@leak.example, team: {team}, phone: "+4917000000{n:02}", '
    f"tier: {'L1' if _FIRST[team] == name else 'L2'}}}"
    for n, (name, team) in enumerate(TEAMS.items())
)
PLAN = f"""
site: leak
timezone: Etc/UTC
languages: [en]
supervisors: [{SUPERVISOR.lower()}@leak.example]
schedules: {{always: {{hours: "24/7"}}}}
safety: {{per_number: {{hour: 100000, day: 1000000}}, per_hour: 100000, per_day: 1000000}}
channels: {{sms: {{offer: 60s, from: "{OURS}", wrap_up: 20s}}, voice: {{wrap_up: 10s}}}}
teams:
  desk: {{channel: "#desk", replies: direct}}
  night: {{channel: "#night", replies: direct}}
  {EXPLICIT}: {{channel: "#careful", replies: explicit}}
services:
  help: {{schedule: always, answer_within: 1m, steps: [{{tiers: [L1, L2], teams: any, until: 5m}}, {{then: hold}}]}}
  more: {{schedule: always, answer_within: 1m, steps: [{{tiers: [L2], teams: any, until: 5m}}, {{then: hold}}]}}
entry:
  - {{channel: sms, to: "{OURS}", service: help}}
  - {{channel: voice, to: "{LINE}", service: help}}
texts:
  received: {{en: "{AUTO}we have it"}}
  taken: {{en: "{AUTO}{{agent}} is on it"}}
  moved: {{en: "{AUTO}somebody of {{team}} is on it"}}
  closed: {{en: "{AUTO}that was all"}}
agents:
{_AGENTS}
"""
BOOK = Rulebook(parse(PLAN), 1)
