"""Receipts that don't come: a text that left is looked up where it went, so that nobody looks at ⏳ for ever.

Twilio tries a status callback a few times within seconds; while we or our store are away all of them are refused. What
is under way stands in the history, so whoever delivers now also looks for what another process sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from ..channels.channel import Channel, DeliveryError
from ..queue.engine import Queue
from .after_calls import door_of
from .facts import Facts
from .look import found_message

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between looks at what is overdue."""
LOOKS = (60_000, 300_000, 1_800_000, 7_200_000, 21_600_000)
"""ms after leaving at which a text without a last receipt is looked up; some carriers never send one."""
A_ROUND = 10
"""Texts looked up in one round; a crowd of them must not take the provider's limits from what is to be sent."""
FINAL = ("delivered", "failed")

UnderWay = tuple[int, str, int]
"""A text that left: when (ms), its contact, its number there."""


class Texts(Protocol):
    """What is asked of the history."""

    async def under_way(self, after: UnderWay, until: int, limit: int) -> tuple[UnderWay, ...]:
        """Texts without a last receipt behind `after`, that left at `until` or before, in order."""


@dataclass(slots=True)
class Sweep:
    """One look at every text, `age` ms after it left, or later; `after`: the last that was looked up."""

    age: int
    after: UnderWay
    end: int | None = None
    """Texts that left after this instant aren't this sweep's."""

    def until(self, now: int) -> int:
        """The latest instant of leaving at which its look is due."""
        return now - self.age if self.end is None else min(now - self.age, self.end)


@dataclass(slots=True)
class Overdue:
    """Looks while `mine` says that this process delivers; only the places it has come to are kept in memory."""

    queue: Queue
    doors: Mapping[str, Channel]
    texts: Texts
    mine: Callable[[], bool]
    sweeps: list[Sweep] = field(default_factory=list)

    async def run(self) -> None:
        """Look for ever; raises StoreError when store or history is away (the supervisor starts it again)."""
        while True:
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look(await self.queue.now())
            else:
                self.sweeps = []

    async def look(self, now: int) -> int:
        """One round at `now` (ms); how many were looked at."""
        if not self.sweeps:
            self.sweeps = beginning(now)
        room = A_ROUND
        for sweep in self.sweeps:
            if room == 0:
                break
            for text in await self.texts.under_way(sweep.after, sweep.until(now), room):
                await self._look_up(*text[1:])
                sweep.after = text
                room -= 1
        return A_ROUND - room

    async def _look_up(self, contact: str, n: int) -> None:
        found = await found_message(self.queue, contact, n)
        if found is None or found[1].status in FINAL or not found[1].provider_id:
            return  # of what has no id yet the outbox finds out whether it left
        if found[0].channel == "email":
            return  # no server can be asked
        door = self.doors.get(door_of(found[0].channel, Facts.parse(found[0].facts).address))
        if door is None:
            return
        try:
            it = await door.status(found[1].provider_id)
        except DeliveryError as error:
            log.warning("receipt.not_found", contact=contact, n=n, error=type(error).__name__)
            return
        await self.queue.receipt(contact, n, it.status, found[1].provider_id, it.error)


def beginning(now: int) -> list[Sweep]:
    """Where a process begins that has just come to deliver: last of all, one look at what left before that."""
    before = Sweep(LOOKS[0], (now - LOOKS[-1], "", 0), end=now - LOOKS[0])
    return [*(Sweep(age, (now - age + 1, "", 0)) for age in LOOKS), before]
