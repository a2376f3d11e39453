"""The product as a process of its own, the stand-ins in the test: so the product may be killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from forked import POSSIBLE, Forked, fork

from tests.helpers_wait import pause
from tierline.bench.processes import free_port as free_port
from tierline.rehearsal import cast_of
from tierline.router.plan.load import parse
from tierline.sandbox.server import Hooks, Sandbox
from tierline.sandbox.slack import SlackStandIn
from tierline.sandbox.stage import Cast, Clock
from tierline.sandbox.twilio_sms import TwilioStandIn

EVA, JONAS, OPS = "+4915112345678", "+4915123456789", "+4917000000009"
DESK = "+4930100"
TOKEN = "8Yx-story-stage-token-4Qz"
AS_IT_IS = ("-m", "tierline")
Json = dict[str, Any]

PLAN = f"""
site: story
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@story.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{sms: {{offer: 60s, from: "{DESK}"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services:
  help:
    schedule: always
    answer_within: 10m
    steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]
  both:
    schedule: always
    answer_within: 10m
    steps: [{{tiers: [L1], until: 30m, offer_to: 2}}, {{then: hold}}]
entry: [{{channel: sms, to: "{DESK}", service: help}}]
rules: [{{name: both, when: {{text: {{any: [both]}}}}, set: {{service: both}}}}]
agents:
  - {{name: Ada, slack: ada@story.example, team: desk, tier: L1}}
  - {{name: Ben, slack: ben@story.example, team: desk, tier: L1}}
settings: {{hold_reply: 2s}}
"""


@dataclass
class Process:
    """`tierline COMMAND` with an environment of its own; its output lies in `log`.

    `program` is another way to begin it (a test's own trouble built in); `before` runs in the child before it begins.
    """

    command: tuple[str, ...]
    env: dict[str, str]
    home: Path
    through: tuple[str, ...] = ()  # a command that starts it
    running: asyncio.subprocess.Process | Forked | None = None
    program: tuple[str, ...] = AS_IT_IS
    before: Callable[[], None] | None = None

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    @property
    def log(self) -> str:
        path = self.home / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    async def start(self) -> None:
        kept = {
            k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
        }
        ordinary = not self.through and self.before is None and self.program == AS_IT_IS
        if POSSIBLE and ordinary and "PYTHONPATH" not in self.env:  # else it is another release
            self.running = fork(self.command, kept | self.env, self.home, self.home / "log.txt")
            return
        with (self.home / "log.txt").open("ab") as log:
            self.running = await asyncio.create_subprocess_exec(
                *self.through, sys.executable, *self.program, *self.command,
                env=kept | self.env, cwd=self.home, stdout=log, stderr=log, preexec_fn=self.before,
            )  # fmt: skip

    async def kill(self) -> None:
        """SIGKILL: no last word."""
        if self.running is not None and self.running.returncode is None:
            self.running.kill()
            await self.running.wait()

    async def stop(self) -> int:
        """SIGTERM, and the exit status; SIGKILL where that isn't heeded."""
        assert self.running is not None
        if self.running.returncode is None:
            self.running.terminate()
            try:
                await asyncio.wait_for(self.running.wait(), 100)
            except TimeoutError:
                await self.kill()
        return self.running.returncode or 0


@dataclass
class Stage:
    """Both together, and the verbs of customers and agents."""

    sandbox: Sandbox
    cast: Cast
    base: str
    product: str
    process: Process
    http: aiohttp.ClientSession
    data: Path
    asked: list[Json] = field(default_factory=list)

    # ---- HTTP ---------------------------------------------------------------------------------------------------

    async def call(self, path: str, body: object = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.base}/sandbox/api{path}", json=body) as answer:
            found = await answer.json()
            assert answer.status == 200, (path, answer.status, found)
            return found

    async def api(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.http.get(f"{self.product}/api/v1{path}", headers=headers) as answer:
            assert answer.status == 200, (path, answer.status, await answer.text())
            return await answer.json()

    async def ready(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self.http.get(f"{self.product}/readyz") as answer:
                return answer.status == 200
        return False

    async def account(self) -> Json:
        """`/readyz` with the token, whole."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.http.get(f"{self.product}/readyz", headers=headers) as answer:
            return dict(await answer.json())

    async def up(self) -> None:
        """Start the product (again) and wait until it is ready."""
        await self.process.start()

        async def there() -> bool:
            running = self.process.running
            assert running is not None and running.returncode is None, self.process.log[-3000:]
            return await self.ready()

        await self.until(there, 120)

    async def until(self, holds: Callable[[], Any], within: float = 90) -> Any:
        """Wait for a condition and return what it gave."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            found = holds()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            assert loop.time() < begun + within, (
                f"not within {within} s; the product's last words:\n{self.process.log[-3000:]}"
            )
            await asyncio.sleep(pause(loop.time() - begun, 0.03))

    # ---- customers ----------------------------------------------------------------------------------------------

    async def text(self, text: str, sender: str = EVA) -> int | None:
        """A customer texts; the product's HTTP status, None when it gave none."""
        found = await self.call("/sms", {"from": sender, "to": DESK, "text": text})
        status = found["product_status"]
        return None if status is None else int(status)

    async def phone(self, number: str = EVA) -> list[Json]:
        """What came to a phone."""
        found = await self.call(f"/sms?number={number.replace('+', '%2B')}")
        return [it for it in found if it["to"] == number]

    async def got(self, text: str, number: str = EVA) -> list[Json]:
        """The texts on a phone that contain `text`."""
        return [it for it in await self.phone(number) if text in it["text"]]

    async def contacts(self, sender: str = EVA) -> list[Json]:
        """The customer's contacts, oldest first."""
        found: list[Json] = await self.api(f"/contacts?customer={sender.replace('+', '%2B')}")
        return found

    async def contact(self, sender: str = EVA) -> Json:
        """The customer's one contact, whole."""
        found = await self.contacts(sender)
        assert len(found) == 1, found
        whole: Json = await self.api(f"/contacts/{found[0]['id']}")
        return whole

    # ---- agents -------------------------------------------------------------------------------------------------

    def person(self, name: str) -> Any:
        return next(p for p in self.cast.people if p.name == name)

    async def slash(self, name: str, text: str) -> str:
        who = self.person(name)
        body = {"user": who.slack, "channel": who.dm, "command": "/tierline", "text": text}
        return str((await self.call("/slack/command", body))["text"])

    async def cards(self, name: str, text: str = "") -> list[Json]:
        """The live offers that `name` sees in their direct messages, with `text` on them."""
        found = await self.call(f"/slack/messages?user={self.person(name).slack}")
        return [
            m for m in found if "offer.accept" in buttons(m) and text in json.dumps(m, ensure_ascii=False)
        ]

    async def press(self, name: str, message: Json, action: str) -> Json:
        body = {
            "user": self.person(name).slack,
            "channel": message["channel"],
            "ts": message["ts"],
            "action_id": action,
        }
        done: Json = await self.call("/slack/act", body)
        return done

    async def accept(self, name: str, text: str = "") -> Json:
        """Take the first live offer."""
        card = (await self.until(lambda: self.cards(name, text)))[0]
        await self.until(self.socket_open)
        await self.press(name, card, "offer.accept")
        return dict(card)

    async def socket_open(self) -> bool:
        """Whether Slack can reach the app: after a break it takes the app some seconds to come back."""
        who = self.cast.people[-1]  # a supervisor's word changes nothing
        body = {"user": who.slack, "channel": who.dm, "command": "/tierline", "text": "help"}
        async with self.http.post(f"{self.base}/sandbox/api/slack/command", json=body) as answer:
            return answer.status == 200

    async def channel(self, name: str) -> list[Json]:
        place = next(p for p in self.cast.places if p.name == name)
        found: list[Json] = await self.call(f"/slack/messages?channel={place.id}")
        return found

    async def heads(self, contact: str = "") -> list[Json]:
        """The parent messages of contacts' threads in #desk."""
        found = [
            m for m in await self.channel("desk") if not m.get("thread_ts") and payload(m).get("contact")
        ]
        return [m for m in found if payload(m)["contact"] == contact or not contact]

    async def thread(self, contact: str) -> Json:
        """The one parent of a contact's thread."""
        return dict((await self.until(lambda: self.heads(contact)))[0])

    async def say(self, name: str, head: Json, text: str) -> None:
        body = {
            "user": self.person(name).slack,
            "channel": head["channel"],
            "thread_ts": head["ts"],
            "text": text,
        }
        await self.call("/slack/reply", body)

    async def close(self, name: str, head: Json) -> None:
        """The owner closes a contact as solved, through the form."""
        await self.press(name, head, "contact.close")
        who = self.person(name).slack

        async def form() -> list[Json]:
            return [v for v in await self.call(f"/slack/views?user={who}") if "disposition" in json.dumps(v)]

        view = (await self.until(form))[-1]
        sent = {"user": who, "view_id": view["id"], "values": {"disposition": "0:solved"}}
        assert (await self.call("/slack/submit", sent))["ok"]

    async def alerts(self) -> list[str]:
        """What was told in #ops."""
        return [m["text"] for m in await self.channel("ops")]


def payload(message: Json) -> Json:
    found = message.get("metadata") or {}
    return dict(found.get("event_payload", found))


def buttons(message: Json) -> set[str]:
    rows = [block["elements"] for block in message.get("blocks", []) if block.get("type") == "actions"]
    rows += [[block["accessory"]] for block in message.get("blocks", []) if "accessory" in block]
    return {str(it.get("action_id")) for row in rows for it in row}


@contextlib.asynccontextmanager
async def open_stage(
    home: Path,
    redis_url: str = "",
    *,
    program: tuple[str, ...] = AS_IT_IS,
    before: Callable[[], None] | None = None,
    through: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    plan: str = PLAN,
) -> AsyncIterator[Stage]:
    """Stand-ins in this process, `tierline run` in another, both on free ports; the product is up."""
    port, data = free_port(), home / "data"
    product = f"http://127.0.0.1:{port}"
    (home / "plan.yaml").write_text(plan)
    cast = cast_of(parse(plan), product)
    sandbox = stand_ins(cast, product)
    base = f"http://127.0.0.1:{await sandbox.start(0)}"
    given = environment(home, cast, base, product, data) | {"PORT": str(port)} | dict(env or {})
    if redis_url:
        given["REDIS_URL"] = redis_url
    process = Process(("run",), given, home, program=program, before=before, through=tuple(through))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(90)) as http:
        stage = Stage(sandbox, cast, base, product, process, http, data)
        try:
            await stage.up()
            yield stage
            await stage.call("/faults", {})
            status = await process.stop()
            assert status == 0, (status, process.log[-3000:])
        finally:
            await process.kill()
            end_orphan(data)
            await sandbox.stop()


def stand_ins(cast: Cast, product: str) -> Sandbox:
    """Twilio and Slack in this process, for a product that stands elsewhere."""

    async def nothing(*_: object) -> Any:
        return None

    async def none(to: float) -> int:
        return 0

    async def yes() -> bool:
        return True

    hooks = Hooks(none, nothing, nothing, yes, product)
    return Sandbox(cast, Clock(), hooks, (TwilioStandIn, SlackStandIn))


def environment(home: Path, cast: Cast, base: str, product: str, data: Path) -> dict[str, str]:
    """What connects a product with the stand-ins at `base`."""
    made = cast.credentials
    return {
        "TIERLINE_DATA": str(data), "TIERLINE_PUBLIC_URL": product, "TIERLINE_API_TOKEN": TOKEN,
        "TIERLINE_PLAN": str(home / "plan.yaml"), "TWILIO_ACCOUNT_SID": made.account_sid,
        "TWILIO_AUTH_TOKEN": made.auth_token, "TIERLINE_TWILIO_API_URL": f"{base}/twilio",
        "SLACK_BOT_TOKEN": made.bot_token, "SLACK_APP_TOKEN": made.app_token,
        "TIERLINE_SLACK_API_URL": f"{base}/slack/api/",
    }  # fmt: skip


def store_pid(data: Path) -> int:
    """The process of the embedded store."""
    record = next(data.rglob("server.json"))
    return int(json.loads(record.read_text())["pid"])


def end_orphan(data: Path) -> None:
    """A killed product leaves its store server behind; no test does."""
    if next(data.rglob("server.json"), None) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(store_pid(data), signal.SIGKILL)
