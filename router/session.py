"""A remote-support or video session of a contact: who holds it where, and how far it has come. A value. Pure.

asked ─▶ agreed (it has begun) ─▶ ended
  └────▶ refused, withdrawn
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

Kind = Literal["remote", "video"]
State = Literal["asked", "agreed", "refused", "ended", "withdrawn"]
STATES: tuple[State, ...] = ("asked", "agreed", "refused", "ended", "withdrawn")
WHAT = "session"
"""What happens in a contact, as the ledger calls it."""
LONGEST_URL = 900


@dataclass(frozen=True, slots=True)
class Session:
    """`number` counts the sessions of a contact; `url` is where its customer goes, `own` where the agent does.

    `agent` is the queue's id; `since` the instant (ms) of its last step.
    """

    number: int
    name: str
    kind: Kind
    agent: str
    state: State
    since: int
    url: str
    own: str = ""

    @property
    def stands(self) -> bool:
        """Whether it can still begin or goes on."""
        return self.state in ("asked", "agreed")

    def went(self, state: State, at: int) -> Session:
        """The same, one step on."""
        return replace(self, state=state, since=at)

    def facts(self) -> dict[str, str]:
        """What the queue keeps of it."""
        core = [self.number, self.name, self.kind, self.agent, self.state, self.since]
        return {
            "session": json.dumps(core, ensure_ascii=False, separators=(",", ":")), "session.url": self.url,
            "session.own": self.own,
        }  # fmt: skip

    @classmethod
    def of(cls, facts: Mapping[str, object]) -> Session | None:
        """The inverse; None where there is none, or none that can be read."""
        try:
            number, name, kind, agent, state, since = json.loads(str(facts.get("session") or "null"))
        except (ValueError, TypeError):
            return None
        if state not in STATES or kind not in ("remote", "video"):
            return None
        url, own = str(facts.get("session.url") or ""), str(facts.get("session.own") or "")
        return cls(
            int(number), str(name), cast(Kind, kind), str(agent), cast(State, state), int(since), url, own
        )
