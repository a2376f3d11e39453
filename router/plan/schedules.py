"""The one place where the plan meets skills/schedule.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Override:
    """Other hours on one date."""

    on: date
    hours: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """A schedule as written."""

    name: str
    hours: str
    timezone: str
    holidays: str | None = None
    overrides: tuple[Override, ...] = ()
