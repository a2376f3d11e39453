"""Files that visitors send: bounded, judged by their bytes and not by their names, kept outside every web root.

A file lies in the data directory before its message is taken in. Nobody but the desk is ever shown one: it goes to Slack.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from ..channel import NotDelivered

HERE = "chat:"
"""Before the address of a file that is kept here: "chat:<conversation>/<random>"."""
LARGEST = 5 * 1024 * 1024
FREE = 500 * 1024 * 1024
"""Bytes that stay free on the disk: the store needs them more."""
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypmp42", "video/mp4"),
    (4, b"ftypisom", "video/mp4"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"ID3", "audio/mpeg"),
)


def sniffed(content: bytes) -> str:
    """The type of a file that we take, "" for any other. Text is text only without a control character."""
    for at, magic, kind in _MAGIC:
        if content[at : at + len(magic)] == magic:
            return kind
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""
    return (
        ""
        if any((c < " " or c == "\x7f") and c not in "\t\r\n\f" for c in text) or not text
        else "text/plain"
    )


def named(given: str) -> str:
    """A file's name as it is shown: one line without a path."""
    tail = given.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in tail if c.isprintable()).strip()[:80]


class Full(Exception):
    """There is no room for files on this disk."""


@dataclass(frozen=True, slots=True)
class ChatFiles:
    """Kept in `folder`, each under a name that its address alone leads to."""

    folder: Path

    async def keep(self, conversation: str, content: bytes) -> str:
        """Its address, once it is on the disk. Raises Full or OSError."""
        url = f"{HERE}{conversation}/{uuid.uuid4().hex}"
        await asyncio.to_thread(self._write, self._path(url), content)
        return url

    async def content(self, url: str) -> bytes:
        """The bytes at an address of ours. Raises NotDelivered."""
        try:
            return await asyncio.to_thread(self._path(url).read_bytes)
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            reason = f"the visitor's file isn't had ({type(error).__name__})"
            raise NotDelivered(reason, "media", permanent=gone, retry_after=None if gone else 5.0) from None

    def _path(self, url: str) -> Path:
        return self.folder / hashlib.sha256(url.encode()).hexdigest()

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(path.parent).free < FREE:
            raise Full
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
