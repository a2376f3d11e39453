"""Both stand-ins and a product beside them, and an operator who answers from a list."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from twilio_rehearsal import ACCOUNT, EVA, GERMAN, OURS, TOKEN

from tierline.channels.slack.manifest import SCOPES, create_link
from tierline.console.ask import Option, Unanswered, chosen
from tierline.console.setup import Where
from tierline.sandbox.server import Hooks, Sandbox
from tierline.sandbox.slack import SlackStandIn
from tierline.sandbox.stage import Cast, Clock, Credentials, Customer, Number, Person, Place
from tierline.sandbox.twilio_sms import TwilioStandIn
from tierline.sandbox.twilio_store import Account

BOT, APP = "xoxb-day-one", "xapp-day-one"
MIRA, ADA = "U0MIRA0001", "U0ADA00001"
GRANTED = [scope for scope, _ in SCOPES] + ["channels:manage"]


@dataclass
class Operator:
    """Answers by key, keeps what was said; `asked` are the keys in order."""

    answers: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    on: dict[str, Any] = field(default_factory=dict)  # text in a line → what to do when it is said

    def say(self, line: str = "") -> None:
        self.lines.append(line)
        for text, act in list(self.on.items()):
            if text in line:
                del self.on[text]
                act()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    async def text(self, key: str, question: str, default: str = "") -> str:
        self.asked.append(key)
        return self.answers.get(key, default)

    async def secret(self, key: str, question: str) -> str:
        self.asked.append(key)
        if key not in self.answers:
            raise Unanswered(key, question)
        return self.answers[key]

    async def yes(self, key: str, question: str, default: bool = True) -> bool:
        self.asked.append(key)
        return self.answers.get(key, "yes" if default else "no") == "yes"

    async def choose(
        self, key: str, question: str, options: tuple[Option, ...], many: bool = False
    ) -> tuple[str, ...]:
        self.asked.append(key)
        return chosen(self.answers.get(key, ""), options, many)


@dataclass
class Product:
    """A product that runs: health, the plan, contacts made of the texts that arrive."""

    port: int = 0
    base: str = ""
    contacts: list[dict[str, str]] = field(default_factory=list)
    published: list[dict[str, Any]] = field(default_factory=list)
    up: bool = True

    async def handle(self, request: web.Request) -> web.Response:
        if not self.up:
            return web.Response(status=502)
        if request.path == "/healthz":
            return web.json_response({"status": "up"})
        if request.path == "/readyz":
            store = {"up": True, "durability": "always", "server": "Valkey 9", "why": ""}
            return web.json_response({"status": "up", "store": store, "trouble": []})
        if request.path.startswith("/twilio/sms"):
            form = await request.post()
            self.contacts.append(
                {"id": "C1001", "state": "waiting", "service": "support", "last_text": str(form["Body"])}
            )
            return web.Response(text="<Response/>", content_type="text/xml")
        if request.path == "/api/v1/contacts":
            return web.json_response(self.contacts)
        if request.path == "/api/v1/plan" and request.method == "PUT":
            self.published.append(await request.json())
            return web.json_response({"version": len(self.published) + 1})
        if request.path == "/api/v1/plan":
            yaml = self.published[-1]["yaml"] if self.published else "site: empty\ntimezone: UTC\n"
            return web.json_response({"version": len(self.published) + 1, "yaml": yaml})
        return web.json_response({"error": "nothing here"}, status=404)


@dataclass
class DayOne:
    sandbox: Sandbox
    base: str
    product: Product
    http: aiohttp.ClientSession
    where: Where
    twilio: TwilioStandIn
    slack: SlackStandIn
    wire: list[Any]

    async def text(self, text: str) -> None:
        body = {"from": EVA, "to": OURS, "text": text}
        async with self.http.post(f"{self.base}/sandbox/api/sms", json=body) as answer:
            assert answer.status == 200


def answers(product: Product, **more: str) -> dict[str, str]:
    """Everything that a first run asks."""
    return {
        "SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
        "site": "northwind", "timezone": "Europe/Berlin", "channel": "#support", "supervisor": "mira",
        "agents": "Ada", f"agent_{ADA}_skills": "network 3, billing 2", f"agent_{ADA}_languages": "en 4, de 5",
        f"service_{OURS.removeprefix('+')}": "support", "TIERLINE_PUBLIC_URL": product.base, "test_phone": EVA,
    } | more  # fmt: skip


@contextlib.asynccontextmanager
async def day_one(
    tmp_path: Path,
    account: Account | None = None,
    scopes: list[str] = GRANTED,
    rooms: tuple[str, ...] = ("general",),
) -> AsyncIterator[DayOne]:
    product = Product()
    server = web.Application()
    server.router.add_route("*", "/{rest:.*}", product.handle)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    product.port = runner.addresses[0][1]
    product.base = f"http://127.0.0.1:{product.port}"
    cast = Cast(
        people=(
            Person("Mira Klein", MIRA, "mira@northwind.example", "", "", "", "D0MIRA0001"),
            Person(
                "Ada Lovelace", ADA, "ada@northwind.example", "+491700000001", "L1", "support", "D0ADA00001"
            ),
        ),
        customers=(Customer("Eva", EVA, "eva@example.com"),),
        places=tuple(Place(f"C0PLACE{i:03}", name) for i, name in enumerate(rooms)),
        numbers=(Number(OURS, "https://old.example/sms", ""), Number(GERMAN, "", "")),
        mailboxes=(),
        credentials=Credentials(ACCOUNT, TOKEN, BOT, APP),
    )

    async def nothing(*_: Any) -> Any:
        return {}

    async def ready() -> bool:
        return True

    sandbox = Sandbox(
        cast,
        Clock(),
        Hooks(nothing, nothing, nothing, ready, product.base),
        [lambda *parts: TwilioStandIn(*parts, account=account), lambda *parts: SlackStandIn(*parts, scopes)],
    )
    sandbox.faults.twilio.enforce_limits = sandbox.faults.slack.enforce_limits = False
    port = await sandbox.start(0)
    base = f"http://127.0.0.1:{port}"
    where = Where(
        tmp_path / ".env", tmp_path / "plan.yaml", tmp_path / "var", "127.0.0.1", product.port, SCOPES,
        lambda url: create_link(request_url=url),
        f"{base}/slack/api/", f"{base}/twilio", "Europe/Berlin", poll=0.01,
    )  # fmt: skip
    twilio, slack = sandbox.standins
    assert isinstance(twilio, TwilioStandIn) and isinstance(slack, SlackStandIn)
    try:
        async with aiohttp.ClientSession() as http:
            yield DayOne(sandbox, base, product, http, where, twilio, slack, sandbox.wire.exchanges)
    finally:
        await sandbox.stop()
        await runner.cleanup()
