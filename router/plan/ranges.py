"""Stretches of time as people say them: Sat 22:00 – Sun 06:00 every week. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAMED = 3
"""Dates named where something isn't weekly."""
Clocks = tuple[str, str, int]  # from, to, nights in between


@dataclass(frozen=True, slots=True)
class Range:
    """One or many stretches in words."""

    text: str


def ranges(
    spans: Sequence[tuple[datetime, datetime]], zone: ZoneInfo, start: datetime, end: datetime
) -> tuple[Range, ...]:
    """What happens every week once, the rest by date. `start` and `end` bound what was looked at.

    What the first instant cuts is said by the clock as the weeks after it have it.
    """
    found: dict[Clocks, set[date]] = {}
    for since, until in spans:
        a, b = since.astimezone(zone), until.astimezone(zone)
        found.setdefault((_clock(a), _until(a, b), _nights(a, b)), set()).add(a.date())
    _uncut(found, spans, zone, start, end)
    lines: list[Range] = []
    for (since_text, until_text, nights), dates in found.items():
        weekly = sorted({day.weekday() for day in dates if _weekly(day, dates, zone, start, end)})
        if weekly:
            lines.append(Range(_weekly_text(weekly, since_text, until_text, nights)))
        others = sorted(day for day in dates if day.weekday() not in weekly)
        named = [_dated(day, since_text, until_text, nights) for day in others[:NAMED]]
        if len(others) > NAMED:
            named.append(f"and {len(others) - NAMED} more")
        if named:
            lines.append(Range(", ".join(named)))
    return tuple(lines)


def _uncut(
    found: dict[Clocks, set[date]], spans: Sequence[tuple[datetime, datetime]], zone: ZoneInfo,
    start: datetime, end: datetime,
) -> None:  # fmt: skip
    """A stretch that only the beginning or end of the look has cut counts with those that it is one of."""
    for since, until in spans:
        if since != start and until != end:
            continue
        a, b = since.astimezone(zone), until.astimezone(zone)
        mine = (_clock(a), _until(a, b), _nights(a, b))
        for other in [
            key
            for key in found
            if key != mine and key[1 if since == start else 0] == mine[1 if since == start else 0]
        ]:
            begun = b.date() - timedelta(days=other[2]) if since == start else a.date()
            if any(day.weekday() == begun.weekday() for day in found[other]) and mine in found:
                found[mine].discard(a.date())
                if not found[mine]:
                    del found[mine]
                break


def _weekly(day: date, dates: set[date], zone: ZoneInfo, start: datetime, end: datetime) -> bool:
    """Whether it happens on this weekday in every week that was looked at whole, at least three times."""
    first, last = (
        start.astimezone(zone).date() + timedelta(days=1),
        end.astimezone(zone).date() - timedelta(days=2),
    )
    every = [
        first + timedelta(days=n) for n in range((last - first).days + 1)
        if (first + timedelta(days=n)).weekday() == day.weekday()
    ]  # fmt: skip
    return len(every) >= 3 and all(it in dates for it in every)


def _weekly_text(weekly: Sequence[int], since: str, until: str, nights: int) -> str:
    if len(weekly) == 7:
        return f"{since}–{until} every day"
    runs: list[list[int]] = []
    for day in weekly:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    if nights and len(weekly) == 1:
        return f"{SHORT[weekly[0]]} {since} – {SHORT[(weekly[0] + nights) % 7]} {until} every week"
    days = ", ".join(
        SHORT[run[0]] if len(run) == 1 else f"{SHORT[run[0]]}{'–' if len(run) > 2 else ', '}{SHORT[run[-1]]}"
        for run in runs
    )
    return f"{days} {since}–{until}{' (overnight)' if nights else ''} every week"


def _dated(day: date, since: str, until: str, nights: int) -> str:
    begun = f"{SHORT[day.weekday()]} {day.day} {day:%b} {since}"
    if not nights:
        return f"{begun}–{until}"
    ended = day + timedelta(days=nights)
    return f"{begun} – {SHORT[ended.weekday()]} {ended.day} {ended:%b} {until}"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M}"


def _until(since: datetime, until: datetime) -> str:
    return "24:00" if _clock(until) == "00:00" else _clock(until)


def _nights(since: datetime, until: datetime) -> int:
    nights = (until.date() - since.date()).days
    return nights - 1 if _clock(until) == "00:00" else nights
