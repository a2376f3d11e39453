"""Legs that nobody has heard of for a while are looked up where they are, so that no call is believed to go on for ever.

The provider tells of a leg a few times within seconds; while we or our store are away all of that is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

import structlog

from ..channels.channel import DeliveryError
from ..channels.phone import LegNews, Phones
from ..queue.engine import Queue

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between looks."""
SILENT = 30_000
"""ms without news after which a leg is looked up; a talk has none for its whole length."""
ROUNDS = 3
"""Of so many looks one is at every call that goes on."""
A_ROUND = 20
"""Legs looked up in one round: 240 a minute, far below what the provider takes."""


@dataclass(slots=True)
class Unheard:
    """Looks while `mine` says that this process delivers; `calls` looks at every call that goes on."""

    queue: Queue
    phones: Phones
    heard: Callable[[LegNews], Awaitable[None]]
    mine: Callable[[], bool]
    calls: Callable[[], Awaitable[None]]

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        for n in count(1):
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look(await self.queue.now())
                if n % ROUNDS == 0:
                    await self.calls()

    async def look(self, now: int) -> int:
        """One round at `now` (ms); how many were looked up."""
        silent = await self.queue.legs_unheard(now - SILENT, A_ROUND)
        for contact, sid in silent:
            legs = {it.sid: it for it in await self.queue.legs(contact)}
            about = dict(legs[sid].about) if sid in legs else {}
            try:
                found = await self.phones.look(sid)
            except DeliveryError as error:
                log.warning("leg.not_found_out", contact=contact, error=type(error).__name__)
                continue
            state = found.state if found is not None else "completed"
            await self.heard(LegNews(sid, state, {**about, "c": contact}))
        return len(silent)
