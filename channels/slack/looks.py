"""Who looks at their App Home since when: known to every process, so that whoever delivers draws for all who look."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Protocol

from ..channel import Button
from ..house import Told


@dataclass(frozen=True, slots=True)
class Look:
    """They came, or did something there, at `at` (s since the epoch); `told` came of what they did at `told_at`.

    `digest` is what they were shown then; whoever draws next knows by it whether there is anything new.
    """

    at: float
    digest: str
    told: Told | None = None
    told_at: float = 0.0

    def dump(self) -> str:
        """As text."""
        told = self.told
        said = None if told is None else [told.ok, told.text, [astuple(one) for one in told.buttons]]
        return json.dumps([self.at, self.digest, said, self.told_at], ensure_ascii=False)

    @classmethod
    def read(cls, raw: str) -> Look | None:
        """The inverse; None for what no release of ours wrote."""
        try:
            at, digest, said, told_at = json.loads(raw)
            told = None
            if said is not None:
                ok, words, buttons = said
                told = Told(bool(ok), str(words), buttons=tuple(Button(*one) for one in buttons))
            return cls(float(at), str(digest), told, float(told_at))
        except (ValueError, TypeError):
            return None


class Looks(Protocol):
    """Where looks are noted. Calls raise when the store is away."""

    async def note(self, user: str, look: str) -> None:
        """The newest of this user."""

    async def all(self) -> Mapping[str, str]:
        """Everybody's, by user."""

    async def drop(self, users: Sequence[str]) -> None:
        """These look no more."""

    def delivers(self) -> bool:
        """Whether it is this process that draws for all who look."""


@dataclass(slots=True)
class OwnLooks:
    """Of a desk that has nobody beside it."""

    noted: dict[str, str] = field(default_factory=dict)

    async def note(self, user: str, look: str) -> None:
        """The newest of this user."""
        self.noted[user] = look

    async def all(self) -> Mapping[str, str]:
        """Everybody's, by user."""
        return dict(self.noted)

    async def drop(self, users: Sequence[str]) -> None:
        """These look no more."""
        for user in users:
            self.noted.pop(user, None)

    def delivers(self) -> bool:
        """There is nobody else."""
        return True
