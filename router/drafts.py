"""A supervisor's draft of the plan: their edits, on the version that they were made on, until they are published.

The edits are kept, not the text: what somebody else published meanwhile is the ground on which they are made again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..queue.engine import Queue
from ..queue.papers import keep_paper, paper_of
from .plan.edit import Drop, Edit, Insert, Put, Shift

KEPT = 7 * 86_400_000
"""ms after its last edit that a draft is kept."""
KINDS: dict[str, type[Edit]] = {"put": Put, "insert": Insert, "drop": Drop, "shift": Shift}


@dataclass(frozen=True, slots=True)
class Draft:
    """`on` is the version on which the edits were made, 0 where there are none."""

    on: int = 0
    edits: tuple[Edit, ...] = ()

    def more(self, version: int, edits: Sequence[Edit]) -> Draft:
        """With these edits, too; the first ones say on which version."""
        return Draft(self.on or version, (*self.edits, *edits)) if edits else self

    def over(self, version: int) -> Draft:
        """The same edits on another version."""
        return replace(self, on=version)

    def to_json(self) -> str:
        """The inverse of `parse`; "" for none."""
        if not self.edits:
            return ""
        edits = [[_kind(it), *(getattr(it, name) for name in it.__slots__)] for it in self.edits]
        return json.dumps([self.on, edits], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, raw: str) -> Draft:
        """What was kept; what nobody can read (any more) is no draft."""
        if not raw:
            return cls()
        try:
            on, edits = json.loads(raw)
            return cls(int(on), tuple(_edit(*each) for each in edits))
        except (ValueError, TypeError, KeyError):
            return cls()


def _kind(edit: Edit) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(edit, kind))


def _edit(kind: str, path: Sequence[str], *rest: Any) -> Edit:
    return KINDS[kind](tuple(map(str, path)), *rest)


@dataclass(frozen=True, slots=True)
class Drafts:
    """One draft a person, wherever they open it."""

    queue: Queue

    async def of(self, user: str) -> Draft:
        """The draft of a Slack user; an empty one where there is none."""
        return Draft.parse(await paper_of(self.queue, f"draft:{user}"))

    async def keep(self, user: str, draft: Draft) -> None:
        """Keep it; an empty one is thrown away. Raises TooLong."""
        await keep_paper(self.queue, f"draft:{user}", draft.to_json(), KEPT)
