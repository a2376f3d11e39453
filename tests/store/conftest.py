"""A real server for every test here, and a check that no test leaves a key behind.

One embedded server serves the whole session (`store_server`); `site` gives each test keys of its own. What only
a server of one's own can show (kills, full disks) starts one in `tmp_path`.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from helpers_store import StoreServer, all_keys

from tierline.queue.client import Client
from tierline.queue.embedded import EmbeddedStore

_SITES = itertools.count(1)


async def _serve(data_dir: Path, ready: Callable[[StoreServer], None], stop: asyncio.Event) -> None:
    store = await EmbeddedStore.start(data_dir)
    ready(StoreServer(store.url, store._socket))
    await stop.wait()
    await store.stop()


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreServer]:
    """An embedded server, shared by the session; it lives in a thread with a loop of its own."""
    data_dir = tmp_path_factory.mktemp("store")
    loop, stop, found = asyncio.new_event_loop(), asyncio.Event(), []
    up = threading.Event()

    def ready(server: StoreServer) -> None:
        found.append(server)
        up.set()

    def run() -> None:
        try:
            loop.run_until_complete(_serve(data_dir, ready, stop))
        finally:
            up.set()
            loop.close()

    thread = threading.Thread(target=run, name="store server")
    thread.start()
    up.wait(30)
    assert found, "the embedded server didn't start"
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)


@pytest.fixture
async def client(store_server: StoreServer) -> AsyncIterator[Client]:
    """A connected client of the session's server."""
    client = await Client(store_server.url).start()
    yield client
    await client.close()


@pytest.fixture
async def site(client: Client) -> AsyncIterator[str]:
    """A site's name that nobody else has. Fails the test that wrote a key outside `{site}:`, then cleans up."""
    name = f"t{next(_SITES)}"
    before = await all_keys(client)
    yield name
    mine = await all_keys(client, f"{{{name}}}:*")
    strays = await all_keys(client) - before - mine
    keys = sorted(mine | strays)
    for i in range(0, len(keys), 500):
        await client.call("UNLINK", *keys[i : i + 500])
    assert not strays, f"keys outside {{{name}}}: were left behind: {sorted(strays)[:10]}"
    assert not await all_keys(client, f"{{{name}}}:*")
