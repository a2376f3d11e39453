"""Webhook in to Slack post out: the whole product against a relay of some sixty lines, on the same stand-ins.

Sixteen connections send one text each at the same moment; when all sixteen posts have come out, the other one gets its
sixteen. Time runs from the instant at which all sixteen are begun (our client writes them one after the other, some
2.5 ms before the first byte of the first: the same for both) to the arrival of the post at the stand-in for Slack. For
the product that post is the offer in the agent's direct messages, accept and decline beneath it. Beside it, told and
judged by nobody: one text at a time, which waits for nobody else's processor time; and the core alone, whose door and
post are the relay's: what it takes longer than the relay isn't rules, records, cards or desk.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
from twilio.request_validator import RequestValidator

from ..queue.embedded import EmbeddedStore
from .bars import Bar, Finding, quantile
from .offer_bar import plan, seconds_of
from .processes import free_port, python

CONNECTIONS = 16
NUMBER = "+4915790000000"
P50, P99 = 1.25, 1.3
UNTIL = 30.0


async def relay(quick: bool) -> list[Finding]:
    """p50 and p99 of both, burst by burst in turn."""
    bursts, warm = (8, 2) if quick else (30, 3)
    async with AsyncExitStack() as stack:
        stage = await _Stage.open(stack, (CONNECTIONS + 2) * (bursts + warm) + 8)
        ours, theirs, core = list[float](), list[float](), list[float]()
        alone: tuple[list[float], list[float]] = [], []
        for i in range(bursts + warm):
            a, b = await stage.burst("product"), await stage.burst("relay")
            c = await stage.burst("core")
            if i >= warm:
                ours += a
                theirs += b
                core += c
                for _ in range(2):
                    alone[0].extend(await stage.burst("product", 1))
                    alone[1].extend(await stage.burst("relay", 1))
    one, other = (statistics.median(it) for it in alone)
    return [
        *_against("p50", statistics.median(ours), statistics.median(theirs), P50, ours),
        *_against("p99", quantile(ours, 0.99), quantile(theirs, 0.99), P99, ours),
        *_against("one at a time, p50", one, other, None, alone[0]),
        *_against("the core alone, p50", statistics.median(core), statistics.median(theirs), None, core),
    ]


def _against(name: str, own: float, other: float, limit: float | None, all: list[float]) -> list[Finding]:
    note = f"{own:.1f} ms against {other:.1f} ms"
    return [
        Bar(f"webhook to Slack post / a bare relay, {name}", own / other, limit, "×",
            (min(all) / other, max(all) / other), len(all), note=note),
    ]  # fmt: skip


class _Stage:
    """Stand-ins, product, relay and core alone, each a process; 16 connections to each of the three."""

    def __init__(self, api: str, made: dict[str, Any]) -> None:
        self.api, self.account = api, made["account_sid"]
        self.signer = RequestValidator(made["auth_token"])
        self.at: dict[str, str] = {}
        self.lines: dict[str, list[aiohttp.ClientSession]] = {}
        self.sent, self.seen = 0, 0

    @classmethod
    async def open(cls, stack: AsyncExitStack, agents: int) -> _Stage:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tierline-bench-")))
        port, other, third = free_port(), free_port(), free_port()
        product = f"http://127.0.0.1:{port}"
        (home / "plan.yaml").write_text(plan(agents))
        stands = await stack.enter_async_context(
            python("-m", "tierline.rehearsal", str(home / "plan.yaml"), product, cwd=str(home))
        )
        assert stands.stdout is not None
        made = json.loads(await asyncio.wait_for(stands.stdout.readline(), 60))
        base = f"http://127.0.0.1:{made['port']}"
        env = {
            "PORT": str(port), "TIERLINE_DATA": str(home / "data"), "TIERLINE_PUBLIC_URL": product,
            "TIERLINE_PLAN": str(home / "plan.yaml"), "TIERLINE_SLACK_PACED": "0",
            "TWILIO_ACCOUNT_SID": made["account_sid"], "TWILIO_AUTH_TOKEN": made["auth_token"],
            "TIERLINE_TWILIO_API_URL": f"{base}/twilio", "SLACK_BOT_TOKEN": made["bot_token"],
            "SLACK_APP_TOKEN": made["app_token"], "TIERLINE_SLACK_API_URL": f"{base}/slack/api/",
        }  # fmt: skip
        self = cls(f"{base}/sandbox/api", made)
        self.at = {
            name: f"http://127.0.0.1:{at}/twilio/sms"
            for name, at in (("product", port), ("relay", other), ("core", third))
        }
        for name in self.at:
            self.lines[name] = [
                await stack.enter_async_context(aiohttp.ClientSession()) for _ in range(CONNECTIONS)
            ]
        await self.post("/faults", {"twilio": {"enforce_limits": False}, "slack": {"enforce_limits": False}})
        await stack.enter_async_context(
            python("-m", "tierline", "run", env=env, cwd=str(home), told=os.devnull)
        )
        await self._ready(product, agents)
        secrets = {"RELAY_TWILIO_TOKEN": made["auth_token"], "RELAY_SLACK_TOKEN": made["bot_token"]}
        more = (str(agents), str(home / "core"))
        for peer, at, words in (("relay", other, ()), ("core_relay", third, more)):
            store = await EmbeddedStore.start(home / f"{peer}-store")
            stack.push_async_callback(store.stop)
            where = (str(at), store.url, f"{base}/slack/api/", "C0PLACE000")
            beside = await stack.enter_async_context(
                python("-m", f"tierline.bench.peers.{peer}", *where, *words, env=secrets, cwd=str(home))
            )
            assert beside.stdout is not None
            await asyncio.wait_for(beside.stdout.readline(), 60)
        return self

    async def _ready(self, product: str, agents: int) -> None:
        session = self.lines["product"][0]
        async with asyncio.timeout(120):
            while True:
                with suppress(aiohttp.ClientConnectionError):
                    async with session.get(f"{product}/readyz") as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.1)
            state = await self.get("/state")
            people = state["agents"][:agents]
            for start in range(0, len(people), 8):
                await asyncio.gather(*(self._available(it) for it in people[start : start + 8]))

    async def _available(self, agent: dict[str, str]) -> None:
        body = {"user": agent["slack"], "channel": agent["dm"], "command": "/tierline", "text": "available"}
        await self.post("/slack/command", body)

    async def get(self, path: str) -> Any:
        async with self.lines["product"][0].get(self.api + path) as answer:
            return await answer.json()

    async def post(self, path: str, body: object) -> None:
        async with self.lines["product"][0].post(self.api + path, json=body) as answer:
            await answer.read()

    async def burst(self, who: str, count: int = CONNECTIONS) -> list[float]:
        """So many texts at once, each by a connection of its own; ms until each one's post came to Slack."""
        forms = [self._form() for _ in range(count)]
        url = self.at[who]
        signed = [(form, self.signer.compute_signature(url, form)) for form in forms]
        begun = dict(zip([it["From"] for it in forms], await asyncio.gather(*(
            _send(session, url, form, signature)
            for session, (form, signature) in zip(self.lines[who][:count], signed, strict=True)
        )), strict=True))  # fmt: skip
        waits: list[float] = []
        async with asyncio.timeout(UNTIL):
            while begun:
                await asyncio.sleep(0.05)
                for number, at in self._posts(await self.get(f"/wire?since={self.seen}"), list(begun), who):
                    waits.append((at - begun.pop(number)) * 1000)
            await asyncio.sleep(0.2)  # whatever follows the post shouldn't stand in the other's way
        return waits

    def _posts(self, wire: list[dict[str, Any]], numbers: list[str], who: str) -> list[tuple[str, float]]:
        found: dict[str, float] = {}
        for row in wire:
            self.seen = max(self.seen, row["n"])
            if row["service"] == "slack" and row["path"].endswith("chat.postMessage"):
                text = json.dumps(row["params"])
                if who != "product" or "offer.accept" in text:
                    number = next((it for it in numbers if it in text), None)
                    if number is not None:
                        found.setdefault(number, seconds_of(row["at"]) - row["ms"] / 1000)
        return list(found.items())

    def _form(self) -> dict[str, str]:
        self.sent += 1
        sid = f"SM{self.sent:032x}"
        return {
            "ToCountry": "DE", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "SmsSid": sid,
            "SmsStatus": "received", "Body": "My server is down", "FromCountry": "DE", "To": NUMBER,
            "NumSegments": "1", "MessageSid": sid, "AccountSid": self.account,
            "From": f"+49151{20_000_000 + self.sent}", "ApiVersion": "2010-04-01", "ToZip": "",
        }  # fmt: skip


async def _send(session: aiohttp.ClientSession, url: str, form: dict[str, str], signature: str) -> float:
    """When it was sent. Raises RuntimeError unless it was taken."""
    begun = time.time()
    async with session.post(url, data=form, headers={"X-Twilio-Signature": signature}) as answer:
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}: {(await answer.text())[:200]}")
    return begun
