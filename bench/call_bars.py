"""Calls: how soon a caller hears something, how late the words of those who wait are, what is heard without the store.

The product is a process of its own, and so are the stand-ins; limits off. Webhooks are measured where Twilio is.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import psutil
from twilio.request_validator import RequestValidator

from .bars import Absent, Bar, Finding, quantile
from .processes import free_port, python

STRAIGHT, MENU = "+4930100", "+4930200"
RATE = 20
"""Calls a second."""
SOON, LATE, WITHOUT = 50.0, 2_000.0, 2_000.0
"""ms: a webhook's answer, p99; the words of somebody who waits; an answer while the store is frozen."""


async def calls(quick: bool) -> list[Finding]:
    """All three, each with a product of its own."""
    found: list[Finding] = []
    async with _stage(0) as stage:
        found += await _webhooks(stage, 8 if quick else 30)
    async with _stage(0) as stage:
        found += await _frozen(stage, 3 if quick else 10)
    waiting, talking, seconds = (60, 12, 30) if quick else (500, 100, 60)
    async with _stage(talking) as stage:
        found += await _line(stage, waiting, talking, seconds)
    return found


class _Stage:
    """Signed webhooks to the product, and the stand-ins' own page."""

    def __init__(self, api: str, product: str, made: dict[str, Any], http: aiohttp.ClientSession) -> None:
        self.api, self.product, self.account, self.http = api, product, made["account_sid"], http
        self.signer = RequestValidator(made["auth_token"])
        self.pid = 0

    async def webhook(self, path: str, sid: int, to: str, **more: str) -> tuple[float, str]:
        """ms until the document is there, and the document. Raises RuntimeError where it is none."""
        form = {
            "CallSid": f"CA{sid:032x}", "AccountSid": self.account, "From": f"+49151{20_000_000 + sid}", "To": to,
            "CallStatus": "in-progress", "ApiVersion": "2010-04-01", "Direction": "inbound", **more,
        }  # fmt: skip
        url = self.product + path
        headers = {"X-Twilio-Signature": self.signer.compute_signature(url, form)}
        begun = time.perf_counter()
        async with self.http.post(url, data=form, headers=headers) as answer:
            text = await answer.text()
        if answer.status != 200 or "<Response" not in text:
            raise RuntimeError(f"{path} answered {answer.status}: {text[:200]}")
        return (time.perf_counter() - begun) * 1000, text

    async def get(self, path: str) -> Any:
        async with self.http.get(self.api + path) as answer:
            return await answer.json()

    async def post(self, path: str, body: object) -> Any:
        async with self.http.post(self.api + path, json=body) as answer:
            return await answer.json()

    async def until(self, holds: Callable[[], Coroutine[Any, Any, Any]], within: float = 120.0) -> Any:
        """Wait for something true and return it."""
        async with asyncio.timeout(within):
            while not (found := await holds()):  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.25)
        return found


@asynccontextmanager
async def _stage(agents: int) -> AsyncIterator[_Stage]:
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as folder:
        home, port = Path(folder), free_port()
        product, written = f"http://127.0.0.1:{port}", home / "plan.yaml"
        written.write_text(plan(max(1, agents)))
        async with python("-m", "tierline.rehearsal", str(written), product, cwd=folder) as stands:
            assert stands.stdout is not None
            made = json.loads(await asyncio.wait_for(stands.stdout.readline(), 60))
            base = f"http://127.0.0.1:{made['port']}"
            env = {
                "PORT": str(port), "TIERLINE_DATA": str(home / "data"), "TIERLINE_PUBLIC_URL": product,
                "TIERLINE_PLAN": str(written), "TIERLINE_SLACK_PACED": "0", "TIERLINE_CALLS_PER_SECOND": "100",
                "TWILIO_ACCOUNT_SID": made["account_sid"], "TWILIO_AUTH_TOKEN": made["auth_token"],
                "TIERLINE_TWILIO_API_URL": f"{base}/twilio", "SLACK_BOT_TOKEN": made["bot_token"],
                "SLACK_APP_TOKEN": made["app_token"], "TIERLINE_SLACK_API_URL": f"{base}/slack/api/",
            }  # fmt: skip
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as http:
                stage = _Stage(f"{base}/sandbox/api", product, made, http)
                off = {"enforce_limits": False}
                await stage.post("/faults", {"twilio": off, "slack": off})
                async with python("-m", "tierline", "run", env=env, cwd=folder, told=os.devnull) as process:
                    await stage.until(lambda: _ready(stage))
                    stage.pid = process.pid
                    yield stage


async def _ready(stage: _Stage) -> bool:
    with suppress(aiohttp.ClientConnectionError):
        async with stage.http.get(f"{stage.product}/readyz") as answer:
            return answer.status == 200
    return False


# ---- the first words --------------------------------------------------------------------------------------------


async def _webhooks(stage: _Stage, seconds: int) -> list[Finding]:
    """The first webhook of a call, which makes the contact where there is no menu, and a menu's answer, which does."""
    first, answer, tasks = list[float](), list[float](), list[asyncio.Task[None]]()

    async def call(n: int) -> None:
        straight = n % 2 == 0
        took, text = await stage.webhook("/twilio/voice", n, STRAIGHT if straight else MENU)
        if straight:
            first.append(took)
        else:
            action = re.search(r'<Gather[^>]* action="([^"]+)"', text)
            assert action is not None, text
            to = urlsplit(action[1].replace("&amp;", "&"))
            took, _ = await stage.webhook(f"{to.path}?{to.query}", n, MENU, Digits="1", msg="Gather End")
            answer.append(took)

    for n in range(1, 9):
        await call(n)  # what is loaded with the first is loaded
    first.clear()
    answer.clear()
    begun = time.perf_counter()
    for i in range(RATE * seconds):
        await asyncio.sleep(max(0.0, begun + i / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(call(100 + i)))
    await asyncio.gather(*tasks)
    return [
        _p99("call to first words, contact made, p99 at 20 calls/s", first, SOON),
        _p99("menu's answer to words, contact made, p99 at 20 calls/s", answer, SOON),
    ]


def _p99(name: str, values: list[float], limit: float | None, note: str = "") -> Bar:
    return Bar(name, quantile(values, 0.99), limit, "ms", (min(values), max(values)), len(values), note=note)


# ---- without the store ------------------------------------------------------------------------------------------


async def _frozen(stage: _Stage, times: int) -> list[Finding]:
    """The store stands still: what a new caller hears, and who waits."""
    server = next(
        (it for it in psutil.Process(stage.pid).children(recursive=True) if "valkey" in it.name()), None
    )
    if server is None:
        return [Absent("calls without the store", "the embedded server wasn't found among the processes")]
    await stage.webhook("/twilio/voice", 1, STRAIGHT)
    took = list[float]()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        for n in range(times):
            both = await asyncio.gather(
                stage.webhook("/twilio/voice", 10 + n, STRAIGHT),
                stage.webhook(
                    "/twilio/voice/wait?c=C1001", 1, STRAIGHT, QueueSid=f"QU{1:032x}", QueueTime="30"
                ),
            )
            took += [ms for ms, _ in both]
    finally:
        os.kill(server.pid, signal.SIGCONT)
    bar = "words while the store stands still, the slowest"
    return [Bar(bar, max(took), WITHOUT, "ms", (min(took), max(took)), len(took))]


# ---- a long line ------------------------------------------------------------------------------------------------


async def _line(stage: _Stage, waiting: int, talking: int, seconds: int) -> list[Finding]:
    """So many wait and so many talk, all of it played by the stand-ins; how late each next document of a waiter is."""
    state = await stage.get("/state")
    agents = [it for it in state["agents"] if it.get("phone")][:talking]
    for agent in agents:
        body = {"user": agent["slack"], "channel": agent["dm"], "command": "/tierline", "text": "available"}
        await stage.post("/slack/command", body)
    await _dial(stage, 0, talking)
    await asyncio.gather(*(_talk(stage, str(agent["phone"])) for agent in agents))
    await _dial(stage, talking, waiting)
    await stage.until(lambda: _all_wait(stage, waiting))
    seen = max((row["n"] for row in await stage.get("/wire?since=0")), default=0)
    await asyncio.sleep(seconds)
    late = [
        float(row["ms"])
        for row in await stage.get(f"/wire?since={seen}")
        if row["service"] == "twilio" and row["path"].startswith(("/twilio/voice/wait", "/twilio/voice/left"))
    ]
    name = f"words of {waiting} who wait beside {talking} who talk, how late at most"
    if len(late) < waiting // 2:
        return [Absent(name, f"only {len(late)} documents were asked for in {seconds} s")]
    return [
        Bar(
            name,
            max(late),
            LATE,
            "ms",
            (min(late), max(late)),
            len(late),
            note=f"p99 {quantile(late, 0.99):.0f} ms",
        )
    ]


async def _dial(stage: _Stage, first: int, n: int) -> None:
    for i in range(first, first + n):
        await stage.post("/calls", {"from": f"+49151{20_000_000 + i}", "to": STRAIGHT})
        await asyncio.sleep(1 / RATE)


async def _talk(stage: _Stage, phone: str) -> None:
    """An agent answers and presses 1, and is together with a caller."""

    async def leg() -> str:
        legs = await stage.get(f"/calls?number={quote(phone)}")
        return next((str(it["sid"]) for it in legs if it["status"] == "ringing"), "")

    sid = await stage.until(leg)
    await stage.post(f"/calls/{sid}/answer", {})

    async def asked() -> bool:
        return any(it["kind"] == "say" for it in (await stage.get(f"/calls/{sid}"))["heard"])

    await stage.until(asked)
    await stage.post(f"/calls/{sid}/press", {"digits": "1"})

    async def inside() -> bool:
        return str((await stage.get(f"/calls/{sid}"))["where"]).startswith("conference")

    await stage.until(inside)


async def _all_wait(stage: _Stage, n: int) -> bool:
    legs = await stage.get(f"/calls?number={quote(STRAIGHT)}")
    # Where the provider's queue is full (100 by default), the next wait in a document of ours.
    there = [
        it for it in legs if it["status"] == "in-progress" and not str(it["where"]).startswith("conference")
    ]
    return len(there) >= n


def plan(agents: int) -> str:
    """A plan with so many agents, each with a phone, and two numbers: straight into the queue, and by a menu."""
    people = "\n".join(
        f'  - {{name: Agent {i}, slack: a{i}@bench.example, phone: "+4917{10_000_000 + i}", team: crew, tier: L1}}'
        for i in range(agents)
    )
    return f"""site: bench
timezone: Etc/UTC
languages: [en]
schedules: {{always: {{hours: "24/7"}}}}
channels: {{voice: {{offer: 60s}}}}
teams: {{crew: {{channel: "#crew"}}}}
services:
  outage: {{schedule: always, answer_within: 60s, steps: [{{tiers: [L1], until: 60m}}, {{then: hold}}]}}
entry:
  - {{channel: voice, to: "{STRAIGHT}", service: outage}}
  - {{channel: voice, to: "{MENU}", menu: [{{press: 1, say: {{en: outage}}, service: outage}}]}}
agents:
{people}
"""
