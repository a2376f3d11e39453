"""One visitor's connection: what it says is taken in order, and it hears every line once, in order.

An acknowledgement stands at its message's place among the lines, so whoever goes on behind the last number that it heard
misses nothing. Nothing is kept for a slow reader but the number of the last line that it was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from ..channel import NotTaken
from . import frames
from .frames import BadFrame, Frame
from .limits import Bucket, Caps
from .talk import Line, Standing

log = structlog.get_logger()

HELLO_WITHIN = 10.0
"""Seconds until a new connection says who it is."""
SEND_WITHIN = 10.0
"""Seconds in which a frame leaves; who reads no faster is cut off, and comes back."""
AT_ONCE = 100
"""Lines read from the store at one time."""
MOST_PENDING = 256 * 1024
"""Bytes that the kernel hasn't taken from us yet, beyond which nobody reads any more."""
LIGHT = 0.1
"""Of a frame: what one costs that only says what was seen."""
STRIKES = 20
"""Frames beyond the limit, or that aren't ours, after which a connection is closed."""


class Host(Protocol):
    """The door, as one of its connections sees it."""

    async def welcome(self, one: Socket, hello: frames.Hello) -> None:
        """Find out whose it is, and tell them how they stand."""

    async def take(self, one: Socket, frame: Frame) -> None:
        """Do what a frame asks. Raises BadFrame, NotTaken, or an error of the store."""

    async def lines(self, visitor: str, since: int) -> list[tuple[int, str]]:
        """The next numbers and keys."""

    async def said(self, keys: list[str]) -> Mapping[str, Line]:
        """What they say."""


@dataclass(slots=True, eq=False)
class Socket:
    """`sent` is the last line that it was given, `seen` the last that it says it has."""

    ws: web.WebSocketResponse
    request: web.Request
    address: str
    host: Host
    caps: Caps
    visitor: str = ""
    own: bool = False
    language: str = ""  # in which the visitor reads
    sent: int = 0
    seen: int = 0
    told: tuple[Standing, bool] | None = None  # how it stands, and whether an answer is being written
    given: dict[int, str] = field(
        default_factory=dict
    )  # ids of its own messages by number, not acknowledged yet
    keys: dict[int, str] = field(
        default_factory=dict
    )  # of ours that it was given and hasn't said that it has
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    pace: Bucket = field(init=False)
    pings: Bucket = field(init=False)
    strikes: int = 0

    def __post_init__(self) -> None:
        self.pace, self.pings = Bucket(*self.caps.frames), Bucket(*self.caps.pings)

    async def run(self) -> None:
        """Until it closes."""
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                first = await self._first()
        except TimeoutError:
            await self.close("say hello first")
            return
        if first is None:
            return
        if not await self._guarded(lambda: self.host.welcome(self, first)):
            return
        if self.told is None:  # it couldn't be welcomed: its browser comes again
            await self.close("try again later", WSCloseCode.TRY_AGAIN_LATER)
            return
        async for message in self.ws:
            if not await self._heard(message):
                return

    async def _first(self) -> frames.Hello | None:
        while True:
            message = await self.ws.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return None
            if message.type in (WSMsgType.PING, WSMsgType.PONG):
                if not await self._pinged(message):
                    return None
                continue
            try:
                frame = frames.decode(message.data if message.type is WSMsgType.TEXT else "")
            except BadFrame as wrong:
                await self.error(wrong)
            else:
                if isinstance(frame, frames.Hello):
                    return frame
                await self.error(BadFrame("hello_first", "the first frame is a hello", _about(frame)))
            if not await self._strike():
                return None

    async def _heard(self, message: WSMessage) -> bool:
        """Whether it may go on."""
        if message.type in (WSMsgType.PING, WSMsgType.PONG):
            return await self._pinged(message)
        if message.type is not WSMsgType.TEXT:
            await self.error(BadFrame("no_json", "frames are text"))
            return await self._strike()
        try:
            frame = frames.decode(message.data)
        except BadFrame as wrong:
            await self.error(wrong)
            return await self._strike()
        if not self.pace.take(LIGHT if isinstance(frame, frames.Seen) else 1.0):
            much = BadFrame("slow_down", "that is too much at once: send it again", _about(frame))
            await self.error(much, after=1.0)
            return await self._strike()
        if isinstance(frame, frames.Hello):
            await self.error(BadFrame("hello_once", "this connection has said hello already"))
            return await self._strike()
        return await self._guarded(lambda: self.host.take(self, frame), _about(frame))

    async def _guarded(self, act: Callable[[], Awaitable[None]], id: str = "") -> bool:
        """What isn't durable is said so, and stays its sender's."""
        try:
            await act()
        except BadFrame as wrong:
            await self.error(wrong, after=2.0 if wrong.code == "slow_down" else 0.0)
        except (NotTaken, TimeoutError) as failed:
            log.warning("chat.not_taken", error=type(failed).__name__)
            await self.error(BadFrame("again", "we can't take it just now: send it again", id), after=2.0)
        except ConnectionError:
            return False
        except Exception as failed:
            log.warning("chat.failed", error=type(failed).__name__)
            await self.error(BadFrame("again", "we can't take it just now: send it again", id), after=2.0)
        return not self.ws.closed

    async def _strike(self) -> bool:
        self.strikes += 1
        if self.strikes < STRIKES:
            return not self.ws.closed
        await self.close("too many frames that we can't take")
        return False

    async def _pinged(self, message: WSMessage) -> bool:
        if message.type is WSMsgType.PONG:
            return True
        if not self.pings.take():
            await self.close("too many pings")
            return False
        await self.ws.pong(message.data)
        return True

    # ---- out ----------------------------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Give it every line that it hasn't had, in order. Raises what the store raises."""
        async with self.lock:
            while not self.ws.closed:
                found = await self.host.lines(self.visitor, self.sent)
                if not found:
                    return
                unknown = [key for n, key in found if n not in self.given]
                said = await self.host.said(unknown) if unknown else {}
                for n, key in found:
                    await self._give(n, key, said.get(key))
                    self.sent = n
                if len(found) < AT_ONCE:
                    return

    async def _give(self, n: int, key: str, line: Line | None) -> None:
        if (id := self.given.pop(n, "")) != "":
            await self.send(frames.ack(id, n))
        elif line is not None and (line.author != "visitor" or self.own):
            if line.author != "visitor":
                self.keys[n] = key
            await self.send(frames.message(n, line))

    async def stand(self, it: Standing, typing: bool = False) -> None:
        """Tell how it stands, if that is news; `typing`: an answer is being written."""
        before, self.told = self.told, (it, typing)
        if before != (it, typing):
            await self.send(frames.state(it, typing))
        if it.phase == "ended" and before is not None and before[0].phase in ("asked", "waiting", "active"):
            await self.send({"t": "end"})

    async def took(self, id: str, n: int) -> None:
        """Its own message stands at `n`: it is told so when it has heard all before it."""
        async with self.lock:
            if n > self.sent:
                self.given[n] = id
            else:
                await self.send(frames.ack(id, n))

    async def error(self, wrong: BadFrame, after: float = 0.0) -> None:
        """Say what was wrong."""
        await self.send(frames.error(wrong, after))

    async def send(self, frame: Mapping[str, object]) -> None:
        """One frame; whoever doesn't read is cut off."""
        if self.ws.closed:
            return
        transport = self.request.transport
        if transport is None or transport.get_write_buffer_size() > MOST_PENDING:
            self.cut()
            return
        try:
            async with asyncio.timeout(SEND_WITHIN):
                await self.ws.send_str(frames.dump(frame))
        except (TimeoutError, ConnectionError, RuntimeError):
            self.cut()

    def cut(self) -> None:
        """End it without a word: nobody listens."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def close(self, why: str, code: int = WSCloseCode.POLICY_VIOLATION) -> None:
        """End it, and say why."""
        await self.ws.close(code=code, message=why.encode()[:120])


def _about(frame: Frame) -> str:
    return frame.id if isinstance(frame, (frames.Say, frames.Leave)) else ""
