"""The voice door on a real socket: Twilio's signed forms by hand, and a router that says what a test wants said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode
from xml.etree import ElementTree

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN
from yarl import URL

from tierline.channels.phone import Call, Heard, LegNews, Pause, Recorded, RoomNews, Say, Turn
from tierline.channels.twilio.account import TwilioAccount
from tierline.channels.voice.door import VoiceDoor

OLD = "c3" * 16
CALL = "CA" + "0" * 31 + "1"
QUEUE, ROOM, RECORDING = "QU" + "2" * 32, "CF" + "3" * 32, "RE" + "4" * 32
BASE = "https://help.example.com"
RECORDED_AT = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"


def call_form(sid: str = CALL, sender: str = EVA, **more: str) -> dict[str, str]:
    """A call as Twilio asks about it."""
    made = {
        "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": sid, "CallStatus": "ringing", "Called": OURS,
        "CalledCity": "", "CalledCountry": "US", "CalledState": "", "CalledZip": "", "Caller": sender,
        "CallerCity": "", "CallerCountry": "DE", "CallerState": "", "CallerZip": "", "CallToken": "%7B%22a%22%3A1%7D",
        "Direction": "inbound", "From": sender, "FromCity": "", "FromCountry": "DE", "FromState": "", "FromZip": "",
        "StirVerstat": "TN-Validation-Passed-A", "To": OURS, "ToCity": "", "ToCountry": "US", "ToState": "", "ToZip": "",
    }  # fmt: skip
    return made | more


def leg_form(sid: str = CALL, status: str = "ringing", **more: str) -> dict[str, str]:
    """A status callback of a leg."""
    made = {
        "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": sid, "CallStatus": status, "Called": EVA,
        "Caller": OURS, "CallbackSource": "call-progress-events", "Direction": "outbound-api", "From": OURS, "To": EVA,
        "SequenceNumber": "1", "Timestamp": "Mon, 30 Nov 2026 09:00:00 +0000",
    }  # fmt: skip
    return made | more


def room_form(event: str = "participant-join", number: int = 1, **more: str) -> dict[str, str]:
    """An event of a conference."""
    made = {
        "AccountSid": ACCOUNT, "CallSid": CALL, "Coaching": "false", "ConferenceSid": ROOM, "FriendlyName": "C1001",
        "EndConferenceOnExit": "true", "Hold": "false", "Muted": "false", "ParticipantLabel": "customer",
        "SequenceNumber": str(number), "StartConferenceOnEnter": "true", "StatusCallbackEvent": event,
        "Timestamp": "Mon, 30 Nov 2026 09:00:00 +0000",
    }  # fmt: skip
    return made | more


def recording_form(status: str = "completed", **more: str) -> dict[str, str]:
    """What became of a recording."""
    made = {
        "AccountSid": ACCOUNT, "CallSid": CALL, "RecordingChannels": "1", "RecordingDuration": "12",
        "RecordingSid": RECORDING, "RecordingSource": "RecordVerb", "RecordingStatus": status,
        "RecordingStartTime": "Mon, 30 Nov 2026 09:00:00 +0000", "RecordingUrl": RECORDED_AT,
    }  # fmt: skip
    return made | more


@dataclass
class Router:
    """Answers `says`; `down` raises, `hangs` never answers until it is set."""

    says: Heard = (Say("Hello", "en"),)
    down: bool = False
    hangs: asyncio.Event | None = None
    apology: Heard | None = (Say("One moment", "en"), Pause(5))
    asked_for: list[tuple[str, Call]] = field(default_factory=list)
    news: list[LegNews | RoomNews | Recorded] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def called(self, call: Call) -> Heard:
        return await self.asked("call", call)

    async def asked(self, turn: Turn, call: Call) -> Heard:
        self.asked_for.append((turn, call))
        await self._perhaps()
        return self.says

    async def heard(self, news: LegNews) -> None:
        await self._perhaps()
        self.news.append(news)

    async def room(self, news: RoomNews) -> None:
        await self._perhaps()
        self.news.append(news)

    async def recorded(self, it: Recorded) -> None:
        await self._perhaps()
        self.news.append(it)

    async def put_off(self, sid: str) -> None:
        await self._perhaps()
        self.unheard.append(sid)

    def sorry(self, recipient: str, turns: int) -> Heard:
        if self.apology is None:
            raise RuntimeError("no plan yet")
        return self.apology

    async def _perhaps(self) -> None:
        if self.down:
            raise ConnectionError("the store is away")
        if self.hangs is not None:
            try:
                await self.hangs.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise


@dataclass
class VoiceStage:
    """The door behind a public address that isn't where it listens."""

    door: VoiceDoor
    router: Router
    base: str
    http: aiohttp.ClientSession

    async def post(
        self, path: str, form: Mapping[str, str] | None = None, *, token: str = TOKEN, url: str = BASE,
        signature: str | None = None,
    ) -> tuple[int, str]:  # fmt: skip
        """A signed webhook and its answer."""
        sent = call_form() if form is None else form
        path = path.partition("#")[0].removeprefix(BASE)
        if signature is None:
            signature = RequestValidator(token).compute_signature(url + path, dict(sent))
        headers = {"X-Twilio-Signature": signature} if signature else {}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        async with self.http.post(
            URL(self.base + path, encoded=True), data=urlencode(dict(sent)), headers=headers
        ) as answer:
            return answer.status, await answer.text()

    async def ask(
        self, path: str = "/twilio/voice", form: Mapping[str, str] | None = None
    ) -> list[ElementTree.Element]:
        """The verbs of the answer to a signed webhook."""
        status, text = await self.post(path, form)
        assert status == 200, (status, text)
        return list(ElementTree.fromstring(text))


@contextlib.asynccontextmanager
async def voice_stage(api_url: str = "", **more: object) -> AsyncIterator[VoiceStage]:
    router = Router()
    door = VoiceDoor(
        TwilioAccount(ACCOUNT, TOKEN, OLD, api_url),
        public_url=BASE,
        trusted_proxies=(),
        calls=router,
        **more,  # type: ignore[arg-type]
    )
    app = web.Application()
    app.add_routes(door.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await door.start()
        async with aiohttp.ClientSession() as http:
            yield VoiceStage(door, router, f"http://127.0.0.1:{runner.addresses[0][1]}", http)
    finally:
        await door.stop()
        await runner.cleanup()
