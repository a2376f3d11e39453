"""How long mails' bytes are kept: days that are older than the operator's limit go, once a day.

The words, the answers and who said what stand in store and history and stay; what goes are the mail as it came and its
files, which Slack has had since.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import structlog

log = structlog.get_logger()

BETWEEN = 86_400.0
"""Seconds between two looks."""
_DAY = re.compile(r"\d{8}")


def over(names: Iterable[str], today: date, days: int) -> list[str]:
    """Those of the folders `names` ("20261130") whose day is more than `days` before `today`, oldest first. Pure."""
    first_kept = (today - timedelta(days=days)).strftime("%Y%m%d")
    return sorted(it for it in names if _DAY.fullmatch(it) and it < first_kept)


@dataclass(slots=True)
class Expiry:
    """Looks at its start and then once a day. `days` 0 keeps everything; `now` is ms since the epoch."""

    folder: Path
    days: int
    now: Callable[[], Awaitable[int]]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to look; nothing where everything is kept."""
        if self.days and self._task is None:
            self._task = asyncio.create_task(self._look_daily(), name="mails whose days are over")

    async def stop(self) -> None:
        """Look no more; a folder that is half gone goes with the next look."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def look(self) -> int:
        """Remove the days that are over; how many those were."""
        today = datetime.fromtimestamp(await self.now() / 1000, UTC).date()
        return await asyncio.to_thread(_remove, self.folder, today, self.days)

    async def _look_daily(self) -> None:
        while True:
            try:
                if gone := await self.look():
                    log.info("mail.expired", days=gone, kept=self.days)
            except Exception as error:  # the disk's or the store's trouble of today isn't tomorrow's
                log.warning("mail.not_expired", error=type(error).__name__)
            await self.pause(BETWEEN)


def _remove(folder: Path, today: date, days: int) -> int:
    """Only folders that are named as a day, never what a link leads to. Raises OSError, after all were tried."""
    if not folder.is_dir():
        return 0
    names = [it.name for it in folder.iterdir() if it.is_dir() and not it.is_symlink()]
    gone, trouble = 0, None
    for name in over(names, today, days):
        try:
            shutil.rmtree(folder / name)
            gone += 1
        except FileNotFoundError:
            gone += 1  # another process looks after the same volume
        except OSError as error:
            trouble = error
    if trouble is not None:
        raise trouble
    return gone
