"""Who asks too much of the web chat: floods, pings, silence, deaf ears, packed frames, strange files."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import os
import socket
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest
import pytest_asyncio
from chat_stage import PLAN, SHOP, visitor

from tests.helpers_app import Inside, inside
from tierline.channels.chat import socket as sockets
from tierline.channels.chat.limits import Caps, Limits

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 200


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path, PLAN) as it:
        yield it


@pytest.mark.promise("chat-limits")
async def test_a_flood_is_told_to_wait_and_then_cut_off(stage: Inside) -> None:
    async with visitor(stage) as mallory:
        for i in range(400):
            with contextlib.suppress(ConnectionError):
                await mallory.send(t="say", id=f"m{i}", text="x")
        await stage.until(lambda: mallory.ws.closed)
        slow = [it for it in mallory.heard if it["t"] == "error" and it["code"] == "slow_down"]
        assert slow and slow[0]["id"] and slow[0]["after_s"] > 0, "it is said which message must come again"
        acked = [it for it in mallory.heard if it["t"] == "ack"]
        assert 60 <= len(acked) < 250
    async with visitor(stage) as eva:
        assert await eva.say("m1", "Others are served") == 1


@pytest.mark.promise("chat-limits")
async def test_a_flood_of_pings_is_cut_off(stage: Inside) -> None:
    async with visitor(stage) as mallory:
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                await mallory.ws.ping(b"x" * 100)
        await stage.until(lambda: mallory.ws.closed)


@pytest.mark.promise("chat-limits")
async def test_who_never_says_hello_is_hung_up_on(stage: Inside) -> None:
    with patch.object(sockets, "HELLO_WITHIN", 0.3):
        async with stage.http.ws_connect(f"{stage.product}/chat/ws", headers={"Origin": SHOP}) as ws:
            message = await asyncio.wait_for(ws.receive(), 10)
            assert message.type is aiohttp.WSMsgType.CLOSE


@pytest.mark.promise("chat-limits")
async def test_who_does_not_read_is_cut_off_and_hears_all_when_they_come_back(stage: Inside) -> None:
    async with visitor(stage) as eva:
        token = (await eva.one("welcome"))["token"]
        await eva.say("m1", "Hello")
    await stage.until(lambda: not list(stage.app.chat.door.hub.sockets))  # who comes next is the deaf one
    contact = (await stage.api("/contacts"))[0]["id"]
    deaf = socket.create_connection(("127.0.0.1", int(stage.product.rpartition(":")[2])))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    loop = asyncio.get_running_loop()
    deaf.setblocking(False)
    key = base64.b64encode(os.urandom(16)).decode()
    await loop.sock_sendall(
        deaf,
        f"GET /chat/ws HTTP/1.1\r\nHost: x\r\nOrigin: {SHOP}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode(),
    )
    await loop.sock_sendall(deaf, _frame(json.dumps({"t": "hello", "token": token, "since": 1}).encode()))
    await stage.until(lambda: len(list(stage.app.chat.door.hub.sockets)) == 1)
    transport = next(stage.app.chat.door.hub.sockets).request.transport
    assert transport is not None
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with patch.object(sockets, "MOST_PENDING", 20_000), patch.object(sockets, "SEND_WITHIN", 1.0):
        for i in range(400):
            text = json.dumps({"text": f"{i} " + "y" * 20_000, "by": "Tierline"})
            await stage.app.queue.text(contact, "moved", text, unasked=False)
            if not list(stage.app.chat.door.hub.sockets):
                break
        await stage.until(lambda: not list(stage.app.chat.door.hub.sockets))
    deaf.close()
    said = [m for m in (await stage.api(f"/contacts/{contact}"))["transcript"] if m["kind"] == "moved"]
    async with visitor(stage, token, since=1) as again:
        await stage.until(lambda: len(again.texts()) == len(said))
        assert [text.split()[0] for text in again.texts()] == [str(i) for i in range(len(said))]


def _frame(payload: bytes, first: int = 0x81) -> bytes:
    """A masked frame (RFC 6455 §5.2)."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([first]) + size + bytes(4) + payload


@pytest.mark.promise("chat-limits")
async def test_nothing_is_unpacked(stage: Inside) -> None:
    headers = {"Origin": SHOP}
    url = f"{stage.product}/chat/ws"
    async with stage.http.ws_connect(url, headers=headers, compress=15) as ws:
        assert ws.compress == 0, "the extension isn't agreed to"
        packed = zlib.compressobj(wbits=-15)
        bomb = packed.compress(b'{"t":"hello","x":"' + b"a" * 10_000_000) + packed.flush()
        assert len(bomb) < 65_000
        transport: Any = ws._response.connection  # type: ignore[union-attr]
        transport.transport.write(_frame(bomb, 0xC1))  # marked as compressed (RFC 7692)
        message = await asyncio.wait_for(ws.receive(), 10)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


def test_one_address_has_so_many_connections_and_conversations() -> None:
    limits = Limits(Caps(sockets=2, opens=(0.001, 3), begins=(0.001, 1)))
    assert [limits.enter("a") for _ in range(3)] == [True, True, False]
    limits.leave("a")
    assert limits.enter("a") and limits.enter("b")
    limits.leave("a")
    assert not limits.enter("a"), "three were opened in no time"
    assert [limits.begins("a"), limits.begins("a"), limits.begins("b")] == [True, False, True]


async def _send(
    it: Inside, token: str, content: bytes, name: str = "a.png", id: str = "f1", **headers: str
) -> Any:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("token", token)
    form.add_field("id", id)
    form.add_field("file", io.BytesIO(content), filename=name, content_type="image/png")
    url = f"{it.product}/chat/files"
    async with it.http.post(url, data=form, headers={"Origin": SHOP} | headers) as answer:
        return answer.status, await answer.json(), dict(answer.headers)


@pytest.mark.promise("chat-files")
async def test_a_file_is_judged_by_its_bytes_kept_once_and_shown_in_slack(stage: Inside) -> None:
    async with visitor(stage, own=True) as eva:
        token = (await eva.one("welcome"))["token"]
        await eva.say("m1", "Here it is")
        await stage.slash("Ben", "available")
        await stage.accept("Ben")
        status, body, headers = await _send(stage, token, PNG, "../../etc/shot <b>.png")
        assert status == 200 and body["seq"] == 2 and headers["Access-Control-Allow-Origin"] == SHOP
        assert (await _send(stage, token, PNG, "shot.png"))[1]["seq"] == 2, "the same id is the same file"
        shown = await eva.one("message", lambda it: it.get("files"))
        assert shown["files"] == [{"url": "", "type": "image/png", "name": "shot <b>.png"}]

        async def in_slack() -> bool:
            return any(m["files"] for m in await stage.channel("desk"))

        await stage.until(in_slack)
        for content in (b"MZ\x90\x00", b"", b"\x00text", b"PK\x03\x04", b"<html>".replace(b"<", b"\xff")):
            assert (await _send(stage, token, content, id="f2"))[0] == 415, content
        assert (await _send(stage, token, b"0" * (6 * 1024 * 1024), id="f3"))[0] == 413
        assert (await _send(stage, "v1.x.y.z", PNG, id="f4"))[0] == 403
        assert (await _send(stage, token, PNG, id="f5", Origin="https://evil.example"))[0] == 403
        assert (await _send(stage, token, PNG, id="a b"))[0] == 400
