"""5,000 agents at one moment (a shift begins, Slack is back): whoever may be asked is, and no script does it all at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable

import pytest
from helpers_queue import CHATTY, START, make_queue, plain_route, run_due, text_in

from tierline.queue.checks import violations
from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.skills.skill import Capacity

HERD, MANY, CALLS = 5_000, 1_500, 200
BOUND = 64
"""Events that one transition may tell here, amply: sixteen due entries, each with an offer."""


async def abreast(calls: Iterable[Awaitable[object]]) -> None:
    """Carry them out, some at once, as many processes would."""
    room = asyncio.Semaphore(CALLS)

    async def one(call: Awaitable[object]) -> None:
        async with room:
            await call

    await asyncio.gather(*map(one, calls))


async def hired(queue: Queue, count: int) -> list[str]:
    """As many agents, on shift, nobody there yet."""
    names = [f"a{n}" for n in range(count)]
    await abreast(queue.agent(name, CHATTY, Capacity(), 15, (), True, now=START) for name in names)
    return names


async def come(queue: Queue, names: Iterable[str], now: int) -> None:
    await abreast(queue.presence(name, "available", now=now) for name in names)


async def bounded(queue: Queue) -> Counter[str]:
    """What happened since the beginning, by kind; and that no single transition told of more than a few."""
    kinds, sizes, after = Counter[str](), Counter[str](), "0-0"
    while events := await queue.events(after, 1_000):
        kinds.update(it.e for it in events)
        sizes.update(it.id for it in events)
        after = events[-1].id
    assert max(sizes.values()) <= BOUND
    return kinds


@pytest.mark.promise("queue-bounded")
async def test_as_many_as_wait_are_asked_while_more_write(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    names = await hired(queue, HERD)
    waiting, writing = 1_500, 500
    await abreast(text_in(queue, n, plain_route(), START + n) for n in range(waiting))
    now = START + 60_000
    more = (text_in(queue, waiting + n, plain_route(), now) for n in range(writing))
    await asyncio.gather(come(queue, names, now), abreast(more))
    await run_due(queue, now)
    agents = (await queue.agents()).values()
    assert len(agents) == HERD and {it.presence for it in agents} == {"available"}
    assert await queue.counts() == {"offered": waiting + writing}
    assert Counter(it.offers for it in agents) == {1: waiting + writing, 0: HERD - waiting - writing}
    assert violations(await queue.snapshot(), now) == []
    assert (await bounded(queue))["offered"] == waiting + writing


@pytest.mark.promise("queue-bounded")
async def test_who_waited_longest_is_asked_where_more_wait_than_come(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    names = await hired(queue, MANY)
    all_of_them = MANY + 500
    await abreast(text_in(queue, n, plain_route(), START, rank=START + n) for n in range(all_of_them))
    now = START + 60_000
    await come(queue, names, now)
    await run_due(queue, now)
    contacts = await queue.contacts(limit=all_of_them)
    in_line = [it.id for it in sorted(contacts, key=lambda it: it.rank)]
    assert sorted(it.id for it in contacts if it.offers) == sorted(in_line[:MANY])
    assert {it.offers for it in (await queue.agents()).values()} == {1}
    await bounded(queue)


@pytest.mark.promise("queue-bounded")
async def test_when_the_desk_is_back_all_are_asked_piece_by_piece(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    await queue.desk(False, now=START)
    names = await hired(queue, MANY)
    await come(queue, names, START)
    all_of_them = MANY + 500
    await abreast(text_in(queue, n, plain_route(), START, rank=START + n) for n in range(all_of_them))
    now = START + 60_000
    await queue.desk(True, now=now)
    first = sum(it.offers for it in (await queue.agents()).values())
    assert first < MANY, "all at once is what must not happen"
    await run_due(queue, now)
    assert {it.offers for it in (await queue.agents()).values()} == {1}
    assert await queue.counts() == {"offered": MANY, "waiting": all_of_them - MANY}
    await bounded(queue)
