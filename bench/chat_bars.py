"""The web chat: sockets that stand open and what each costs, and messages through lines that are cut at random bytes."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from ..queue.embedded import EmbeddedStore
from ..queue.engine import Queue
from ..queue.store import Store
from ..router.body import Body
from ..settings import Settings
from .bars import Bar, Finding, quantile
from .chat_people import Cutter, Person
from .processes import free_port, python

ORIGIN = "https://shop.example"
PLAN = f"""site: bench
timezone: Etc/UTC
languages: [en]
schedules: {{always: {{hours: "24/7"}}}}
channels: {{chat: {{origins: ["{ORIGIN}"]}}}}
teams: {{desk: {{channel: "#desk"}}}}
services: {{help: {{schedule: always, answer_within: 10m, steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]}}}}
entry: [{{channel: chat, service: help}}]
agents: [{{name: Ada, slack: ada@bench.example, team: desk, tier: L1}}]
"""
SOCKETS, A_BATCH = 10_000, 100
PEOPLE, EACH = 1_000, 50
"""Visitors, and what each says and hears: 100,000 messages in all."""


@dataclass(slots=True)
class Running:
    """The product as one process on a store that we can write to as well."""

    port: int
    pid: int
    store: EmbeddedStore
    queue: Queue

    @property
    def memory(self) -> int:
        """Bytes of the process that are its own."""
        pages = Path(f"/proc/{self.pid}/smaps_rollup").read_text().split("Private_Dirty:")[1]
        return int(pages.split()[0]) * 1024

    @property
    def seconds(self) -> float:
        """CPU seconds that the process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@asynccontextmanager
async def _running() -> AsyncIterator[Running]:
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as folder:
        home, port = Path(folder), free_port()
        (home / "plan.yaml").write_text(PLAN)
        server = await EmbeddedStore.start(home / "store")
        try:
            env = {
                "PORT": str(port), "TIERLINE_DATA": str(home / "data"), "REDIS_URL": server.url,
                "TIERLINE_PLAN": str(home / "plan.yaml"), "TIERLINE_TRUSTED_PROXIES": "127.0.0.1",
            }  # fmt: skip
            async with python(
                "-m", "tierline", "run", env=env, cwd=folder, told=str(home / "log")
            ) as process:
                await _ready(port)
                settings = Settings(
                    _env_file=None, REDIS_URL=SecretStr(server.url), TIERLINE_DATA=home / "mine"
                )  # type: ignore[call-arg]
                store = await Store.of(settings)
                try:
                    yield Running(port, process.pid, server, Queue(store, store.site))
                finally:
                    await store.close()
        finally:
            await server.stop()


async def _ready(port: int) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(60):
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if (await answer.json()).get("ready"):
                        return
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.1)


async def chat(quick: bool) -> list[Finding]:
    """Both."""
    async with _running() as it:
        found = await sockets(it, 1_000 if quick else SOCKETS)
    async with _running() as it:
        return [*found, *await messages(it, *((50, 20) if quick else (PEOPLE, EACH)))]


async def sockets(it: Running, many: int) -> list[Finding]:
    """Open so many, each with a conversation's token; then how long a message takes among them, and what one costs."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        before, used, begun = it.memory, it.seconds, time.monotonic()
        open_ones: list[aiohttp.ClientWebSocketResponse] = []
        for first in range(0, many, A_BATCH):
            open_ones += await asyncio.gather(*(_come(http, it.port, first + i) for i in range(A_BATCH)))
        seconds, cpu = time.monotonic() - begun, it.seconds - used
        each = (it.memory - before) / many
        delays = [await _say(open_ones[i], i) for i in range(0, many, max(1, many // 200))]
        alive = sum(not one.closed for one in open_ones)
        await asyncio.gather(*(one.close() for one in open_ones))
    return [
        Bar("chat sockets open at one time", alive, many, "", (alive, alive), 1, "at least",
            f"{seconds:.0f} s to open, {1000 * cpu / many:.2f} ms of CPU each"),
        Bar("memory of a chat socket", each / 1024, None, "KB", (each / 1024, each / 1024), many),
        Bar("a message durable among them, p99", quantile(delays, 0.99), None, "ms", (min(delays), max(delays)),
            len(delays)),
    ]  # fmt: skip


async def _come(http: aiohttp.ClientSession, port: int, i: int) -> aiohttp.ClientWebSocketResponse:
    headers = {"Origin": ORIGIN, "X-Forwarded-For": f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"}
    ws = await http.ws_connect(f"http://127.0.0.1:{port}/chat/ws", headers=headers)
    await ws.send_str('{"t":"hello"}')
    await _until(ws, lambda frame: frame["t"] == "welcome")
    return ws


async def _say(ws: aiohttp.ClientWebSocketResponse, i: int) -> float:
    begun = time.perf_counter()
    await ws.send_str(json.dumps({"t": "say", "id": f"m{i}", "text": f"Hello from {i}"}))
    await _until(ws, lambda frame: frame["t"] == "ack")
    return (time.perf_counter() - begun) * 1000


async def _until(
    ws: aiohttp.ClientWebSocketResponse, is_it: Callable[[dict[str, object]], bool]
) -> dict[str, object]:
    async with asyncio.timeout(60):
        while True:
            frame: dict[str, object] = json.loads(await ws.receive_str())
            if is_it(frame):
                return frame


async def messages(it: Running, people: int, each: int) -> list[Finding]:
    """Every visitor says and hears `each` messages over lines that break all the time; then everything is counted."""
    dice = random.Random(82)
    cutter = Cutter([("127.0.0.1", it.port)], dice)
    await cutter.start()
    crowd = [
        Person(f"p{i}", f"http://127.0.0.1:{cutter.port}/chat/ws", [f"p{i} says {n}" for n in range(each)], each,
               address=f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}")
        for i in range(people)
    ]  # fmt: skip
    begun = time.monotonic()
    connector = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as group:
            for one in crowd:
                group.create_task(one.run(http, dice))
            tells = [group.create_task(_tell(it.queue, one, each)) for one in crowd]
    finally:
        await cutter.stop()
    seconds, total = time.monotonic() - begun, 2 * people * each
    wrong = [text for one, told in zip(crowd, tells, strict=True) for text in one.wrong(told.result())]
    wrong += [text for one in crowd for text in await _stored(it.queue, one)]
    for text in wrong[:5]:
        print(f"  {text}", flush=True)
    note = f"{total:,} messages, {cutter.cuts:,} cuts, {sum(one.account.came for one in crowd):,} connections"
    return [
        Bar("chat messages lost or doubled through cut lines", len(wrong), 0, "", (0, len(wrong)), total, note=note),
        Bar("chat messages a second through cut lines", total / seconds, None, "/s", (0, 0), 1, "at least"),
    ]  # fmt: skip


async def _tell(queue: Queue, one: Person, many: int) -> list[str]:
    await one.began.wait()
    contact = str(await queue.open_in(_thread(one)))
    texts = [f"to {one.name}: {n}" for n in range(many)]
    for text in texts:
        await queue.text(contact, "moved", Body(text, by="Tierline").to_json(), unasked=False)
        await asyncio.sleep(0.02)
    return texts


async def _stored(queue: Queue, one: Person) -> list[str]:
    contact = str(await queue.open_in(_thread(one)))
    said = Counter(Body.parse(m.body).text for m in await queue.messages(contact) if m.kind == "in")
    whole = set(said) == set(one.texts) and set(said.values()) == {1}
    return [] if whole else [f"{one.name}: the store has {sum(said.values())} of {len(one.texts)}"]


def _thread(one: Person) -> str:
    return f"chat:web:{one.token.split('.')[1]}:"
