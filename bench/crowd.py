"""A crowded site to measure in: classes, profiles, busy agents, and a backlog whose earliest part nobody can serve."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field

from ..queue.contact import Decision, Route, Step
from ..queue.engine import Queue
from ..queue.state import mask_of
from ..queue.store import Store
from ..skills.skill import Capacity, Need, Profile

PAYLOAD = json.dumps(
    {
        "customer": "+4915112345678",
        "name": "Eva Brandt",
        "address": "+4915112345678",
        "recipient": "+4915790000000",
        "verified": True,
        "language": "de",
        "version": 1,
        "due": 1,
    }
)[:190].ljust(190)
PROFILES = 50
SERVED = 20
"""Classes that one profile serves."""
ONE_AT_A_TIME = Capacity(100, (("chat", 100), ("email", 100), ("sms", 100), ("voice", 100)))
TOGETHER = 256


@dataclass(slots=True)
class Crowd:
    """A site under measurement; `offers` are the live ones as the ledger tells them."""

    queue: Queue
    store: Store
    classes: int
    offers: deque[tuple[str, int, str]] = field(default_factory=deque)
    read: str = "0-0"
    turn: int = 0
    rank: int = 2_000_000_000_000

    async def fill(self, agents: int, poison: int, servable: int) -> None:
        """Agents on duty, each with one offer; then the backlog, the unservable part with the earliest ranks."""
        for i in range(agents):
            p = i % min(PROFILES, agents)
            served = min(SERVED, self.classes)
            able = sorted({f"k{(p * 7 + j) % self.classes:04}" for j in range(served)})
            profile = Profile("team", 1, (), tuple((name, 1) for name in able), (), ("sms",))
            await self.queue.agent(f"a{i:05}", profile, ONE_AT_A_TIME, mask_of(("sms",)), (), True)
            await self.queue.presence(f"a{i:05}", "available")
        await self._arrivals([(-1, 1_000_000_000_000 + i) for i in range(poison)])
        await self._arrivals([(i % self.classes, self.rank + i) for i in range(servable + agents)])
        self.rank += servable + agents
        await self._listen()

    async def _arrivals(self, each: list[tuple[int, int]]) -> None:
        for start in range(0, len(each), TOGETHER):
            part = each[start : start + TOGETHER]
            await asyncio.gather(*(self.arrive(kind, rank) for kind, rank in part))

    async def arrive(self, kind: int, rank: int) -> None:
        """One contact of class `kind` (−1: one that nobody serves)."""
        skill = "nobody" if kind < 0 else f"k{kind:04}"
        need = Need("s", "sms", ((skill, 1),), (), (1,), ())
        route = Route("s", "sms", (Step(need),), 600_000, 0)
        await self.queue.arrive("", "", "", Decision(route, rank, facts=PAYLOAD))

    async def waiting_with_step(self, count: int) -> None:
        """`count` contacts that nobody serves and that have a step ahead, so that each has its timer."""
        need = Need("s", "sms", (("nobody", 1),), (), (1,), ())
        wider = Need("s", "sms", (("nobody", 1),), (), (1, 2), ())
        route = Route("s", "sms", (Step(need, 86_400_000), Step(wider)), 600_000, 0)
        someone = Profile("team", 1, (), (("nobody", 1),), (), ("sms",))
        # On shift but away: the step is alive, so everybody waits in it for its timer.
        await self.queue.agent("away", someone, ONE_AT_A_TIME, mask_of(("sms",)), (), True)
        await self.queue.presence("away", "away")
        for start in range(0, count, TOGETHER):
            part = range(start, min(count, start + TOGETHER))
            await asyncio.gather(
                *(self.queue.arrive("", "", "", Decision(route, self.rank + i, facts=PAYLOAD)) for i in part)
            )

    async def lifecycles(self, count: int) -> None:
        """`count` times: accept an offer, complete it (its agent is offered the next), and one more arrives."""
        for _ in range(count):
            contact, offer, agent = self.offers.popleft()
            await self.queue.accept(contact, offer, agent)
            await self.queue.complete(contact, agent, "{}")
            self.turn, self.rank = self.turn + 1, self.rank + 1
            await self.arrive(self.turn % self.classes, self.rank)
            await self._listen()

    async def _listen(self) -> None:
        while events := await self.queue.events(self.read, 1000):
            for event in events:
                if event.e == "offered":
                    self.offers.append((event.c, event.n, event.a))
            self.read = events[-1].id

    async def server_time(self, count: int) -> float:
        """Server microseconds of function calls for one lifecycle, over `count` of them."""
        await self.store.client.call("CONFIG", "RESETSTAT")
        await self.lifecycles(count)
        return await fcall_us(self.store) / count


async def fcall_us(store: Store) -> float:
    """Server microseconds spent in FCALL since the last RESETSTAT."""
    raw = await store.client.call("INFO", "commandstats")
    text = raw.decode() if isinstance(raw, bytes) else ""
    line = next((row for row in text.splitlines() if row.startswith("cmdstat_fcall:")), "")
    fields = dict(part.split("=") for part in line.partition(":")[2].split(",") if "=" in part)
    return float(fields.get("usec", "0"))
