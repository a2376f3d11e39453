"""Files that customers send stand in their contact's thread, each once, whether somebody has it already or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from helpers_app import EVA, PLAN, Inside, free_port, inside
from test_answering_by_form import thread

US = "+12025550143"
PICTURES = PLAN.replace('"+4930100"', f'"{US}"')
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


async def camera() -> tuple[web.AppRunner, str]:
    """Where a customer's phone has its pictures, for Twilio to take."""

    async def picture(request: web.Request) -> web.Response:
        return web.Response(body=PNG + request.path.encode(), content_type="image/png")

    app, port = web.Application(), free_port()
    app.router.add_get("/{name}", picture)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, f"http://127.0.0.1:{port}"


async def sends(it: Inside, text: str, url: str) -> None:
    await it.call("/sms", {"from": EVA, "to": US, "text": text, "media": [url]})


async def files(it: Inside, at: dict[str, str]) -> list[Any]:
    """The files in the thread."""
    found = await it.call(f"/slack/messages?channel={at['channel']}")
    return [one for m in found if m.get("thread_ts") == at["thread_ts"] for one in m["files"]]


@pytest.mark.promise("desk-customer-files")
async def test_pictures_of_before_and_after_the_accept_are_shown_once_each(tmp_path: Path) -> None:
    runner, place = await camera()
    try:
        async with inside(tmp_path, PICTURES) as it:
            await it.slash("Ada", "available")
            await sends(it, "help me", f"{place}/before")
            await it.accept("Ada", "help me")
            contact = (await it.contacts())[0]["id"]
            at = await thread(it, contact)

            async def shown(n: int) -> bool:
                return len(await files(it, at)) >= n

            await it.until(lambda: shown(1))
            await sends(it, "and this", f"{place}/after")
            await it.until(lambda: shown(2))
            await it.app.outbox.settled()
            assert [one["mimetype"] for one in await files(it, at)] == ["image/png", "image/png"]
    finally:
        await runner.cleanup()
