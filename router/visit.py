"""A visit at a customer's: when, where, by whom, what became of it. A value, kept among its contact's small facts. Pure.

planned ─▶ otherwise … ─▶ done | nobody there | needs another
               └─▶ cancelled
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Literal, cast
from zoneinfo import ZoneInfo

from .rulebook import millis

State = Literal["planned", "cancelled", "done", "nobody there", "needs another"]
OUTCOMES: tuple[State, ...] = ("done", "nobody there", "needs another")
STATES: tuple[State, ...] = ("planned", "cancelled", *OUTCOMES)
LONGEST_ADDRESS, LONGEST_TASK, LONGEST_SAID = 300, 800, 500
"""Characters; the queue keeps 1,000 of a fact."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`number` counts the visits of a contact, `change` what was said of this one since; instants in ms.

    `agent` is the queue's id of whoever comes; `task` is for them alone; `said`: how it went, or why it is cancelled.
    """

    number: int
    change: int
    at: int
    until: int
    agent: str
    address: str
    task: str = ""
    state: State = "planned"
    said: str = ""

    @property
    def key(self) -> str:
        """This visit as it is now, and no other."""
        return f"{self.number}.{self.change}"

    @property
    def stands(self) -> bool:
        """Whether somebody is to come."""
        return self.state == "planned"

    def facts(self) -> dict[str, str]:
        """What the queue keeps of it."""
        core = [self.number, self.change, self.at, self.until, self.agent, self.state]
        return {
            "visit": json.dumps(core, separators=(",", ":")), "visit.where": self.address, "visit.task": self.task,
            "visit.said": self.said,
        }  # fmt: skip

    @classmethod
    def of(cls, facts: Mapping[str, object]) -> Visit | None:
        """The inverse; None where there is none, or none that can be read."""
        try:
            number, change, at, until, agent, state = json.loads(str(facts.get("visit") or "null"))
        except (ValueError, TypeError):
            return None
        if state not in STATES:
            return None
        where, task, said = (str(facts.get(f"visit.{name}") or "") for name in ("where", "task", "said"))
        return cls(
            int(number), int(change), int(at), int(until), str(agent), where, task, cast(State, state), said
        )

    def ended(self, state: State, said: str) -> Visit:
        """The same, with what became of it."""
        return replace(self, state=state, said=said[:LONGEST_SAID], change=self.change + 1)

    def overlaps(self, other: Visit) -> bool:
        """Whether nobody can be at both."""
        return self.at < other.until and other.at < self.until


class NoSuchTime(Exception):
    """The wall clock never shows that, or it is none; the text says why."""


def at_wall(day: str, clock: str, zone: str) -> int:
    """The instant (ms) of "2026-12-01" "09:30" on the zone's wall; of an hour that comes twice, the first.

    Raises NoSuchTime for an hour that the clock jumps over, and for what is no date or time.
    """
    try:
        wall = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock))
    except ValueError:
        raise NoSuchTime("Say a date and a time.") from None
    at = wall.replace(tzinfo=ZoneInfo(zone))
    if at.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise NoSuchTime(f"There is no {clock} on that day: the clocks go forward then.")
    return millis(at)


def address_of(facts: Mapping[str, str]) -> str:
    """Where a customer is by their record: the fact `address`, else `street`, `postcode` (or `zip`) and `city`; or ""."""
    known = {name.strip().casefold(): value.strip() for name, value in facts.items() if value.strip()}
    town = " ".join(filter(None, (known.get("postcode") or known.get("zip"), known.get("city"))))
    return known.get("address") or "\n".join(filter(None, (known.get("street"), town)))
