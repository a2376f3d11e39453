"""Secrets that lapse on a known day: whoever can mend it hears so 30, 7 and 1 days before, and when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ..queue.engine import Queue
from .alerts import Alerts

BEFORE = (30, 7, 1, 0)
"""Days before the last one; 0: that day is here, or over."""
EVERY, SOON = 600.0, 2.0
"""Seconds between looks, and until we see again whether it is ours to look."""
KEPT = 90 * 86_400_000
"""ms for which it is known what was told, whichever process told it."""


def stage(last: date, today: date) -> int | None:
    """Which of `BEFORE` is reached; None while there is time."""
    left = (last - today).days
    return min((it for it in BEFORE if left <= it), default=None)


@dataclass(slots=True)
class Lapsing:
    """`days`: the last day of each secret, by the variable that holds it."""

    queue: Callable[[], Queue]
    days: Mapping[str, date]
    alerts: Alerts
    mine: Callable[[], bool]

    async def run(self) -> None:
        """For ever; raises StoreError when the store is away (the supervisor starts it again)."""
        while True:
            if ours := self.mine():
                await self.look()
            await asyncio.sleep(EVERY if ours else SOON)

    async def look(self) -> None:
        """Tell what is near and hasn't been told."""
        today = datetime.fromtimestamp(await self.queue().now() / 1000, UTC).date()
        for name, last in self.days.items():
            reached = stage(last, today)
            if reached is not None and await self.queue().once(f"lapses:{name}:{last}:{reached}", KEPT):
                await self.alerts.say(f":warning: {sentence(name, last, today)}")


def sentence(name: str, last: date, today: date) -> str:
    """What is told."""
    left = (last - today).days
    when = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
    what = f"lapses on {last.isoformat()}, {when}" if left >= 0 else f"has lapsed on {last.isoformat()}"
    return (
        f"{name} {what}: then mails are neither taken nor sent with it. Make a new one at the provider, set {name} and"
        f" {name.replace('_SECRET', '_EXPIRES')}, and start Tierline anew. The old one goes on until its end."
    )
