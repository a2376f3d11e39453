"""What the router writes about a contact: the queue carries it as JSON, the desk, *why* and history read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

Answers = tuple[tuple[str, str], ...]
"""`(question, answer)`, in the order in which they were given."""
MOST_MOVES = 20
"""Handovers that a contact carries with it; the ledger has them all."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One handover. `owner`, `team`, `tier`, `service` say who had it before, "" and 0 for nobody."""

    at: int  # ms since the epoch
    by: str  # who did it
    to: str  # "Ben", "team nightowl", "L2", "service outage"
    why: str = ""
    tried: str = ""  # what was tried, where it was escalated
    owner: str = ""
    team: str = ""
    tier: int = 0
    service: str = ""

    @property
    def line(self) -> str:
        """In a line, as whoever gets it reads it."""
        who = self.owner or self.by
        said = [
            f"{who} hands over to {self.to}" if self.owner else f"{who} gave it to {self.to}",
            f"tried: {self.tried}" if self.tried else "",
            self.why,
        ]
        return ": ".join([said[0], "; ".join(filter(None, said[1:]))]) if any(said[1:]) else said[0]


@dataclass(frozen=True, slots=True)
class Facts:
    """How a contact was classified. Instants are ms since the epoch; every text may come from outside."""

    customer: str  # the customer's key
    name: str  # as the records have it, "" when unknown
    address: str  # whom to answer
    recipient: str  # the address of ours that was written to
    verified: bool
    language: str
    version: int  # of the plan that decided
    rule: str  # the rule's name, "" when the entry decided
    rule_line: int
    priority: int
    due: int | None  # when an answer is promised; None when the service never opens
    closed: str = ""  # why the service was closed at arrival, "" when it was open
    moved: str = ""  # who moved it by hand, "" when the plan decided: no new plan moves it again
    notice: str = ""  # something a supervisor must know: a number that the plan doesn't name
    moves: tuple[Moved, ...] = ()  # handovers, oldest first
    spam: bool = False  # the address was marked as spam before
    bounces: int = 0  # how often it came back to somebody, a team or a tier that had it before
    answers: Answers = ()  # what the customer answered before a person was asked
    first: str = ""  # the script that asks, "" when none does (any more)
    until: int = 0  # the instant until which it waits for an answer: only then it is the script's
    robot: str = ""  # what kind of machine began it, "" for a person: nothing is said to it of our own accord
    claims: str = ""  # the customer whom an unverified mail sender would be: their records stay out of it
    vouched: str = ""  # who has made sure that it is this customer, "" where nobody had to
    was: tuple[
        str, ...
    ] = ()  # before that: customer, name, claim; and the address that their record got with it

    def to_json(self) -> str:
        """One line of JSON without the fields that say nothing."""
        told = _told(self, "due")
        if self.moves:
            told["moves"] = [_told(it, "at", "by", "to") for it in self.moves]
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Facts:
        """The inverse of `to_json`; what an older version left out or a newer one added is no error."""
        raw = json.loads(text or "{}")
        known = {k: v for k, v in raw.items() if k in cls.__slots__}
        if "answers" in known:
            known["answers"] = tuple((str(name), str(value)) for name, value in known["answers"])
        if "was" in known:
            known["was"] = tuple(str(it) for it in known["was"])
        if "moves" in known:
            known["moves"] = tuple(_moved(it) for it in known["moves"])
        return replace(_NONE, **known)


def _told(it: Facts | Moved, *always: str) -> dict[str, object]:
    """Field by field: `asdict` would copy every text deeply, which shows at every arrival."""
    return {k: v for k in it.__slots__ if (v := getattr(it, k)) or k in always}


def _moved(raw: Mapping[str, object]) -> Moved:
    known = {k: v for k, v in raw.items() if k in Moved.__slots__}
    return replace(_NO_MOVE, **known)  # type: ignore[arg-type]  # what is in it is what `to_json` wrote


_NONE = Facts("", "", "", "", False, "", 0, "", 0, 0, None)
_NO_MOVE = Moved(0, "", "")
