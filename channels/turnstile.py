"""One at a time through a busy loop: of many who come together the first is on its way before the last has begun.

Without it a loop takes every step of all that came together side by side, so that the first is done as late as the
last. Here each next one begins a turn of the loop later, behind whatever has become ready for those before it.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turnstile:
    """Lets one in at a turn of the loop, in the order in which they came."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._turning = False

    async def enter(self) -> None:
        """Return at once where nobody else came in this turn, else in a turn of one's own."""
        loop = asyncio.get_running_loop()
        if not self._turning:
            self._turning = True
            loop.call_soon(self._turn, loop)
            return
        mine = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            following = self._waiting.popleft()
            if not following.done():  # it has gone meanwhile
                following.set_result(None)
                loop.call_soon(self._turn, loop)
                return
        self._turning = False
