"""Tierline's queue as it is: ten agents, each offer accepted and completed; ranks, skills, capacity and ledger on."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from ...queue.contact import Decision, Route, Step
from ...queue.engine import Queue
from ...queue.state import mask_of
from ...queue.store import Store
from ...skills.skill import Capacity, Need, Profile
from .job import PAYLOAD, WORKERS, Taken

ALONE = Capacity(100, (("chat", 100), ("email", 100), ("sms", 100), ("voice", 100)))
NEED = Need("help", "sms", (("linux", 1),), (), (1,), ())


class Tierline:
    """A `Peer`."""

    async def open(self, url: str, taken: Taken) -> None:
        self.store = await Store.open(
            url, Path(tempfile.mkdtemp(prefix="tierline-bench-")), "peers", insecure=True
        )
        self.queue, self.taken = Queue(self.store, "peers"), taken
        self.route = Route("help", "sms", (Step(NEED),), 600_000, 0)
        self.rank = 1_800_000_000_000
        self.hands: set[asyncio.Future[None]] = set()
        profile = Profile("team", 1, (), (("linux", 3),), (), ("sms",))
        for i in range(WORKERS):
            await self.queue.agent(f"a{i}", profile, ALONE, mask_of(("sms",)), (), True)
        await self.queue.intern_route(self.route)

    async def push(self, job: str) -> None:
        self.rank += 1
        facts = json.dumps({"job": job, "payload": PAYLOAD})
        await self.queue.arrive("", job, "", Decision(self.route, self.rank, facts=facts))

    async def work(self) -> None:
        reader = await self.store.reader()
        head: Any = await self.store.client.call("XREVRANGE", "{peers}:ledger", "+", "-", "COUNT", 1)
        after = head[0][0].decode() if head else "0-0"
        for i in range(WORKERS):
            await self.queue.presence(f"a{i}", "available")
        while True:
            for event in await self.queue.events(after, 1_000, 5_000, reader=reader):
                after = event.id
                if event.e == "offered":
                    self._spawn(self._agent(event.c, event.n, event.a))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self.hands.add(task)
        task.add_done_callback(self.hands.discard)

    async def _agent(self, contact: str, offer: int, agent: str) -> None:
        await self.queue.accept(contact, offer, agent)
        found = await self.queue.contact(contact)
        self.taken(json.loads(found.facts)["job"] if found else contact)
        await self.queue.complete(contact, agent)
