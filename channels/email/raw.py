"""The bytes of every mail, bit for bit: on the disk (`disk.py`) before anybody is told that we have it.

Most are kept by the process that reads them (`reader.py`). What is large, or was too much for it, is kept here, by a
thread; mails that come at the same time are made durable together, in one turn of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from ..channel import NotDelivered, NotTaken
from .disk import keep_all, path_of
from .letter import Envelope

log = structlog.get_logger()

REF = re.compile(r"\d{8}-[0-9a-f]{40}")
"""What names a mail: the day on which it came (UTC), and the beginning of its content's SHA-256."""
TURN, TOGETHER = 64 * 1024 * 1024, 64
"""Bytes, and mails, that one turn of the writer takes at most."""


@dataclass(slots=True)
class _Waiting:
    content: bytes
    envelope: Envelope
    kept: asyncio.Future[str]


class RawStore:
    """Keeps mails in `folder`. Made inside a running loop or before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, content: bytes, envelope: Envelope) -> str:
        """Make a mail durable; its name. Raises NotTaken when the disk refuses."""
        it = _Waiting(content, envelope, asyncio.get_running_loop().create_future())
        self._waiting.append(it)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="mail to the disk")
        return await it.kept

    async def read(self, ref: str) -> bytes:
        """The bytes of the mail `ref`. Raises NotDelivered, for good: nobody else has them."""
        if not REF.fullmatch(ref):
            raise NotDelivered("that names no mail", "mail", permanent=True)
        try:
            return await asyncio.to_thread(self.path(ref).read_bytes)
        except FileNotFoundError:
            raise NotDelivered(
                "the mail isn't on this machine's disk, or its days are over", "mail", permanent=True
            ) from None
        except OSError as error:
            raise NotDelivered(f"the mail can't be read ({type(error).__name__})", "mail") from None

    def path(self, ref: str) -> Path:
        """Where the mail `ref` lies."""
        return path_of(self.folder, ref)

    async def _write(self) -> None:
        """Turn after turn, until nobody waits. Whoever stops waiting is written all the same."""
        while self._waiting:
            turn = self._next_turn()
            mails = [(it.content, it.envelope) for it in turn]
            try:
                refs: Sequence[str | Exception] = await asyncio.to_thread(keep_all, str(self.folder), mails)
            except Exception as error:  # whatever it is, nobody may wait for ever
                refs = [not_kept(getattr(error, "strerror", None) or type(error).__name__)] * len(turn)
            for it, ref in zip(turn, refs, strict=True):
                if not it.kept.done():
                    it.kept.set_exception(ref) if isinstance(ref, Exception) else it.kept.set_result(ref)

    def _next_turn(self) -> list[_Waiting]:
        count, size = 0, 0
        while count < min(TOGETHER, len(self._waiting)) and (count == 0 or size < TURN):
            size += len(self._waiting[count].content)
            count += 1
        turn, self._waiting = self._waiting[:count], self._waiting[count:]
        return turn


def not_kept(why: str) -> NotTaken:
    """The disk refuses, and says `why`: the sender keeps the mail."""
    log.error("mail.not_kept", why=why)
    return NotTaken(f"the disk refuses: {why}")
