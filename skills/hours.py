"""What a schedule's words mean, day by day: OSM's opening_hours text, holidays and overrides as rules.

`opening_hours` checks the grammar and says which days a selector names (`Mo[1]`, `week 01-53/2`, `easter`).
Times of day are read here, because that library drops the part of a night after midnight whenever another
rule names the next day (`Mo-Sa 08:00-18:00; Fr 22:00-04:00` was closed on Saturday at 01:00).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # its stub forgets one

LONGEST = 2_000  # characters of `hours`; the longest real ones have a few hundred
MOST_OVERRIDES = 1_000
MOST_RULES = 40
MOST_SPANS = 24  # a day; at these bounds working out a year costs some 50 ms, else about 5
DAY = 1_440  # minutes

Kind = Literal["hours", "timezone", "holidays", "overrides"]
Source = Literal["hours", "holiday", "override"]
Span = tuple[int, int]  # minutes since the day's midnight, end excluded, up to 2,880


class ScheduleError(ValueError):
    """A schedule that can't be meant. `kind` is the key at fault, `index` the override's place in its list,
    `column` (from 1) the place in its text where known, `hint` what would be right."""

    def __init__(
        self, problem: str, kind: Kind, *, column: int | None = None, hint: str = "", index: int | None = None
    ) -> None:
        super().__init__(f"{problem} ({hint})" if hint else problem)
        self.problem, self.kind, self.column, self.hint, self.index = problem, kind, column, hint, index


@dataclass(frozen=True, slots=True)
class Override:
    """Other hours on one date, or through `until` (included). `hours`: "08:00-12:00", "off" or "24/7"."""

    on: date
    hours: str
    why: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of what a schedule says. On the days that it names it replaces the rules before it, unless it
    `adds` to them or `cuts` its spans out of them. No spans: closed all day."""

    source: Source
    spans: tuple[Span, ...]
    selector: str | None = None  # of the OSM grammar; None names no day, "" every day
    holiday: bool = False  # names the region's holidays too
    dates: tuple[date, date] | None = None
    adds: bool = False
    cuts: bool = False
    why: str = ""

    @property
    def whole(self) -> bool:
        """The day is what is written here, midnight to midnight: nothing runs into it from before."""
        return self.source != "hours" or not self.spans

    def days(self, first: date, last: date, off: Mapping[date, str]) -> Iterator[date]:
        """The days from `first` through `last` that it names; `off` are the region's holidays."""
        if self.holiday:
            yield from (day for day in off if first <= day <= last)
        if self.dates:
            yield from _dates(max(first, self.dates[0]), min(last, self.dates[1]))
        if self.selector == "":
            yield from _dates(first, last)
        elif self.selector:
            start = datetime(first.year, first.month, first.day)
            end = datetime(last.year, last.month, last.day) + timedelta(days=1)
            for since, until, state, _ in OpeningHours(self.selector).intervals(start, end):
                if str(state) == "open":
                    yield from _dates(since.date(), (until - timedelta(microseconds=1)).date())


def _dates(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))


# ---------------------------------------------------------------------------------------------- holidays


def regions() -> Mapping[str, list[str]]:
    """The countries whose holidays are known (ISO 3166 codes), and the regions of each."""
    import holidays  # 15 ms of imports, only for schedules that name a region

    return holidays.list_supported_countries(include_aliases=True)


def check_region(region: str) -> None:
    """Raises ScheduleError unless `holidays` knows the ISO 3166 code (`DE`, `DE-BE`, `GB-SCT`)."""
    country, _, part = region.partition("-")
    known = regions()
    if country not in known:
        problem = f"no holidays are known for {region[:40]!r}"
        raise ScheduleError(problem, "holidays", hint="such as DE, DE-BE or GB-SCT")
    if "-" in region and part not in known[country]:
        allowed = ", ".join(f"{country}-{each}" for each in known[country]) or f"only {country}"
        raise ScheduleError(f"{country} has no region {part[:40]!r}", "holidays", hint=allowed)


@lru_cache(maxsize=512)
def holidays_of(region: str, year: int) -> Mapping[date, str]:
    """The public holidays of a region (`DE-BE`) in one year, with their names, if possible in English."""
    import holidays

    country, _, part = region.partition("-")
    return dict(
        holidays.country_holidays(country, subdiv=part or None, years=year, expand=False, language="en_US")
    )


@lru_cache(maxsize=512)
def holidays_in(region: str, year: int, language: str) -> Mapping[date, str]:
    """The same days with their names in `language` ("de"); none where nobody has written them down in it."""
    import holidays

    country, _, part = region.partition("-")
    known = holidays.country_holidays(country).supported_languages
    spoken = next((each for each in known if each.partition("_")[0] == language), None)
    if spoken is None:
        return {}
    found = holidays.country_holidays(country, subdiv=part or None, years=year, expand=False, language=spoken)
    return dict(found)


# ---------------------------------------------------------------------------------------------- the text

_TIME = r"\d{1,2}:\d{2}"
_SPANS = rf"{_TIME}\s*-\s*{_TIME}(?:\s*,\s*{_TIME}\s*-\s*{_TIME})*"
_RULE = re.compile(rf"^(?P<days>.*?)(?P<spans>{_SPANS})?\s*(?P<word>\b(?:open|off|closed))?$", re.I | re.S)
_ADDITION = re.compile(rf"(?<=:\d\d)\s*,\s*(?!{_TIME})")
_OVERRIDE = re.compile(rf"^{_SPANS}$")
_WEEKDAYS = re.compile(r"^(?:Mo|Tu|We|Th|Fr|Sa|Su)\b|^$", re.I)
_REFUSED = (
    (re.compile(r"\|\|"), "'||' isn't supported", "write rules one after another with ';', the last wins"),
    (re.compile(r"\bSH\b", re.I), "school holidays aren't known", "write their dates as overrides"),
    (
        re.compile(r"sunrise|sunset|dawn|dusk", re.I),
        "the sun's times aren't supported",
        "write such as 08:00",
    ),
    (re.compile(r"\bunknown\b", re.I), "a schedule is open or closed", "write 'open' or 'off'"),
    (re.compile(r":\d\d\s*\+"), "an open end isn't supported", "write when it ends, such as 08:00-18:00"),
    (
        re.compile(r":\d\d\s*/"),
        "repeated times aren't supported",
        "write ranges, such as 08:00-10:00,12:00-14:00",
    ),
)


def read(hours: str, region: str | None, overrides: tuple[Override, ...]) -> tuple[Rule, ...]:
    """The rules of a schedule, in the order in which later ones win. Raises ScheduleError.

    A region without a word about `PH` in `hours` closes on its holidays.
    """
    rules = [rule for text, column in _texts(hours) for rule in _rules(text, column)]
    if len(rules) > MOST_RULES:
        raise ScheduleError(f"{len(rules)} rules are too many", "hours", hint=f"at most {MOST_RULES}")
    asked = any(rule.holiday for rule in rules)
    if asked and region is None:
        raise ScheduleError("PH needs a region", "hours", column=hours.find("PH") + 1, hint="holidays: DE-BE")
    if region is not None:
        check_region(region)
        if not asked and hours.strip() == "24/7":
            hint = "write hours: '24/7; PH off', or no holidays"
            raise ScheduleError("24/7 never closes", "holidays", hint=hint)
        if not asked:
            rules.append(Rule("holiday", (), holiday=True))
    _holidays_last(rules, hours)
    if len(overrides) > MOST_OVERRIDES:
        problem = f"{len(overrides)} overrides are too many"
        raise ScheduleError(problem, "overrides", hint=f"at most {MOST_OVERRIDES}")
    return (*rules, *(_override(each, index) for index, each in enumerate(overrides)))


def _texts(hours: str) -> Iterator[tuple[str, int]]:
    """Each `;` rule with its column, once the library has accepted the whole."""
    if len(hours) > LONGEST:
        raise ScheduleError(f"{len(hours)} characters are too many", "hours", hint=f"at most {LONGEST}")
    try:
        OpeningHours(hours or "24/7")  # nothing at all is answered below, with what is only blanks
    except ParserError as error:
        at = re.search(r"--> \d+:(\d+)", str(error))
        raise ScheduleError(
            "these aren't hours",
            "hours",
            column=int(at[1]) if at else None,
            hint="such as 'Mo-Fr 08:00-18:00; Sa 10:00-14:00; PH off'",
        ) from None
    # Comments may hold any of the signs looked for below; blanks of the same length keep the columns.
    plain = re.sub(r'"[^"]*"', lambda found: " " * len(found[0]), hours)
    for pattern, problem, hint in _REFUSED:
        if found := pattern.search(plain):
            raise ScheduleError(problem, "hours", column=found.start() + 1, hint=hint)
    column = 1
    for text in plain.split(";"):
        if not text.strip():
            hint = "such as Mo-Fr 08:00-18:00, or 24/7"
            raise ScheduleError("a rule without hours", "hours", column=column, hint=hint)
        yield text, column + len(text) - len(text.lstrip())
        column += len(text) + 1


def _rules(text: str, column: int) -> Iterator[Rule]:
    for nth, part in enumerate(_ADDITION.split(text)):
        found = _RULE.match(part.strip())
        assert found is not None  # every group is optional
        days, word = found["days"].strip(), (found["word"] or "").lower()
        spans = _spans(found["spans"]) if found["spans"] else ((0, DAY),)
        if len(spans) > MOST_SPANS:
            problem = f"{len(spans)} ranges in a day are too many"
            raise ScheduleError(problem, "hours", column=column, hint=f"at most {MOST_SPANS}")
        shut = word in ("off", "closed")
        cuts = shut and found["spans"] is not None
        holiday, selector = _selector(days, column)
        try:
            OpeningHours(selector or "24/7")
        except ParserError:
            problem = f"{days[:40]!r} isn't understood"
            raise ScheduleError(problem, "hours", column=column, hint="such as Mo-Fr") from None
        spans, adds = () if shut and not cuts else spans, nth > 0 and not shut
        if selector is not None:
            yield Rule("hours", spans, selector, adds=adds, cuts=cuts)
        if holiday:
            yield Rule("holiday", spans, holiday=True, adds=adds, cuts=cuts)


def _selector(days: str, column: int) -> tuple[bool, str | None]:
    """(names holidays too, the rest of the selector): `Su,PH` → (True, "Su"), `PH` → (True, None)."""
    if days in ("", "24/7"):
        return False, ""
    if "PH" not in days:
        return False, days
    parts = [part.strip() for part in days.split(",")]
    rest = [part for part in parts if part != "PH"]
    if any("PH" in part or not _WEEKDAYS.match(part) for part in rest):
        hint = "PH stands alone or in a list of weekdays: 'PH off', 'Su,PH 10:00-12:00'"
        raise ScheduleError(f"{days!r} isn't supported", "hours", column=column, hint=hint)
    return True, ",".join(rest) or None


def _holidays_last(rules: list[Rule], hours: str) -> None:
    """`PH off; Mo-Fr 08:00-18:00` would open on holidays, since the last rule wins: nobody means that."""
    pending = False
    for rule in rules:
        if pending and not rule.holiday and not rule.cuts and _WEEKDAYS.match(rule.selector or ""):
            texts = [text.strip() for text in hours.split(";")]
            right = "; ".join(sorted(texts, key=lambda text: "PH" in text))
            problem = "the rule for holidays is undone by a later one"
            raise ScheduleError(problem, "hours", column=hours.find("PH") + 1, hint=f"write '{right}'")
        pending = pending or rule.source == "holiday"


def _override(each: Override, index: int) -> Rule:
    hours, last = each.hours.strip(), each.until or each.on
    hint = "such as '08:00-12:00', '22:00-02:00', 'off' or '24/7'"
    if last < each.on:
        raise ScheduleError(f"{last} is before {each.on}", "overrides", index=index, hint="on, then until")
    if hours.lower() in ("off", "closed"):
        spans: tuple[Span, ...] = ()
    elif hours == "24/7":
        spans = ((0, DAY),)
    else:
        try:
            if hours.count("-") > MOST_SPANS or not _OVERRIDE.match(hours):
                raise ParserError
            OpeningHours(hours)
        except ParserError:
            problem = f"{hours[:40]!r} isn't understood"
            raise ScheduleError(problem, "overrides", index=index, hint=hint) from None
        spans = _spans(hours)
    return Rule("override", spans, dates=(each.on, last), why=each.why or each.hours)


def _spans(text: str) -> tuple[Span, ...]:
    found = []
    for one in text.split(","):
        start, end = (int(h) * 60 + int(m) for h, m in (edge.split(":") for edge in one.split("-")))
        found.append((start, end if end > start else end + DAY))
    return tuple(found)
