"""*Why* at an instant that is over: asks the process that does the record again, and keeps it for the next question."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from ..queue.failures import StoreUnavailable
from ..router.rulebook import Rulebook, millis
from ..settings import Settings
from .bodies import BadBody

log = structlog.get_logger()

LONGEST = 50.0
"""Seconds for one answer; the process goes on and remembers how far it came, so that asking again helps."""
CATCH_UP = 2.0
"""Seconds that the history is given to take over what the ledger has already."""
IDLE = 600.0
"""Seconds without a question after which the process ends."""
LONGEST_LINE = 16 * 1024 * 1024
FIRST = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What to explain: a contact at an instant (ms). `active` is the text of the plan's version `version`."""

    contact: str
    at: int
    version: int
    active: str


class StillReading(Exception):
    """The record is long: it is still being read. Asking again in a moment goes on from there."""


class Unknown(Exception):
    """There was no such contact then; `str()` says so."""


class Ledger(Protocol):
    """What is asked of the queue."""

    async def cursor(self, consumer: str) -> str:
        """Where the consumer stands in the ledger."""

    async def last_event(self) -> str:
        """The id of the newest entry."""


@dataclass(slots=True)
class Past:
    """One process per history, started at the first question; one question at a time."""

    database_url: str
    data: Path
    longest: float = LONGEST
    idle: float = IDLE
    _process: asyncio.subprocess.Process | None = None
    _asked: asyncio.Task[Mapping[str, object]] | None = None
    _what: Question | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _end: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, settings: Settings) -> Past:
        """Over the history that the settings name."""
        url = settings.database_url.get_secret_value() if settings.database_url else ""
        return cls(url, settings.data)

    async def why(
        self, queue: Ledger, book: Rulebook, contact: str, at: int, within: float | None = None
    ) -> Mapping[str, object]:
        """The account of `contact` at `at` (ms) as JSON, within so many seconds.

        Raises Unknown, StillReading or StoreUnavailable.
        """
        await _caught_up(queue, at)
        asked = Question(contact, at, book.version, book.plan.source)
        try:
            async with asyncio.timeout(within or self.longest), self._lock:
                found = await self._answered(asked)
        except TimeoutError:
            raise StillReading from None
        if "unknown" in found:
            raise Unknown(str(found["unknown"]))
        if "failed" in found:
            raise StoreUnavailable(str(found["failed"]))
        why = found["why"]
        assert isinstance(why, dict)
        return why

    async def stop(self) -> None:
        """End the process: nothing is lost but the next answer's head start."""
        if self._end is not None:
            self._end.cancel()
        if self._asked is not None:
            self._asked.cancel()
            await asyncio.gather(self._asked, return_exceptions=True)
            self._asked = None
        await self._kill()

    async def _answered(self, asked: Question) -> Mapping[str, object]:
        """Whoever gave up waiting left a question behind: its answer is waited for first, or is ours."""
        if self._asked is not None and self._what != asked:
            await asyncio.shield(self._asked)
            self._asked = None
        if self._asked is None:
            self._what, self._asked = asked, asyncio.create_task(self._ask(asked), name="why of the past")
        try:
            return await asyncio.shield(self._asked)
        finally:
            if self._asked is not None and self._asked.done():
                self._asked = None

    async def _ask(self, asked: Question) -> Mapping[str, object]:
        try:
            process = await self._running()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(asdict(asked)).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
            found = json.loads(line)
            if not isinstance(found, dict):
                raise ValueError("no object")
        except (OSError, ValueError) as error:
            await self._kill()
            log.warning("why.past", error=type(error).__name__)
            return {"failed": "the process that reads the record ended without an answer"}
        self._rest()
        return found

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            words = (sys.executable, "-m", "tierline.console.past_worker")
            pipe = asyncio.subprocess.PIPE
            it = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, limit=LONGEST_LINE)
            self._process = it
            assert it.stdin is not None
            # By stdin: the URL may hold a password.
            it.stdin.write(
                json.dumps({"database_url": self.database_url, "data": str(self.data)}).encode() + b"\n"
            )
        return self._process

    def _rest(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(self.idle, self._retire)

    def _retire(self) -> None:
        """Nobody has asked for long: its stdin ends, so it does."""
        if self._asked is None and self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process = None

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _caught_up(queue: Ledger, at: int) -> None:
    """Wait until the history has what the ledger has by now, if `at` can need it."""
    last = _place(await queue.last_event())
    if last[0] < at - 86_400_000:
        return
    clock = asyncio.get_running_loop().time
    end = clock() + CATCH_UP
    while _place(await queue.cursor("history")) < last and clock() < end:  # noqa: ASYNC110 - any process may move it
        await asyncio.sleep(0.05)


def _place(id: str) -> tuple[int, int]:
    ms, _, seq = (id or "0-0").partition("-")
    return int(ms), int(seq or 0)


def instant_of(raw: str, zone: str, now: int) -> int:
    """An instant (ms) as somebody writes it: `now`, ISO 8601 (without an offset: in the plan's zone), or ms.

    Raises BadBody when it is none, or still to come.
    """
    hint = "`at` is an instant that has been: 2026-11-20T14:30, with an offset or in the plan's zone, or ms."
    if raw == "now":
        return now
    if raw.isascii() and raw.isdigit() and len(raw) < 15:
        at = int(raw)
    else:
        try:
            # A `+` that wasn't encoded arrives as a blank.
            told = datetime.fromisoformat(raw.strip().replace(" ", "+") if "T" in raw else raw.strip())
            at = millis(told if told.tzinfo else told.replace(tzinfo=ZoneInfo(zone)))
        except (ValueError, OverflowError):
            raise BadBody(hint) from None
    if at > now:
        raise BadBody(f"{hint} That one is still to come.")
    return max(FIRST, at)
