"""A Slack stand-in on a real port, and the real Bolt app that talks to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tierline.sandbox.slack import SlackStandIn
from tierline.sandbox.slack_web import DEFAULT_SCOPES
from tierline.sandbox.stage import Cast, Clock, Credentials, Faults, Person, Place, Wire

ADA, LIN = "U0ADA00001", "U0LIN00001"
ADA_DM, LIN_DM = "D0ADA00001", "D0LIN00001"
ROOM = "C0SUPPORT1"
CAST = Cast(
    people=(
        Person("Ada Lovelace", ADA, "ada@northwind.example", "+491700000001", "L2", "inhouse", ADA_DM),
        Person("Lin Chen", LIN, "lin@northwind.example", "+491700000002", "L1", "inhouse", LIN_DM),
    ),
    customers=(),
    places=(Place(ROOM, "#support"),),
    numbers=(),
    mailboxes=(),
    credentials=Credentials("AC0", "secret", "xoxb-sandbox", "xapp-sandbox"),
)


@dataclass
class Stage:
    """The stand-in, its faults, and hands to use it."""

    slack: SlackStandIn
    faults: Faults
    wire: Wire
    clock: Clock
    base: str
    http: aiohttp.ClientSession
    changes: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def client(self, token: str = "xoxb-sandbox") -> AsyncWebClient:
        client = AsyncWebClient(token, base_url=f"{self.base}/slack/api/", session=self.http)
        client.proxy = None
        return client

    async def get(self, path: str, **query: str) -> Any:
        async with self.http.get(f"{self.base}/sandbox/api/slack/{path}", params=query) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, expect: int = 200, **body: Any) -> Any:
        async with self.http.post(f"{self.base}/sandbox/api/slack/{path}", json=body) as answer:
            assert answer.status == expect, await answer.text()
            return await answer.json()


@asynccontextmanager
async def slack_stage(scopes: list[str] = DEFAULT_SCOPES, **more: Any) -> AsyncIterator[Stage]:
    clock, faults = Clock(), Faults()
    faults.slack.enforce_limits = False
    wire = Wire(clock)
    changes: list[tuple[str, dict[str, str]]] = []
    slack = SlackStandIn(
        CAST, clock, wire, faults, lambda kind, ids: changes.append((kind, ids)), scopes, **more
    )
    app = web.Application()
    app.add_routes([*slack.api_routes(), *slack.routes()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as http:
            yield Stage(slack, faults, wire, clock, base, http, changes)
    finally:
        await slack.stop()
        await runner.cleanup()


@asynccontextmanager
async def bolt_app(stage: Stage, dress: Callable[[AsyncApp], None]) -> AsyncIterator[AsyncSocketModeHandler]:
    """A Bolt app in Socket Mode, connected."""
    app = AsyncApp(client=stage.client(), process_before_response=False)
    dress(app)
    handler = AsyncSocketModeHandler(app, "xapp-sandbox", ping_interval=0.2, proxy=None)
    handler.client.proxy = None
    before = stage.slack.sockets.count
    await handler.connect_async()
    await until(lambda: stage.slack.sockets.count > before)
    try:
        yield handler
    finally:
        await handler.close_async()


async def until(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What a condition gives once it holds."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "the condition never held"
        await asyncio.sleep(0.01)
    return found
