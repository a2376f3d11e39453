"""A queue on the tests' server: the library under a name of its own, bounds lowered where a test asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tierline.queue import library
from tierline.queue.client import Client, Reply, Word
from tierline.queue.contact import Arrived, Decision, Route, Step
from tierline.queue.engine import Queue
from tierline.skills.skill import Capacity, Channel, Need, Profile

START = 1_750_000_000_000
CHATTY = Profile("inhouse", 1, (), (("network", 3),), (("en", 5),))


@dataclass
class Bare:
    """As much of a store as a queue needs."""

    client: Client

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        return await self.client.fcall(name, key, *args, deadline=deadline)

    async def reader(self) -> Client:
        return await self.client.reader()


def mended(name: str, **bounds: int) -> str:
    """The library's text under another name, with some of its `BOUND_…` lines changed."""
    source = library.source().replace(library.NAME, name)
    for bound, value in bounds.items():
        source, found = re.subn(rf"(?m)^local {bound} = \d+", f"local {bound} = {value}", source)
        assert found == 1, bound
    return source


async def load(client: Client, source: str) -> None:
    await client.call("FUNCTION", "LOAD", "REPLACE", source)


async def make_queue(client: Client, site: str, name: str = library.NAME, **bounds: int) -> Queue:
    await load(client, mended(name, **bounds))
    return Queue(Bare(client), site, name=name)


def need(
    channel: Channel = "sms", tiers: tuple[int, ...] = (1,), service: str = "howto", **skills: int
) -> Need:
    return Need(service, channel, tuple(sorted(skills.items())), (), tiers)


def route(*steps: Step, offer: int = 20_000, wrap_up: int = 0) -> Route:
    first = steps[0].need
    return Route(first.service, first.channel, steps, offer, wrap_up)


def plain_route(channel: Channel = "sms", **kwargs: int) -> Route:
    return route(Step(need(channel)), **kwargs)


def message(n: int, channel: Channel = "sms") -> Arrived:
    return Arrived(channel, f"SM{n}", f"+49170{n:07d}", "+4930", f"text {n}")


async def text_in(queue: Queue, n: int, way: Route, now: int = START, rank: int | None = None) -> str:
    """One customer's message; the contact's id."""
    it = message(n, way.channel)
    decision = Decision(way, now if rank is None else rank)
    return (await queue.arrive(it.to_json(), it.event, it.thread, decision, now=now)).contact


async def on_duty(
    queue: Queue, *names: str, profile: Profile = CHATTY, capacity: Capacity | None = None, now: int = START
) -> None:
    for name in names:
        await queue.agent(name, profile, capacity or Capacity(), 15, (), True, now=now)
        await queue.presence(name, "available", now=now)


async def run_due(queue: Queue, now: int) -> int:
    """Tick until nothing is due; how many fired."""
    fired = 0
    while True:
        ticked = await queue.tick(now=now)
        fired += ticked.fired
        if not ticked.more:
            return fired
