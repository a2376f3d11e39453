"""Twilio's REST API for calls by hand: it keeps what was asked and answers what a test wants answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN

from tierline.channels.phone import Ring
from tierline.channels.twilio.account import TwilioAccount
from tierline.channels.voice.phones import TwilioPhones
from tierline.channels.voice.twiml import Addresses

BASE = "https://help.example.com"
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
LEG, OTHER = "CA" + "5" * 32, "CA" + "6" * 32


@dataclass
class Asked:
    """A request that Twilio got; `params` of its query or its form, lists where a name stood several times."""

    method: str
    path: str
    params: dict[str, Any]


@dataclass
class Answer:
    """What Twilio says: a body, or an error with its code."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def leg_of(sid: str = LEG, status: str = "queued", **more: Any) -> dict[str, Any]:
    """A call as Twilio shows it."""
    made = {
        "sid": sid, "status": status, "to": EVA, "from": OURS, "direction": "outbound-api", "start_time": None,
        "date_created": "Mon, 30 Nov 2026 09:00:00 +0000",
    }  # fmt: skip
    return made | more


def error(code: int, status: int = 400) -> Answer:
    return Answer(status, {"code": code, "message": "no", "status": status, "more_info": ""})


def ring_of(**more: Any) -> Ring:
    made: dict[str, Any] = {
        "key": "C1001.7", "to": EVA, "sender": OURS, "turn": "agent", "about": {"c": "C1001", "o": "7"}, "seconds": 20,
        "since": 1_796_029_200_000,
    }  # fmt: skip
    return Ring(**(made | more))


@dataclass
class RestStage:
    """`phones` towards a Twilio that answers `says`; while `held` is set it keeps its answers back."""

    phones: TwilioPhones
    says: Answer = field(default_factory=lambda: Answer(201, leg_of()))
    asked: list[Asked] = field(default_factory=list)
    held: asyncio.Event | None = None
    came: asyncio.Condition = field(default_factory=asyncio.Condition)
    drop: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        given = request.query if request.method == "GET" else await request.post()
        params = {k: given.getall(k) if len(given.getall(k)) > 1 else given[k] for k in given}
        async with self.came:
            self.asked.append(Asked(request.method, request.path.removeprefix("/api.twilio.com"), params))
            self.came.notify_all()
        if self.held is not None:
            await self.held.wait()
        if self.drop and request.transport is not None:
            request.transport.close()
        return web.json_response(self.says.body, status=self.says.status, headers=self.says.headers)

    async def until_asked(self, count: int) -> None:
        async with asyncio.timeout(10), self.came:
            await self.came.wait_for(lambda: len(self.asked) >= count)


@contextlib.asynccontextmanager
async def rest_stage(per_second: float = 0.0, most: int = 0) -> AsyncIterator[RestStage]:
    """`per_second` 0: as fast as they come."""
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)
    found: list[RestStage] = []

    async def handle(request: web.Request) -> web.Response:
        return await found[0].handle(request)

    app.router.add_route("*", "/{path:.*}", handle)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    phones = TwilioPhones(TwilioAccount(ACCOUNT, TOKEN, api_url=url), Addresses(BASE), per_second, most)
    found.append(RestStage(phones))
    try:
        yield found[0]
    finally:
        await phones.close()
        if found[0].held is not None:
            found[0].held.set()
        await runner.cleanup()
