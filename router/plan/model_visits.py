"""The plan's visits and sessions as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Visits:
    """Who is sent, for how long, and how long before it both are reminded.

    `skill` at `level` or better; `window`: what the customer keeps free; `remind` None: nobody is reminded.
    """

    skill: str
    level: int = 1
    window: timedelta = timedelta(hours=2)
    remind: timedelta | None = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """A remote-support or video session: where it is held.

    `url` is a template with `{id}`, or `webhook` is asked for an address; one of the two is None.
    """

    name: str
    kind: Literal["remote", "video"]
    url: str | None = None
    webhook: str | None = None
