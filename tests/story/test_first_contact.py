"""The sandbox as `make run` starts it, played by docs/first-contact.sh."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import aiohttp
import pytest
from story_stage import Process, free_port

EVA = "+4915112345678"
SCRIPT = Path(__file__).resolve().parent.parent.parent / "docs" / "first-contact.sh"


@pytest.mark.promise("first-contact")
@pytest.mark.promise("stage-script")
async def test_everybody_sees_what_they_should(tmp_path: Path) -> None:
    port = free_port()
    env = {
        "PORT": str(free_port()),
        "TIERLINE_SANDBOX_PORT": str(port),
        "TIERLINE_DATA": str(tmp_path / "data"),
    }
    sandbox = Process(("sandbox", "--headless"), env, tmp_path)
    await sandbox.start()
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(120):
            while True:
                try:
                    async with http.get(f"http://127.0.0.1:{port}/sandbox/api/state") as answer:
                        assert answer.status == 200
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)
        played = await asyncio.create_subprocess_exec(
            "/bin/sh", str(SCRIPT), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "TIERLINE_SANDBOX": f"http://127.0.0.1:{port}"},
        )  # fmt: skip
        said = (await asyncio.wait_for(played.communicate(), 200))[0].decode()
        assert played.returncode == 0, f"{said}\n{sandbox.log[-3000:]}"
        assert said.rstrip().endswith("Everybody saw what they should.")
        assert await sandbox.stop() == 0
    finally:
        await sandbox.kill()


@pytest.mark.promise("stage-first-text")
async def test_a_text_sent_as_soon_as_the_page_answers_is_offered(tmp_path: Path) -> None:
    page = f"http://127.0.0.1:{(port := free_port())}"
    env = {
        "PORT": str(free_port()),
        "TIERLINE_SANDBOX_PORT": str(port),
        "TIERLINE_DATA": str(tmp_path / "data"),
    }
    sandbox = Process(("sandbox", "--headless"), env, tmp_path)
    await sandbox.start()
    try:
        async with aiohttp.ClientSession(f"{page}/sandbox/api/") as http, asyncio.timeout(120):
            await _answers(http, page)
            # Neither waits for the other, nor for the product: the first thing that somebody quick would do.
            text = {"from": EVA, "to": "+493055500100", "text": "My server is down"}
            sending = asyncio.create_task(_post(http, "sms", text))
            async with http.get("state") as answer:
                emil = next(a for a in (await answer.json())["agents"] if a["name"] == "Emil")
            assert (await sending)["product_status"] == 200
            on = {"user": emil["slack"], "channel": emil["dm"], "command": "/tierline", "text": "available"}
            await _post(http, "slack/command", on)
            while True:
                async with http.get("slack/messages", params={"user": emil["slack"]}) as answer:
                    if any("offer.accept" in json.dumps(it) for it in await answer.json()):
                        break
                await asyncio.sleep(0.02)
        assert await sandbox.stop() == 0
    finally:
        await sandbox.kill()


async def _answers(http: aiohttp.ClientSession, url: str) -> None:
    while True:
        with contextlib.suppress(aiohttp.ClientConnectionError):
            async with http.get(url) as answer:
                assert answer.status == 200
                return
        await asyncio.sleep(0.002)


async def _post(http: aiohttp.ClientSession, path: str, body: dict[str, str]) -> dict[str, object]:
    async with http.post(path, json=body) as answer:
        found: dict[str, object] = await answer.json()
        assert answer.status == 200, found
        return found
