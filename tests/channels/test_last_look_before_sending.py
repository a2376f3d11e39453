"""Whose lease ran out sends nothing: not before the connection, and not once it stands (F7, F8)."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from tierline.channels.channel import NotDelivered
from tierline.channels.fence import FENCED, check_ours, last_look, still_ours
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


@pytest.mark.parametrize(
    ("limit", "used", "room"), [(1024, 40, 920), (64, 30, 17), (96, 40, 28), (65_536, 50, MOST), (32, 40, 4)]
)
def test_descriptors_are_kept_back_for_everything_else(limit: int, used: int, room: int) -> None:
    assert room_for(limit, used) == room
