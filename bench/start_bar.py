"""From the second start to the first answer against importing the packages alone; the embedded store durable as ever."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp

from .bars import Bar, Finding, ratio

LIMIT = 1.8
PAGE = 2.0  # seconds
PACKAGES = "import aiohttp, aiosmtplib, redis.asyncio, slack_bolt.async_app, slack_sdk, twilio.rest"
"""What nobody who does this job in Python with these libraries can do without; pytest-asyncio isn't run."""
UNTIL = 120.0


async def start(quick: bool) -> list[Finding]:
    """`tierline run` to `/healthz` and `/readyz` against bare imports; `tierline sandbox` to a page that can be used."""
    runs: list[float] = []
    whole: list[float] = []
    pages: list[float] = []
    imports: list[float] = []
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as data:
        own, stage = os.path.join(data, "run"), os.path.join(data, "sandbox")
        await _run(own, "/healthz")  # the first start makes the directories and the compiled modules
        await _sandbox(stage)
        for _ in range(5 if quick else 15):
            imports.append(await _imports())
            runs.append(await _run(own, "/healthz"))
            whole.append(await _run(own, "/readyz"))
            pages.append(await _sandbox(stage))
    first = ratio("second start to the first answer / bare imports", runs, imports, LIMIT)
    page = Bar(
        "second start to a usable sandbox page", min(pages), PAGE, "s", (min(pages), max(pages)), len(pages)
    )
    ready = ratio("second start to ready / bare imports", whole, imports, None)
    return [first, ready, page]


async def _imports() -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PACKAGES)
    if await process.wait():
        raise RuntimeError("the packages can't be imported")
    return time.perf_counter() - begun


async def _run(data: str, path: str) -> float:
    """Seconds from `tierline run` to the first 200 of `path`: we are up (/healthz), or all of us is (/readyz)."""
    port = _free()
    begun = time.perf_counter()
    async with _tierline("run", {"PORT": str(port), "TIERLINE_DATA": data}) as process:
        await _first(process, f"http://127.0.0.1:{port}{path}")
        return time.perf_counter() - begun


async def _sandbox(data: str) -> float:
    """Seconds from `tierline sandbox` to the page and the state that it needs, which waits for the whole product."""
    page = _free()
    env = {"PORT": str(_free()), "TIERLINE_SANDBOX_PORT": str(page), "TIERLINE_DATA": data}
    begun = time.perf_counter()
    async with _tierline("sandbox", env) as process:
        await _first(process, f"http://127.0.0.1:{page}/")
        await _first(process, f"http://127.0.0.1:{page}/sandbox/api/state")
        return time.perf_counter() - begun


async def _first(process: asyncio.subprocess.Process, url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(UNTIL):
        while process.returncode is None:
            with suppress(aiohttp.ClientConnectionError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.005)
    raise RuntimeError(f"it ended with status {process.returncode}")


@asynccontextmanager
async def _tierline(verb: str, env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process in its data directory, so that no `.env` of ours counts; stopped cleanly at the end."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")}
    os.makedirs(env["TIERLINE_DATA"], exist_ok=True)
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tierline", verb,
        env={**kept, **env, "TIERLINE_HEADLESS": "1"}, cwd=env["TIERLINE_DATA"], stdout=quiet, stderr=quiet,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])
