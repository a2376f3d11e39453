"""What the queue answers. A lost race is an answer here, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Refused(Exception):
    """The operation wasn't carried out and won't be; `reason` is `expired` (its id is too old or ahead)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls and texts that were begun so far, or may be: to one number and to all, in the last hour and the last day."""

    number_hour: int = 0
    number_day: int = 0
    hour: int = 0
    day: int = 0


class Arrival(NamedTuple):
    """`n` is the message's number at the contact (0 when the contact of a duplicate is gone).

    `stale`: nothing was taken, because it was decided in another situation than the present one.
    """

    outcome: Literal["new", "added", "duplicate", "stale"]
    contact: str
    n: int


class Answer(NamedTuple):
    """To an act on an offer or a contact: `ok` when it was done, else who or what came before.

    `stale`: that offer isn't live any more; `taken`: somebody (`by`) owns the contact; `elsewhere`: its
    conversation goes on in the contact `by`; `gone`: no such contact or agent; `late`: later news of that leg have
    been heard; `outdated`: it was decided in another situation; `state` is the contact's state afterwards.
    """

    outcome: Literal[
        "accepted",
        "ok",
        "stale",
        "late",
        "taken",
        "elsewhere",
        "not_owner",
        "ended",
        "gone",
        "too_late",
        "suppressed",
        "outdated",
    ]
    by: str = ""
    state: str = ""
    n: int = 0
    due: int | None = None

    @property
    def done(self) -> bool:
        """Whether the act took place (now or, for a repeated one, before)."""
        return self.outcome in ("accepted", "ok")


class Ticked(NamedTuple):
    """`more`: entries are still due now; `next_due`: the earliest instant left in the due set."""

    now: int
    fired: int
    more: bool
    next_due: int | None
