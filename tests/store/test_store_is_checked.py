"""Before it gets a contact a store is checked: new enough, keeps what it is given, the same as before, has our functions."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers_proxy import LoopbackProxy
from helpers_store import StoreServer, own_server, until

from tierline.queue.client import Client
from tierline.queue.failures import (
    Forbidden,
    FunctionMissing,
    MemoryFull,
    NotSent,
    StoreIdentityChanged,
    StoreUnsafe,
)
from tierline.queue.identity import identity_key
from tierline.queue.safety import Facts, durability, unsafe, warnings
from tierline.queue.store import Store

SAMPLE = """#!lua name=tierline_1
local function count(keys, args) return redis.call('INCRBY', keys[1], args[1]) end
redis.register_function('tierline_1_count', count)
"""
MENDED = SAMPLE.replace("args[1])", "args[1] * 10)")
GOOD = Facts("Valkey 9.1.2", (7, 2, 4), "noeviction", True, "always", 1024, True, 1, 0)


@pytest.fixture
async def store(store_server: StoreServer, site: str, tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(store_server.url, tmp_path, site, library_source=SAMPLE)
    yield store
    await store.close()


async def test_an_embedded_store_is_durable_and_runs_our_functions(tmp_path: Path) -> None:
    store = await Store.open(None, tmp_path, "acme", library_source=SAMPLE)
    assert await store.fcall("tierline_1_count", "{acme}:n", 2) == 2
    health = await store.health()
    assert (health.up, health.reason, health.durability, health.warnings) == (True, "", "always", ())
    assert health.server.startswith("Valkey") and health.log_writable and health.memory_used > 0
    await store.close()
    store = await Store.open(None, tmp_path, "acme", library_source=SAMPLE)
    assert await store.fcall("tierline_1_count", "{acme}:n", 2) == 4
    await store.empty()
    assert await store.fcall("tierline_1_count", "{acme}:n", 2) == 2
    assert (await store.health()).up
    await store.close()


async def test_the_functions_come_back_when_the_server_lost_them(
    store: Store, site: str, client: Client
) -> None:
    await client.call("FUNCTION", "FLUSH")
    calls = (store.fcall("tierline_1_count", f"{{{site}}}:n", 1) for _ in range(64))
    assert sorted(await asyncio.gather(*calls)) == list(range(1, 65))  # type: ignore[type-var]
    with pytest.raises(FunctionMissing):
        await store.fcall("tierline_1_unknown", f"{{{site}}}:n")


async def test_whoever_gives_up_a_look_at_the_store_leaves_no_connection_behind(
    store: Store, client: Client
) -> None:
    async def connections() -> str:
        told = await client.call("INFO", "stats")
        assert isinstance(told, bytes)
        return next(it for it in told.decode().splitlines() if it.startswith("total_connections_received"))

    before = await connections()
    for turns in range(60):
        look = asyncio.create_task(store.health())
        for _ in range(turns):
            await asyncio.sleep(0)
        look.cancel()
        await asyncio.wait([look])
    assert (await store.health()).up
    assert await connections() == before


async def test_eight_starts_at_once_on_a_store_agree(
    store_server: StoreServer, site: str, tmp_path: Path, client: Client
) -> None:
    await client.call("FUNCTION", "FLUSH")
    stores = await asyncio.gather(
        *(Store.open(store_server.url, tmp_path / str(n), site, library_source=SAMPLE) for n in range(8))
    )
    assert len({store.client.expect for store in stores}) == 1
    await asyncio.gather(*(store.fcall("tierline_1_count", f"{{{site}}}:n", 1) for store in stores))
    assert await client.call("GET", f"{{{site}}}:n") == b"8"
    for store in stores:
        await store.close()


async def test_a_mended_library_takes_the_place_of_the_old_one(
    store: Store, store_server: StoreServer, site: str, tmp_path: Path
) -> None:
    mended = await Store.open(store_server.url, tmp_path, site, library_source=MENDED)
    assert await store.fcall("tierline_1_count", f"{{{site}}}:n", 1) == 10
    await mended.close()


@pytest.mark.promise("store-identity")
async def test_another_or_empty_store_is_refused_at_the_start_and_named(
    store: Store, store_server: StoreServer, site: str, tmp_path: Path, client: Client
) -> None:
    again = await Store.open(store_server.url, tmp_path, site, library_source=SAMPLE)
    await again.close()
    await client.call("DEL", identity_key(site))
    with pytest.raises(StoreIdentityChanged, match="is empty"):
        await Store.open(store_server.url, tmp_path, site, library_source=SAMPLE)
    await client.call("SET", identity_key(site), "somebody else")
    with pytest.raises(StoreIdentityChanged, match=r"another one.*store-identity\.json"):
        await Store.open(store_server.url, tmp_path, site, library_source=SAMPLE)


@pytest.mark.promise("store-identity")
async def test_a_store_emptied_while_we_run_gets_no_more_contacts(
    store: Store, site: str, client: Client
) -> None:
    name = await client.call("GET", identity_key(site))
    await client.call("DEL", identity_key(site))
    assert not (await store.health()).up
    await until(lambda: isinstance(store.client.why_down, StoreIdentityChanged))
    with pytest.raises(StoreIdentityChanged):
        await store.fcall("tierline_1_count", f"{{{site}}}:n", 1)
    assert isinstance(name, bytes)
    await client.call("SET", identity_key(site), name)  # its data was brought back
    await store.client.wait_up(10)
    assert (await store.health()).up


async def test_an_embedded_store_whose_folder_was_deleted_is_not_begun_anew(tmp_path: Path) -> None:
    store = await Store.open(None, tmp_path, "acme", library_source=SAMPLE)
    await store.close()
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(StoreIdentityChanged):
        await Store.open(None, tmp_path, "acme", library_source=SAMPLE)


async def test_a_store_that_evicts_is_refused_at_the_start_and_seen_later(tmp_path: Path) -> None:
    async with own_server(tmp_path / "v", "--maxmemory-policy", "allkeys-lru") as url:
        with pytest.raises(StoreUnsafe, match="noeviction"):
            await Store.open(url, tmp_path, "acme", library_source=SAMPLE)
        admin = await Client(url).start()
        await admin.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
        store = await Store.open(url, tmp_path, "acme", library_source=SAMPLE)
        assert store.durability == "none" and any("appendonly" in said for said in store.warnings)
        await admin.call("CONFIG", "SET", "maxmemory-policy", "volatile-ttl", "appendonly", "yes")
        health = await store.health()
        assert "volatile-ttl" in health.reason and health.durability == "everysec"
        await admin.close()
        await store.close()


async def test_a_full_memory_refuses_writes_whole_and_still_reads(tmp_path: Path) -> None:
    async with own_server(tmp_path / "v") as url:
        store = await Store.open(url, tmp_path, "acme", library_source=SAMPLE)
        await store.fcall("tierline_1_count", "{acme}:n", 1)
        await store.client.call("CONFIG", "SET", "maxmemory", 1)
        with pytest.raises(MemoryFull):
            await store.fcall("tierline_1_count", "{acme}:n", 1)
        assert await store.client.call("GET", "{acme}:n") == b"1"
        await store.client.call("CONFIG", "SET", "maxmemory", 0)
        assert await store.fcall("tierline_1_count", "{acme}:n", 1) == 2
        await store.close()


async def test_a_server_that_hides_its_settings_is_used_and_said_to_be_of_unknown_durability(
    store_server: StoreServer, site: str, tmp_path: Path, client: Client
) -> None:
    rights = ("on", ">word", "~*", "+@all", "-config", "-flushall", "-keys", "-debug")
    await client.call("ACL", "SETUSER", "hosted", *rights)
    proxy = await LoopbackProxy.start(store_server.socket)
    url = f"redis://hosted:word@{proxy.host}:{proxy.port}"
    store = await Store.open(url, tmp_path, site, library_source=SAMPLE)
    assert store.durability == "unknown" and any("CONFIG GET" in said for said in store.warnings)
    assert await store.fcall("tierline_1_count", f"{{{site}}}:n", 1) == 1
    with pytest.raises(Forbidden):
        await store.client.call("FLUSHALL")
    await proxy.refuse()
    health = await store.health()
    assert not health.up and health.reason and "word" not in health.reason
    with pytest.raises(NotSent):
        await store.fcall("tierline_1_count", f"{{{site}}}:n", 1)
    await store.close()
    await proxy.close()
    await client.call("ACL", "DELUSER", "hosted")


async def test_the_oldest_server_we_promise_is_enough(tmp_path: Path) -> None:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server (Debian's redis-server package) on this machine")
    async with own_server(
        tmp_path / "r", "--appendonly", "yes", "--appendfsync", "always", binary=binary
    ) as url:
        store = await Store.open(url, tmp_path, "acme", library_source=SAMPLE)
        assert await store.fcall("tierline_1_count", "{acme}:n", 3) == 3
        assert store.durability == "always" and any("listpack" in said for said in store.warnings)
        await store.client.call("FUNCTION", "FLUSH")
        assert await store.fcall("tierline_1_count", "{acme}:n", 3) == 6
        reader = await store.reader()
        await store.client.call("XADD", "{acme}:s", "*", "a", "b")
        assert await reader.call("XREAD", "BLOCK", 5000, "STREAMS", "{acme}:s", "0", deadline=10)
        await store.close()


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (replace(GOOD, server="Redis 6.2.14", version=(6, 2, 14)), "7.0"),
        (replace(GOOD, policy="allkeys-lru"), "noeviction"),
        (replace(GOOD, policy="volatile-lru"), "noeviction"),
    ],
)
def test_an_unsafe_server_is_refused_with_the_remedy(facts: Facts, why: str) -> None:
    assert why in (unsafe(facts) or "")


def test_a_good_server_raises_no_eyebrow() -> None:
    assert unsafe(GOOD) is None and warnings(GOOD) == () and durability(GOOD) == "always"


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (replace(GOOD, fsync="everysec"), "everysec"),
        (replace(GOOD, fsync="no"), "none"),
        (replace(GOOD, log_on=False), "none"),
        (replace(GOOD, log_on=None, fsync=None), "unknown"),
    ],
)
def test_less_than_always_is_called_what_it_is(facts: Facts, level: str) -> None:
    assert durability(facts) == level and len(warnings(facts)) == 1
