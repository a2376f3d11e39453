"""Receipts that don't come: a text that left is looked up where it went, so that nobody looks at ⏳ for ever.

Twilio tries a status callback a few times within seconds; while our store is away all of them are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from ..channels.channel import Channel, DeliveryError
from ..queue.engine import Queue
from ..queue.failures import StoreError
from .look import found_message

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between looks at what is overdue."""
LOOKS = (60_000, 300_000, 1_800_000, 7_200_000, 21_600_000)
"""ms after leaving at which a text without a last receipt is looked up; some carriers never send one."""
A_ROUND = 10
"""Texts looked up in one round; a crowd of them must not take the provider's limits from what is to be sent."""
FINAL = ("delivered", "failed")


@dataclass(slots=True)
class Overdue:
    """What has left and isn't known to have arrived, in memory: after a restart only the callbacks tell."""

    queue: Queue
    doors: Mapping[str, Channel]
    left_at: dict[tuple[str, int], tuple[str, str, int, int]] = field(default_factory=dict)

    def left(self, contact: str, n: int, door: str, provider_id: str, now: int) -> None:
        """A text went out by `door`, and its last receipt is still to come."""
        self.left_at[contact, n] = (door, provider_id, now, 0)

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        while True:
            await asyncio.sleep(EVERY)
            if self.left_at:
                await self.look(await self.queue.now())

    async def look(self, now: int) -> int:
        """One round at `now` (ms); how many were looked up."""
        due = [key for key, (_, _, at, looks) in self.left_at.items() if at + LOOKS[looks] <= now][:A_ROUND]
        for contact, n in due:
            door, provider_id, at, looks = self.left_at.pop((contact, n))
            found = await found_message(self.queue, contact, n)
            if found is None or found[1].status in FINAL:
                continue
            if looks + 1 < len(LOOKS):
                self.left_at[contact, n] = (door, provider_id, at, looks + 1)
            try:
                it = await self.doors[door].status(provider_id)
            except DeliveryError as error:
                log.warning("receipt.not_found", contact=contact, n=n, error=type(error).__name__)
                continue
            try:
                await self.queue.receipt(contact, n, it.status, provider_id, it.error)
            except StoreError:
                self.left_at[contact, n] = (door, provider_id, at, looks)
                raise
        return len(due)
