"""What a provider has of the past: asked for what arrived there while we could not be reached (`router/catch_up.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..queue.contact import Arrived


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that came to us. `sender`: "" when withheld. `at`, `ended`: ms; `ended` None while it goes on."""

    sid: str
    sender: str = field(repr=False)
    recipient: str
    at: int
    ended: int | None


class PastTexts(Protocol):
    """The provider's list of texts."""

    async def listed(self, number: str, since: int, until: int, most: int) -> list[Arrived]:
        """What came for our `number` from `since` to `until` (ms), oldest first; of more than `most` the newest.

        Raises NotDelivered or OutcomeUnknown.
        """

    async def take(self, arrived: Arrived) -> bool:
        """Take one in as if it had come just now, once; whether it was news. Raises NotTaken."""


class PastCalls(Protocol):
    """The provider's list of calls; both raise NotDelivered or OutcomeUnknown."""

    async def listed(self, number: str, since: int, until: int, most: int) -> list[PastCall]:
        """Calls to our `number` that began then, oldest first; of more than `most` the newest."""

    async def forwarded(self, sid: str) -> bool:
        """Whether somebody answered to whom the provider put the call through without us."""
