"""When somebody is there: a schedule as instants at which it opens and closes.

Wall-clock truth in an IANA zone. In an hour that comes twice a range of the clock applies both times; an edge
inside an hour that doesn't exist takes effect at the first instant after it. Local times never leave this
module: everything taken and returned is an instant (an aware datetime, returned in UTC).

Which rule holds: each day belongs to the last rule that names it (hours, then holidays, then overrides). What
begins on a day may run past midnight into the next, unless the next is closed, a holiday or overridden: those
are what is written about them, from midnight to midnight.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .hours import DAY, Override, Rule, ScheduleError, holidays_in, holidays_of, read
from .wall import instant, local_hours, merged, utc_stretches, without

__all__ = ["Closure", "Hours", "Override", "Schedule", "ScheduleError", "ScheduleSpec", "combine"]

TOGETHER = timedelta(
    days=800
)  # how far ahead two schedules are compared: bounds the cost of two that never meet
HORIZON = 41  # years: `Feb 29 Mo` may be 40 years away, where a century has no leap year
CACHED = 64  # years kept by one schedule, more than the horizon so that a search is paid for once
YEARS = range(1900, 9900)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """A schedule as it is written. `hours` in OSM's opening_hours grammar, `holidays` an ISO 3166 region
    (`DE-BE`); see https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification."""

    name: str
    hours: str
    timezone: str
    holidays: str | None = None
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Closure:
    """An emergency close from `since` to `until` (excluded), or until further notice."""

    since: datetime
    until: datetime | None = None
    why: str = ""


class Hours(ABC):
    """Anything that is open at times. Every instant given must be aware: a naive one raises ValueError."""

    @abstractmethod
    def is_open(self, at: datetime) -> bool:
        """Whether it is open at this instant; at a closing instant it is closed already."""

    @abstractmethod
    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after `at` at which open and closed change over; None if never (24/7)."""

    @abstractmethod
    def why_closed(self, at: datetime) -> str | None:
        """Why it is closed, beginning `emergency`, `override: `, `holiday: ` or `hours`; None when open."""

    def next_open(self, at: datetime) -> datetime | None:
        """`at` itself when open, else the next opening; None if it never opens within 40 years."""
        return _utc(at) if self.is_open(at) else self.next_change(at)

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """How long it is open between two instants; nothing when `end` is before `start`."""
        end = _utc(end)
        return sum((min(shut, end) - since for since, shut in self._stretches(start, end)), timedelta())

    def after(self, start: datetime, open_time: timedelta) -> datetime | None:
        """The first instant at which it has been open for `open_time` since `start`; None if not in 40 years.

        `start` itself when `open_time` is nothing or less, whether open or not.
        """
        if open_time <= timedelta():
            return _utc(start)
        for since, shut in self._stretches(start, _utc(start) + HORIZON * timedelta(days=366)):
            if open_time <= shut - since:
                return since + open_time
            open_time -= shut - since
        return None

    def _stretches(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open stretches that begin before `end`, the first from `start` on, the last perhaps endless."""
        since = self.next_open(start)
        while since is not None and since < end:
            shut = self.next_change(since)
            yield since, shut or NEVER
            since = shut and self.next_change(shut)


class Schedule(Hours):
    """A spec made ready to be asked. A year's edges are worked out when first asked for (milliseconds).

    Raises ScheduleError when the spec can't be meant. Unchangeable: `with_closure` gives another one.
    """

    def __init__(self, spec: ScheduleSpec, closed: tuple[Closure, ...] = ()) -> None:
        self.spec = spec
        self.closed = closed
        try:
            self._zone = ZoneInfo(spec.timezone)
        except (KeyError, ValueError, OSError):
            raise ScheduleError(
                f"no time zone is called {spec.timezone[:60]!r}", "timezone", hint="such as Europe/Berlin"
            ) from None
        self._rules = read(spec.hours, spec.holidays, spec.overrides)
        self._shut = [(_utc(each.since), _utc(each.until) if each.until else NEVER) for each in closed]
        self._years: dict[int, _Year] = {}
        only = self._rules[0]
        always = only.selector == "" and only.spans in ((), ((0, DAY),))
        self._constant = always and len(self._rules) == 1 and not closed
        self._open = self._constant and bool(only.spans)  # 24/7

    def __repr__(self) -> str:
        return f"Schedule({self.spec!r}, {self.closed!r})"

    def with_closure(self, closure: Closure) -> Schedule:
        """The same schedule, closed in an emergency."""
        return Schedule(self.spec, (*self.closed, closure))

    def is_open(self, at: datetime) -> bool:
        """See `Hours`."""
        at = _utc(at)
        return bisect_right(self._year(at.year).edges, at) % 2 == 1

    def after(self, start: datetime, open_time: timedelta) -> datetime | None:
        """See `Hours`. Round the clock it is asked at every arrival, some five times, and needs no edges."""
        since = _utc(start)
        if self._open and timedelta() < open_time <= NEVER - since and self.is_open(since):
            return since + open_time
        return super().after(start, open_time)

    def next_change(self, at: datetime) -> datetime | None:
        """See `Hours`."""
        at = _utc(at)
        edges = self._year(at.year).edges
        index = bisect_right(edges, at)
        if index < len(edges):
            return edges[index]
        # A year that ends open has no closing edge, and one that begins open has its first on New Year (UTC).
        if self._constant:
            return None
        was_open = index % 2 == 1
        for number in range(at.year + 1, min(at.year + HORIZON, YEARS.stop - 1) + 1):
            edges = self._year(number).edges
            begins_open = bool(edges) and edges[0] == datetime(number, 1, 1, tzinfo=UTC)
            if begins_open != was_open:
                return datetime(number, 1, 1, tzinfo=UTC)
            if len(edges) > begins_open:
                return edges[begins_open]
        return None

    def why_closed(self, at: datetime) -> str | None:
        """See `Hours`."""
        if self.is_open(at):
            return None
        at = _utc(at)
        for closure, (since, until) in zip(self.closed, self._shut, strict=True):
            if since <= at < until:
                return f"emergency: {closure.why}" if closure.why else "emergency"
        day = at.astimezone(self._zone).date()
        rule = self._year(at.year).rules.get(day)
        if rule is not None and rule.source == "override":
            return f"override: {rule.why}"
        name = self._holidays(day.year).get(day)
        if rule is not None and rule.holiday and name:
            return f"holiday: {name}"
        return "hours"

    def holiday(self, at: datetime, language: str) -> str | None:
        """The name of that day's public holiday in `language` ("de"); None on other days, or when it has none in it."""
        day = _utc(at).astimezone(self._zone).date()
        return holidays_in(self.spec.holidays, day.year, language).get(day) if self.spec.holidays else None

    def _holidays(self, year: int) -> dict[date, str]:
        return dict(holidays_of(self.spec.holidays, year)) if self.spec.holidays else {}

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            while len(self._years) >= CACHED:
                del self._years[next(iter(self._years))]
            year = self._years[number] = self._compile(number)
        return year

    def _compile(self, number: int) -> _Year:
        """The year of UTC `number`; two days more on either side, since local days are up to 14 h away."""
        first, last = date(number - 1, 12, 30), date(number + 1, 1, 2)
        off = self._holidays(number - 1) | self._holidays(number) | self._holidays(number + 1)
        local, rules = local_hours(self._rules, first, last, off)
        start, end = datetime(number, 1, 1, tzinfo=UTC), datetime(number + 1, 1, 1, tzinfo=UTC)
        stretches = list(utc_stretches(local, self.spec.timezone, number))
        whole = [(instant(since), instant(until)) for since, until in merged(stretches)]
        left = without(whole, list(merged(self._shut)))
        edges = [edge for stretch in left for edge in (max(stretch[0], start), stretch[1]) if edge < end]
        return _Year(edges, rules)


@dataclass(frozen=True, slots=True)
class _Year:
    """`edges`: instants, opening and closing in turn; `rules`: the rule to which each local day belongs."""

    edges: list[datetime]
    rules: dict[date, Rule]


class _Both(Hours):
    def __init__(self, one: Hours, other: Hours) -> None:
        self._one, self._other = one, other

    def is_open(self, at: datetime) -> bool:
        return self._one.is_open(at) and self._other.is_open(at)

    def next_change(self, at: datetime) -> datetime | None:
        was_open = self.is_open(at)
        here: datetime | None = _utc(at)
        while here is not None:
            # While one is closed nothing of the other matters: this skips a night at a time.
            shut = [each for each in (self._one, self._other) if not each.is_open(here)]
            changes = [each.next_change(here) for each in shut or (self._one, self._other)]
            if shut:
                here = None if None in changes else max(filter(None, changes))
            else:
                here = min(filter(None, changes), default=None)
            if here is not None and self.is_open(here) != was_open:
                return here
            if here is not None and here - _utc(at) > TOGETHER:
                return None
        return None

    def why_closed(self, at: datetime) -> str | None:
        return self._one.why_closed(at) or self._other.why_closed(at)


def combine(a: Hours, b: Hours) -> Hours:
    """Open when both are, as an agent's shift in a team's hours.

    Its `next_change` and `next_open` are None when nothing happens within 800 days.
    """
    return _Both(a, b)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    if at.year not in YEARS:
        raise ValueError(f"the year {at.year} is out of range")
    return at.astimezone(UTC)
