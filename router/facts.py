"""What the router writes about a contact: the queue carries it as JSON, the desk, *why* and history read it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace


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

    def to_json(self) -> str:
        """One line of JSON without the fields that say nothing."""
        return json.dumps(
            {k: v for k, v in asdict(self).items() if v or k == "due"},
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def parse(cls, text: str) -> Facts:
        """The inverse of `to_json`; what an older version left out or a newer one added is no error."""
        raw = json.loads(text or "{}")
        known = {k: v for k, v in raw.items() if k in cls.__slots__}
        return replace(_NONE, **known)


_NONE = Facts("", "", "", "", False, "", 0, "", 0, 0, None)
