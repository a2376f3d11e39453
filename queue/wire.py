"""The bytes of one connection: questions out, one write per loop turn; answers in, matched by order.

With replicas, writes of one turn are followed by one `WAIT`, and their replies are held until it has counted enough
replicas: it counts what *this connection* wrote. The server does nothing else for us meanwhile, so what is asked in
the meantime is kept here and goes out together, with a `WAIT` of its own.

Enough is what was asked for, and all others that are in touch: Sentinels elect by what they heard up to ten seconds
ago, which may be any of them. Behind each `WAIT` goes the question who is in touch. One that is and doesn't confirm
is waited for once, and then not for a second.

Behind the writes of a turn goes the count of a `Witness`, if there is one: as much as is confirmed a later
server must have.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import Literal, NamedTuple, TypeAlias, cast

import hiredis

from .failures import NotReplicated, NotSent, OutcomeUnknown, from_reply
from .witness import Witness

Word: TypeAlias = str | bytes | int
Reply: TypeAlias = "bytes | int | None | list[Reply]"

CONFIRM_WITHIN = 800
"""ms that replicas have to confirm a batch of writes; less than a call's deadline, so that the count is heard."""
_SWEEP_APART = 0.01  # s; bounds the work of sweeping a long row of calls with slightly different deadlines


_ROLL: bytes = hiredis.pack_command(("INFO", "replication"))  # type: ignore[arg-type]
_IN_TOUCH = re.compile(rb"slave\d+:.*state=online,offset=[1-9].*lag=[01]\b")


def in_touch(told: object) -> int:
    """How many replicas have all and spoke within the last two seconds, from INFO."""
    return len(_IN_TOUCH.findall(told)) if isinstance(told, bytes) else 0


class _Asked(NamedTuple):
    answer: asyncio.Future[Reply]
    until: float
    packed: bytes
    sure: bool  # a write that counts, with replicas when they have it
    ours: Literal["", "wait", "roll", "before", "behind"] = (
        ""  # asked by nobody: what goes round a turn's writes
    )


class Wire(asyncio.Protocol):
    """One connection's protocol. Not re-usable: once lost it stays lost, and `lost` says why."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        silence: float,
        replicas: int = 0,
        witness: Witness | None = None,
    ) -> None:
        """`silence` in seconds; `replicas`: how many of them must have a write that is asked for as `sure`."""
        self._loop = loop
        self._silence = silence
        self._replicas = replicas
        self._witness = witness
        self._counts: deque[int] = deque()  # of the turns whose writes are out
        self._heard = 0  # the latest of them that the server has
        self.online = replicas  # as far as we know: how many have to confirm
        self._asked = self._count = 0  # of the WAIT that is out
        self._again = False
        self._patient_until = 0.0
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[_Asked] = []
        self._sent: deque[_Asked] = deque()
        self._held: list[tuple[_Asked, Reply]] = []
        self._flushing = False
        self._confirming = False  # a WAIT is out
        self._paused = False
        self._quiet_since = 0.0
        self._sweep: asyncio.TimerHandle | None = None
        self.lost: asyncio.Future[str] = loop.create_future()

    @property
    def outstanding(self) -> int:
        """Calls that wait for a reply or to be written, given-up ones included."""
        return len(self._sent) + len(self._unsent) + len(self._held)

    async def ask(self, words: tuple[Word, ...], deadline: float, sure: bool = False) -> Reply:
        """Send one command and wait for its reply, and with `sure` for the replicas. Raises `StoreError`."""
        if self.lost.done():
            raise NotSent(f"lost the connection to the store: {self.lost.result()}")
        packed = hiredis.pack_command(words)  # type: ignore[arg-type]  # its stub means a tuple of one
        answer: asyncio.Future[Reply] = self._loop.create_future()
        until = self._loop.time() + deadline
        self._unsent.append(_Asked(answer, until, packed, sure))
        if not self._flushing and not self._paused and not self._confirming:
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
                asked = sent.popleft()
                if asked.ours:
                    self._ours(asked.ours, reply)
                elif asked.answer.done():  # its caller has gone
                    continue
                elif isinstance(reply, hiredis.ReplyError):
                    asked.answer.set_exception(from_reply(str(reply)))
                elif asked.sure and self._replicas:
                    self._held.append((asked, reply))
                else:
                    asked.answer.set_result(reply)
        except (hiredis.ProtocolError, IndexError):
            # From here on no reply can be matched to its question.
            self.drop("the server doesn't speak the protocol")

    def _ours(self, kind: str, reply: object) -> None:
        """The reply to what goes round a turn's writes."""
        match kind:
            case "wait":
                self._count = reply if isinstance(reply, int) else -1
            case "roll":
                self._confirmed(in_touch(reply))
            case "before" if self._witness is not None and isinstance(reply, int):
                self._witness.skipped()
            case "behind":
                count = self._counts.popleft()
                self._heard = count if reply == b"OK" else self._heard
                if not self._replicas:
                    self._acknowledged()

    def _acknowledged(self) -> None:
        if self._witness is not None:
            self._witness.confirm(self._heard)

    def _confirmed(self, online: int) -> None:
        """The WAIT is over, and `online` replicas are in touch."""
        patient = self._loop.time() < self._patient_until
        if self._replicas <= self._count and self._asked < online and not self._again and not patient:
            self._again, self.online = True, online
            self._write(self._wait())
            return
        for asked, reply in self._held:
            if asked.answer.done():
                continue
            if self._count >= self._replicas:
                asked.answer.set_result(reply)
            else:
                few = f"only {max(0, self._count)} of {self._replicas} replicas"
                asked.answer.set_exception(NotReplicated(f"{few} confirmed the write in time"))
        self._held.clear()
        if self._count >= self._replicas:
            self._acknowledged()
        if self._count < self._asked:
            self._patient_until = self._loop.time() + 1.0
            self.online = max(0, self._count)
        elif not patient:
            self.online = online
        self._confirming = self._again = False
        self._flush()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _flush(self) -> None:
        self._flushing = False
        if self._paused or self._confirming or self._transport is None or self.lost.done():
            return
        if not self._sent:
            self._quiet_since = self._loop.time()
        ready = [asked for asked in self._unsent if not asked.answer.done()]
        self._unsent.clear()
        if writes := sum(asked.sure for asked in ready):
            ready = self._counted(ready, writes)
        self._sent.extend(ready)
        out = [asked.packed for asked in ready]
        if writes and self._replicas:
            self._confirming = True
            out.append(self._wait())
        if out:
            self._write(b"".join(out))

    def _counted(self, ready: list[_Asked], writes: int) -> list[_Asked]:
        """A turn's calls with what goes before and behind its writes."""
        if self._witness is None:
            return ready
        if first := self._witness.before():
            ready.insert(0, self._own(first, "before"))
        if last := self._witness.behind(writes):
            ready.append(self._own(last, "behind"))
            self._counts.append(self._witness.written)
        return ready

    def _own(self, packed: bytes, kind: Literal["wait", "roll", "before", "behind"]) -> _Asked:
        nobody: asyncio.Future[Reply] = self._loop.create_future()
        nobody.cancel()
        return _Asked(nobody, float("inf"), packed, False, kind)

    def _wait(self) -> bytes:
        self._asked = max(self._replicas, self.online)
        self._count = -1
        packed: bytes = hiredis.pack_command(("WAIT", self._asked, CONFIRM_WITHIN))  # type: ignore[arg-type]
        self._sent.append(self._own(packed, "wait"))
        self._sent.append(self._own(_ROLL, "roll"))
        return packed + _ROLL

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
        for asked in (*self._sent, *(held for held, _ in self._held)):
            if asked.until > now:
                nearest = min(nearest, asked.until) if not asked.answer.done() else nearest
            elif not asked.answer.done():
                asked.answer.set_exception(OutcomeUnknown("the store didn't answer in time"))
        waiting = []
        for asked in self._unsent:
            if not asked.answer.done() and asked.until <= now:
                asked.answer.set_exception(NotSent("the store doesn't take anything at the moment"))
            if not asked.answer.done():
                nearest = min(nearest, asked.until)
                waiting.append(asked)
        self._unsent[:] = waiting
        if nearest != float("inf"):
            self._sweep = self._loop.call_at(max(nearest, now + _SWEEP_APART), self._look_round)

    def _lose(self, why: str) -> None:
        if self.lost.done():
            return
        self.lost.set_result(why)
        if self._sweep is not None:
            self._sweep.cancel()
        for asked in (*self._sent, *(held for held, _ in self._held)):
            if not asked.answer.done():
                asked.answer.set_exception(OutcomeUnknown(f"lost the connection to the store: {why}"))
        for asked in self._unsent:
            if not asked.answer.done():
                asked.answer.set_exception(NotSent(f"lost the connection to the store: {why}"))
        self._sent.clear()
        self._unsent.clear()
        self._held.clear()
