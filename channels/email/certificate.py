"""The certificate that the listener offers for STARTTLS, as its files have it now: it is renewed every few weeks.

files change ─▶ read ─▶ connections from now on have the new one
                 └────▶ can't be read: those from now on have the old one, and it is told once
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import structlog

log = structlog.get_logger()

EVERY = 30.0
"""Seconds between two looks."""
TROUBLE = "mail certificate"

Stamp = tuple[tuple[int, int, int], ...]
"""Of each file: its node, its size, and when it was written. A renewal mostly turns a link, or writes another file."""


class Trouble(Protocol):
    """Whom it is told."""

    async def begin(self, name: str, text: str) -> None:
        """Said once until `end`."""

    async def end(self, name: str, text: str) -> None:
        """Said where it had begun."""


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """For STARTTLS. Raises OSError, in words, when the files hold no such thing."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OSError(f"TIERLINE_SMTP_CERT, TIERLINE_SMTP_KEY: no certificate with its key ({why})") from None
    return context


class Certificate:
    """`context` is the last one that could be read. Made at the start: raises OSError, in words."""

    def __init__(
        self, certificate: Path, key: Path | None, trouble: Trouble,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self.certificate, self.key, self.trouble, self._pause = certificate, key, trouble, pause
        self._read = self._stamp()  # before it is read: what is written meanwhile is read again
        self.context = tls_context(certificate, key)
        self._failed = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._look_again_and_again(), name="the mail door's certificate")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def look(self) -> None:
        """Read the files where they have changed, or couldn't be read. Certificate and key are rarely written at one
        instant, so it is told at the second look that fails."""
        stamp = await asyncio.to_thread(self._stamp)
        if stamp == self._read and not self._failed:
            return
        try:
            self.context = await asyncio.to_thread(tls_context, self.certificate, self.key)
        except OSError as error:
            self._failed += 1
            if self._failed == 2:
                log.error("mail.certificate_unreadable", why=str(error))
                text = f"The mail door's new certificate can't be used, the old one still is. {error}"
                await self.trouble.begin(TROUBLE, text)
            return
        self._read, self._failed = stamp, 0
        log.info("mail.certificate_renewed")
        await self.trouble.end(TROUBLE, "The mail door has its new certificate.")

    def _stamp(self) -> Stamp:
        return tuple(_node(path) for path in (self.certificate, self.key) if path is not None)

    async def _look_again_and_again(self) -> None:
        while True:
            await self._pause(EVERY)
            try:
                await self.look()
            except Exception:
                log.exception("mail.certificate_not_looked_at")


def _node(path: Path) -> tuple[int, int, int]:
    """Zeros for what isn't there: then it can't be read either."""
    try:
        it = path.stat()
    except OSError:
        return (0, 0, 0)
    return (it.st_ino, it.st_size, it.st_mtime_ns)
