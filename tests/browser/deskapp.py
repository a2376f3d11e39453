"""The real sandbox with the real stand-in for Slack behind the page, and an app whose answers a test gives.

The app is no product: it takes signed requests at its Request URL, keeps them, and does what the test says.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from pagelook import Seen
from slack_sdk.web.async_client import AsyncWebClient

from tierline.sandbox.server import Hooks, Sandbox
from tierline.sandbox.slack import SlackStandIn
from tierline.sandbox.slack_state import Shortcut
from tierline.sandbox.slack_web import DEFAULT_SCOPES
from tierline.sandbox.stage import Cast, Clock, Credentials, Customer, Number, Person, Place
from tierline.sandbox.twilio_sms import TwilioStandIn

Json = dict[str, Any]
ADA, LIN, BOSS = "U0ADA00001", "U0LIN00001", "U0BOSS0001"
ADA_DM, BOSS_DM, ROOM = "D0ADA00001", "D0BOSS0001", "C0SUPPORT1"
SHORTCUTS = (
    Shortcut("message", "form.incident", "Part of an incident", "Its customer is told when it ends"),
    Shortcut("global", "form.board", "The board", "What waits, against the promises"),
)
CAST = Cast(
    people=(
        Person("Ada Lovelace", ADA, "ada@northwind.example", "+491700000001", "L2", "inhouse", ADA_DM),
        Person("Lin Chen", LIN, "lin@northwind.example", "+491700000002", "L1", "inhouse", "D0LIN00001"),
        Person("Grace Hopper", BOSS, "grace@northwind.example", "", "", "", BOSS_DM),
    ),
    customers=(Customer("Eva Brandt", "+4915112345678", "eva@customer.example"),),
    places=(Place(ROOM, "support"),),
    numbers=(Number("+4915790000000", "http://127.0.0.1:9/sms", "", ""),),
    mailboxes=(),
    credentials=Credentials("AC0", "secret", "xoxb-sandbox", "xapp-sandbox", "signing"),
)


def plain(text: str) -> Json:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def words(text: str) -> Json:
    """A section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action: str, value: str = "1") -> Json:
    """A row with one button."""
    one = {"type": "button", "text": plain(label), "action_id": action, "value": value}
    return {"type": "actions", "elements": [one]}


@dataclass
class DeskApp:
    """What the app heard (`event`, `block_actions`, `view_submission`, … payloads), and how it answers them by id."""

    slack: SlackStandIn
    client: AsyncWebClient
    page: str
    heard: list[Json] = field(default_factory=list)
    answers: dict[str, Callable[[Json], Awaitable[Json | None]]] = field(default_factory=dict)

    async def take(self, payload: Json) -> Json | None:
        """Keep a payload; what a test answers to its action, callback or kind."""
        self.heard.append(payload)
        inner = payload.get("event") or payload
        actions = inner.get("actions") or [{}]
        ids = (actions[0].get("action_id"), inner.get("callback_id"), inner["type"])
        answer = next((self.answers[one] for one in ids if one in self.answers), None)
        return await answer(inner) if answer else None

    async def until(self, kind: str, what: Callable[[Json], Any] = lambda it: True) -> Json:
        """The newest payload or event of a kind for which `what` holds, once it is there."""
        end = time.monotonic() + 30
        while True:
            inner = [it.get("event") or it for it in self.heard]
            if found := [it for it in inner if it["type"] == kind and what(it)]:
                return found[-1]
            assert time.monotonic() < end, f"no {kind} came: {[it['type'] for it in inner]}"
            await asyncio.sleep(0.02)


@dataclass(kw_only=True)
class DeskLook(Seen):
    """One open page and the app behind it; `tasks` are what the app does after it has answered."""

    app: DeskApp
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it once the app has acknowledged."""
        self.tasks.append(asyncio.ensure_future(work))

    async def become(self, user: str) -> None:
        """Be somebody else in Slack."""
        await self.page.click(f"[data-person={user}]")
        await self.until(
            f"document.querySelector('[data-person={user}]').getAttribute('aria-pressed') === 'true'"
        )


def _faces(heard: Callable[[Json], Awaitable[Json | None]]) -> web.Application:
    """The Request URL, and the product's lists, which are empty."""

    async def events(request: web.Request) -> web.Response:
        raw = await request.text()
        form = parse_qs(raw) if request.content_type == "application/x-www-form-urlencoded" else {}
        body = json.loads(form["payload"][0]) if "payload" in form else json.loads(raw)
        if body["type"] == "url_verification":
            return web.json_response({"challenge": body["challenge"]})
        answer = await heard(body)
        return web.json_response(answer) if answer else web.Response()

    async def nothing(request: web.Request) -> web.Response:
        return web.json_response([])

    app = web.Application()
    app.add_routes([web.post("/slack/events", events), web.get("/api/v1/{rest:.*}", nothing)])
    return app


@asynccontextmanager
async def desk_stage() -> AsyncIterator[DeskApp]:
    """The stage and the app, both on loopback."""
    told: list[DeskApp] = []

    async def heard(body: Json) -> Json | None:
        return await told[0].take(body) if told else None

    runner = web.AppRunner(_faces(heard), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    product = f"http://127.0.0.1:{runner.addresses[0][1]}"

    def slack(*parts: Any) -> SlackStandIn:
        return SlackStandIn(*parts, DEFAULT_SCOPES, commands=["/tierline"], shortcuts=SHORTCUTS)

    async def state() -> Json:
        return {"product": product, "api": {"url": product, "token": "t"}, "plan_version": 1}

    hooks = Hooks(_nowhere, _nothing, state, _ready, product)
    sandbox = Sandbox(CAST, Clock(), hooks, (TwilioStandIn, slack))
    port = await sandbox.start(0)
    standin = next(it for it in sandbox.standins if isinstance(it, SlackStandIn))
    sandbox.faults.slack.enforce_limits = False
    base = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:
            client = AsyncWebClient("xoxb-sandbox", base_url=f"{base}/slack/api/", session=http)
            client.proxy = None
            told.append(DeskApp(standin, client, f"{base}/"))
            assert await standin.call(f"{product}/slack/events")
            yield told[0]
    finally:
        await sandbox.stop()
        await runner.cleanup()


async def _nowhere(to: float) -> int:
    return 0


async def _nothing() -> None:
    return None


async def _ready() -> bool:
    return True
