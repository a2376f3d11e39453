"""What the tests on a real store share: its description, its keys, and waiting for a condition."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.helpers_wait import pause
from tierline.queue.client import Client
from tierline.queue.embedded import find_binary


@dataclass(frozen=True)
class StoreServer:
    """The session's server: its URL, and the path of its socket."""

    url: str
    socket: str


async def all_keys(client: Client, pattern: str = "*") -> set[str]:
    """Every key that matches."""
    found, cursor = set(), b"0"
    while True:
        reply = await client.call("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
        assert isinstance(reply, list) and isinstance(reply[1], list)
        found |= {key.decode(errors="replace") for key in reply[1] if isinstance(key, bytes)}
        cursor = reply[0]
        if cursor == b"0":
            return found


async def until(holds: Callable[[], object | Awaitable[object]], within: float = 60.0) -> None:
    """Wait for a condition; fail when it doesn't come true."""
    begun = time.monotonic()
    while True:
        result = holds()
        if isinstance(result, Awaitable):
            result = await result
        if result:
            return
        assert time.monotonic() < begun + within, f"still not true after {within} s: {holds}"
        await asyncio.sleep(min(0.1, pause(time.monotonic() - begun, 0.01)))


@contextlib.asynccontextmanager
async def own_server(folder: Path, *words: str, binary: str | None = None) -> AsyncIterator[str]:
    """A server with settings of one's own; yields its URL."""
    os.makedirs(folder, exist_ok=True)
    socket = folder / "s"
    process = await asyncio.create_subprocess_exec(
        binary or str(find_binary()),
        *("--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""),
        *words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await until(socket.exists)
        yield f"unix://{socket}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
