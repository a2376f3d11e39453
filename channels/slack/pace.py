"""How fast Slack may be asked: one gate per method, and one per channel for new messages.

docs.slack.dev/apis/web-api/rate-limits: tiers per method and workspace (20, 50, 100 a minute), and about one new
message a second and channel with short bursts. Waiting calls go by urgency; the less urgent leave room for the rest.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from ..turn import its_turn
from .refusals import limited


class Urgency(IntEnum):
    """Who goes first when Slack lets only some through."""

    OFFER = 0  # an offer, its withdrawal, an answer to somebody who just pressed
    FAILURE = 1
    CUSTOMER = 2
    CARD = 3
    HOME = 4
    TICK = 5


SHARE = (1.0, 0.95, 0.9, 0.8, 0.8, 0.5)
"""How much of a minute's calls each urgency may use up."""
PER_MINUTE = {
    "apps.connections.open": 20, "auth.test": 100, "bots.info": 50, "chat.delete": 50, "chat.getPermalink": 100,
    "chat.postEphemeral": 100, "chat.postMessage": 600, "chat.update": 50, "conversations.history": 50,
    "conversations.info": 50, "conversations.join": 50, "conversations.list": 20, "conversations.open": 50,
    "conversations.replies": 50, "reactions.add": 50, "reactions.remove": 20, "users.info": 100, "users.list": 20,
    "files.info": 100,
    "users.lookupByEmail": 50, "views.open": 100, "views.publish": 100, "views.push": 100, "views.update": 100,
}  # fmt: skip
PATIENCE = 20.0
"""Seconds that a call waits for its turn before it is handed back."""
BURST, A_SECOND = 4.0, 1.0
KEPT = (0.0, 0.0, 0.0, 2.0, 2.0, 2.0)
"""How many of a channel's burst each urgency leaves to whoever is more urgent."""


class Room(Protocol):
    """What may be let through."""

    def wait(self, now: float, urgency: Urgency) -> float:
        """Seconds until a call may go; 0 = now."""

    def left(self, now: float, urgency: Urgency) -> int:
        """How many may go now."""

    def take(self, now: float) -> None:
        """One goes."""

    def spare(self) -> None:
        """Whoever went last had nothing to do after all."""


@dataclass(slots=True)
class Minute:
    """At most `most` in any minute."""

    most: int
    taken: deque[float] = field(default_factory=deque)

    def wait(self, now: float, urgency: Urgency) -> float:
        """Seconds until there is room in this urgency's share."""
        over = -self.left(now, urgency)
        return 0.0 if over < 0 else max(0.01, self.taken[over] + 60.5 - now)

    def left(self, now: float, urgency: Urgency) -> int:
        """How many are left of this urgency's share."""
        while self.taken and self.taken[0] <= now - 60.5:
            self.taken.popleft()
        return max(1, int(self.most * SHARE[urgency])) - len(self.taken)

    def take(self, now: float) -> None:
        """One goes."""
        self.taken.append(now)

    def spare(self) -> None:
        """The last one didn't go."""
        if self.taken:
            self.taken.pop()


@dataclass(slots=True)
class Drip:
    """`BURST` at once, then one a second."""

    drops: float = BURST
    at: float = 0.0

    def wait(self, now: float, urgency: Urgency) -> float:
        """Seconds until the next."""
        over = self._filled(now) - 1 - KEPT[urgency]
        return 0.0 if over >= 0 else max(0.01, -over / A_SECOND)

    def left(self, now: float, urgency: Urgency) -> int:
        """How many of the burst are left for this urgency."""
        return int(self._filled(now) - KEPT[urgency])

    def _filled(self, now: float) -> float:
        self.drops, self.at = min(BURST, self.drops + (now - self.at) * A_SECOND), now
        return self.drops

    def take(self, now: float) -> None:
        """One goes."""
        self.drops -= 1

    def spare(self) -> None:
        """The last one didn't go."""
        self.drops = min(BURST, self.drops + 1)


@dataclass(slots=True)
class Boundless:
    """Everything at once: only Slack's own Retry-After holds anybody up."""

    def wait(self, now: float, urgency: Urgency) -> float:
        """Never."""
        return 0.0

    def left(self, now: float, urgency: Urgency) -> int:
        """More than anybody asks for."""
        return 1_000_000

    def take(self, now: float) -> None:
        """One goes."""

    def spare(self) -> None:
        """It makes no difference."""


Turn = asyncio.Future[None]
"""A place in a gate's row; done when it may go."""


class Gate:
    """Lets waiting calls through one `Room`, the most urgent first, and none before Slack's Retry-After."""

    def __init__(self, room: Room, clock: Callable[[], float] = time.monotonic) -> None:
        self.room, self.clock = room, clock
        self.until = 0.0
        self._count = 0
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    def pause(self, seconds: float) -> None:
        """Slack said so."""
        self.until = max(self.until, self.clock() + seconds)

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len({id(turn) for _, _, turn in self._waiting if not turn.done()})

    @property
    def paused(self) -> float:
        """Seconds for which Slack wants to hear nothing more of this."""
        return max(0.0, self.until - self.clock())

    def left(self, urgency: Urgency) -> int:
        """How many could go at once; nobody, while somebody as urgent waits or Slack wants to hear nothing."""
        held_up = self.paused > 0 or any(it <= urgency and not turn.done() for it, _, turn in self._waiting)
        return 0 if held_up else max(0, self.room.left(self.clock(), urgency))

    async def rush(self, urgency: Urgency, patience: float | None) -> None:
        """Like `enter`, but only a Retry-After holds it up. It counts all the same: the others wait for it."""
        if self.until > self.clock():
            await self.enter(urgency, patience)
        else:
            self.room.take(self.clock())

    def line_up(self, urgency: Urgency) -> Turn:
        """A place among those who wait; whoever doesn't want it any more cancels it."""
        turn: Turn = asyncio.get_running_loop().create_future()
        self.hurry(turn, urgency)
        return turn

    def hurry(self, turn: Turn, urgency: Urgency) -> None:
        """The same place by a greater urgency."""
        self._count += 1
        heapq.heappush(self._waiting, (urgency, self._count, turn))
        self._let()

    async def enter(self, urgency: Urgency, patience: float | None) -> None:
        """Return when the call may go; raises NotDelivered("ratelimited") after `patience` seconds.

        At once where Slack has asked for more than that. None waits for as long as there are others before it.
        """
        if self.paused > (PATIENCE if patience is None else patience):
            raise limited(self.paused)
        mine = self.line_up(urgency)
        try:
            with its_turn():
                async with asyncio.timeout(patience):
                    await mine
        except TimeoutError:
            raise limited(self.wait(urgency)) from None
        finally:
            mine.cancel()

    def wait(self, urgency: Urgency) -> float:
        """Seconds after which it is worth coming again, at least one."""
        return max(self.paused, self.room.wait(self.clock(), urgency), 1.0)

    def _let(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            urgency, _, future = self._waiting[0]
            if future.done():
                heapq.heappop(self._waiting)
                continue
            now = self.clock()
            wait = max(self.until - now, self.room.wait(now, urgency))
            if wait > 0:
                self._timer = asyncio.get_running_loop().call_later(wait, self._let)
                return
            heapq.heappop(self._waiting)
            self.room.take(now)
            future.set_result(None)

    def close(self) -> None:
        """Let nobody through any more."""
        if self._timer is not None:
            self._timer.cancel()
        for _, _, future in self._waiting:
            future.cancel()
        self._waiting.clear()
