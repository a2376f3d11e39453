"""Notices when the loop stands still, and says where: a thread looks at the loop's own heart beat.

A stalled loop can't tell of itself; a whole process that was stopped (SIGSTOP, a paused machine) couldn't tell of
anything, which is how the two are told apart: then the thread slept, too.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from dataclasses import dataclass, field
from time import monotonic

import structlog

log = structlog.get_logger()

DEEP = 12
"""Frames that are logged, the innermost: files, lines and names, never values."""


@dataclass(slots=True)
class LoopWatch:
    """`limit` in seconds. `stalls` counts, `longest` is the worst (s); both also count stops of the process."""

    limit: float
    stalls: int = 0
    longest: float = 0.0
    _beat: float = 0.0
    _stopped: float = 0.0
    _loop: asyncio.AbstractEventLoop | None = None
    _timer: asyncio.TimerHandle | None = None
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _main: int = 0

    def start(self) -> None:
        """Begin to watch the running loop, which is this thread's."""
        self._loop, self._main, self._beat = asyncio.get_running_loop(), threading.get_ident(), monotonic()
        self._timer = self._loop.call_later(self.limit / 4, self._tick)
        self._thread = threading.Thread(target=self._look, name="loop watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; in the loop's own thread."""
        self._end.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._thread is not None:
            self._thread.join(1.0)

    def _tick(self) -> None:
        now = monotonic()
        stood = now - self._beat
        if stood > self.limit:
            self.stalls, self.longest = self.stalls + 1, max(self.longest, stood)
            how = "process.stood_still" if self._stopped > self._beat else "loop.stood_still"
            log.warning(how, seconds=round(stood, 1))
        self._beat = now
        if self._loop is not None and not self._end.is_set():
            self._timer = self._loop.call_later(self.limit / 4, self._tick)

    def _look(self) -> None:
        told = 0.0
        while True:
            before = monotonic()
            if self._end.wait(self.limit / 4):
                return
            now, beat = monotonic(), self._beat
            if now - before > self.limit / 2:
                self._stopped = now
            elif now - beat > self.limit and beat != told and self._stopped <= beat:
                told = beat
                log.error("loop.stands_still", seconds=round(now - beat, 1), where=self._stack())

    def _stack(self) -> list[str]:
        frame = sys._current_frames().get(self._main)
        calls = traceback.extract_stack(frame)[-DEEP:] if frame is not None else []
        return [f"{call.filename}:{call.lineno} {call.name}" for call in calls]
