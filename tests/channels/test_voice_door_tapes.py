"""Recordings at the door: credentials go to Twilio alone, a file is whole or not there, and what Twilio says is heard."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from twilio.rest import Client
from twilio_rehearsal import ACCOUNT, TOKEN

from tierline.channels.channel import NotDelivered, OutcomeUnknown
from tierline.channels.twilio.account import TwilioAccount
from tierline.channels.twilio.http import TwilioHttp
from tierline.channels.voice import tapes as door
from tierline.channels.voice.tapes import TwilioTapes

TAPE = "RE" + "7" * 32
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{TAPE}"
SOUND = b"RIFF" + bytes(1000)


@dataclass
class Stage:
    """A Twilio that answers `status` and `sound`; `cut`: it breaks off in the middle."""

    tapes: TwilioTapes
    status: int = 200
    sound: bytes = SOUND
    cut: bool = False
    asked: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.status in (301, 302):
            return web.Response(status=self.status, headers={"Location": "https://evil.example/take"})
        answer = web.StreamResponse(status=self.status, headers={"Content-Length": str(len(self.sound))})
        await answer.prepare(request)
        await answer.write(self.sound[: len(self.sound) // 2 if self.cut else None])
        if self.cut and request.transport is not None:
            request.transport.close()
        return answer


def nothing_in(folder: Path) -> bool:
    return list(folder.iterdir()) == []


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    found: list[Stage] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        return await found[0].handle(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    http = TwilioHttp(f"http://127.0.0.1:{runner.addresses[0][1]}")
    account = TwilioAccount(ACCOUNT, TOKEN)
    found.append(Stage(TwilioTapes(account, http, Client(ACCOUNT, TOKEN, http_client=http))))
    try:
        yield found[0]
    finally:
        await http.close()
        await runner.cleanup()


@pytest.mark.promise("call-recorded")
async def test_a_recording_is_fetched_with_our_credentials_and_readable_by_us_alone(tmp_path: Path) -> None:
    async with stage() as it:
        path = tmp_path / "recordings" / f"{TAPE}.wav"
        assert await it.tapes.fetch(URL, path)
        assert path.read_bytes() == SOUND and path.stat().st_mode & 0o077 == 0
        assert it.asked[0].path.endswith(f"/Recordings/{TAPE}.wav")
        given = it.asked[0].headers["Authorization"]
        assert base64.b64decode(given.removeprefix("Basic ")).decode() == f"{ACCOUNT}:{TOKEN}"


@pytest.mark.promise("call-recording-guarded")
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/2010-04-01/Accounts/AC1/Recordings/RE1",
        "http://api.twilio.com/x",
        "https://api.twilio.com@evil.example/x",
        "https://api.twilio.com.evil.example/x",
        "https://evil.twilio.com/x",
        "ftp://api.twilio.com/x",
        "",
    ],
)
async def test_credentials_go_nowhere_else(tmp_path: Path, url: str) -> None:
    async with stage() as it:
        with pytest.raises(NotDelivered) as no:
            await it.tapes.fetch(url, tmp_path / "x.wav")
        assert no.value.permanent and it.asked == [] and nothing_in(tmp_path)


@pytest.mark.promise("call-recording-guarded")
async def test_what_is_broken_off_too_large_or_refused_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage() as it:
        path = tmp_path / "x.wav"
        it.cut = True
        with pytest.raises(OutcomeUnknown):
            await it.tapes.fetch(URL, path)
        it.cut = False
        for status, permanent in ((503, False), (401, True), (302, True)):
            it.status = status
            with pytest.raises(NotDelivered) as no:
                await it.tapes.fetch(URL, path)
            assert no.value.permanent is permanent, status
        it.status = 404
        assert not await it.tapes.fetch(URL, path)
        it.status = 200
        monkeypatch.setattr(door, "LARGEST", len(SOUND) - 1)
        with pytest.raises(NotDelivered, match="too large"):
            await it.tapes.fetch(URL, path)
        assert nothing_in(tmp_path)
