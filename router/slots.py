"""How many work at one time: who only waits for their turn at a door gives their slot to somebody else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Slots:
    """`free` of them are left; less than none while more have come back from waiting than there is room for.

    Whoever's turn has come goes on at once, else the door's next one would stay unused: the door's own pace keeps
    those few.
    """

    free: int
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a slot, first come first served, and have it."""
        if self.free <= 0 or self.waiting:
            mine = asyncio.get_running_loop().create_future()
            self.waiting.append(mine)
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self.give()
                raise
        else:
            self.free -= 1
        try:
            yield
        finally:
            self.give()

    def give(self) -> None:
        """One slot is free again: the next one has it."""
        self.free += 1
        while self.waiting and self.free > 0:
            following = self.waiting.popleft()
            if not following.done():
                self.free -= 1
                following.set_result(None)

    def take_back(self) -> None:
        """Whoever gave theirs goes on."""
        self.free -= 1
