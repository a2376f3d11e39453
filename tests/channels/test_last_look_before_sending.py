"""Whose lease ran out sends nothing: not before the connection, not once it stands, nor as bytes are handed over (F7, F8)."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from tierline.channels.channel import NotDelivered
from tierline.channels.fence import FENCED, check_ours, kept_back, last_look, still_ours
from tierline.console.listen import MOST, room_for


@pytest.mark.parametrize("kept", [False, True], ids=["a new connection", "a kept one"])
async def test_a_lease_that_ends_while_the_connection_is_made_keeps_the_request_back(kept: bool) -> None:
    heard: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{what}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(trace_configs=[last_look()]) as http:
        if kept:
            async with http.post(f"{base}/first") as first:
                assert first.status == 200
        before = still_ours.set(lambda: False)
        try:
            with pytest.raises(NotDelivered) as refused:
                await http.post(f"{base}/late")
            assert refused.value.code == FENCED and not refused.value.permanent
            with pytest.raises(NotDelivered):
                check_ours()
        finally:
            still_ours.reset(before)
        async with http.post(f"{base}/ours") as again:
            assert again.status == 200
    await runner.cleanup()
    assert heard == (["/first"] if kept else []) + ["/ours"]


@pytest.mark.parametrize("kept", [False, True], ids=["a new connection", "a kept one"])
async def test_a_lease_that_ends_after_the_connection_stands_keeps_every_byte_back(kept: bool) -> None:
    """It is looked at last as the bytes are handed over: the head waits for the body's first piece."""
    heard, served = bytearray(), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        while piece := await reader.read(65536):
            heard.extend(piece)
            if b"first" in piece:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with aiohttp.ClientSession(trace_configs=[last_look()]) as http:
        if kept:
            async with http.post(f"{base}/first", data=b"first") as first:
                assert first.status == 200
        before, looks = bytes(heard), [True]
        mine = still_ours.set(lambda: bool(looks) and looks.pop())
        try:
            with pytest.raises(aiohttp.ClientConnectionError) as refused:
                await http.post(f"{base}/late", data=b"late")
        finally:
            still_ours.reset(mine)
        fenced = kept_back(refused.value)
        assert fenced is not None and fenced.code == FENCED
        assert not looks  # the connection's own look was passed
    await asyncio.gather(*(it for it in served if it is not None))
    server.close()
    assert bytes(heard) == before


@pytest.mark.parametrize(
    ("limit", "used", "room"), [(1024, 40, 920), (64, 30, 17), (96, 40, 28), (65_536, 50, MOST), (32, 40, 4)]
)
def test_descriptors_are_kept_back_for_everything_else(limit: int, used: int, room: int) -> None:
    assert room_for(limit, used) == room
