"""Before a call or text to a customer begins: whether it may. All processes count together; whoever can mend it is told.

outbox ─▶ refusal(key, facts) ─▶ barred? (pure) ─▶ spend (store: once a key) ─▶ None: it may begin
                                       └─────────────────┴─▶ words: the sender sees them, and alerts are told
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from ..queue.engine import Queue
from ..queue.replies import Counts
from .alerts import Alerts
from .facts import Facts
from .fraud import barred, too_often
from .plan.model_calls import Safety
from .rulebook import Rulebook

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between looks at what is over."""
QUIET = 3_600_000
"""ms without anything held back after which it counts as over."""

Kind = Literal["where", "number", "all"]
BEGAN: dict[Kind, str] = {
    "where": "A call or text to a customer was held back",
    "number": "Calls and texts to one number are held back",
    "all": "All calls and texts to customers are held back",
}
OVER = "For an hour no call or text was held back for this reason any more"


@dataclass(slots=True)
class Guard:
    """`held` is how many were held back since the start, by kind."""

    queue: Queue
    book: Callable[[], Rulebook]
    alerts: Alerts
    held: dict[Kind, int] = field(default_factory=dict)
    last: dict[Kind, int] = field(default_factory=dict)  # when one was held back, ms

    async def refusal(self, key: str, contact: str, facts: Facts) -> str | None:
        """Why the call or text `key` to the contact's customer may not begin, in words; None when it may, counted once.

        The same `key` is the same call or text, however often and by whichever process it is tried.
        """
        number, safety = facts.address, self.book().plan.safety
        if number in safety.people:
            return None
        if (why := barred(number, safety, vouched=facts.verified)) is not None:
            return await self._held("where", why, contact)
        counts = await self.queue.spend(key, number, most(safety))
        if counts is None:
            return None
        own = counts.number_hour >= safety.number_hour or counts.number_day >= safety.number_day
        why = too_often(safety, counts) or "there were too many calls and texts"
        return await self._held("number" if own else "all", why, contact)

    async def _held(self, kind: Kind, why: str, contact: str) -> str:
        log.warning("held_back", contact=contact, kind=kind, why=why)
        self.held[kind] = self.held.get(kind, 0) + 1
        self.last[kind] = await self.queue.now()
        await self.alerts.begin(f"safety:{kind}", f"{BEGAN[kind]} ({contact}): {why}.")
        return why

    def figures(self) -> dict[str, tuple[str, float]]:
        """For `/metrics`."""
        what = "Calls and texts to customers held back since the start"
        return {f"tierline_held_back_{kind}": (f"{what}: {kind}", self.held.get(kind, 0)) for kind in BEGAN}

    async def run(self) -> None:
        """See for ever what is over; raises StoreError when the store is away (the supervisor starts it again)."""
        while True:
            await asyncio.sleep(EVERY)
            if self.last:
                await self.look(await self.queue.now())

    async def look(self, now: int) -> None:
        """Tell what is over at `now` (ms)."""
        for kind in [it for it, at in self.last.items() if now - at >= QUIET]:
            del self.last[kind]
            await self.alerts.end(f"safety:{kind}", f"{OVER}: {BEGAN[kind].lower()}.")


def most(safety: Safety) -> Counts:
    """The plan's limits, as the queue compares them."""
    return Counts(safety.number_hour, safety.number_day, safety.per_hour, safety.per_day)
