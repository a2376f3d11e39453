"""The product and its stand-ins together in the test's own process: every part can be reached and broken."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from tests.helpers_wait import pause
from tierline.app import App
from tierline.bench.processes import free_port as free_port
from tierline.rehearsal import Rehearsal
from tierline.router.plan.load import parse
from tierline.settings import Settings

Json = dict[str, Any]
EVA, JONAS, OPS, DESK = "+4915112345678", "+4915123456789", "+4917000000009", "+4930100"
PLAN = f"""
site: inside
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@inside.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{sms: {{offer: 60s, from: "{DESK}"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services:
  help:
    schedule: always
    answer_within: 10m
    steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]
entry: [{{channel: sms, to: "{DESK}", service: help}}]
agents:
  - {{name: Ada, slack: ada@inside.example, team: desk, tier: L1}}
  - {{name: Ben, slack: ben@inside.example, team: desk, tier: L1}}
settings: {{hold_reply: 1s}}
"""


@dataclass
class Inside:
    """What a test sees: the running App, its stand-ins, and the verbs of customers and agents."""

    rehearsal: Rehearsal
    base: str
    product: str
    http: aiohttp.ClientSession

    @property
    def app(self) -> App:
        assert self.rehearsal.app is not None
        return self.rehearsal.app

    @property
    def token(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.rehearsal.api_token}"}

    async def call(self, path: str, body: object = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.base}/sandbox/api{path}", json=body) as answer:
            found = await answer.json()
            assert answer.status == 200, (path, answer.status, found)
            return found

    async def api(self, path: str) -> Any:
        async with self.http.get(f"{self.product}/api/v1{path}", headers=self.token) as answer:
            assert answer.status == 200, (path, answer.status, await answer.text())
            return await answer.json()

    async def call_api(self, path: str, body: object) -> Any:
        """POST, and that it was done."""
        async with self.http.post(f"{self.product}/api/v1{path}", json=body, headers=self.token) as answer:
            assert answer.status == 200, (path, answer.status, await answer.text())
            return await answer.json()

    async def text(self, text: str, sender: str = EVA) -> int | None:
        """A customer texts; the product's HTTP status."""
        found = await self.call("/sms", {"from": sender, "to": DESK, "text": text})
        return None if found["product_status"] is None else int(found["product_status"])

    async def got(self, text: str, number: str = EVA) -> list[Json]:
        """Texts on a phone that contain `text`."""
        found = await self.call(f"/sms?number={number.replace('+', '%2B')}")
        return [it for it in found if it["to"] == number and text in it["text"]]

    async def contacts(self, sender: str = EVA) -> list[Json]:
        found: list[Json] = await self.api(f"/contacts?customer={sender.replace('+', '%2B')}")
        return found

    async def contact(self, sender: str = EVA) -> Json:
        """The customer's one contact, whole."""
        found = await self.contacts(sender)
        assert len(found) == 1, found
        whole: Json = await self.api(f"/contacts/{found[0]['id']}")
        return whole

    async def agent(self, name: str) -> Json:
        return dict(next(a for a in await self.api("/agents") if a["name"] == name))

    def person(self, name: str) -> Any:
        return next(p for p in self.rehearsal.cast.people if p.name == name)

    async def slash(self, name: str, text: str) -> str:
        who = self.person(name)
        body = {"user": who.slack, "channel": who.dm, "command": "/tierline", "text": text}
        return str((await self.call("/slack/command", body))["text"])

    async def cards(self, name: str, text: str = "") -> list[Json]:
        """The live offers that `name` sees, with `text` on them."""
        found = await self.call(f"/slack/messages?user={self.person(name).slack}")
        return [
            m
            for m in found
            if '"offer.accept"' in json.dumps(m) and text in json.dumps(m, ensure_ascii=False)
        ]

    async def accept(self, name: str, text: str = "") -> None:
        """Take the first live offer."""
        card = (await self.until(lambda: self.cards(name, text)))[0]
        body = {"user": self.person(name).slack, "channel": card["channel"], "ts": card["ts"]}
        await self.call("/slack/act", {**body, "action_id": "offer.accept"})

    async def channel(self, name: str) -> list[Json]:
        place = next(p for p in self.rehearsal.cast.places if p.name == name)
        found: list[Json] = await self.call(f"/slack/messages?channel={place.id}")
        return found

    async def told(self, text: str) -> list[str]:
        """The alerts in #ops that contain `text`."""
        return [m["text"] for m in await self.channel("ops") if text in m["text"]]

    async def until(self, holds: Callable[[], Any], within: float = 90) -> Any:
        """Wait for a condition and return what it gave."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            found = holds()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            assert loop.time() < begun + within, f"not within {within} s"
            await asyncio.sleep(pause(loop.time() - begun))


@contextlib.asynccontextmanager
async def inside(
    home: Path,
    plan: str = PLAN,
    slack: str = "socket",
    smtp_listen: str = "",
    mail: dict[str, str] | None = None,
) -> AsyncIterator[Inside]:
    """A running product on `plan`, on the stand-ins, everything under `home`. `mail`: its mailboxes elsewhere."""
    port = free_port()
    settings = Settings(  # type: ignore[call-arg]
        _env_file=None, PORT=port, TIERLINE_DATA=home, TIERLINE_SANDBOX_PORT=0, TIERLINE_SANDBOX_SLACK=slack,
        TIERLINE_SMTP_LISTEN=smtp_listen,
    )  # fmt: skip
    also = {"mail": {name: SecretStr(it) for name, it in mail.items()}} if mail else {}
    rehearsal = Rehearsal(settings, parse(plan), also)
    try:
        page = await rehearsal.start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(90)) as http:
            yield Inside(rehearsal, f"http://127.0.0.1:{page}", f"http://127.0.0.1:{port}", http)
    finally:
        await rehearsal.stop()
