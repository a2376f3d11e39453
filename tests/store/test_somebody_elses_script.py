"""Somebody else's script keeps the server busy (F27): asked again with the same id, refused honestly, and on it goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from helpers_queue import Bare, load, message, plain_route
from helpers_store import until

from tierline.queue import library
from tierline.queue.client import Client
from tierline.queue.contact import Decision
from tierline.queue.embedded import EmbeddedStore
from tierline.queue.engine import Queue
from tierline.queue.failures import ScriptError, ScriptRunning, StoreUnavailable

ENDLESS = "while true do end"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    store = await EmbeddedStore.start(tmp_path)
    yield store
    await store.stop()


@asynccontextmanager
async def somebodys_script(url: str) -> AsyncIterator[Client]:
    """The server runs a script without end and has begun to say BUSY. Gives who may kill it, and kills it."""
    stranger, killer = await Client(url, silence=60).start(), await Client(url, silence=60).start()
    await killer.call("CONFIG", "SET", "busy-reply-threshold", 20)
    script = asyncio.create_task(stranger.call("EVAL", ENDLESS, 0, deadline=60))

    async def busy() -> bool:
        try:
            await killer.call("PING")
        except ScriptRunning:
            return True
        return False

    try:
        await until(busy)
        yield killer
        if not script.done():
            await killer.call("SCRIPT", "KILL")
        with pytest.raises(ScriptError, match="killed"):
            await script
    finally:
        script.cancel()
        await stranger.close()
        await killer.close()


@pytest.mark.promise("store-refusal")
async def test_what_meets_a_busy_server_is_asked_again_and_happens_once(server: EmbeddedStore) -> None:
    client = await Client(server.url).start()
    await load(client, library.source())
    queue = Queue(Bare(client), "main", deadline=30)
    way, it = plain_route(), message(1)
    now = await queue.now()
    async with somebodys_script(server.url) as killer:
        arriving = asyncio.create_task(
            queue.arrive(it.to_json(), it.event, it.thread, Decision(way, now), op=f"{now:013d}-abcdefabcdef")
        )
        await asyncio.wait([arriving], timeout=0.2)
        assert not arriving.done(), "it neither failed nor got through"
        await killer.call("SCRIPT", "KILL")
        done = await arriving
    assert (done.outcome, done.contact, done.n) == ("new", "C1001", 1)
    kinds = [event.e for event in await queue.events() if event.e != "class"]
    assert kinds == ["arrived", "queued", "nobody"]  # nobody is on shift, and it is told once
    await client.close()


async def test_within_its_deadline_it_ends_as_an_honest_refusal_and_without_effect(
    server: EmbeddedStore,
) -> None:
    client = await Client(server.url).start()
    await load(client, library.source())
    queue = Queue(Bare(client), "main", deadline=0.3)
    it, now = message(1), await queue.now()
    async with somebodys_script(server.url):
        with pytest.raises(StoreUnavailable, match="BUSY"):
            await queue.arrive(it.to_json(), it.event, it.thread, Decision(plain_route(), now))
    again = await queue.arrive(it.to_json(), it.event, it.thread, Decision(plain_route(), now))
    assert (again.outcome, again.n) == ("new", 1)  # nothing of the first one is there
    await client.close()
