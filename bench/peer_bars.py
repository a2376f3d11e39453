"""The queues that one might take instead, doing the same work in the same run; nobody judges, everybody is told.

All of them on a server of the same kind with the same promise: every write on disk before it is confirmed
(`appendfsync always`). A round gives each peer a fresh server; rounds are repeated in turn.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..queue.address import Address
from ..queue.embedded import EmbeddedStore
from .bars import Absent, Finding, best, quantile
from .peers.work import peers
from .processes import python

BULLMQ = ("bullmq@6.7.0", "ioredis@5.8.2")
NODE_PACKAGES = Path(__file__).parent.parent / "var" / "bench" / "node"
WITHIN = 90.0
SERVED = "pushed (16 at a time)", "taken and finished (10 workers)"


async def queues(quick: bool) -> list[Finding]:
    """Jobs a second in and out, and how long a single job waits in an idle queue."""
    jobs, rounds = (500, 2) if quick else (3_000, 5)
    runs: dict[str, Callable[[str], Awaitable[dict[str, object]]]] = {
        who: _python(who, jobs) for who in peers()
    }
    absent = []
    if why := await _node():
        absent.append(Absent("BullMQ", why))
    else:
        runs["BullMQ"] = lambda url: _bullmq(url, jobs)
    found: dict[str, list[dict[str, object]]] = {who: [] for who in runs}
    for _ in range(rounds):
        for who in [it for it in runs if it not in {gone.who for gone in absent}]:
            try:
                found[who].append(await _round(runs[who]))
            except (TimeoutError, RuntimeError, json.JSONDecodeError) as error:
                absent.append(Absent(who, f"it did not finish ({error or 'time'})"))
    return [*_rows(jobs, {who: it for who, it in found.items() if it}), *absent]


async def _round(run: Callable[[str], Awaitable[dict[str, object]]]) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as place:
        server = await EmbeddedStore.start(Path(place) / "store")
        try:
            async with asyncio.timeout(WITHIN):
                return await run(server.url)
        finally:
            await server.stop()


def _rows(jobs: int, found: dict[str, list[dict[str, object]]]) -> list[Finding]:
    rows: list[Finding] = []
    for key, case in (("push", SERVED[0]), ("take", SERVED[1])):
        for who, runs in found.items():
            rates = [float(str(it[key])) for it in runs]
            rows.append(best(f"{jobs:,} jobs", case, who, rates, "/s", high=True))
    for case, q in (("alone in an idle queue, p50", 0.5), ("alone in an idle queue, p99", 0.99)):
        for who, runs in found.items():
            waits = [quantile(it["waits"], q) for it in runs if isinstance(it["waits"], list)]
            rows.append(best("one job", case, who, waits, "ms"))
    return rows


def _python(who: str, jobs: int) -> Callable[[str], Awaitable[dict[str, object]]]:
    async def run(url: str) -> dict[str, object]:
        words = ("-m", "tierline.bench.peers.work", who, url, str(jobs))
        async with python(*words, cwd=tempfile.gettempdir()) as process:
            said, _ = await process.communicate()
        return _json(said)

    return run


async def _bullmq(url: str, jobs: int) -> dict[str, object]:
    script = Path(__file__).parent / "peers" / "bullmq.cjs"
    node = await asyncio.create_subprocess_exec(
        "node", str(script), Address.parse(url).path, str(jobs), cwd=NODE_PACKAGES,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said, _ = await node.communicate()
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()
    return _json(said)


async def _node() -> str:
    """Why BullMQ can't run here, or ""; npm fetches it once into `var/`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "no Node.js here"
    if all((NODE_PACKAGES / "node_modules" / it.partition("@")[0]).exists() for it in BULLMQ):
        return ""
    await asyncio.to_thread(os.makedirs, NODE_PACKAGES, exist_ok=True)
    npm = await asyncio.create_subprocess_exec(
        "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent", "--prefix", ".", *BULLMQ,
        cwd=NODE_PACKAGES, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        status = await asyncio.wait_for(npm.wait(), 120)
    except TimeoutError:
        npm.kill()
        await npm.wait()
        return "npm didn't fetch it in two minutes"
    return "" if status == 0 else f"npm could not fetch {BULLMQ[0]}"


def _json(said: bytes) -> dict[str, object]:
    lines = said.decode().strip().splitlines()
    if not lines:
        raise RuntimeError("it said nothing")
    found = json.loads(lines[-1])
    assert isinstance(found, dict) and statistics.mean(found["waits"]) > 0
    return found
