"""Reads mails off the loop, within limits: a few long-lived processes, which keep the mail on the disk as well if asked.

Ordinary mails that wait at the same time are handed over together: one write, one answer, and the disk is asked once
for all; so that many do, a second process is asked only where one can't keep up. A process that runs out of CPU or
memory over a mail, or doesn't answer, is ended and replaced; those that were handed over with others are then asked
about alone, and the one that it was becomes "too complex" with subject and sender as its first bytes tell them. The loop
only ever hands bytes over, piece by piece.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import structlog

from ..channel import NotTaken
from .frames import HEAD, NAMED, NOT_KEPT, Asked, letter_of
from .glance import glanced
from .letter import Envelope, Letter
from .mime import LARGEST
from .raw import not_kept

log = structlog.get_logger()

PROCESSES = 2
CPU, PAGE_CPU = 2.0, 4.0
"""Seconds of CPU for reading a mail, and for making a page of one that was read."""
DEADLINE = 30.0
"""Seconds on the wall: on a machine that has no time for us, CPU alone says nothing."""
IDLE = 600.0
"""Seconds without a mail after which a process ends."""
PIECE = 256 * 1024
TOGETHER = 8
"""Mails that are handed over at once at most, with `PIECE` bytes in all: what is larger goes alone, in pieces."""
PATIENCE = 0.003
"""Seconds for which mails wait for a process that is at work before another one is asked: what goes together costs
half of what it costs alone. With fifteen times as much, eight senders who all wait for the same errand bring a quarter
fewer mails a second; with none, a tenth more is spent on each."""
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


@dataclass(frozen=True, slots=True)
class _Errand:
    asked: Asked
    raw: bytes = field(repr=False)
    answer: asyncio.Future[tuple[int, bytes]]
    patient_until: float  # by the loop's clock


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
    _waiting: list[_Errand] = field(default_factory=list)
    _turns: set[asyncio.Task[None]] = field(default_factory=set)
    _patient: asyncio.TimerHandle | None = None
    _stopped: bool = False

    async def read(self, raw: bytes, envelope: Envelope) -> Letter:
        """The mail as it can be read; never raises for what is in it. Raises NotTaken where we can't read any."""
        found = await self._letter(raw, envelope, "") if len(raw) <= LARGEST else None
        return glanced(raw, envelope, "too complex") if found is None else found[1]

    async def keep(self, raw: bytes, envelope: Envelope, folder: str) -> tuple[str, Letter] | None:
        """`read`, answered once the mail is durable in `folder` (`disk.keep_all`): its name, and what it says.

        None where it was too much for its process: whether it is kept nobody knows then. Raises NotTaken where we can't
        read any, and where the disk refuses.
        """
        return await self._letter(raw, envelope, folder)

    async def _letter(self, raw: bytes, envelope: Envelope, folder: str) -> tuple[str, Letter] | None:
        """`keep`; with the folder "" it is kept nowhere, and has no name."""
        ours, trusted = tuple(sorted(self.ours())), tuple(sorted(self.authserv_ids()))
        asked = Asked("read", envelope, self.cpu, ours, trusted, keep=folder)
        try:
            kind, answer = await (self._together if len(raw) <= PIECE else self._ask)(asked, raw)
            if kind == NOT_KEPT:
                raise not_kept(answer.decode("utf-8", "replace"))
            named = NAMED if folder else 0
            return answer[:named].decode("ascii"), letter_of(answer, named)
        except (Ended, ValueError) as error:
            log.warning("mail.too_complex", size=len(raw), error=str(error) or type(error).__name__)
            return None

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
        """End the processes. What was asked of them is its sender's still."""
        self._stopped = True
        for it in [*self._free, *self._busy]:
            await it.end()
        self._free.clear()
        while self._turns:
            await asyncio.gather(*self._turns)

    async def _together(self, asked: Asked, raw: bytes) -> tuple[int, bytes]:
        """With whatever else waits for a process by the time that one is free."""
        loop = asyncio.get_running_loop()
        it = _Errand(asked, raw, loop.create_future(), loop.time() + PATIENCE)
        self._waiting.append(it)
        self._attend()
        return await it.answer

    def _attend(self) -> None:
        """A process for those who wait: at once where none is at work, else when they are many or were patient."""
        if self._patient is not None:
            self._patient.cancel()
            self._patient = None
        if not self._waiting or len(self._turns) >= self.processes:
            return
        loop, until = asyncio.get_running_loop(), self._waiting[0].patient_until
        if self._turns and len(self._waiting) < TOGETHER and loop.time() < until:
            self._patient = loop.call_at(until, self._attend)
            return
        turn = asyncio.create_task(self._turn(), name="mails to a process")
        self._turns.add(turn)
        turn.add_done_callback(self._over)

    def _over(self, turn: asyncio.Task[None]) -> None:
        self._turns.discard(turn)
        self._attend()

    async def _turn(self) -> None:
        async with self._free_room():
            errands = self._next()
            try:
                answers = await self._answers(errands)
            except Exception as error:  # whatever it is, nobody may wait for ever
                answers = [error] * len(errands)
        for it, answer in zip(errands, answers, strict=True):
            if it.answer.done():  # whoever asked has given up
                continue
            if isinstance(answer, Exception):
                it.answer.set_exception(answer)
            else:
                it.answer.set_result(answer)

    def _next(self) -> list[_Errand]:
        """Those who wait longest, of those who still do."""
        self._waiting = [it for it in self._waiting if not it.answer.done()]
        count, size = 0, 0
        while count < min(TOGETHER, len(self._waiting)):
            size += len(self._waiting[count].raw)
            if count and size > PIECE:
                break
            count += 1
        found, self._waiting = self._waiting[:count], self._waiting[count:]
        return found

    async def _answers(self, errands: Sequence[_Errand]) -> Sequence[tuple[int, bytes] | Exception]:
        if len(errands) > 1:
            last = len(errands) - 1
            jobs = [(replace(it.asked, last=i == last), it.raw) for i, it in enumerate(errands)]
            try:
                return await self._once(self._free.pop() if self._free else None, jobs, self.deadline / 2)
            except (Ended, NotTaken) as error:
                log.info("mail.asked_alone", mails=len(errands), why=str(error))
        return [await self._alone(it.asked, it.raw) for it in errands]

    async def _alone(self, asked: Asked, raw: bytes) -> tuple[int, bytes] | Exception:
        try:
            return await self._twice(asked, raw)
        except Ended as ended:
            return NotTaken("we stop: come again") if self._stopped else ended
        except NotTaken as error:
            return error

    async def _ask(self, asked: Asked, raw: bytes) -> tuple[int, bytes]:
        async with self._free_room():
            try:
                return await self._twice(asked, raw)
            except Ended:
                if self._stopped:
                    raise NotTaken("we stop: come again") from None
                raise

    def _free_room(self) -> asyncio.Semaphore:
        if self._room is None:
            self._room = asyncio.Semaphore(self.processes)
        return self._room

    async def _twice(self, asked: Asked, raw: bytes) -> tuple[int, bytes]:
        """A process that was there before us may have been ended by anybody: its end isn't yet the mail's fault."""
        jobs = [(asked, raw)]
        if self._free:
            try:
                return (await self._once(self._free.pop(), jobs, self.deadline))[0]
            except Ended as ended:
                if ended.spent or self._stopped:
                    raise
        return (await self._once(None, jobs, self.deadline))[0]

    async def _once(
        self, known: _Process | None, jobs: Sequence[tuple[Asked, bytes]], deadline: float
    ) -> list[tuple[int, bytes]]:
        if self._stopped:
            raise Ended("we stop")
        process = known or await _Process.begun()
        self._busy.add(process)
        process.wake()
        try:
            async with asyncio.timeout(deadline):
                answers = await process.ask(jobs)
        except TimeoutError:
            await process.end()
            raise Ended(f"no answer in {deadline:g} s") from None
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
        return answers

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

    async def ask(self, jobs: Sequence[tuple[Asked, bytes]]) -> list[tuple[int, bytes]]:
        """The answers to jobs that are handed over together. Raises Ended when it ends over them."""
        source, out = self.it.stdin, self.it.stdout
        assert source is not None and out is not None
        try:
            # Most mails are asked about in one write.
            source.write(b"".join(it for asked, raw in jobs for it in (asked.frame(len(raw)), raw[:PIECE])))
            await source.drain()
            for at in range(PIECE, len(jobs[-1][1]), PIECE):
                source.write(jobs[-1][1][at : at + PIECE])
                await source.drain()
            answers = []
            for _ in jobs:
                kind, size = HEAD.unpack(await out.readexactly(HEAD.size))
                answers.append((kind, await out.readexactly(size)))
            return answers
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
