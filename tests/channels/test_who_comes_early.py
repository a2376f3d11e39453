"""The process says that it is up as soon as its store is; whoever asks for more while it starts waits a moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from helpers_app import DESK, EVA, PLAN, free_port
from twilio.request_validator import RequestValidator

from tierline.console import listen
from tierline.console.front import Front
from tierline.queue.history.history import History
from tierline.rehearsal import Rehearsal
from tierline.router.plan.load import parse
from tierline.settings import Settings


@dataclass
class Starting:
    """A product whose history opens when `opens` is set."""

    rehearsal: Rehearsal
    product: str
    http: aiohttp.ClientSession
    start: asyncio.Task[int]
    opens: asyncio.Event = field(default_factory=asyncio.Event)

    async def asks(self, path: str) -> tuple[int, str]:
        token = {"Authorization": f"Bearer {self.rehearsal.api_token}"}
        async with self.http.get(self.product + path, headers=token) as answer:
            return answer.status, await answer.text()

    async def texts(self) -> aiohttp.ClientResponse:
        """A signed webhook straight to the product; the stage itself would wait."""
        made = self.rehearsal.cast.credentials
        sid = "SM" + "5" * 32
        form = {
            "ToCountry": "DE", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "SmsSid": sid,
            "SmsStatus": "received", "Body": "early", "FromCountry": "DE", "To": DESK, "NumSegments": "1",
            "MessageSid": sid, "AccountSid": made.account_sid, "From": EVA, "ApiVersion": "2010-04-01", "ToZip": "",
        }  # fmt: skip
        url = f"{self.product}/twilio/sms"
        sign = RequestValidator(made.auth_token).compute_signature(url, form)
        return await self.http.post(url, data=form, headers={"X-Twilio-Signature": sign})

    async def up(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                if (await self.asks("/healthz"))[0] == 200:
                    return
            assert not self.start.done(), self.start
            await asyncio.sleep(0.01)


@pytest.fixture
async def starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Starting]:
    port, opens, really = free_port(), asyncio.Event(), History.open

    async def slowly(url: str | None, data: Path) -> History:
        await opens.wait()
        return await really(url, data)

    monkeypatch.setattr(History, "open", slowly)
    settings: Any = Settings(_env_file=None, PORT=port, TIERLINE_DATA=tmp_path, TIERLINE_SANDBOX_PORT=0)  # type: ignore[call-arg]
    rehearsal = Rehearsal(settings, parse(PLAN))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http:
        start = asyncio.create_task(rehearsal.start())
        yield Starting(rehearsal, f"http://127.0.0.1:{port}", http, start, opens)
        opens.set()
        await start
        await rehearsal.stop()


@pytest.mark.promise("early-guest")
async def test_a_text_that_comes_while_we_start_waits_and_is_taken(starting: Starting) -> None:
    await starting.up()
    status, said = await starting.asks("/readyz")
    assert status == 503 and '"down"' in said
    text, look = asyncio.create_task(starting.texts()), asyncio.create_task(starting.asks("/api/v1/contacts"))
    app = starting.rehearsal.app
    assert app is not None
    while app.listener.busy < 2:  # noqa: ASYNC110  # both have come, and nobody has answered
        await asyncio.sleep(0.01)
    starting.opens.set()
    assert (await text).status == 200 and (await look)[0] == 200
    await starting.start
    status, said = await starting.asks("/api/v1/contacts")
    assert status == 200 and said.count('"number"') == 1
    assert (await starting.asks("/readyz"))[0] == 200


@pytest.mark.promise("early-guest")
async def test_where_the_start_takes_long_everybody_is_told_to_come_again(
    starting: Starting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await starting.up()
    monkeypatch.setattr(listen, "PATIENCE", 0.05)
    refused = await starting.texts()
    assert refused.status == 503 and refused.headers["Retry-After"] == "1"
    status, said = await starting.asks("/api/v1/contacts")
    assert status == 503 and '"hint"' in said
    assert (await starting.asks("/healthz"))[0] == 503  # a balancer goes to somebody else
    starting.opens.set()
    await starting.start
    assert (await starting.asks("/healthz"))[0] == 200
    assert await starting.asks("/api/v1/contacts") == (200, "[]")  # what was refused was not kept either
    assert (await starting.texts()).status == 200


@pytest.mark.promise("early-guest")
async def test_while_the_program_is_still_being_loaded_we_are_up_and_whoever_comes_waits_for_it() -> None:
    front = Front()
    await front.open("127.0.0.1", 0)
    base = f"http://127.0.0.1:{front.port}"

    async def hears(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.match_info['who']}: {await request.text()}")

    async with aiohttp.ClientSession() as http:

        async def asks(path: str, body: str | None = None) -> tuple[int, str]:
            async with http.request("GET" if body is None else "POST", base + path, data=body) as answer:
                return answer.status, await answer.text()

        try:
            assert (await asks("/healthz"))[0] == 200
            status, said = await asks("/readyz")
            assert status == 503 and '"down"' in said
            early = [
                asyncio.create_task(asks(path, "early")) for path in ("/say/eva", "/nowhere", "/healthy")
            ]
            while front.listener.busy < 3:  # noqa: ASYNC110  # all have come, and nobody has answered
                await asyncio.sleep(0.01)
            front.furnish([web.post("/say/{who}", hears), web.get("/healthy", hears)])
            assert front.listener.busy == 3  # what answers is there, what it needs isn't yet
            front.listener.let_in()
            assert [await it for it in early] == [
                (200, "eva: early"),
                (404, "404: Not Found"),
                (405, "405: Method Not Allowed"),
            ]
        finally:
            await front.listener.close()
            await front.close(1.0)


@pytest.mark.promise("early-guest")
async def test_where_loading_takes_long_everybody_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listen, "PATIENCE", 0.05)
    front = Front()
    await front.open("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{front.port}") as http:
        try:
            async with http.post("/twilio/sms", data={"Body": "early"}) as answer:
                assert answer.status == 503 and answer.headers["Retry-After"] == "1"
                assert (await answer.json())["hint"] == "Try again in a moment."
            async with http.get("/healthz") as answer:
                assert answer.status == 503  # a balancer goes to somebody else
        finally:
            await front.listener.close()
            await front.close(1.0)
