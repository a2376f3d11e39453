"""How far mailboxes are taken, as the store has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.channel import NotTaken
from ..queue.engine import Queue
from ..queue.failures import StoreError


@dataclass(frozen=True, slots=True)
class Cursors:
    """Durable numbers by name, that only grow."""

    queue: Callable[[], Queue]

    async def known(self, name: str, number: int) -> int:
        """The largest that was ever given, 0 before the first. Raises NotTaken while the store is away."""
        try:
            return await self.queue().seen_until(name, number)
        except StoreError as error:
            raise NotTaken(type(error).__name__) from error
