"""Calls and texts that cost money are counted by all processes together, each once."""

from __future__ import annotations

import asyncio

import pytest
from helpers_queue import START, make_queue

from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.replies import Counts

MOST = Counts(10, 100, 1_000, 5_000)
EVA = "+4915112345678"


@pytest.mark.promise("safety-counted")
async def test_many_processes_together_keep_to_the_limits(client: Client, site: str) -> None:
    processes = [await make_queue(client, site) for _ in range(4)]
    asked = [processes[n % 4].spend(f"T{n}", EVA, MOST, now=START) for n in range(40)]
    found = await asyncio.gather(*asked)
    assert found.count(None) == 10 and found.count(Counts(10, 10, 10, 10)) == 30


@pytest.mark.promise("safety-counted")
async def test_one_text_is_counted_once_whoever_tries_it_again(client: Client, site: str) -> None:
    first, second = await make_queue(client, site), await make_queue(client, site)
    tries = [queue.spend("text C1001.2@1", EVA, MOST, now=START) for queue in (first, second) * 20]
    assert set(await asyncio.gather(*tries)) == {None}
    left = [await second.spend(f"T{n}", EVA, MOST, now=START + n) for n in range(10)]
    assert left == [None] * 9 + [Counts(10, 10, 10, 10)]


async def test_a_day_later_nothing_of_it_is_left(client: Client, site: str) -> None:
    queue: Queue = await make_queue(client, site)
    for n in range(250):
        await queue.spend(f"T{n}", f"+4930{n % 50}", MOST, now=START)
    later = START + 86_400_000
    for n in range(3):
        assert await queue.spend(f"again{n}", EVA, MOST, now=later) is None
    assert await client.call("ZCARD", queue.key("out")) == 3
