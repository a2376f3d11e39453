"""What the tests on a real store share: its description, its keys, and waiting for a condition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tierline.queue.client import Client


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


async def until(holds: Callable[[], object | Awaitable[object]], within: float = 20.0) -> None:
    """Wait for a condition; fail when it doesn't come true."""
    end = time.monotonic() + within
    while True:
        result = holds()
        if isinstance(result, Awaitable):
            result = await result
        if result:
            return
        assert time.monotonic() < end, f"still not true after {within} s: {holds}"
        await asyncio.sleep(0.01)
