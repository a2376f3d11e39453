"""The log is rewritten while contacts arrive (F26): no error, nothing lost, and a start from the new log finds all."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from helpers_queue import Bare, load, message, plain_route
from helpers_store import until

from tierline.queue import library
from tierline.queue.client import Client
from tierline.queue.contact import Decision
from tierline.queue.embedded import EmbeddedStore
from tierline.queue.engine import Queue

WAITING, WRITERS = 2_000, 8
LONG = os.environ.get("TIERLINE_LONG") == "1"
SIZE = 1 << 30 if LONG else 0
"""Bytes that the store holds beside the contacts; a rewrite forks and writes them all."""
ROUNDS = 1 if LONG else 3
VALUE, AT_ONCE = 800, 1_000
BUDGET = 3.0
"""Seconds after which a call is given up: nobody may come near it, whatever the store's size."""


async def fill(client: Client, size: int) -> None:
    """Values as long as a contact's record, `size` bytes of them."""
    for first in range(0, size // VALUE, AT_ONCE):
        words = [
            word for n in range(first, first + AT_ONCE) for word in (f"{{main}}:filler:{n}", "x" * VALUE)
        ]
        await client.call("MSET", *words, deadline=30)


async def arrive(queue: Queue, first: int, count: int) -> list[float]:
    """`count` contacts one after another; the seconds that each acknowledgement took."""
    took = []
    for n in range(first, first + count):
        it, started = message(n), time.perf_counter()
        done = await queue.arrive(it.to_json(), it.event, it.thread, Decision(plain_route(), n))
        took.append(time.perf_counter() - started)
        assert done.outcome == "new"
    return took


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]


async def persistence(client: Client) -> dict[str, str]:
    raw = await client.call("INFO", "persistence")
    assert isinstance(raw, bytes)
    return dict(line.split(":", 1) for line in raw.decode().split("\r\n") if ":" in line)


async def quiet(client: Client) -> bool:
    """Whether no log is being rewritten."""
    now = await persistence(client)
    return now["aof_rewrite_in_progress"] == "0" and now["aof_rewrite_scheduled"] == "0"


@pytest.mark.timeout(600)
async def test_a_rewrite_of_the_log_disturbs_nobody_and_loses_nothing(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path)
    client = await Client(store.url).start()
    await load(client, library.source())
    queue = Queue(Bare(client), "main")
    await fill(client, SIZE)
    await until(lambda: quiet(client), 120)
    before = [
        seconds
        for each in await asyncio.gather(
            *(arrive(queue, w * 1_000_000, WAITING // WRITERS) for w in range(WRITERS))
        )
        for seconds in each
    ]
    more, rounds = True, 0
    took: list[float] = []

    async def load_on(writer: int) -> int:
        done = 0
        while more:
            took.extend(await arrive(queue, writer * 1_000_000 + 500_000 + done, 10))
            done += 10
        return done

    writers = [asyncio.create_task(load_on(w)) for w in range(WRITERS)]

    while rounds < ROUNDS:
        await until(lambda: quiet(client), 120)  # it begins one by itself where much was written
        await client.call("BGREWRITEAOF")
        await until(lambda: quiet(client), 120)
        rounds += 1
    more = False
    arrived = WAITING + sum(await asyncio.gather(*writers))
    print(
        f"{SIZE >> 20} MB: p99 {p99(before) * 1000:.0f} ms before, {p99(took) * 1000:.0f} ms meanwhile ({len(took)})"
    )
    assert max(took) < BUDGET
    now = await persistence(client)
    assert (now["aof_last_bgrewrite_status"], now["aof_last_write_status"]) == ("ok", "ok")
    assert arrived > WAITING
    assert (await queue.counts())["waiting"] == arrived
    await client.close()
    await store.stop()
    assert len(list((tmp_path / "appendonlydir").glob("*.base.*"))) == 1  # the rewritten one
    store = await EmbeddedStore.start(tmp_path)
    client = await Client(store.url).start()
    await load(client, library.source())
    assert (await Queue(Bare(client), "main").counts())["waiting"] == arrived
    await client.close()
    await store.stop()
