"""A mailbox's connection for the loop: its blocking steps go on in a thread of their own, and waiting needs none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .imap import Away, Imap

T = TypeVar("T")

AT_MOST = 600.0
"""Seconds for one step, whatever its size: each answer in it has a deadline of its own."""


class ImapLine:
    """One connection. Not the loop's own threads: slow mailboxes would take them from everybody."""

    def __init__(self, imap: Imap) -> None:
        self.imap = imap
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mailbox")

    async def do(self, step: Callable[[], T]) -> T:
        """One step of the connection. Whoever is cancelled ends it. Raises Trouble."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, step)
        try:
            async with asyncio.timeout(AT_MOST):
                return await asyncio.shield(future)
        except (TimeoutError, asyncio.CancelledError) as error:
            self.imap.cut()
            future.add_done_callback(_heard)
            if isinstance(error, TimeoutError):
                raise Away("it takes too long") from None
            raise

    async def readable(self, seconds: float) -> bool:
        """Wait until something is told, so long at most."""
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        fd = self.imap.fileno()
        loop.add_reader(fd, told.set)
        try:
            async with asyncio.timeout(seconds):
                await told.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(fd)
        return True

    async def close(self, grace: float = 2.0) -> None:
        """Log out, if there is time for it."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, self.imap.close)
        future.add_done_callback(_heard)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await asyncio.shield(future)
        self.imap.cut()
        self._thread.shutdown(wait=False)


def _heard(future: asyncio.Future[T]) -> None:
    """Nobody waits for it any more."""
    if not future.cancelled():
        future.exception()
