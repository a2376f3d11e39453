"""Reads mails off the loop, within limits: a few long-lived processes, one mail at a time in each.

A process that runs out of CPU or memory over a mail, or doesn't answer, is ended and replaced; the mail becomes "too
complex" with subject and sender as its first bytes tell them. The loop only ever hands bytes over, piece by piece.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import structlog

from ..channel import NotTaken
from .frames import HEAD, Asked, letter_of
from .glance import glanced
from .letter import Envelope, Letter
from .mime import LARGEST

log = structlog.get_logger()

PROCESSES = 2
CPU, PAGE_CPU = 2.0, 4.0
"""Seconds of CPU for reading a mail, and for making a page of one that was read."""
DEADLINE = 30.0
"""Seconds on the wall: on a machine that has no time for us, CPU alone says nothing."""
IDLE = 600.0
"""Seconds without a mail after which a process ends."""
PIECE = 256 * 1024
NOBODY = Envelope("", (), 0)


def none_of_ours() -> Collection[str]:
    """When there is no plan."""
    return ()


class Ended(Exception):
    """The process ended without an answer; `spent`: because its CPU was used up, which is the mail's doing."""

    def __init__(self, why: str, spent: bool = False) -> None:
        super().__init__(why)
        self.spent = spent


class TooComplex(Exception):
    """This mail can't be shown within the limits."""


@dataclass(slots=True)
class Reader:
    """`read` is a `Read`. `ours` are the addresses that are ours now, `authserv_ids` the servers that vouch."""

    ours: Callable[[], Collection[str]] = none_of_ours
    authserv_ids: Callable[[], Collection[str]] = none_of_ours
    processes: int = PROCESSES
    cpu: float = CPU
    deadline: float = DEADLINE
    idle: float = IDLE
    _free: list[_Process] = field(default_factory=list)
    _busy: set[_Process] = field(default_factory=set)
    _room: asyncio.Semaphore | None = None
    _stopped: bool = False

    async def read(self, raw: bytes, envelope: Envelope) -> Letter:
        """The mail as it can be read; never raises for what is in it. Raises NotTaken where we can't read any."""
        if len(raw) > LARGEST:
            return glanced(raw, envelope, "too complex")
        ours, trusted = tuple(sorted(self.ours())), tuple(sorted(self.authserv_ids()))
        try:
            _, answer = await self._ask(Asked("read", envelope, self.cpu, ours, trusted), raw)
            return letter_of(answer)
        except (Ended, ValueError) as error:
            log.warning("mail.too_complex", size=len(raw), error=str(error) or type(error).__name__)
            return glanced(raw, envelope, "too complex")

    async def page(self, raw: bytes) -> str:
        """The whole mail as safe HTML (`showing.page`). Raises TooComplex, or NotTaken as `read` does."""
        try:
            _, answer = await self._ask(Asked("page", NOBODY, PAGE_CPU), raw)
        except Ended:
            raise TooComplex from None
        return await asyncio.to_thread(answer.decode, "utf-8")

    async def part(self, raw: bytes, part: int) -> bytes | None:
        """An attachment's bytes by its `Attachment.part`, None when there is none. Raises TooComplex."""
        try:
            kind, answer = await self._ask(Asked("part", NOBODY, PAGE_CPU, part=part), raw)
        except Ended:
            raise TooComplex from None
        return answer if kind else None

    async def stop(self) -> None:
        """End the processes."""
        self._stopped = True
        for it in [*self._free, *self._busy]:
            await it.end()
        self._free.clear()

    async def _ask(self, asked: Asked, raw: bytes) -> tuple[int, bytes]:
        if self._room is None:
            self._room = asyncio.Semaphore(self.processes)
        async with self._room:
            try:
                return await self._twice(asked, raw)
            except Ended:
                if self._stopped:
                    raise NotTaken("we stop: come again") from None
                raise

    async def _twice(self, asked: Asked, raw: bytes) -> tuple[int, bytes]:
        """A process that was there before us may have been ended by anybody: its end isn't yet the mail's fault."""
        if self._free:
            try:
                return await self._once(self._free.pop(), asked, raw)
            except Ended as ended:
                if ended.spent or self._stopped:
                    raise
        return await self._once(None, asked, raw)

    async def _once(self, known: _Process | None, asked: Asked, raw: bytes) -> tuple[int, bytes]:
        if self._stopped:
            raise Ended("we stop")
        process = known or await _Process.begun()
        self._busy.add(process)
        process.wake()
        try:
            async with asyncio.timeout(self.deadline):
                answer = await process.ask(asked, raw)
        except TimeoutError:
            await process.end()
            raise Ended(f"no answer in {self.deadline:g} s") from None
        except BaseException:
            await process.end()
            raise
        finally:
            self._busy.discard(process)
        if self._stopped:
            await process.end()
        else:
            self._free.append(process)
            process.rest(self.idle, self._retire)
        return answer

    def _retire(self, process: _Process) -> None:
        if process in self._free:
            self._free.remove(process)
            process.close()


@dataclass(slots=True, eq=False)
class _Process:
    it: asyncio.subprocess.Process
    timer: asyncio.TimerHandle | None = None

    @classmethod
    async def begun(cls) -> _Process:
        """A new one; a fresh interpreter, so that nothing of ours is in its memory."""
        words = (sys.executable, "-m", "tierline.channels.email.reading_worker")
        pipe = asyncio.subprocess.PIPE
        try:
            return cls(await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, limit=PIECE))
        except OSError as error:  # the mail is none the worse: its sender keeps it until we can
            raise NotTaken(f"no process can be started: {error.strerror}") from None

    async def ask(self, asked: Asked, raw: bytes) -> tuple[int, bytes]:
        """Raises Ended when it ends over it."""
        source, out = self.it.stdin, self.it.stdout
        assert source is not None and out is not None
        try:
            source.write(asked.frame(len(raw)))
            for at in range(0, len(raw), PIECE):
                source.write(raw[at : at + PIECE])
                await source.drain()
            await source.drain()
            kind, size = HEAD.unpack(await out.readexactly(HEAD.size))
            return kind, await out.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            code = await self.it.wait()
            raise Ended(f"its process ended with {code}", code == -signal.SIGPROF) from None

    def rest(self, idle: float, retire: Callable[[_Process], None]) -> None:
        """Until the next mail, or until there was none for long."""
        self.timer = asyncio.get_running_loop().call_later(idle, retire, self)

    def wake(self) -> None:
        """There is one."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def close(self) -> None:
        """Its stdin ends, so it does."""
        assert self.it.stdin is not None
        self.it.stdin.close()

    async def end(self) -> None:
        """At once."""
        self.wake()
        if self.it.returncode is None:
            try:
                self.it.kill()
            except ProcessLookupError:
                log.debug("mail.process_gone")
        await self.it.wait()
