"""An article as a value, without the database's library, for which no start waits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

State = Literal["draft", "published", "retired"]
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
LONGEST_TITLE, LONGEST_BODY, LONGEST_STEP, MOST_STEPS = 150, 20_000, 150, 30
"""Characters, and steps of a guide."""


@dataclass(frozen=True, slots=True)
class Article:
    """One version in one language; `steps` make it a guide. `version` 0: not saved yet. `at` in ms."""

    slug: str
    language: str
    title: str
    body: str
    tags: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    state: State = "draft"
    version: int = 0
    at: int = 0
    author: str = ""

    def says(self, other: Article) -> bool:
        """Whether both say the same to a reader."""
        mine, theirs = ((it.title, it.body, it.tags, it.services, it.steps, it.state) for it in (self, other))
        return mine == theirs


class Overtaken(Exception):
    """Somebody else has saved a version since: nothing was changed."""
