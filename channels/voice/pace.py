"""How fast and how many: calls that we make leave in the order in which they were asked for.

An account may make one call a second (more on request) and, where its contract says so, have so many legs at once.
Twilio itself queues what comes too fast, without saying so, and an agent's phone would ring for an offer long gone.
Source: twilio.com/docs/voice/api/call-resource, "Call rate limits".
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

LOOK_EVERY = 2.0
"""Seconds between two looks at the oldest leg while all places are taken: its end may be known to another process."""
REMEMBERED = 10_000


class Pace:
    """`waiting`, `live` and `most` are figures to show. Made inside a running loop."""

    def __init__(
        self, per_second: float = 1.0, most: int = 0, look: Callable[[str], Awaitable[bool]] | None = None
    ) -> None:
        """`most` legs at once, 0 for as many as the account allows; `look` says whether a leg is still there."""
        self.per_second, self.most, self.look = per_second, most, look
        self.waiting = 0
        self._legs: dict[str, None] = {}
        self._ended: dict[str, None] = {}
        self._making = 0
        self._turn = asyncio.Lock()  # it wakes its waiters in the order in which they came
        self._freed = asyncio.Event()
        self._next = 0.0

    @property
    def live(self) -> int:
        """Legs that we made and whose end we haven't heard of, those being made counted."""
        return len(self._legs) + self._making

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn to make a call; whoever is cancelled meanwhile makes none."""
        self.waiting += 1
        try:
            async with self._turn:
                await self._room()
                loop = asyncio.get_running_loop()
                await asyncio.sleep(max(0.0, self._next - loop.time()))
                self._next = loop.time() + (1 / self.per_second if self.per_second > 0 else 0.0)
        finally:
            self.waiting -= 1
        self._making += 1
        try:
            yield
        finally:
            self._making -= 1
            self._freed.set()

    def made(self, sid: str) -> None:
        """A call of ours exists; its end may have been told before."""
        if sid not in self._ended:
            self._legs[sid] = None

    def ended(self, sid: str) -> None:
        """A leg is over, whoever made it."""
        self._legs.pop(sid, None)
        self._ended[sid] = None
        while len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]
        self._freed.set()

    async def _room(self) -> None:
        while self.most and self.live >= self.most:
            self._freed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._freed.wait()
                continue
            await self._look()

    async def _look(self) -> None:
        """Ask about the oldest leg; it stands last in line afterwards, so that the next look is at another one."""
        if self.look is None or not self._legs:
            return
        oldest = next(iter(self._legs))
        if await self.look(oldest):
            self._legs.pop(oldest, None)
            self.made(oldest)
        else:
            self.ended(oldest)
