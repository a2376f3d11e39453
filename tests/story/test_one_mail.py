"""A customer's mail on the sandbox as `make run` starts it, played by docs/one-mail.sh."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest
from story_stage import Process, free_port

SCRIPT = Path(__file__).resolve().parent.parent.parent / "docs" / "one-mail.sh"


@pytest.mark.promise("stage-mail")
async def test_a_mail_its_reply_and_what_comes_back(tmp_path: Path) -> None:
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
