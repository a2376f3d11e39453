"""Whose turn it is: the rota of an on-call list, in wall-clock time. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from .plan.model import OnCall
from .rulebook import instant, span

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
TRIES = 2
"""How often somebody is paged before the next one is."""


def on_duty(rota: str | None, people: int, zone: str, at: datetime) -> int:
    """Which of `people` (≥ 1), counted from 0, is on call at `at`; without a rota always the first.

    They take turns at each changeover ("weekly Mo 09:00", "daily 09:00" on the wall of `zone`). Where summer time skips
    the changeover's hour it happens as much later, where the hour comes twice at the first.
    """
    if rota is None:
        return 0
    how, _, rest = rota.partition(" ")
    day, clock = rest.split(" ") if how == "weekly" else ("", rest)
    wall, tz = time.fromisoformat(clock), ZoneInfo(zone)
    date = at.astimezone(tz).date()
    if day:
        date -= timedelta((date.weekday() - DAYS.index(day)) % 7)
    if at < datetime.combine(date, wall, tz):  # instants are compared: both know their offset
        date -= timedelta(7 if day else 1)
    return (date.toordinal() // (7 if day else 1)) % people


def attempt(on_call: OnCall, since: int, now: int) -> int:
    """Which attempt of a page that began at `since` (ms) is due at `now`: 0 at once, then one more each `every`."""
    return max(0, now - since) // span(on_call.every)


def due_at(on_call: OnCall, since: int, number: int) -> int:
    """When attempt `number` is due, ms."""
    return since + number * span(on_call.every)


def paged(on_call: OnCall, zone: str, since: int, number: int) -> str:
    """The agent's name whom attempt `number` pages: whoever was on call when it began, the next one after two tries."""
    first = on_duty(on_call.rota, len(on_call.agents), zone, instant(since))
    return on_call.agents[(first + number // TRIES) % len(on_call.agents)]
