"""The stage of the desk's bars: stand-ins and product as processes, customers who text, agents who press and type."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from twilio.request_validator import RequestValidator

from .processes import free_port, python

DESK = "+4915790000000"
TEAMS = 4
"""Each with two channels: threads are spread over eight."""
Json = dict[str, Any]


def number(i: int) -> str:
    """A customer's."""
    return f"+49151{20_000_000 + i}"


def plan(agents: int) -> str:
    """So many agents in four teams of two channels each; a contact is offered to two at one time."""
    teams = "\n".join(f'  t{i}: {{channel: ["#desk{i}a", "#desk{i}b"]}}' for i in range(TEAMS))
    people = "\n".join(
        f"  - {{name: Agent {i}, slack: a{i}@bench.example, team: t{i % TEAMS}, tier: L1,"
        " capacity: {budget: 400}}"
        for i in range(agents)
    )
    return f"""site: bench
timezone: Etc/UTC
languages: [en]
alerts: {{slack: "#ops"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{sms: {{offer: 60s, wrap_up: 5s, nudge: 4h, quiet: 8h}}}}
teams:
{teams}
services:
  outage:
    schedule: always
    answer_within: 60m
    steps: [{{tiers: [L1], until: 5m, offer_to: 2}}, {{then: hold}}]
entry: [{{channel: sms, to: "{DESK}", service: outage}}]
agents:
{people}
safety: {{per_number: {{hour: 10000, day: 10000}}, per_hour: 100000, per_day: 100000}}
"""


class DeskStage:
    """Signed texts to the product, and the stand-ins' API. `run` starts and stops the product on the same store."""

    def __init__(self, home: Path, port: int, made: Json, http: aiohttp.ClientSession) -> None:
        self.base = f"http://127.0.0.1:{made['port']}"
        self.api, self.product = f"{self.base}/sandbox/api", f"http://127.0.0.1:{port}"
        self.home, self.port, self.made, self.http = home, port, made, http
        self.signer = RequestValidator(made["auth_token"])
        self.texts = 0
        self.pid = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, agents: int) -> AsyncIterator[DeskStage]:
        """The stand-ins, their limits off."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="tierline-bench-") as folder:
            home, port = Path(folder), free_port()
            (home / "plan.yaml").write_text(plan(agents))
            words = ("-m", "tierline.rehearsal", str(home / "plan.yaml"), f"http://127.0.0.1:{port}")
            async with python(*words, cwd=folder) as stands:
                assert stands.stdout is not None
                made = json.loads(await asyncio.wait_for(stands.stdout.readline(), 60))
                async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as http:
                    stage = cls(home, port, made, http)
                    await stage.limits(False)
                    yield stage

    @asynccontextmanager
    async def run(self, paced: bool) -> AsyncIterator[None]:
        """The product; `paced` as it is delivered, else as fast as it can."""
        env = {
            "PORT": str(self.port), "TIERLINE_DATA": str(self.home / "data"), "TIERLINE_PUBLIC_URL": self.product,
            "TIERLINE_PLAN": str(self.home / "plan.yaml"), "TIERLINE_SLACK_PACED": "1" if paced else "0",
            "TIERLINE_API_TOKEN": "bench-" + self.made["auth_token"],
            "TWILIO_ACCOUNT_SID": self.made["account_sid"], "TWILIO_AUTH_TOKEN": self.made["auth_token"],
            "TIERLINE_TWILIO_API_URL": f"{self.base}/twilio", "SLACK_BOT_TOKEN": self.made["bot_token"],
            "SLACK_APP_TOKEN": self.made["app_token"], "TIERLINE_SLACK_API_URL": f"{self.base}/slack/api/",
        }  # fmt: skip
        told = os.environ.get("TIERLINE_BENCH_LOG", os.devnull)
        async with python("-m", "tierline", "run", env=env, cwd=str(self.home), told=told) as process:
            self.pid = process.pid
            await self.until(self._ready)
            yield

    async def _ready(self) -> bool:
        with suppress(aiohttp.ClientConnectionError):
            async with self.http.get(f"{self.product}/readyz") as answer:
                return answer.status == 200
        return False

    async def limits(self, slack: bool) -> None:
        """Slack's limits as they are, or off; Twilio's are off: they are no part of what is measured."""
        faults = {
            "twilio": {"enforce_limits": False, "undelivered": 30005},
            "slack": {"enforce_limits": slack},
        }
        await self.post("/faults", faults)

    async def figures(self) -> dict[str, float]:
        """What the desk tells of itself in /metrics."""
        headers = {"Authorization": "Bearer bench-" + self.made["auth_token"]}
        async with self.http.get(f"{self.product}/metrics", headers=headers) as answer:
            rows = [
                line.split()
                for line in (await answer.text()).splitlines()
                if line.startswith("tierline_slack_")
            ]
        return {row[0].removeprefix("tierline_slack_"): float(row[1]) for row in rows}

    async def get(self, path: str) -> Any:
        """A look at the stand-ins."""
        async with self.http.get(self.api + path) as answer:
            return await answer.json()

    async def post(self, path: str, body: object) -> Json:
        """An act of somebody on the stage."""
        async with self.http.post(self.api + path, json=body) as answer:
            found: Json = await answer.json()
            return found

    async def text(self, sender: str, words: str) -> float:
        """A customer's text, signed as Twilio signs it; when it was sent. Raises RuntimeError unless it was taken."""
        self.texts += 1
        sid, url = f"SM{self.texts:032x}", f"{self.product}/twilio/sms"
        form = {
            "MessageSid": sid, "SmsMessageSid": sid, "SmsSid": sid, "SmsStatus": "received", "NumMedia": "0",
            "NumSegments": "1", "AccountSid": self.made["account_sid"], "ApiVersion": "2010-04-01",
            "From": sender, "To": DESK, "Body": words,
        }  # fmt: skip
        headers = {"X-Twilio-Signature": self.signer.compute_signature(url, form)}
        begun = time.time()
        async with self.http.post(url, data=form, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"a text was answered {answer.status}: {(await answer.text())[:200]}")
        return begun

    async def until(self, holds: Callable[[], Awaitable[Any]], within: float = 120.0) -> Any:
        """Wait for something true and return it."""
        async with asyncio.timeout(within):
            while not (found := await holds()):  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.1)
        return found
