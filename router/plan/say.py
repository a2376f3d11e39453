"""Values of a plan as people say them: durations, levels, hours of the week. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ...skills.hours import read
from ...skills.schedule import Schedule, ScheduleError, ScheduleSpec
from . import model
from .model_calls import Recording

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)  # any Monday
_DAY = timedelta(days=1)
_NAME = "(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_WEEKDAYS = re.compile(rf"{_NAME}(?:\s*[-,]\s*{_NAME})*", re.IGNORECASE)
Spans = tuple[tuple[int, int], ...]  # minutes of the day; the end may lie behind midnight


def quoted(name: object) -> str:
    """A name as it stands in a sentence."""
    return f"“{name}”"


def lasting(of: timedelta) -> str:
    """A duration: 90 s, 5 min, 2 h."""
    seconds = round(of.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def plain(value: object) -> str:
    """Any value of the plan in words; "nothing" where there is none."""
    if value is None or value == () or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return lasting(value)
    if isinstance(value, tuple):
        return ", ".join(_pair(it) for it in value)
    if isinstance(value, Recording):
        return f"kept for {lasting(value.keep)}, announced {'by our text' if value.announced == 'texts' else 'elsewhere'}"
    if isinstance(value, model.TeamPromise):
        return f"{value.of} % within {lasting(value.answer_within)}"
    return str(value).replace("_", " ") if isinstance(value, str) and value.islower() else str(value)


def _pair(it: object) -> str:
    if isinstance(it, tuple) and len(it) == 2:
        return f"{plain(it[0])} {plain(it[1])}"
    return plain(it)


def tiers(of: Iterable[int]) -> str:
    """L1, L2."""
    return ", ".join(f"L{tier}" for tier in of)


def clock(minute: int) -> str:
    """A minute of the day: 08:00; midnight at the end is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}" if minute <= 1440 else clock(minute - 1440)


def spans(of: Spans) -> str:
    """08:00–12:00, 13:00–18:00; closed; all day."""
    if not of:
        return "closed"
    if of == ((0, 1440),):
        return "all day"
    return ", ".join(f"{clock(since)}–{clock(until)}" for since, until in of)


@lru_cache(maxsize=256)
def week(hours: str) -> tuple[Spans, ...] | None:
    """The spans of an ordinary week's days; None where no week is ordinary (months, dates)."""
    ordinary = "; ".join(
        part for part in map(str.strip, hours.split(";")) if not part.startswith(("PH", "SH"))
    )
    try:
        rules = read(ordinary or "off", None, ())
    except ScheduleError:
        return None
    if any(rule.selector and not _WEEKDAYS.fullmatch(rule.selector) for rule in rules):
        return None
    return _week(Schedule(ScheduleSpec("week", ordinary or "off", "UTC")))


def _week(schedule: Schedule) -> tuple[Spans, ...]:
    """A night stands with the day on which it begins; what is open for longer than a day is cut at midnight."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    end = _MONDAY + 7 * _DAY
    since = schedule.next_open(_MONDAY - _DAY)
    while since is not None and since < end:
        until = schedule.next_change(since)
        if until is not None and until - since <= _DAY:
            if since >= _MONDAY:
                day = (since - _MONDAY).days
                found[day].append((_minute(since, day), _minute(until, day)))
        else:
            for day in range(7):
                here = _MONDAY + day * _DAY
                first, last = max(since, here), min(until or end, here + _DAY)
                if first < last:
                    found[day].append((_minute(first, day), _minute(last, day)))
        since = until and schedule.next_open(until)
    return tuple(tuple(day) for day in found)


def _minute(at: datetime, day: int) -> int:
    return round((at - _MONDAY - day * _DAY).total_seconds()) // 60


def hours_changed(old: str, new: str) -> list[str]:
    """What is different between two texts of opening hours: Friday until 16:00 (was 18:00)."""
    before, after = week(old), week(new)
    if before is None or after is None or before == after:
        return [f"{new} (was {old})"]
    runs: list[tuple[list[int], str]] = []
    for day, (was, now) in enumerate(zip(before, after, strict=True)):
        if was == now:
            continue
        change = _day_changed(was, now)
        if runs and runs[-1][1] == change and runs[-1][0][-1] == day - 1:
            runs[-1][0].append(day)
        else:
            runs.append(([day], change))
    lines = [f"{days(run)} {change}" for run, change in runs]
    if _special(old) != _special(new):
        lines.append(
            f"on holidays {_special(new) or 'as on other days'} (was {_special(old) or 'as on other days'})"
        )
    return lines


def days(run: Sequence[int]) -> str:
    """Monday; Monday and Tuesday; Monday to Friday."""
    first, last = DAYS[run[0]], DAYS[run[-1]]
    return first if len(run) == 1 else f"{first} {'and' if len(run) == 2 else 'to'} {last}"


def _day_changed(was: Spans, now: Spans) -> str:
    if len(was) == len(now) == 1 and was != ((0, 1440),) != now:
        if was[0][0] == now[0][0]:
            return f"until {clock(now[0][1])} (was {clock(was[0][1])})"
        if was[0][1] == now[0][1]:
            return f"from {clock(now[0][0])} (was {clock(was[0][0])})"
    return f"{spans(now)} (was {spans(was)})"


def _special(hours: str) -> str:
    parts = [part for part in map(str.strip, hours.split(";")) if part.startswith(("PH", "SH"))]
    return "; ".join(parts)
