"""Who may be sent to a customer, whether they are on shift then, and when somebody is. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .plan.model import AgentSpec
from .plan.model_visits import Visits
from .rulebook import Rulebook, both_open, edges, instant, millis, span

DAYS_AHEAD, FIRST_HOUR, LAST_HOUR = 14, 8, 18
"""Where a first suggestion is looked for: so many days, from and to which hour of the wall."""


def able(book: Rulebook, visits: Visits) -> list[tuple[AgentSpec, int]]:
    """Who has the skill, the best first, with their level."""
    found = [
        (it, level)
        for it in book.plan.agents
        for name, level in it.skills
        if name == visits.skill and level >= visits.level
    ]
    return sorted(found, key=lambda it: (-it[1], it[0].name))


def on_shift(book: Rulebook, agent: AgentSpec, at: int, until: int) -> bool:
    """Whether they are on shift from `at` to `until` (ms) without a break."""
    pair = book.on_duty(agent)
    if not both_open(pair, instant(at)):
        return False
    change = next(iter(edges(pair, instant(at), count=1)), None)
    return change is None or change[0] >= until


def suggested(book: Rulebook, visits: Visits, now: int) -> tuple[int, int]:
    """The first window (ms) from tomorrow on in which somebody who may be sent is on shift; else tomorrow morning."""
    zone, people = ZoneInfo(book.plan.timezone), [it for it, _ in able(book, visits)]
    tomorrow = instant(now).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    first: int | None = None
    for day in range(1, DAYS_AHEAD + 1):
        for hour in range(FIRST_HOUR, LAST_HOUR):
            wall = datetime.combine((tomorrow + timedelta(days=day)).date(), datetime.min.time())
            at = millis(wall.replace(hour=hour, tzinfo=zone))
            first = at if first is None else first
            if any(on_shift(book, it, at, at + span(visits.window)) for it in people):
                return at, at + span(visits.window)
    assert first is not None
    return first, first + span(visits.window)


def choice(book: Rulebook, agent: AgentSpec, skill: str, level: int, at: int, until: int) -> str:
    """How somebody stands in the list; `chosen` reads it."""
    then = "on shift then" if on_shift(book, agent, at, until) else "off shift then"
    return f"{agent.name} · {skill} {level} · {then}"


def chosen(text: str) -> str:
    """The name in a choice: no name has a middle dot."""
    return text.partition(" · ")[0]
