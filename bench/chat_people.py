"""Visitors of the web chat for tests and bars: they say, hear, lose their line and come back, and keep account."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field

import aiohttp

FRAME = aiohttp.ClientTimeout(total=None, sock_connect=10)


@dataclass(slots=True)
class Account:
    """What one visitor knows: `said` by id with its number once acknowledged, `heard` in order, `came` connections."""

    said: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[int, str]] = field(default_factory=list)
    again: int = 0  # acknowledgements that came twice with another number: must stay 0
    came: int = 0
    contact: str = ""


@dataclass(slots=True)
class Person:
    """One visitor. `texts` are said one after the other, with at most `ahead` of them not acknowledged yet."""

    name: str
    url: str
    texts: list[str]
    expected: int = 0  # messages of ours to be heard
    ahead: int = 4
    origin: str = "https://shop.example"
    address: str = ""
    token: str = ""
    since: int = 0
    account: Account = field(default_factory=Account)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def done(self) -> bool:
        """Whether all was said and heard."""
        return len(self.account.said) == len(self.texts) and len(self.account.heard) >= self.expected

    async def run(self, http: aiohttp.ClientSession, dice: random.Random) -> None:
        """Until it is done, over as many connections as it takes."""
        while not self.done:
            self.account.came += 1
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
                await self._once(http)
            await asyncio.sleep(dice.uniform(0.0, 0.05))

    async def _once(self, http: aiohttp.ClientSession) -> None:
        headers = {"Origin": self.origin, **({"X-Forwarded-For": self.address} if self.address else {})}
        async with asyncio.timeout(20):
            ws = await http.ws_connect(self.url, headers=headers)
        try:
            hello = {"t": "hello", "since": self.since, **({"token": self.token} if self.token else {})}
            await ws.send_str(json.dumps(hello))
            under_way: set[str] = set()
            while not self.done:
                async with asyncio.timeout(20):
                    message = await ws.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                await self._heard(ws, json.loads(message.data), under_way)
        finally:
            await asyncio.wait_for(ws.close(), 5)

    async def _heard(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        frame: dict[str, object],
        under_way: set[str],
    ) -> None:
        match frame["t"]:
            case "welcome":
                self.token = str(frame["token"])
                self.account.contact = str(frame.get("contact") or self.account.contact)
            case "ack":
                id, seq = str(frame["id"]), int(str(frame["seq"]))
                self.account.again += self.account.said.get(id, seq) != seq
                self.account.said[id] = seq
                under_way.discard(id)
                self.since = max(self.since, seq)
                self.began.set()
            case "message":
                seq = int(str(frame["seq"]))
                self.account.heard.append((seq, str(frame["text"])))
                self.since = max(self.since, seq)
                await ws.send_str(json.dumps({"t": "seen", "seq": seq}))
            case "error":
                under_way.discard(str(frame.get("id", "")))
                await asyncio.sleep(float(str(frame.get("after_s", 0.05))))
        for i, text in enumerate(self.texts):
            id = f"{self.name}-{i}"
            if len(under_way) >= self.ahead:
                return
            if id not in self.account.said and id not in under_way:
                under_way.add(id)
                await ws.send_str(json.dumps({"t": "say", "id": id, "text": text}))

    def wrong(self, told: list[str]) -> list[str]:
        """What is not as it must be, in words; `told` is what it had to hear."""
        heard = [text for _, text in self.account.heard]
        seqs = [seq for seq, _ in self.account.heard]
        found = [f"{self.name} lacks {text!r}" for text in told if text not in heard]
        found += [f"{self.name} heard {text!r} twice" for text in {*heard} if heard.count(text) > 1]
        found += [f"{self.name} heard out of order"] if seqs != sorted(set(seqs)) else []
        numbers = list(self.account.said.values()) + seqs
        found += [f"{self.name}: two messages with one number"] if len(set(numbers)) != len(numbers) else []
        found += [f"{self.name}: a message was numbered twice"] if self.account.again else []
        return found


class Cutter:
    """A relay on loopback that cuts every connection after a random number of bytes, wherever that falls."""

    def __init__(
        self, target: list[tuple[str, int]], dice: random.Random, least: int = 300, most: int = 6000
    ) -> None:
        self.target, self.dice, self.least, self.most = target, dice, least, most
        self.cuts = 0
        self.off = False
        self.port = 0
        self._turn = 0
        self._links: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._come, "127.0.0.1", 0, backlog=1024)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        task.add_done_callback(self._links.discard)
        self._turn += 1
        host, port = self.target[self._turn % len(self.target)]
        with contextlib.suppress(OSError):
            far, back = await asyncio.open_connection(host, port)
            left = [self.dice.randint(self.least, self.most)]
            ways = [
                asyncio.ensure_future(self._pump(reader, back, left)),
                asyncio.ensure_future(self._pump(far, writer, left)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                back.transport.abort()
                writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int]
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                if not self.off and len(piece) >= left[0]:
                    writer.write(piece[: left[0]])  # the middle of a frame, of its header, of a handshake
                    await writer.drain()
                    self.cuts += 1
                    return
                left[0] -= len(piece)
                writer.write(piece)
                await writer.drain()
