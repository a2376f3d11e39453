"""Clients that are slow on purpose: halves of requests, greetings without an end, words a byte at a time (SEC30).

As many as the limits let in, from many addresses; `make check-long` opens 5,000. Somebody in a hurry is served meanwhile.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Literal
from unittest.mock import patch

import pytest
from chat_stage import PLAN, SHOP, visitor

from tests.helpers_app import Inside, inside
from tierline.channels.chat import socket as sockets
from tierline.console import listen

LONG = bool(os.environ.get("TIERLINE_LONG"))
MANY = 5_000 if LONG else 300
OF_ONE = 40
"""Connections from one address: fewer than it may have, so that all are let in."""
PATIENCE = 120.0 if LONG else 2.0
"""Seconds that a half has: at the small size it is seen to end."""
BUDGET = 1.0
"""Seconds in which whoever is in a hurry is answered, 99 times of 100."""
Kind = Literal["half", "silent", "dripping"]
KINDS: tuple[Kind, ...] = ("half", "silent", "dripping")


@dataclass
class Slow:
    """One of them."""

    kind: Kind
    sock: socket.socket
    rest: bytes  # what it says, a byte at a time
    gone: bool = False


@dataclass
class Crowd:
    """All of them, and whoever makes them go on."""

    all: list[Slow] = field(default_factory=list)
    refused: int = 0

    def there(self, *kinds: Kind) -> int:
        return sum(not it.gone and it.kind in kinds for it in self.all)

    async def come(self, port: int, i: int) -> None:
        """The `i`th, from its own address."""
        kind = KINDS[i % len(KINDS)]
        one = socket.socket()
        one.setblocking(False)
        try:
            one.bind((f"127.0.{10 + i // OF_ONE // 250}.{1 + i // OF_ONE % 250}", 0))
            await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", port))
            rest = await _begun(one, kind)
        except (OSError, TimeoutError):
            self.refused += 1
            one.close()
            return
        self.all.append(Slow(kind, one, rest))

    async def drip(self) -> None:
        """A byte of each every two seconds; what comes back isn't read, but that they were hung up on."""
        while True:
            began = monotonic()
            for n, it in enumerate(self.all):
                if not it.gone:
                    _one_byte(it)
                if n % 100 == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(max(0.1, 2.0 - (monotonic() - began)))


async def _begun(one: socket.socket, kind: Kind) -> bytes:
    loop = asyncio.get_running_loop()
    if kind == "half":
        await loop.sock_sendall(one, b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        return b"X-Slow: " + b"a" * 4000
    key = base64.b64encode(os.urandom(16)).decode()
    hello = (
        f"GET /chat/ws HTTP/1.1\r\nHost: x\r\nOrigin: {SHOP}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    )
    await loop.sock_sendall(one, hello.encode())
    async with asyncio.timeout(60):
        answer = await loop.sock_recv(one, 4096)
    if b" 101 " not in answer[:20]:
        raise ConnectionRefusedError(answer[:40])
    if kind == "silent":
        return _frame({"t": "hello", "language": "e" * 100})
    await loop.sock_sendall(one, _frame({"t": "hello"}))
    return _frame({"t": "say", "id": "m1", "text": "y" * 4000})


def _frame(said: dict[str, str]) -> bytes:
    """A masked text frame (RFC 6455 §5.2)."""
    payload = json.dumps(said).encode()
    long = len(payload) > 125
    size = b"\xfe" + len(payload).to_bytes(2, "big") if long else bytes([0x80 | len(payload)])
    return b"\x81" + size + bytes(4) + payload


def _one_byte(it: Slow) -> None:
    try:
        if it.kind == "half" and not it.sock.recv(4096, socket.MSG_DONTWAIT):
            it.gone = True
    except BlockingIOError:
        pass
    except OSError:
        it.gone = True
    if not it.gone:
        try:
            it.sock.send(it.rest[:1])
            it.rest = it.rest[1:] or b"a"
        except BlockingIOError:
            pass
        except OSError:
            it.gone = True


@asynccontextmanager
async def crowd(it: Inside, many: int) -> AsyncIterator[Crowd]:
    """So many are there."""
    them, port = Crowd(), int(it.product.rpartition(":")[2])
    dripping = asyncio.create_task(them.drip())
    try:
        for first in range(0, many, 100):
            await asyncio.gather(*(them.come(port, i) for i in range(first, min(many, first + 100))))
        yield them
    finally:
        dripping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dripping
        for one in them.all:
            one.sock.close()


async def hurried(it: Inside, times: int) -> list[float]:
    """Seconds of each of so many words and questions, slowest last, by somebody who came when they were there."""
    took = list[float]()
    async with visitor(it) as eva:
        for n in range(times):
            began = monotonic()
            await eva.say(f"m{n}", f"word {n}")
            took.append(monotonic() - began)
            began = monotonic()
            async with it.http.get(f"{it.product}/healthz", headers={"Connection": "close"}) as answer:
                assert answer.status == 200
            took.append(monotonic() - began)
    return sorted(took)


@pytest.mark.promise("chat-limits")
@pytest.mark.timeout(1200 if LONG else 120)
async def test_who_is_in_a_hurry_is_served_beside_slow_clients(tmp_path: Path) -> None:
    with patch.object(listen, "FIRST", PATIENCE), patch.object(sockets, "HELLO_WITHIN", PATIENCE):
        async with inside(tmp_path, PLAN) as it:
            alone = await hurried(it, 20)
            async with crowd(it, MANY) as them:
                assert them.there("dripping") >= MANY // 3 - 1, "whoever greets is let in and stays"
                assert them.refused == 0 or LONG
                took = await hurried(it, 50)
                print(
                    f"{len(them.all)} slow, {them.there(*KINDS)} there at the end, {them.refused} not let in;",
                    end=" ",
                )
                print(f"p99 {took[-2]:.3f} s beside them, {alone[-2]:.3f} s without")
                assert took[-2] <= BUDGET
                assert it.app.listener.open <= it.app.listener.most + it.app.listener.most_aside
                if not LONG:
                    await it.until(lambda: not them.there("half"))
                    assert them.there("dripping") >= MANY // 3 - 1, "who has greeted may take their time"
            async with it.http.get(f"{it.product}/healthz") as answer:
                assert answer.status == 200
