"""Trouble is told to whoever can mend it: once when it begins, once when it ends, by every way that works."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import structlog

from ..channels.channel import Button, NotDelivered

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert on its way. By `key` it is found where it may stand already; `again`: look there first."""

    text: str
    key: str
    at: int  # ms since the epoch at which it arose
    again: bool = False
    buttons: tuple[Button, ...] = ()  # for ways that have any


Way = Callable[[Notice], Awaitable[None]]
"""Tells one alert by one way (Slack, text, mail); raises when it couldn't."""

DEADLINE = 10.0
MINUTE = 60.0
PAUSES = (1.0, 5.0, 20.0)
"""Seconds between the tries of one way: what is silent for longer is trouble of its own, told by the other ways."""
LONGEST = 60.0
"""Seconds that a way may ask us to wait before it is given up."""


@dataclass(slots=True)
class Alerts:
    """`ways` gives today's ways by name: they follow the active plan and what is configured."""

    ways: Callable[[], dict[str, Way]]
    trouble: dict[str, str] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, name: str, text: str) -> None:
        """Trouble `name` has begun; said once until `end`."""
        if name not in self.trouble:
            self.trouble[name] = text
            await self.say(f":rotating_light: {text}", lambda: self.trouble.get(name) == text)

    async def end(self, name: str, text: str) -> None:
        """Trouble `name` is over; said only if it had begun."""
        if self.trouble.pop(name, None) is not None:
            await self.say(f":white_check_mark: {text}", lambda: name not in self.trouble)

    async def once(
        self, name: str, text: str, every: float = 3600.0, at: float | None = None, again: bool = False,
        buttons: tuple[Button, ...] = (),
    ) -> None:  # fmt: skip
        """Say `text`, at most once in `every` seconds for this `name`; `at` is an event's own instant in seconds.

        `again`: an earlier life of ours may have said it: it is looked up by its name and its time.
        """
        clock = asyncio.get_running_loop().time() if at is None else at
        if clock - self.told.get(name, -every) >= every:
            self.told[name] = clock
            key = f"{name}@{int(at // every)}" if at is not None else uuid.uuid4().hex
            since = int((at if at is not None else time.time()) * 1000)
            await self.say(f":warning: {text}", notice=Notice("", key, since, again, buttons))

    async def coalesced(self, name: str, text: str, at: float | None = None, again: bool = False) -> None:
        """As `once`, with a minute: many contacts in one step are one alert."""
        await self.once(name, text, MINUTE, at, again)

    def forget(self) -> None:
        """Begin anew, as with an emptied store."""
        self.trouble.clear()
        self.told.clear()

    async def say(
        self, text: str, still: Callable[[], bool] = lambda: True, notice: Notice | None = None
    ) -> None:
        """Tell everybody by every way, each for itself; a way that fails is tried again while it is `still` true."""
        log.warning("alert", text=text)
        it = notice or Notice("", uuid.uuid4().hex, int(time.time() * 1000))
        for name, way in self.ways().items():
            task = asyncio.create_task(self._one(name, way, replace(it, text=text), still))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _one(self, name: str, way: Way, notice: Notice, still: Callable[[], bool]) -> None:
        for pause in (*PAUSES, None):
            try:
                async with asyncio.timeout(DEADLINE):
                    await way(notice)
                return
            except Exception as error:
                log.error("alert.failed", way=name, error=type(error).__name__)
                wait = _wait(error, pause)
            if wait is None or not await self._patient(wait) or not still():
                return
            # An answer may have been lost on its way back: what stands there already isn't said again.
            notice = replace(notice, again=True)

    async def _patient(self, seconds: float) -> bool:
        """Wait; False when we are asked to come to an end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.hurry.wait()
        return not self.hurry.is_set()

    async def drain(self) -> None:
        """Wait until what was begun has been told or has failed; nothing is tried again."""
        self.hurry.set()
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=DEADLINE)
        self.hurry.clear()


def _wait(error: Exception, pause: float | None) -> float | None:
    """Seconds until the next try, None for no other."""
    if pause is None or not isinstance(error, NotDelivered):
        return pause
    asked = max(pause, error.retry_after or 0.0)
    return None if error.permanent or asked > LONGEST else asked
