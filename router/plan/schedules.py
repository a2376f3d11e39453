"""The one place where the plan meets the schedules."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from ...skills.hours import Override, ScheduleError, check_region, regions
from ...skills.schedule import Schedule, ScheduleSpec

__all__ = [
    "Override",
    "ScheduleError",
    "ScheduleSpec",
    "hours_error",
    "override_error",
    "region_known",
    "regions_like",
    "zones",
]


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all IANA zones on this machine."""
    return frozenset(available_timezones())


def regions_like(region: str) -> tuple[str | None, tuple[str, ...]]:
    """For an unknown region: the one that only is written otherwise, and those that may have been meant.

    A region is never guessed by likeness: DE-BX is as near to Bavaria as to Berlin.
    """
    tidy = re.sub(r"[ _./-]+", "-", region.strip().upper())
    known = regions()
    country = tidy.partition("-")[0]
    if region_known(tidy):
        return tidy, (tidy,)
    if country in known:
        return None, (country, *(f"{country}-{part}" for part in known[country]))
    return None, ("DE", "DE-BE", "GB-SCT", "US-CA", "and so on: country, or country and region")


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
