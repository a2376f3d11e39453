"""The desk under watch: when it fails three times in a row nobody is offered anything until it answers again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from ..channels.channel import Button, Card, DeliveryError, Desk, Head, Line, Mark, NotDelivered, WrapUp
from ..channels.fence import FENCED
from ..channels.turn import its_turn, somebody_runs_it
from ..queue.engine import Queue
from .alerts import Alerts

T = TypeVar("T")
IN_A_ROW = 3
LOOK = 20.0
"""Seconds between looks at a desk that is up."""
SLOW = 5.0
"""Seconds of Slack's Retry-After from which on it is told; so long after it Slack must take everything again."""
PROBE = 2.0
"""Seconds between looks at a desk that is down."""


class WatchedDesk:
    """A Desk that passes everything on and keeps count. A refusal of one message is no failure of the desk."""

    def __init__(
        self,
        desk: Desk,
        queue: Callable[[], Queue],
        alerts: Alerts,
        speaks: Callable[[], bool] = lambda: True,
    ) -> None:
        """Of many processes the one that `speaks` (it delivers) says for all whether the desk is up."""
        self.desk, self.queue, self.alerts, self.speaks = desk, queue, alerts, speaks
        self.failures, self.why = 0, ""
        self.slow_until, self.clock = 0.0, time.monotonic
        self.down, self.up = asyncio.Event(), asyncio.Event()
        self.up.set()

    def _turn(self, down: bool) -> None:
        on, off = (self.down, self.up) if down else (self.up, self.down)
        off.clear()
        on.set()

    async def _wait(self, call: Callable[[], Awaitable[T]]) -> T:
        """What may come later waits for a desk that is down, each once and without asking it again and again.

        Then it is looked at anew: what has come since goes with it.
        """
        if self.down.is_set() and somebody_runs_it():
            with its_turn():
                await self.up.wait()
            raise NotDelivered("Slack has just come back", "back", retry_after=0.0)
        return await self._pass(call())

    async def _pass(self, call: Awaitable[T]) -> T:
        try:
            result = await call
        except NotDelivered as error:
            if error.permanent:
                await self._well()
            elif error.code == "ratelimited":
                await self._slow(error.retry_after or 0.0)
            elif error.code != FENCED:
                await self._failed(error)
            raise
        except DeliveryError as error:
            await self._failed(error)
            raise
        await self._well()
        return result

    async def _failed(self, error: Exception) -> None:
        self.failures += 1
        if self.failures >= IN_A_ROW and not self.down.is_set():
            self._turn(down=True)
            self.why = f" ({error.reason})" if isinstance(error, NotDelivered) else ""
            if self.speaks():
                await self._say_down()

    async def _say_down(self) -> None:
        await self.queue().desk(False)
        text = f"Slack doesn't answer{self.why}: nobody is offered anything, contacts keep waiting."
        await self.alerts.begin("slack", text)

    async def _slow(self, seconds: float) -> None:
        """Slack takes no more for a while: it is no failure, but what waits for long isn't silent."""
        if seconds >= SLOW:
            self.slow_until = max(self.slow_until, self.clock() + seconds + SLOW)
            text = (
                f"Slack asks us to wait {seconds:.0f} s: whoever can't be shown an offer is passed over, "
                "lines and receipts come late, nothing is lost."
            )
            await self.alerts.begin("slack-slow", text)

    async def _well(self) -> None:
        if self.clock() >= self.slow_until:
            await self.alerts.end("slack-slow", "Slack takes everything again.")
        self.failures = 0
        if self.down.is_set():
            self._turn(down=False)
            if self.speaks():
                await self.queue().desk(True)
            await self.alerts.end("slack", "Slack answers again: offers go on.")

    def forget(self) -> None:
        """Begin anew, as with an emptied store."""
        self.failures, self.slow_until = 0, 0.0
        self._turn(down=False)

    async def run(self) -> None:
        """Probe a desk that is down until it answers; then offers go on."""
        if not await self.queue().desk_up():
            self._turn(down=True)  # another process, or an earlier life of this one, found it down
        while True:
            # Up for a while: a revoked token or a dead socket is found out all the same.
            for _ in range(round(LOOK / PROBE)):
                with suppress(TimeoutError):
                    async with asyncio.timeout(PROBE):
                        await self.down.wait()
                await self._agree()
                if self.down.is_set():
                    break
            await self._probe()

    async def _agree(self) -> None:
        """Who has just begun to speak finds what its predecessor said, and stands by its own experience."""
        if not self.speaks():
            if self.down.is_set() and await self.queue().desk_up():
                await self.alerts.end("slack", "Slack is reached from another process: offers go on.")
            return
        if (up := await self.queue().desk_up()) and self.down.is_set():
            await self._say_down()
        elif not up:
            self._turn(down=True)  # looked at now; the first answer ends it

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(LOOK):
                await self.desk.ping()
        except NotDelivered as error:
            if error.code == "ratelimited":
                await self._slow(error.retry_after or 0.0)
                return
            if error.permanent:
                self.failures = IN_A_ROW
            await self._failed(error)
        except (DeliveryError, TimeoutError) as error:
            await self._failed(error)
        else:
            await self._well()
            return
        await asyncio.sleep(PROBE)

    async def ping(self) -> None:
        """Pass on."""
        await self._pass(self.desk.ping())

    async def offer(self, card: Card, again: bool = False) -> str:
        """Pass on."""
        return await self._pass(self.desk.offer(card, again))

    async def withdraw(self, agent: str, place: str, card: tuple[str, int], told: str) -> None:
        """Pass on."""
        await self._pass(self.desk.withdraw(agent, place, card, told))

    async def open(self, head: Head, again: bool = False) -> str:
        """Pass on."""
        return await self._wait(lambda: self.desk.open(head, again))

    async def room(self, name: str) -> str:
        """Pass on."""
        return await self._pass(self.desk.room(name))

    async def show(self, place: str, head: Head) -> None:
        """Pass on."""
        await self._wait(lambda: self.desk.show(place, head))

    async def post(self, place: str, line: Line, again: bool = False) -> str:
        """Pass on."""
        return await self._wait(lambda: self.desk.post(place, line, again))

    async def mark(self, thread: str, mark: Mark) -> None:
        """Pass on."""
        await self._wait(lambda: self.desk.mark(thread, mark))

    async def close(
        self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = (), again: bool = False
    ) -> None:
        """Pass on."""
        await self._wait(lambda: self.desk.close(place, contact, told, buttons, again))

    async def wrap(self, place: str, it: WrapUp, again: bool = False) -> None:
        """Pass on."""
        await self._wait(lambda: self.desk.wrap(place, it, again))

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        """Pass on."""
        await self._pass(self.desk.share(to, text, name, content))

    async def link(self, place: str) -> str:
        """Pass on."""
        return await self._pass(self.desk.link(place))

    async def tell(
        self, to: str, text: str, buttons: tuple[Button, ...] = (), key: str = "", again: bool = False,
        quotes: tuple[str, ...] = (),
    ) -> str:  # fmt: skip
        """Pass on."""
        return await self._pass(self.desk.tell(to, text, buttons, key, again, quotes))


class NoDesk:
    """The desk of a process without Slack credentials: every call says what is missing."""

    async def _off(self, *_: object, **__: object) -> str:
        raise NotDelivered("Slack is not connected: run `tierline setup`", "off")

    async def ping(self) -> None:
        """Say what is missing."""
        await self._off()

    offer = open = post = tell = room = _off

    async def link(self, place: str) -> str:
        """There is no such place."""
        return ""

    async def withdraw(self, agent: str, place: str, card: tuple[str, int], told: str) -> None:
        """Nothing was shown, so nothing is withdrawn."""

    async def mark(self, thread: str, mark: Mark) -> None:
        """Nothing is shown anywhere."""

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        """Nothing is shown anywhere."""

    async def show(self, place: str, head: Head) -> None:
        """Nothing is shown anywhere."""

    async def close(
        self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = (), again: bool = False
    ) -> None:
        """Nothing is shown anywhere."""

    async def wrap(self, place: str, it: WrapUp, again: bool = False) -> None:
        """Nothing is shown anywhere."""
