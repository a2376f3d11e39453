"""Mails on the disk, so that they survive a power cut. Blocks: for a thread, or for the process that reads mails.

mail/20261130/<sha256, 40 digits>.eml      mail/20261130/envelopes.jsonl: how each was handed over, a line each
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .letter import Envelope

_EARLY = getattr(os, "POSIX_FADV_DONTNEED", None)
"""What lets Linux begin to write a file out; macOS has none, and begins when it is synced."""


def ref_of(content: bytes, at: int) -> str:
    """The name of a mail that came at `at` (ms since the epoch)."""
    day = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%d")
    return f"{day}-{hashlib.sha256(content).hexdigest()[:40]}"


def path_of(folder: Path, ref: str) -> Path:
    """Where the mail `ref` lies."""
    day, digest = ref.split("-")
    return folder / day / f"{digest}.eml"


def keep_all(folder: str, mails: Sequence[tuple[bytes, Envelope]]) -> list[str]:
    """Write mails that came together; their names, once all of them would survive a power cut. Raises OSError.

    What is whole of them stays when it raises, under its name: whoever brings it again finds nothing the worse for it.
    """
    refs = [ref_of(content, envelope.at) for content, envelope in mails]
    lines: dict[str, list[str]] = {}
    drafts: dict[str, str] = {}  # its name until it is whole, and its name then
    files: list[int] = []
    try:
        for ref, (content, envelope) in zip(refs, mails, strict=True):
            day, digest = ref.split("-")
            place = f"{folder}/{day}"
            if place not in lines:
                lines[place] = []
                _folder(Path(place))
            lines[place].append(_line(digest, envelope))
            draft = f"{place}/.{os.urandom(16).hex()}"
            drafts[draft] = f"{place}/{digest}.eml"
            files.append(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            _write(files[-1], content)
        for place, said in lines.items():
            # One write at the end: several processes may do so side by side.
            appended = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            files.append(os.open(f"{place}/envelopes.jsonl", appended, 0o600))
            _write(files[-1], "".join(said).encode())
        for file in files:
            os.fsync(file)
        for draft, name in drafts.items():
            os.rename(draft, name)  # what has this name already has the same content
    except OSError:
        _drop(drafts)
        raise
    finally:
        for file in files:
            os.close(file)
    for place in lines:
        _sync_folder(place)
    return refs


def _drop(drafts: Iterable[str]) -> None:
    for draft in drafts:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def _line(digest: str, it: Envelope) -> str:
    told = {"mail": digest, "at": it.at, "by": it.by, "from": it.sender, "to": list(it.recipients)}
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")) + "\n"


def _write(file: int, content: bytes) -> None:
    """All of it: a write may stop before its end, at a full disk or a file of gigabytes."""
    written = os.write(file, content)
    while written < len(content):
        written += os.write(file, memoryview(content)[written:])
    if _EARLY is not None:  # all are on their way when the first is waited for
        with contextlib.suppress(OSError):  # a hint: a system that knows none of it syncs all the same
            os.posix_fadvise(file, 0, 0, _EARLY)


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
