"""The SMS door on a real socket between Twilio's stand-in and whoever takes and reports."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN, Stage, open_stage
from yarl import URL

from tierline.channels.channel import NotTaken, Taken, Words
from tierline.channels.sms.door import SmsDoor
from tierline.channels.twilio.account import TwilioAccount
from tierline.queue.contact import Arrived, Media

OLD = "c3" * 16
SID = "SM" + "0" * 31 + "1"


def form_of(sid: str = SID, body: str = "hello", sender: str = EVA, **more: str) -> dict[str, str]:
    """An inbound text as Twilio writes it."""
    made = {
        "ToCountry": "US", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "SmsSid": sid,
        "SmsStatus": "received", "Body": body, "FromCountry": "DE", "To": OURS, "NumSegments": "1",
        "MessageSid": sid, "AccountSid": ACCOUNT, "From": sender, "ApiVersion": "2010-04-01", "ToZip": "",
    }  # fmt: skip
    return made | more


@dataclass
class House:
    """Takes what arrives and keeps it, once per event, as the real intake does."""

    arrived: dict[str, Arrived] = field(default_factory=dict)
    deliveries: int = 0
    down: bool = False

    async def __call__(self, it: Arrived) -> Taken:
        if self.down:
            raise NotTaken
        self.deliveries += 1
        if it.event in self.arrived:
            return Taken("duplicate", "C1", 1)
        self.arrived[it.event] = it
        return Taken("new", "C1", 1)


@dataclass
class Reports:
    """Keeps what the door reports."""

    receipts: list[tuple[str, str, str, str]] = field(default_factory=list)
    out: set[str] = field(default_factory=set)
    known: bool = True
    open: bool = False

    async def receipt(self, key: str, provider_id: str, status: str, error: str = "") -> bool:
        self.receipts.append((key, provider_id, status, error))
        return self.known

    async def opt(self, address: str, out: bool, event: str) -> None:
        (self.out.add if out else self.out.discard)(address)

    async def talking(self, thread: str) -> bool:
        return self.open

    async def opted_out(self, address: str) -> bool:
        return address in self.out


@dataclass
class DoorStage:
    """The door at `base`, Twilio at `twilio`."""

    door: SmsDoor
    house: House
    reports: Reports
    base: str
    twilio: Stage
    http: aiohttp.ClientSession
    media: Path

    async def post(
        self, form: dict[str, str] | list[tuple[str, str]], path: str = "/twilio/sms", token: str = TOKEN,
        url: str = "", headers: dict[str, str] | None = None, signature: str | None = None,
    ) -> int:  # fmt: skip
        """A signed webhook; `url` is what Twilio believes to call, our own base by default."""
        if signature is None:
            signature = RequestValidator(token).compute_signature((url or self.base) + path, dict(form))
        sent = {"X-Twilio-Signature": signature} | (headers or {})
        async with self.http.post(
            URL(self.base + path, encoded=True), data=form, headers={k: v for k, v in sent.items() if v}
        ) as r:
            await r.read()
            return r.status

    def words(self, text: str = "hello", key: str = "C1.1", **more: Any) -> Words:
        return Words(key, more.pop("to", EVA), more.pop("sender", OURS), text, more.pop("media", ()), **more)


@contextlib.asynccontextmanager
async def door_stage(
    tmp_path: Path, public: str = "", proxies: tuple[str, ...] = (), **stage: Any
) -> AsyncIterator[DoorStage]:
    async with open_stage(**stage) as twilio:
        house, reports = House(), Reports()
        door = SmsDoor(
            TwilioAccount(ACCOUNT, TOKEN, OLD, f"{twilio.base}/twilio"),
            public_url=public, trusted_proxies=proxies, inbound=house, receipts=reports, media_dir=tmp_path / "media",
        )  # fmt: skip
        app = web.Application()
        app.add_routes(door.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        door.front.public_url = public or base
        for number in _standin(twilio).store.numbers.values():
            number.settings |= {
                "sms_url": f"{base}/twilio/sms",
                "sms_fallback_url": f"{base}/twilio/sms/fallback",
            }
        try:
            async with aiohttp.ClientSession() as http:
                yield DoorStage(door, house, reports, base, twilio, http, tmp_path / "media")
        finally:
            await door.stop()
            await runner.cleanup()


def _standin(twilio: Stage) -> Any:
    return twilio.sandbox.standins[0]


def picture(url: str) -> Media:
    return Media(url, "image/png", "x.png")
