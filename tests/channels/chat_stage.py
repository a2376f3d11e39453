"""A visitor of the web chat for tests: a real WebSocket to the running product."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.helpers_app import DESK, OPS, Inside, Json

SHOP = "https://shop.example"
PLAN = f"""
site: inside
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@inside.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{chat: {{offer: 60s, origins: ["{SHOP}"]}}}}
teams: {{desk: {{channel: "#desk"}}}}
services: {{help: {{schedule: always, answer_within: 10m, steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]}}}}
entry:
  - {{channel: sms, to: "{DESK}", service: help}}
  - {{channel: chat, service: help}}
agents:
  - {{name: Ada Lovelace, slack: ada@inside.example, team: desk, tier: L1}}
  - {{name: Ben, slack: ben@inside.example, team: desk, tier: L1}}
settings: {{hold_reply: 1s}}
closing: {{rate: [chat]}}
texts: {{rating: {{en: "How was it?"}}}}
"""


@dataclass
class Visitor:
    """One connection: what it heard, and the token with which it comes back."""

    ws: aiohttp.ClientWebSocketResponse
    heard: list[Json] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        async for message in self.ws:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.heard.append(json.loads(message.data))

    async def send(self, **frame: Any) -> None:
        await self.ws.send_str(json.dumps(frame))

    async def say(self, id: str, text: str) -> int:
        """Say it and return its number."""
        await self.send(t="say", id=id, text=text)
        return int((await self.one("ack", lambda it: it["id"] == id))["seq"])

    async def one(self, t: str, is_it: Callable[[Json], Any] = lambda it: True) -> Json:
        """The first frame of that kind, as soon as it is there."""
        end = asyncio.get_running_loop().time() + 30
        while True:
            if (found := next((it for it in self.heard if it["t"] == t and is_it(it)), None)) is not None:
                return found
            assert asyncio.get_running_loop().time() < end, (t, self.heard)
            await asyncio.sleep(0.01)

    def texts(self) -> list[str]:
        return [it["text"] for it in self.heard if it["t"] == "message"]

    @property
    def last(self) -> int:
        return max([0, *(it["seq"] for it in self.heard if it["t"] in ("message", "ack"))])


@asynccontextmanager
async def visitor(
    it: Inside,
    token: str = "",
    since: int = 0,
    own: bool = False,
    origin: str | None = SHOP,
    product: str = "",
) -> AsyncIterator[Visitor]:
    """Come to the chat; the welcome has been heard."""
    headers = {"Origin": origin} if origin is not None else {}
    async with it.http.ws_connect(f"{product or it.product}/chat/ws", headers=headers) as ws:
        one = Visitor(ws)
        one.task = asyncio.create_task(one.listen())
        try:
            await one.send(t="hello", since=since, own=own, **({"token": token} if token else {}))
            await one.one("welcome")
            yield one
        finally:
            one.task.cancel()
            await asyncio.gather(one.task, return_exceptions=True)
