"""The stage of twilio_rehearsal with an app that answers calls: documents by path, and helpers to wait for a phone."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from twilio_rehearsal import EVA, OURS, Heard, Stage, open_stage

from tests.helpers_wait import pause
from tierline.sandbox.twilio_store import Account

ADA = "+491700000001"
Document = str | bytes | Callable[[dict[str, str]], str]


@dataclass
class VoiceStage:
    """`pages[path]` is what the app answers there: markup inside `<Response>`, or a function of the parameters."""

    stage: Stage
    pages: dict[str, Document] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return self.stage.app.base

    @property
    def client(self) -> Any:
        return self.stage.client

    async def answer(self, request: web.Request) -> web.Response:
        params = {k: str(v) for k, v in {**request.query, **await request.post()}.items()}
        page = self.pages.get(request.path)
        if isinstance(page, bytes):
            return web.Response(body=page, content_type="audio/wav")
        if page is None and request.path.endswith(".wav"):
            return web.Response(status=404)
        if page is None:
            return web.Response(text="<Response/>", content_type="text/xml")
        text = page if isinstance(page, str) else page(params)
        return web.Response(text=f"<Response>{text}</Response>", content_type="text/xml")

    async def api(self, path: str, body: object = None, status: int = 200) -> Any:
        return await self.stage.call(path, body, status)

    async def ring(self, sender: str = EVA, to: str = OURS) -> str:
        return str((await self.api("/calls", {"from": sender, "to": to}))["sid"])

    async def act(self, sid: str, what: str, status: int = 200, **body: object) -> Any:
        return await self.api(f"/calls/{sid}/{what}", body, status)

    async def look(self, sid: str) -> Any:
        return await self.api(f"/calls/{sid}")

    async def until(self, sid: str, what: Callable[[Any], Any]) -> Any:
        begun = time.monotonic()
        async with asyncio.timeout(60):
            while True:
                shown = await self.look(sid)
                if what(shown):
                    return shown
                await asyncio.sleep(pause(time.monotonic() - begun))

    async def phone(self, number: str, what: Callable[[Any], Any]) -> Any:
        """The calls to and from a number, as soon as `what` holds of them."""
        begun = time.monotonic()
        async with asyncio.timeout(60):
            while True:
                calls = await self.api(f"/calls?number={number.replace('+', '%2B')}")
                if what(calls):
                    return calls
                await asyncio.sleep(pause(time.monotonic() - begun))

    async def at(self, sid: str, where: str) -> Any:
        return await self.until(sid, lambda it: it["where"] == where)

    async def said(self, sid: str, text: str) -> Any:
        return await self.until(sid, lambda it: text in [h.get("text") for h in it["heard"]])

    def asked(self, path: str) -> list[Heard]:
        return [h for h in self.stage.app.heard if h.path == path]

    def told(self, path: str, name: str) -> list[str | None]:
        """One parameter of everything that came to a path, in order."""
        return [h.params.get(name) for h in self.asked(path)]

    async def heard(self, path: str, count: int = 1) -> list[Heard]:
        await self.stage.app.until(lambda heard: len([h for h in heard if h.path == path]) >= count)
        return self.asked(path)

    async def make(self, to: str = ADA, page: str = "/agent", **more: Any) -> str:
        made = await self.client.calls.create_async(to=to, from_=OURS, url=f"{self.base}{page}", **more)
        return str(made.sid)

    async def answered(self, to: str = ADA, page: str = "/agent", **more: Any) -> str:
        """A call that the account makes, rung and answered."""
        sid = await self.make(to, page, **more)
        await self.at(sid, "ringing")
        await self.act(sid, "answer")
        return sid

    async def warned(self) -> list[int]:
        return [w["code"] for w in await self.api("/twilio/warnings")]


@contextlib.asynccontextmanager
async def open_voice(
    account: Account | None = None, limits: bool = False, **pages: Document
) -> AsyncIterator[VoiceStage]:
    """`pages` by name: `voice="<Say>…"` is what `/voice` answers."""
    async with open_stage(account, limits) as stage:
        voice = VoiceStage(stage, {f"/{name}": page for name, page in pages.items()})
        stage.app.answer = voice.answer
        yield voice
