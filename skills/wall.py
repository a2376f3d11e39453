"""From rules to instants: which stretches of the wall's clock are open, and when those are in UTC.

Pure sums over whole numbers: minutes since 1970 on the zone's own clock, seconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from .hours import DAY, Rule, Span

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1).toordinal()
T = TypeVar("T", int, datetime)


def local_hours(
    rules: tuple[Rule, ...], first: date, last: date, off: dict[date, str]
) -> tuple[list[Span], dict[date, Rule]]:
    """(open stretches on the zone's own clock in minutes since 1970, the rule of each day)."""
    ranks = {id(rule): rank for rank, rule in enumerate(rules)}
    owner: dict[date, Rule] = {}
    spans: dict[date, list[Span]] = {}
    cuts: dict[date, list[Span]] = {}
    for rule in rules:
        for day in rule.days(first, last, off):
            if rule.cuts:
                cuts.setdefault(day, []).extend(rule.spans)
            elif rule.adds:
                owner.setdefault(day, rule)
                spans.setdefault(day, []).extend(rule.spans)
            else:
                owner[day], spans[day] = rule, list(rule.spans)
                cuts.pop(day, None)
    found: list[Span] = []
    for day, own in spans.items():
        tomorrow = owner.get(day + timedelta(days=1))
        stop = tomorrow is not None and tomorrow.whole and ranks[id(owner[day])] < ranks[id(tomorrow)]
        base = (day.toordinal() - EPOCH_DAY) * DAY
        found.extend((base + a, base + (min(b, DAY) if stop else b)) for a, b in own if a < DAY or not stop)
    gone: list[Span] = []
    for day, own in cuts.items():
        base = (day.toordinal() - EPOCH_DAY) * DAY
        gone.extend((base + a, base + b) for a, b in own)
    return list(without(merged(found), list(merged(gone)))), owner


def utc_stretches(local: list[Span], timezone: str, year: int) -> Iterator[Span]:
    """Local stretches (minutes) as stretches of seconds since 1970 UTC, clipped to the UTC year.

    Between two changes of the zone's offset the local clock runs straight, so each piece is only shifted.
    """
    begin, stop = seconds(datetime(year, 1, 1, tzinfo=UTC)), seconds(datetime(year + 1, 1, 1, tzinfo=UTC))
    if not local or (
        len(local) == 1 and local[0][0] * 60 < begin - 90_000 and stop + 90_000 < local[0][1] * 60
    ):
        yield from [(begin, stop)] * len(local)  # wholly closed or open, whatever the zone
        return
    for since, until, offset in offsets(timezone, year):
        for a, b in local:
            start, end = max(a * 60 - offset, since), min(b * 60 - offset, until)
            if start < end:
                yield start, end
            elif start >= until:
                break


@lru_cache(maxsize=4096)
def offsets(timezone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """The UTC year in pieces of constant offset: (since, until, offset), all in seconds.

    zoneinfo doesn't tell its changes, so they are looked for twice a day and then by halving; the tz database
    has no two changes within 12 h that undo each other.
    """
    zone = ZoneInfo(timezone)

    def offset(second: int) -> int:
        shift = (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
        assert shift is not None
        return round(shift.total_seconds())

    start = seconds(datetime(year, 1, 1, tzinfo=UTC))
    end = seconds(datetime(year + 1, 1, 1, tzinfo=UTC))
    pieces, since, current, before = [], start, offset(start), start
    for probe in [*range(start + 43_200, end, 43_200), end - 1]:
        if (now := offset(probe)) != current:
            low, high = before, probe
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == current else (low, middle)
            pieces.append((since, high, current))
            since, current = high, now
        before = probe
    return (*pieces, (since, end, current))


def merged(spans: Iterable[tuple[T, T]]) -> Iterator[tuple[T, T]]:
    """Sorted, joined where they touch or overlap, the empty ones dropped."""
    ordered = sorted(span for span in spans if span[0] < span[1])
    if not ordered:
        return
    start, end = ordered[0]
    for a, b in ordered[1:]:
        if a <= end:
            end = max(end, b)
        else:
            yield start, end
            start, end = a, b
    yield start, end


def without(spans: Iterable[tuple[T, T]], cuts: list[tuple[T, T]]) -> Iterator[tuple[T, T]]:
    """What the cuts leave of the spans; both sorted and apart, as `merged` gives them."""
    first = 0
    for a, b in spans:
        while first < len(cuts) and cuts[first][1] <= a:
            first += 1
        here = first
        while here < len(cuts) and cuts[here][0] < b:
            if a < cuts[here][0]:
                yield a, cuts[here][0]
            a = max(a, cuts[here][1])
            here += 1
        if a < b:
            yield a, b


def instant(second: int) -> datetime:
    """Seconds since 1970 as an aware datetime."""
    return EPOCH + timedelta(seconds=second)


def seconds(at: datetime) -> int:
    """An aware datetime as seconds since 1970."""
    return round((at - EPOCH).total_seconds())
