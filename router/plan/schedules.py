"""The one place where the plan meets the schedules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

import holidays

from ...skills.hours import Override, ScheduleError, check_region
from ...skills.schedule import Schedule, ScheduleSpec

__all__ = ["Override", "ScheduleError", "ScheduleSpec", "hours_error", "override_error", "regions", "zones"]


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all IANA zones on this machine."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def regions() -> tuple[str, ...]:
    """The codes of all regions whose holidays are known: `DE`, `DE-BE`, …"""
    return tuple(_regions())


def _regions() -> Iterator[str]:
    for country, parts in holidays.list_supported_countries(include_aliases=True).items():
        yield country
        yield from (f"{country}-{part}" for part in parts)


def region_known(region: str) -> bool:
    """Whether its holidays are known."""
    try:
        check_region(region)
    except ScheduleError:
        return False
    return True


def hours_error(hours: str, region: str | None) -> ScheduleError | None:
    """What is wrong with the hours of a schedule, or None."""
    return _error(ScheduleSpec("checked", hours, "UTC", region))


def override_error(on: date, hours: str, until: date | None) -> ScheduleError | None:
    """What is wrong with one override, or None."""
    return _error(ScheduleSpec("checked", "24/7", "UTC", None, (Override(on, hours, "", until),)))


def _error(spec: ScheduleSpec) -> ScheduleError | None:
    try:
        Schedule(spec)
    except ScheduleError as error:
        return error
    return None
