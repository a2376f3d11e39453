"""The plan's visits as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Visits:
    """Who is sent, for how long, and how long before it both are reminded.

    `skill` at `level` or better; `window`: what the customer keeps free; `remind` None: nobody is reminded.
    """

    skill: str
    level: int = 1
    window: timedelta = timedelta(hours=2)
    remind: timedelta | None = timedelta(days=1)
