"""What stands somewhere and changes, a card or a home: of each one only the newest version waits for its turn.

    show(card, v1) ─┐
    show(card, v2) ─┼─ one place in the gate's row, by the greatest urgency of them ──▶ drawn then, sent once
    show(card, v3) ─┘                                                        all three return

Slack takes about fifty changed messages and a hundred homes a minute from a whole workspace. Whatever changes faster is
shown late but never old, and how late is known: `oldest`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..channel import NotDelivered
from ..turn import its_turn
from .pace import Gate, Turn, Urgency
from .refusals import limited

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Draw = Callable[[], Awaitable[V | None]]
"""Draws the newest version when its turn has come; None: what stands there is right already."""


@dataclass(slots=True)
class _Wish(Generic[V]):
    """A version that waits, until it has `begun` to be drawn."""

    draw: Draw[V]
    urgency: Urgency
    turn: Turn | None = None  # none yet while the version before it is on its way
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] = field(init=False)


class Latest(Generic[K, V]):
    """The waiting room in front of one gate. `send` does it, and raises NotDelivered or OutcomeUnknown."""

    def __init__(
        self,
        gate: Callable[[], Gate],
        send: Callable[[K, V], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gate, self.send, self.clock = gate, send, clock
        self._wishes: dict[K, _Wish[V]] = {}
        self._under_way: dict[K, asyncio.Task[None]] = {}
        self._stale: dict[K, float] = {}  # since when what stands there has been out of date

    def __len__(self) -> int:
        """How many are out of date."""
        return len(self._stale)

    @property
    def oldest(self) -> float:
        """Seconds for which the one that waits longest has been out of date; 0 when everything is as it should be."""
        return self.clock() - min(self._stale.values()) if self._stale else 0.0

    async def show(self, key: K, draw: Draw[V], urgency: Urgency, patience: float | None = None) -> None:
        """Return when this version or a newer one stands there.

        Raises what `draw` and `send` raise. Without a turn after `patience` seconds, or when Slack has asked for more
        than that: NotDelivered("ratelimited"), and the version stays in the room. None waits for as long as it takes.
        """
        wish = self._wish(key, draw, urgency)
        paused = self.gate().paused
        if patience is not None and paused > patience:
            raise limited(paused)
        try:
            with its_turn():
                async with asyncio.timeout(patience):
                    await wish.begun.wait()
        except TimeoutError:
            raise limited(self.gate().wait(urgency)) from None
        await asyncio.shield(wish.task)

    def _wish(self, key: K, draw: Draw[V], urgency: Urgency) -> _Wish[V]:
        self._stale.setdefault(key, self.clock())
        wish = self._wishes.get(key)
        if wish is None:
            wish = self._wishes[key] = _Wish(draw, urgency)
            if key not in self._under_way:
                wish.turn = self.gate().line_up(urgency)
            wish.task = asyncio.create_task(self._shown(key, wish), name=f"newest of {key}")
            wish.task.add_done_callback(_heard)
            return wish
        wish.draw = draw
        if urgency < wish.urgency:
            wish.urgency = urgency
            if wish.turn is not None:
                self.gate().hurry(wish.turn, urgency)
        return wish

    async def _shown(self, key: K, wish: _Wish[V]) -> None:
        try:
            with its_turn():
                while (before := self._under_way.get(key)) is not None:  # else the older might arrive last
                    await asyncio.wait([before])
                if wish.turn is None:
                    wish.turn = self.gate().line_up(wish.urgency)
                await wish.turn
            self._under_way[key] = wish.task
        finally:
            del self._wishes[key]  # whoever comes from here on wants a newer version than this one
            wish.begun.set()
            if wish.turn is not None:
                wish.turn.cancel()
        try:
            if (version := await wish.draw()) is None:
                self.gate().room.spare()
            else:
                await self.send(key, version)
        except NotDelivered as error:
            if error.permanent:
                self._settle(key)  # nothing will ever stand there
            raise
        else:
            self._settle(key)
        finally:
            self._under_way.pop(key, None)

    def _settle(self, key: K) -> None:
        self._stale.pop(key, None)
        if key in self._wishes:  # something newer has come meanwhile
            self._stale[key] = self.clock()

    def forget(self, key: K) -> None:
        """Nobody asks for it any more: it counts as it stands."""
        if key not in self._wishes:
            self._stale.pop(key, None)

    def close(self) -> None:
        """Nothing is shown any more."""
        for task in (*self._under_way.values(), *(wish.task for wish in self._wishes.values())):
            task.cancel()
        self._stale.clear()


def _heard(task: asyncio.Task[None]) -> None:
    """An error that nobody waits for any more is no error of the loop's."""
    if not task.cancelled():
        task.exception()
