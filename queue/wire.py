"""The bytes of one connection: questions out, one write per loop turn; answers in, matched by order."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias, cast

import hiredis

from .failures import NotSent, OutcomeUnknown, from_reply

Word: TypeAlias = str | bytes | int
Reply: TypeAlias = "bytes | int | None | list[Reply]"

_SWEEP_APART = 0.01  # s; bounds the work of sweeping a long row of calls with slightly different deadlines


class Wire(asyncio.Protocol):
    """One connection's protocol. Not re-usable: once lost it stays lost, and `lost` says why."""

    def __init__(self, loop: asyncio.AbstractEventLoop, silence: float) -> None:
        self._loop = loop
        self._silence = silence
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[tuple[asyncio.Future[Reply], float, bytes]] = []
        self._sent: deque[tuple[asyncio.Future[Reply], float]] = deque()
        self._flushing = False
        self._paused = False
        self._quiet_since = 0.0
        self._sweep: asyncio.TimerHandle | None = None
        self.lost: asyncio.Future[str] = loop.create_future()

    @property
    def outstanding(self) -> int:
        """Calls that wait for a reply or to be written, given-up ones included."""
        return len(self._sent) + len(self._unsent)

    async def ask(self, words: tuple[Word, ...], deadline: float) -> Reply:
        """Send one command and wait for its reply. Raises `StoreError`."""
        if self.lost.done():
            raise NotSent(f"lost the connection to the store: {self.lost.result()}")
        packed = hiredis.pack_command(words)  # type: ignore[arg-type]  # its stub means a tuple of one
        answer: asyncio.Future[Reply] = self._loop.create_future()
        until = self._loop.time() + deadline
        self._unsent.append((answer, until, packed))
        if not self._flushing and not self._paused:
            self._flushing = True
            self._loop.call_soon(self._flush)
        if self._sweep is None:
            self._sweep = self._loop.call_at(until, self._look_round)
        elif until < self._sweep.when():
            self._sweep.cancel()
            self._sweep = self._loop.call_at(until, self._look_round)
        return await answer

    def drop(self, why: str) -> None:
        """Give the connection up at once."""
        self._lose(why)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected."""
        self._transport = cast(asyncio.Transport, transport)
        if self.lost.done():  # dropped while connecting
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: closed by either side."""
        self._lose(str(exc) if exc else "the server closed it")

    def pause_writing(self) -> None:
        """asyncio: the server doesn't read. What is asked now stays here and can be taken back."""
        self._paused = True

    def resume_writing(self) -> None:
        """asyncio: the server reads again."""
        self._paused = False
        self._flush()

    def data_received(self, data: bytes) -> None:
        """asyncio: replies, whole or in parts."""
        self._quiet_since = self._loop.time()
        reader, sent = self._reader, self._sent
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                answer = sent.popleft()[0]
                if answer.done():  # its caller has gone
                    continue
                if isinstance(reply, hiredis.ReplyError):
                    answer.set_exception(from_reply(str(reply)))
                else:
                    answer.set_result(reply)
        except (hiredis.ProtocolError, IndexError):
            # From here on no reply can be matched to its question.
            self.drop("the server doesn't speak the protocol")

    def _flush(self) -> None:
        self._flushing = False
        if self._paused or self._transport is None or self.lost.done():
            return
        if not self._sent:
            self._quiet_since = self._loop.time()
        out = []
        for answer, until, packed in self._unsent:
            if not answer.done():
                self._sent.append((answer, until))
                out.append(packed)
        self._unsent.clear()
        if out:
            self._transport.write(b"".join(out))

    def _look_round(self) -> None:
        """End the calls whose deadline has passed, and the connection when it has been silent too long."""
        self._sweep = None
        now = self._loop.time()
        nearest = now + self._silence if self._sent else float("inf")
        if self._sent and now - self._quiet_since >= self._silence:
            self.drop(f"no answer for {self._silence:g} s")
            return
        if self._sent:
            nearest = self._quiet_since + self._silence
        for answer, until in self._sent:
            if until > now:
                nearest = min(nearest, until) if not answer.done() else nearest
            elif not answer.done():
                answer.set_exception(OutcomeUnknown("the store didn't answer in time"))
        waiting = []
        for answer, until, packed in self._unsent:
            if not answer.done() and until <= now:
                answer.set_exception(NotSent("the store doesn't take anything at the moment"))
            if not answer.done():
                nearest = min(nearest, until)
                waiting.append((answer, until, packed))
        self._unsent[:] = waiting
        if nearest != float("inf"):
            self._sweep = self._loop.call_at(max(nearest, now + _SWEEP_APART), self._look_round)

    def _lose(self, why: str) -> None:
        if self.lost.done():
            return
        self.lost.set_result(why)
        if self._sweep is not None:
            self._sweep.cancel()
        for answer, _ in self._sent:
            if not answer.done():
                answer.set_exception(OutcomeUnknown(f"lost the connection to the store: {why}"))
        for answer, _, _ in self._unsent:
            if not answer.done():
                answer.set_exception(NotSent(f"lost the connection to the store: {why}"))
        self._sent.clear()
        self._unsent.clear()
