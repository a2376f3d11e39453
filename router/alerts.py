"""Trouble is told to whoever can mend it: once when it begins, once when it ends, by every way that works."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

Way = Callable[[str], Awaitable[None]]
"""Tells one text by one way (Slack, text, mail); raises when it couldn't."""

DEADLINE = 10.0
MINUTE = 60.0


@dataclass(slots=True)
class Alerts:
    """`ways` gives today's ways by name: they follow the active plan and what is configured."""

    ways: Callable[[], dict[str, Way]]
    trouble: dict[str, str] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def begin(self, name: str, text: str) -> None:
        """Trouble `name` has begun; said once until `end`."""
        if name not in self.trouble:
            self.trouble[name] = text
            await self.say(f":rotating_light: {text}")

    async def end(self, name: str, text: str) -> None:
        """Trouble `name` is over; said only if it had begun."""
        if self.trouble.pop(name, None) is not None:
            await self.say(f":white_check_mark: {text}")

    async def once(self, name: str, text: str, every: float = 3600.0, at: float | None = None) -> None:
        """Say `text`, at most once in `every` seconds for this `name`; `at` is an event's own instant in seconds."""
        clock = asyncio.get_running_loop().time() if at is None else at
        if clock - self.told.get(name, -every) >= every:
            self.told[name] = clock
            await self.say(f":warning: {text}")

    async def coalesced(self, name: str, text: str, at: float | None = None) -> None:
        """As `once`, with a minute: many contacts in one step are one alert."""
        await self.once(name, text, MINUTE, at)

    def forget(self) -> None:
        """Begin anew, as with an emptied store."""
        self.trouble.clear()
        self.told.clear()

    async def say(self, text: str) -> None:
        """Tell everybody by every way, each within its deadline; a way that fails is logged and the others go on."""
        log.warning("alert", text=text)
        for name, way in self.ways().items():
            task = asyncio.create_task(self._one(name, way, text))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _one(self, name: str, way: Way, text: str) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                await way(text)
        except Exception as error:
            log.error("alert.failed", way=name, error=type(error).__name__)

    async def drain(self) -> None:
        """Wait until what was begun has been told or has failed."""
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=DEADLINE)
