"""The processes of a chaos run: stand-ins, store behind its proxy, `tierline web`, `tierline worker`s.

Ends only what it started, by pid.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from ...queue.embedded import EmbeddedStore
from ..processes import free_port
from .proxy import Proxy
from .seen import Rules

DESK = "+4930100"
LEASE = 2.0
RETRIED = "rc=3&rp=all"
"""As `tierline setup` writes it: Twilio tries three times more after any failure."""
CAP = 2
SMALL, ABOUT = "fix", "printer"
"""A service that few write to, so that closing it moves few; and the word by which they come to it."""
CHANNELS = 8
"""Threads are spread over so many channels: a look at one stays short."""


def plan(agents: int) -> str:
    """A plan with two tiers, three services, and one offer at a time or two."""
    rooms = ", ".join(f'"#desk{i}"' for i in range(CHANNELS))
    people = "\n".join(
        f"  - {{name: {agent_name(i)}, slack: {agent_name(i).lower()}@chaos.example, team: desk,"
        f" tier: L{tier_of(i)}{_cap(i)}}}"
        for i in range(agents)
    )
    steps = "[{tiers: [L1], until: 8s}, {tiers: [L1, L2], until: 16s}, {tiers: [L1, L2], then: hold}]"
    both = "[{tiers: [L1, L2], until: 8s, offer_to: 2}, {tiers: [L1, L2], offer_to: 2, then: hold}]"
    return f"""site: chaos
timezone: Etc/UTC
languages: [en]
supervisors: [mira@chaos.example]
alerts: {{slack: "#ops"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{sms: {{offer: 6s, wrap_up: 1s, quiet: 6s, nudge: 8s, from: "{DESK}"}}}}
teams: {{desk: {{channel: [{rooms}]}}}}
services:
  help: {{schedule: always, answer_within: 10m, steps: {steps}}}
  both: {{schedule: always, answer_within: 10m, steps: {both}}}
  {SMALL}: {{schedule: always, answer_within: 10m, steps: {steps}}}
entry: [{{channel: sms, to: "{DESK}", service: help}}]
rules:
  - {{name: both, when: {{text: {{any: [both]}}}}, set: {{service: both}}}}
  - {{name: fix, when: {{text: {{any: [{ABOUT}]}}}}, set: {{service: {SMALL}}}}}
texts: {{taken: {{en: "{{agent}} has {{number}}."}}}}
agents:
{people}
settings: {{hold_reply: 2s, settle: never}}
safety: {{per_number: {{hour: 10000, day: 10000}}, per_hour: 100000, per_day: 100000}}
"""


def agent_name(i: int) -> str:
    return f"A{i:03}"


def tier_of(i: int) -> int:
    """Every fourth is L2."""
    return 2 if i % 4 == 3 else 1


def capped(i: int) -> bool:
    """Every fifth takes two texts at once, where others take four."""
    return i % 5 == 2


def _cap(i: int) -> str:
    return f", capacity: {{caps: {{sms: {CAP}}}}}" if capped(i) else ""


def rules(agents: int) -> Rules:
    """What `plan(agents)` promises."""
    one, two = frozenset({1}), frozenset({1, 2})
    return Rules(
        tier={agent_name(i): tier_of(i) for i in range(agents)},
        steps={"help": (one, two, two), "both": (two, two), SMALL: (one, two, two)},
        at_once={"help": 1, "both": 2, SMALL: 1},
        caps={agent_name(i): CAP for i in range(agents) if capped(i)},
        until={"help": (8_000, 16_000), "both": (8_000,), SMALL: (8_000, 16_000)},
    )


@dataclass
class Process:
    """A process that may be killed, frozen and started again; its output is kept in `home/log.txt`."""

    name: str
    command: tuple[str, ...]
    env: dict[str, str]
    home: Path
    running: asyncio.subprocess.Process | None = None
    ups: int = 0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.running is not None and self.running.returncode is None

    async def start(self) -> None:
        """Start it, unless it runs."""
        if self.alive:
            return
        self.ups = self.log.count("\nTierline ") + self.log.startswith("Tierline ")
        with (self.home / "log.txt").open("ab") as log:
            self.running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self.command, env=self.env, cwd=self.home, stdout=log, stderr=log
            )

    def signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.running is not None and self.running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.running.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL: no last word."""
        self.signal(signal.SIGKILL)
        if self.running is not None:
            await self.running.wait()

    async def stop(self, within: float = 40) -> int:
        """SIGTERM; the exit status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self.running is None:
            return 0
        try:
            return await asyncio.wait_for(self.running.wait(), within)
        except TimeoutError:
            await self.kill()
            return -9

    @property
    def up(self) -> bool:
        """Whether it has said so since its last start."""
        return self.log.count("\nTierline ") + self.log.startswith("Tierline ") > self.ups

    @property
    def log(self) -> str:
        """What it has written."""
        path = self.home / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""


@dataclass
class Stage:
    """Everything that runs."""

    home: Path
    api: str
    product: str
    token: str
    agents: int
    standins: Process
    server: EmbeddedStore
    proxy: Proxy
    web: Process
    workers: list[Process]
    http: aiohttp.ClientSession
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Slack's user id and direct messages, by name."""
    rooms: dict[str, str] = field(default_factory=dict)
    number: str = DESK

    @property
    def history(self) -> Path:
        """The history's database."""
        return self.home / "history.sqlite3"

    async def post(self, path: str, body: object, within: float = 60) -> tuple[int, dict[str, object]]:
        """A call of the sandbox's API; status and answer."""
        timeout = aiohttp.ClientTimeout(total=within)
        async with self.http.post(self.api + path, json=body, timeout=timeout) as answer:
            found: dict[str, object] = await answer.json()
            return answer.status, found

    async def get(self, path: str) -> list[dict[str, object]]:
        """A list of the sandbox's API."""
        async with self.http.get(self.api + path) as answer:
            found: list[dict[str, object]] = await answer.json()
            assert answer.status == 200, (path, found)
            return found

    async def wire(self, query: str) -> tuple[list[dict[str, object]], int, int]:
        """Exchanges of the wire, and the first and last number that was looked at (0 where there was nothing new)."""
        async with self.http.get(f"{self.api}/wire?{query}") as answer:
            found: list[dict[str, object]] = await answer.json()
            ends = answer.headers.get("X-Wire-First", "0"), answer.headers.get("X-Wire-Last", "0")
            return found, int(ends[0]), int(ends[1])

    async def put_off(self, contact: str, seconds: float) -> None:
        """By the product's API: the contact is snoozed for so long."""
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        await self.product_post(f"/contacts/{contact}/snooze", {"until": until.isoformat(), "by": "Mira"})

    async def product_post(self, path: str, body: object) -> int:
        """Of the product's own API; the status, 0 while it is away."""
        headers = {"Authorization": f"Bearer {self.token}"}
        timeout = aiohttp.ClientTimeout(total=10)
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self.http.post(
                f"{self.product}/api/v1{path}", json=body, headers=headers, timeout=timeout
            ) as answer:
                return answer.status
        return 0

    async def product_get(self, path: str) -> list[dict[str, object]] | None:
        """Of the product's own API; None while it is away."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, json.JSONDecodeError):
            timeout = aiohttp.ClientTimeout(total=10)
            async with self.http.get(
                f"{self.product}/api/v1{path}", headers=headers, timeout=timeout
            ) as answer:
                if answer.status == 200:
                    found: list[dict[str, object]] = await answer.json()
                    return found
        return None

    async def ready(self, within: float = 60) -> None:
        """Wait until the web face is ready."""
        end = asyncio.get_running_loop().time() + within
        while asyncio.get_running_loop().time() < end:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                timeout = aiohttp.ClientTimeout(total=2)
                async with self.http.get(f"{self.product}/readyz", timeout=timeout) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
        raise RuntimeError(f"the product isn't ready after {within} s:\n{self.web.log[-2000:]}")

    async def hands_up(self, within: float = 90) -> None:
        """Wait until every worker works."""
        end = asyncio.get_running_loop().time() + within
        while not all(it.up for it in self.workers):
            if asyncio.get_running_loop().time() > end:
                raise RuntimeError(f"a worker doesn't start:\n{self.workers[0].log[-2000:]}")
            await asyncio.sleep(0.1)


def _environment(tree: Path | None) -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
    env = {name: value for name, value in os.environ.items() if name in kept}
    return env | ({"PYTHONPATH": str(tree)} if tree is not None else {})


@contextlib.asynccontextmanager
async def open_stage(
    home: Path, agents: int, workers: int = 2, tree: Path | None = None
) -> AsyncIterator[Stage]:
    """Start everything on free ports; `tree` is another folder to import the product from (a seeded bug's)."""
    port, token, secret = free_port(), secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    product = f"http://127.0.0.1:{port}"
    (home / "plan.yaml").write_text(plan(agents))
    standins = Process("standins", (), _environment(None), home)
    with (home / "standins.txt").open("ab") as told:
        reading = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tierline.rehearsal", str(home / "plan.yaml"), f"{product}#{RETRIED}",
            env=_environment(None), cwd=home, stdout=asyncio.subprocess.PIPE, stderr=told,
        )  # fmt: skip
    standins.running = reading
    assert reading.stdout is not None
    made = json.loads(await asyncio.wait_for(reading.stdout.readline(), 60))
    base = f"http://127.0.0.1:{made['port']}"
    server = await EmbeddedStore.start(home / "store")
    proxy = Proxy(server.url.removeprefix("unix://").partition("?")[0])
    await proxy.start()
    shared = _environment(tree) | {
        "TIERLINE_PUBLIC_URL": product, "TIERLINE_API_TOKEN": token, "TIERLINE_SECRET": secret,
        "TIERLINE_PLAN": str(home / "plan.yaml"), "TIERLINE_SLACK_PACED": "0", "TIERLINE_LEASE": str(LEASE),
        "TWILIO_ACCOUNT_SID": made["account_sid"], "TWILIO_AUTH_TOKEN": made["auth_token"],
        "TIERLINE_TWILIO_API_URL": f"{base}/twilio", "SLACK_BOT_TOKEN": made["bot_token"],
        "SLACK_APP_TOKEN": made["app_token"], "TIERLINE_SLACK_API_URL": f"{base}/slack/api/",
        "REDIS_URL": f"redis://127.0.0.1:{proxy.port}", "DATABASE_URL": f"sqlite:///{home / 'history.sqlite3'}",
        "PORT": str(port), "TIERLINE_GRACE": "8",
    }  # fmt: skip

    def process(command: str, n: int) -> Process:
        own = home / f"{command}{n}"
        own.mkdir()
        return Process(
            f"{command}{n}", ("tierline", command), shared | {"TIERLINE_DATA": str(own / "data")}, own
        )

    web, hands = process("web", 0), [process("worker", n) for n in range(workers)]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), connector=connector) as http:
        stage = Stage(
            home, f"{base}/sandbox/api", product, token, agents, standins, server, proxy, web, hands, http
        )
        try:
            await asyncio.gather(*(it.start() for it in (web, *hands)))
            await stage.ready()
            await stage.hands_up()
            await _know(stage)
            yield stage
        finally:
            await asyncio.gather(*(it.kill() for it in (web, *hands)))
            await proxy.stop()
            await server.stop()
            await standins.stop(10)


async def _know(stage: Stage) -> None:
    async with stage.http.get(f"{stage.api}/state") as answer:
        state = await answer.json()
    stage.people = {it["name"]: (it["slack"], it["dm"]) for it in (*state["agents"], *state["supervisors"])}
    stage.rooms = {it["id"]: it["name"] for it in state["channels"] if it["name"].startswith("desk")}
    status, _ = await stage.post(
        "/faults", {"twilio": {"enforce_limits": False}, "slack": {"enforce_limits": False}}
    )
    assert status == 200
