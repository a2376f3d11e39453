"""The bytes of every mail, bit for bit: on the disk before anybody is told that we have it.

    mail/20261130/<sha256, 40 digits>.eml      mail/20261130/envelopes.jsonl: how each was handed over, a line each

Mails that come at the same time are made durable together, in one turn of the writer: a disk that is asked for several
files at once is about as long at it as for one.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from ..channel import NotDelivered, NotTaken
from .letter import Envelope

log = structlog.get_logger()

REF = re.compile(r"\d{8}-[0-9a-f]{40}")
"""What names a mail: the day on which it came (UTC), and the beginning of its content's SHA-256."""
TURN = 64 * 1024 * 1024
"""Bytes that one turn of the writer takes at most."""
AT_ONCE = 8
"""Files that are synced at the same time."""


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
        self._pool = ThreadPoolExecutor(AT_ONCE, "mail")  # its threads begin with the first mail

    def stop(self) -> None:
        """Let the threads go; whoever waits for `keep` has been waited for."""
        self._pool.shutdown(wait=False)

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
        day, digest = ref.split("-")
        return self.folder / day / f"{digest}.eml"

    async def _write(self) -> None:
        """Turn after turn, until nobody waits. Whoever stops waiting is written all the same."""
        while self._waiting:
            turn = self._next_turn()
            try:
                refs: Sequence[str | Exception] = await asyncio.to_thread(
                    _keep_all, self.folder, [(it.content, it.envelope) for it in turn], self._pool
                )
            except Exception as error:  # whatever it is, nobody may wait for ever
                why = getattr(error, "strerror", None) or type(error).__name__
                log.error("mail.not_kept", error=type(error).__name__, why=why)
                refs = [NotTaken(f"the disk refuses: {why}")] * len(turn)
            for it, ref in zip(turn, refs, strict=True):
                if not it.kept.done():
                    it.kept.set_exception(ref) if isinstance(ref, Exception) else it.kept.set_result(ref)

    def _next_turn(self) -> list[_Waiting]:
        count, size = 0, 0
        while count < len(self._waiting) and (count == 0 or size < TURN):
            size += len(self._waiting[count].content)
            count += 1
        turn, self._waiting = self._waiting[:count], self._waiting[count:]
        return turn


def ref_of(content: bytes, at: int) -> str:
    """The name of a mail that came at `at` (ms since the epoch)."""
    day = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%d")
    return f"{day}-{hashlib.sha256(content).hexdigest()[:40]}"


def _keep_all(folder: Path, mails: Sequence[tuple[bytes, Envelope]], pool: Executor) -> list[str]:
    """Write the mails of a turn, and return when all of them would survive a power cut. Raises OSError."""
    refs = [ref_of(content, envelope.at) for content, envelope in mails]
    lines: dict[str, list[str]] = {}
    writes: list[Callable[[], None]] = []
    for ref, (content, envelope) in zip(refs, mails, strict=True):
        day, digest = ref.split("-")
        place = f"{folder}/{day}"
        if place not in lines:
            lines[place] = []
            _folder(Path(place))
        writes.append(partial(_file, place, digest, content))
        lines[place].append(_line(digest, envelope))
    for place, said in lines.items():
        writes.append(partial(_append, f"{place}/envelopes.jsonl", "".join(said).encode()))
    beside = [pool.submit(it) for it in writes[1:]]
    try:
        writes[0]()  # by this thread, which would only wait
    finally:
        wait(beside)
    for it in beside:
        it.result()
    for place in lines:
        _sync_folder(place)
    return refs


def _line(digest: str, it: Envelope) -> str:
    told = {"mail": digest, "at": it.at, "by": it.by, "from": it.sender, "to": list(it.recipients)}
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")) + "\n"


def _file(place: str, digest: str, content: bytes) -> None:
    """Whole or not there: written under another name first. What has this name already has the same content."""
    # Plain text and plain calls: beside a busy loop each step of a thread waits for its turn.
    draft = f"{place}/.{os.urandom(16).hex()}"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            _whole(file, content)
            os.fsync(file)
        finally:
            os.close(file)
        os.rename(draft, f"{place}/{digest}.eml")
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise


def _append(path: str, lines: bytes) -> None:
    """One write at the end: several processes may do so side by side."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        _whole(file, lines)
        os.fsync(file)
    finally:
        os.close(file)


def _whole(file: int, content: bytes) -> None:
    """All of it: a write may stop before its end, at a full disk or a file of gigabytes."""
    written = os.write(file, content)
    while written < len(content):
        written += os.write(file, memoryview(content)[written:])


def _folder(place: Path) -> None:
    if not place.is_dir():
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sync_folder(place.parent)
        _sync_folder(place.parent.parent)


def _sync_folder(place: Path | str) -> None:
    file = os.open(place, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
