"""When somebody means: "2h", "3d", "2w", "tomorrow 9:00", "Friday", "2026-12-24 10:00", "until they write". Pure."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from .commands import span as lasting
from .rulebook import instant, millis

MORNING = time(9, 0)
"""What is meant by a day without a time."""
FURTHEST = timedelta(days=366)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:\s*h)?(?!\w)|([01]?\d|2[0-3])\s*h(?!\w)", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]|$)")
_FOREVER = re.compile(
    r"(?:until|till)\s+(?:they|she|he|the customer)\s+writes?|until further notice", re.IGNORECASE
)


class NoTime(Exception):
    """That names no instant; the text says what does."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"“{text[:40]}” names no time: say `2h`, `tomorrow 9:00`, `Friday 14:30`, `2026-12-24` or `until they write`."
        )


def when(text: str, now: int, zone: str) -> tuple[int | None, str]:
    """(the instant in ms, None for *until they write*; the rest of the text). Raises NoTime.

    Times of day are the site's; a day without one means the morning, a time that is past today means tomorrow.
    """
    said = re.sub(
        r"^(?:until|till|at|on|in|for)\s+(?!they|she|he|the customer|further)", "", text.strip(), flags=re.I
    )
    if found := _FOREVER.match(said):
        return None, _rest(said, found.end())
    first, _, rest = said.partition(" ")
    if (length := lasting(first)) is not None:
        return now + round(length.total_seconds() * 1000), rest.strip()
    if re.fullmatch(r"\d{1,3}[dw]", first):
        days = int(first[:-1]) * (7 if first.endswith("w") else 1)
        return _far(millis(instant(now) + timedelta(days=days)), now, text), rest.strip()
    here = instant(now).astimezone(ZoneInfo(zone))
    day, rest = _day(said, here)
    clock = _CLOCK.match(rest)
    if day is None and clock is None:
        raise NoTime(text)
    at_time = MORNING
    if clock is not None:
        at_time = time(int(clock[1] or clock[3]), int(clock[2] or 0))
        rest = rest[clock.end() :]
    at = datetime.combine((day or here).date(), at_time, ZoneInfo(zone))
    if day is None and at <= here:
        at = datetime.combine((here + timedelta(days=1)).date(), at_time, ZoneInfo(zone))
    if at <= here:
        raise NoTime(text)
    return _far(millis(at), now, text), _rest(rest, 0)


def _day(said: str, here: datetime) -> tuple[datetime | None, str]:
    if found := _DATE.match(said):
        try:
            return here.replace(year=int(found[1]), month=int(found[2]), day=int(found[3])), said[
                found.end() :
            ].strip()
        except ValueError:
            raise NoTime(said) from None
    first, _, rest = said.partition(" ")
    word = first.casefold().strip(",")
    if word == "today":
        return here, rest.strip()
    if word == "tomorrow":
        return here + timedelta(days=1), rest.strip()
    if (
        len(word) >= 3
        and (named := next((n for n, d in enumerate(DAYS) if d.startswith(word)), None)) is not None
    ):
        return here + timedelta(days=(named - here.weekday() - 1) % 7 + 1), rest.strip()
    return None, said


def _far(at: int, now: int, text: str) -> int:
    if at - now > FURTHEST.total_seconds() * 1000:
        raise NoTime(text)
    return at


def _rest(text: str, start: int) -> str:
    return text[start:].strip(" :,–-")
