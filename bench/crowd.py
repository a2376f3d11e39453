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
from . import bulk

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
AT_ONCE = 50


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
        for start in range(0, agents, AT_ONCE):
            part = range(start, min(agents, start + AT_ONCE))
            if start < PROFILES:  # profiles are numbered one after the other
                for i in part:
                    await self.agent(i, agents)
            else:
                await asyncio.gather(*(self.agent(i, agents) for i in part))
        routes = {kind: self.route(kind) for kind in range(-1, self.classes)}
        early = ((routes[-1], 1_000_000_000_000 + i) for i in range(poison))
        late = ((routes[i % self.classes], self.rank + i) for i in range(servable + agents))
        await bulk.arrive(self.queue, self.store, early, PAYLOAD)
        await bulk.arrive(self.queue, self.store, late, PAYLOAD)
        self.rank += servable + agents
        await self.settle()
        await self.listen()

    async def settle(self) -> None:
        """Tick until nothing is due: while some who came on duty have yet to be filled, newcomers wait for that."""
        while (ticked := await self.queue.tick()).fired or ticked.more:
            pass

    async def agent(self, i: int, agents: int) -> None:
        """The `i`th of `agents`, on duty."""
        p = i % min(PROFILES, agents)
        served = min(SERVED, self.classes)
        first = p * self.classes // min(PROFILES, agents)  # so that somebody serves every class
        able = sorted({f"k{(first + j) % self.classes:04}" for j in range(served)})
        profile = Profile("team", 1, (), tuple((name, 1) for name in able), (), ("sms",))
        await self.queue.agent(f"a{i:05}", profile, ONE_AT_A_TIME, mask_of(("sms",)), (), True)
        await self.queue.presence(f"a{i:05}", "available")

    @staticmethod
    def route(kind: int) -> Route:
        """The way of a contact of class `kind` (−1: one that nobody serves)."""
        skill = "nobody" if kind < 0 else f"k{kind:04}"
        need = Need("s", "sms", ((skill, 1),), (), (1,), ())
        return Route("s", "sms", (Step(need),), 600_000, 0)

    async def arrive(self, kind: int, rank: int) -> None:
        """One contact of class `kind`."""
        await self.queue.arrive("", "", "", Decision(self.route(kind), rank, facts=PAYLOAD))

    async def waiting_with_step(self, count: int, until: int = 86_400_000) -> None:
        """`count` contacts that nobody serves and that have a step ahead after `until` ms, so that each has its timer."""
        need = Need("s", "sms", (("nobody", 1),), (), (1,), ())
        wider = Need("s", "sms", (("nobody", 1),), (), (1, 2), ())
        route = Route("s", "sms", (Step(need, until), Step(wider)), 600_000, 0)
        someone = Profile("team", 1, (), (("nobody", 1),), (), ("sms",))
        # On shift but away: the step is alive, so everybody waits in it for its timer.
        await self.queue.agent("away", someone, ONE_AT_A_TIME, mask_of(("sms",)), (), True)
        await self.queue.presence("away", "away")
        each = ((route, self.rank + i) for i in range(count))
        await bulk.arrive(self.queue, self.store, each, PAYLOAD)

    async def lifecycles(self, count: int) -> None:
        """`count` times: accept an offer, complete it (its agent is offered the next), and one more arrives."""
        for _ in range(count):
            contact, offer, agent = self.offers.popleft()
            await self.queue.accept(contact, offer, agent)
            await self.queue.complete(contact, agent, "{}")
            self.turn, self.rank = self.turn + 1, self.rank + 1
            await self.arrive(self.turn % self.classes, self.rank)
            await self.listen()

    async def listen(self, once: bool = False) -> None:
        """Read the ledger on (`once`: what there is in one look); new offers stand at the end."""
        while events := await self.queue.events(self.read, 1000):
            for event in events:
                if event.e == "offered":
                    self.offers.append((event.c, event.n, event.a))
            self.read = events[-1].id
            if once:
                return

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
