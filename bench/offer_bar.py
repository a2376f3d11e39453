"""From a customer's text to the Slack offer: the whole process over sockets, 50 contacts a second."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import aiohttp

from .bars import Bar, Finding, quantile

RATE = 50
LIMIT = 100.0  # ms, p99


async def offers(quick: bool) -> list[Finding]:
    """p99 of text in → offer posted, as the wire of the stand-ins tells; their limits off, an agent free for each."""
    seconds = 10 if quick else 20
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as data:
        port, page = _free(), _free()
        written = os.path.join(data, "plan.yaml")
        with open(written, "w") as file:  # noqa: ASYNC230 - before anything runs
            file.write(plan(RATE * seconds + 20))
        env = dict(
            os.environ,
            TIERLINE_PLAN=written,
            TIERLINE_SLACK_PACED="0",
            PORT=str(port),
            TIERLINE_SANDBOX_PORT=str(page),
            TIERLINE_DATA=data,
            TIERLINE_HEADLESS="1",
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tierline",
            "sandbox",
            env=env,
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            return [await _measure(f"http://127.0.0.1:{page}/sandbox/api", seconds)]
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _measure(api: str, seconds: int) -> Bar:
    async with aiohttp.ClientSession() as session:
        state = await _state(session, api)
        off = {"twilio": {"enforce_limits": False}, "slack": {"enforce_limits": False}}
        await _post(session, f"{api}/faults", off)
        for agent in state["agents"]:
            await _post(
                session,
                f"{api}/slack/command",
                {"user": agent["slack"], "channel": agent["dm"], "command": "/tierline", "text": "available"},
            )
        sent: dict[str, float] = {}
        texts: set[asyncio.Task[object]] = set()
        begun = time.time()
        for i in range(RATE * seconds):
            await asyncio.sleep(max(0.0, begun + i / RATE - time.time()))
            number = f"+49151{20_000_000 + i}"
            sent[number] = time.time()
            body = {"from": number, "to": state["numbers"][0], "text": "My server is down"}
            task: asyncio.Task[object] = asyncio.create_task(_post(session, f"{api}/sms", body))
            texts.add(task)
            task.add_done_callback(texts.discard)
        await asyncio.gather(*texts)
        await asyncio.sleep(1.0)
        waits = await _waits(session, api)
    if len(waits) < 2:
        return Bar(
            "text to offer, p99 at 50 contacts/s (no offers seen)", float("inf"), LIMIT, "ms", (0, 0), 0
        )
    return Bar(
        "text to offer, p99 at 50 contacts/s",
        quantile(waits, 0.99),
        LIMIT,
        "ms",
        (min(waits), max(waits)),
        len(waits),
    )


async def _waits(session: aiohttp.ClientSession, api: str) -> list[float]:
    """ms from the webhook going in to the offer coming out, of contacts that were offered at once."""
    wire = await _get(session, f"{api}/wire?since=0")
    came: dict[str, float] = {}
    found: list[float] = []
    for row in wire:
        params = row["params"] or {}
        at = seconds_of(row["at"])
        if row["service"] == "twilio" and row["direction"] == "in" and params.get("From"):
            came.setdefault(params["From"], at - row["ms"] / 1000)
        text = json.dumps(params)
        if row["service"] == "slack" and row["path"].endswith("chat.postMessage") and "offer.accept" in text:
            number = next((n for n in came if n in text), None)
            if number is not None:
                found.append((at - row["ms"] / 1000 - came.pop(number)) * 1000)
    return found


def plan(agents: int) -> str:
    """A plan with so many agents on duty that every text finds one who is free."""
    people = "\n".join(
        f"  - {{name: Agent {i}, slack: a{i}@bench.example, team: crew, tier: L1}}" for i in range(agents)
    )
    return f"""site: bench
timezone: Etc/UTC
languages: [en]
schedules: {{always: {{hours: "24/7"}}}}
teams: {{crew: {{channel: "#crew"}}}}
services:
  outage: {{schedule: always, answer_within: 60s, steps: [{{tiers: [L1], until: 5m}}, {{then: hold}}]}}
entry: [{{channel: sms, to: "+4915790000000", service: outage}}]
agents:
{people}
"""


async def _state(session: aiohttp.ClientSession, api: str) -> dict[str, list[dict[str, str]]]:
    for _ in range(1200):
        with suppress(aiohttp.ClientError):
            async with session.get(f"{api}/state") as answer:
                if answer.status == 200:
                    found: dict[str, list[dict[str, str]]] = await answer.json()
                    return found
        await asyncio.sleep(0.1)
    raise RuntimeError("the sandbox did not start within 120 s")


async def _post(session: aiohttp.ClientSession, url: str, body: Mapping[str, object]) -> object:
    async with session.post(url, json=body) as answer:
        return await answer.json()


async def _get(session: aiohttp.ClientSession, url: str) -> list[dict[str, Any]]:
    async with session.get(url) as answer:
        found: list[dict[str, Any]] = await answer.json()
        return found


def seconds_of(iso: str) -> float:
    """An instant of the wire log, seconds since the epoch."""
    return datetime.fromisoformat(iso).timestamp()


def _free() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
