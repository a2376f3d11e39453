"""A stage with Twilio's stand-in, the real twilio client against it, and an app that checks signatures."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.helpers_wait import pause
from tierline.sandbox.server import Hooks, Sandbox
from tierline.sandbox.stage import Cast, Clock, Credentials, Customer, Number, Person, Place
from tierline.sandbox.twilio_sms import TwilioStandIn
from tierline.sandbox.twilio_store import Account

ACCOUNT = "AC" + "a1" * 16
TOKEN = "b2" * 16
OURS = "+15550100001"  # a number that carries pictures
GERMAN = "+4915790000000"  # one that does not
EVA = "+4915112345678"


class OtherBase(AsyncTwilioHttpClient):
    """The library's own client with another base: the real host becomes the first path segment."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    async def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        parts = urlsplit(url)
        target = f"{self.base}/{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        headers = {**(headers or {}), **({"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {})}
        return await super().request(method, target, params, data, headers, None, None, allow_redirects)


@dataclass
class Heard:
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    signed: bool


@dataclass
class App:
    """The app under the webhooks; `answer` decides what it says."""

    base: str = ""
    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[web.Request], Awaitable[web.Response]] | None = None
    fresh: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.Response:
        form = await request.post()
        url = self.base + request.raw_path
        signature = request.headers.get("X-Twilio-Signature", "")
        signed = RequestValidator(TOKEN).validate(url, form, signature)
        params = {k: str(v) for k, v in form.items()}
        self.heard.append(Heard(request.path, params, dict(request.headers), signed))
        async with self.fresh:
            self.fresh.notify_all()
        if self.answer:
            return await self.answer(request)
        return web.Response(text="<Response/>", content_type="text/xml")

    async def until(self, what: Callable[[list[Heard]], Any]) -> Any:
        async with asyncio.timeout(90), self.fresh:
            await self.fresh.wait_for(lambda: what(self.heard))
        return what(self.heard)

    def statuses(self) -> list[str]:
        return [h.params["MessageStatus"] for h in self.heard if h.path == "/status"]


@dataclass
class Stage:
    sandbox: Sandbox
    base: str
    client: Client
    app: App
    http: aiohttp.ClientSession
    calls: list[object] = field(default_factory=list)

    async def call(self, path: str, body: object = None, status: int = 200, **kwargs: Any) -> Any:
        method = kwargs.pop("method", "GET" if body is None else "POST")
        async with self.http.request(method, f"{self.base}/sandbox/api{path}", json=body, **kwargs) as r:
            found = await r.json()
            assert r.status == status, (r.status, found)
            return found

    async def text(self, text: str, sender: str = EVA, to: str = OURS, **more: Any) -> Any:
        return await self.call("/sms", {"from": sender, "to": to, "text": text, **more})

    async def send(self, body: str | None = "hello", to: str = EVA, sender: str = OURS, **more: Any) -> Any:
        content = {} if body is None else {"body": body}
        return await self.client.messages.create_async(to=to, from_=sender, **content, **more)

    async def settled(self, sid: str, *statuses: str) -> Any:
        begun = time.monotonic()
        async with asyncio.timeout(90):
            while True:
                message = await self.client.messages(sid).fetch_async()
                if message.status in statuses:
                    return message
                await asyncio.sleep(pause(time.monotonic() - begun))


def make_cast(app: str) -> Cast:
    return Cast(
        people=(Person("Ada", "U1", "ada@northwind.example", "+491700000001", "L2", "inhouse", "D1"),),
        customers=(Customer("Eva", EVA, "eva@example.com"),),
        places=(Place("C1", "support"),),
        numbers=(Number(OURS, f"{app}/sms", f"{app}/voice"), Number(GERMAN, f"{app}/sms", f"{app}/voice")),
        mailboxes=("support@northwind.example",),
        credentials=Credentials(ACCOUNT, TOKEN, "xoxb-1", "xapp-1"),
    )


@contextlib.asynccontextmanager
async def open_stage(
    account: Account | None = None, limits: bool = False, **hooks: Any
) -> AsyncIterator[Stage]:
    app = App()
    server = web.Application()
    server.router.add_route("*", "/{rest:.*}", app.handle)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    app.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    calls: list[object] = []

    async def advance(to: float) -> int:
        calls.append(to)
        return 3

    async def reset() -> None:
        calls.append("reset")

    async def product_state() -> dict[str, Any]:
        return {"product": app.base, "api": {"url": app.base, "token": "t0ken"}, "plan_version": 1}

    async def ready() -> bool:
        return True

    given = {"advance": advance, "reset": reset, "product_state": product_state, "ready": ready, **hooks}
    sandbox = Sandbox(
        make_cast(app.base),
        Clock(),
        Hooks(product_base=app.base, **given),
        [lambda *parts: TwilioStandIn(*parts, account=account)],
    )
    sandbox.faults.twilio.enforce_limits = limits
    port = await sandbox.start(0)
    base = f"http://127.0.0.1:{port}"
    http_client = OtherBase(f"{base}/twilio")
    client = Client(ACCOUNT, TOKEN, http_client=http_client)
    try:
        async with aiohttp.ClientSession() as http:
            yield Stage(sandbox, base, client, app, http, calls)
    finally:
        await http_client.close()
        await sandbox.stop()
        await runner.cleanup()
