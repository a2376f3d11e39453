"""What the product's own reader says of a mail, without its safety net: in processes that a mail may end."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from ...channels.email.letter import Envelope

CPU = 2.0


@dataclass(frozen=True, slots=True)
class Judged:
    """`raised`: the reader did, and where; `answers` are the addresses that an answer could go to."""

    readable: bool = False
    robot: str = ""
    message_id: str = ""
    sender: str = ""
    answers: tuple[str, ...] = ()
    raised: str = ""


def judge(raw: bytes, envelope: Envelope, ours: tuple[str, ...]) -> Judged:
    """Runs in a process of its own; ended by the system when it takes too long."""
    from ...channels.email.reading import read_strictly

    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, CPU)
    try:
        it = read_strictly(raw, envelope, ours)
    except Exception as error:  # that is what is looked for
        return Judged(raised=f"{type(error).__name__}: {error}"[:120])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    to = tuple(dict.fromkeys(one for one in (it.sender, it.reply_to, envelope.sender.casefold()) if one))
    return Judged(not it.trouble, it.robot, it.message_id, it.sender, to)


@dataclass(slots=True)
class Judges:
    """A process that judges, replaced when a mail ended it: that mail isn't readable, and hasn't raised."""

    ours: tuple[str, ...]
    _pool: ProcessPoolExecutor | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, raw: bytes, envelope: Envelope) -> Judged:
        async with self._turn:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
            try:
                work = self._pool.submit(judge, raw, envelope, self.ours)
                return await asyncio.wrap_future(work)
            except BrokenProcessPool:
                self.close()
                return Judged()

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def addresses(them: Iterable[Judged]) -> list[str]:
    """Everybody who could have been answered."""
    return sorted({it for one in them for it in one.answers})
