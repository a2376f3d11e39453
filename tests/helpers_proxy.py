"""A proxy on loopback that can be slow, deaf, mute or gone, in either direction and at any moment.

`await LoopbackProxy.start(target)`; `target` is a unix socket's path or `(host, port)`. It listens on a TCP
port (`.host`, `.port`, `.url("redis")`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable


class LoopbackProxy:
    """Every switch may be thrown while connections are open."""

    def __init__(self, target: str | tuple[str, int]) -> None:
        self.target = target
        self.host, self.port = "127.0.0.1", 0
        self.tls: ssl.SSLContext | None = None  # speak TLS to the client; set before `open`
        self.delay = 0.0  # s, added to every piece on its way back
        self.drop_replies = False  # swallow what the server says
        self.drop_requests = False  # swallow what the client says
        self.chop: Callable[[], int] | None = None  # size of the next piece towards the client
        self.requests = bytearray()  # everything that reached the server
        self.swallowed = 0  # bytes of replies that were dropped
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @classmethod
    async def start(cls, target: str | tuple[str, int]) -> LoopbackProxy:
        """Listen on a free port."""
        proxy = cls(target)
        await proxy.open()
        return proxy

    async def open(self) -> None:
        """Listen (again, on the same port after `refuse`)."""
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def url(self, scheme: str) -> str:
        """`scheme://127.0.0.1:port`."""
        return f"{scheme}://{self.host}:{self.port}"

    def stop(self) -> None:
        """Hold everything in both directions until `go`: a frozen network."""
        self._stopped.clear()

    def go(self) -> None:
        """End `stop`."""
        self._stopped.set()

    def cut(self) -> None:
        """Break every open connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def refuse(self) -> None:
        """Break every connection and accept no new one until `open`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    async def close(self) -> None:
        """End."""
        await self.refuse()
        for link in list(self._links):
            link.cancel()
        if self._links:
            await asyncio.wait(self._links)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        task.add_done_callback(self._links.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            if isinstance(self.target, str):
                far_reader, far_writer = await asyncio.open_unix_connection(self.target)
            else:
                far_reader, far_writer = await asyncio.open_connection(*self.target)
            self._writers |= {writer, far_writer}
            both = [
                asyncio.ensure_future(self._carry(reader, far_writer, back=False)),
                asyncio.ensure_future(self._carry(far_reader, writer, back=True)),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in both:
                    way.cancel()
                await asyncio.wait(both)
                far_writer.transport.abort()
        self._writers.discard(writer)
        writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(self.chop() if back and self.chop else 65536):
                await self._stopped.wait()
                if back and self.delay:
                    await asyncio.sleep(self.delay)
                if back and self.drop_replies:
                    self.swallowed += len(piece)
                    continue
                if not back:
                    if self.drop_requests:
                        continue
                    self.requests += piece
                writer.write(piece)
                await writer.drain()
