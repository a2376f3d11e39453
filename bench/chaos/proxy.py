"""The way to the store: a loopback proxy that can be slow, mute, deaf, frozen or cut, at any moment."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

LARGEST = 1 << 20


class Link(asyncio.Protocol):
    """One side of one connection; `peer` is the other. `back` is what the store says."""

    def __init__(self, proxy: Proxy, back: bool) -> None:
        self.proxy, self.back = proxy, back
        self.transport: asyncio.Transport | None = None
        self.peer: Link | None = None
        self.early: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody came, or the store took us."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own kind
        self.proxy.links.add(self)
        if not self.back:
            self.proxy.spawn(self._join())

    async def _join(self) -> None:
        try:
            _, far = await asyncio.get_running_loop().create_unix_connection(
                lambda: Link(self.proxy, True), self.proxy.target
            )
        except OSError:
            self.cut()
            return
        self.peer, far.peer = far, self
        if self.transport is None or self.transport.is_closing():
            far.cut()
            return
        for piece in self.early:
            far.write(piece)
        self.early.clear()

    def data_received(self, data: bytes) -> None:
        """Carry it, or do what is wrong with the line now."""
        proxy = self.proxy
        if self.back and proxy.every:
            proxy.heard += 1
            if proxy.heard % proxy.every == 0:
                proxy.swallowed += 1
                self.cut()
                return
        if self.back and proxy.mute:
            proxy.swallowed += 1
            return
        if not self.back and proxy.deaf:
            proxy.swallowed += 1
            return
        if (self.back and proxy.held_back) or (not self.back and proxy.held_there):
            proxy.kept.append((self, data))
            return
        if self.back and proxy.delay:
            asyncio.get_running_loop().call_later(proxy.delay, self.pass_on, data)
            return
        self.pass_on(data)

    def pass_on(self, data: bytes) -> None:
        """To the other side."""
        if self.peer is not None:
            self.peer.write(data)
        elif not self.back and len(self.early) < LARGEST:
            self.early.append(data)

    def write(self, data: bytes) -> None:
        """To whom is on this side."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def cut(self) -> None:
        """Break it, without a word."""
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """The other side goes, too."""
        self.proxy.links.discard(self)
        if self.peer is not None:
            self.peer.cut()


class Proxy:
    """Listens on a TCP port of loopback and carries to the unix socket `target`."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.port = 0
        self.mute = self.deaf = False
        """The store's replies are swallowed after it did what it was asked; or what it is asked is."""
        self.held_back = self.held_there = False
        """One way stands still; what comes is carried later."""
        self.delay = 0.0
        self.every = 0
        """Each so many-th piece of what the store says is swallowed, and its line cut: whatever was asked was done."""
        self.heard = 0
        self.swallowed = 0
        self.links: set[Link] = set()
        self.kept: list[tuple[Link, bytes]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Link(self, False), "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    def spawn(self, work: object) -> None:
        """Keep a task until it is done."""
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cut(self) -> None:
        """Break every connection."""
        for link in list(self.links):
            link.cut()

    def well(self) -> None:
        """End every fault; a line that swallowed something is cut, because nobody could make sense of the rest."""
        broken = self.mute or self.deaf
        self.mute = self.deaf = self.held_back = self.held_there = False
        self.delay, self.every = 0.0, 0
        kept, self.kept = self.kept, []
        for link, data in kept:
            link.pass_on(data)
        if broken:
            self.cut()

    async def stop(self) -> None:
        """End."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
