"""The store is emptied, full, unsafe, locked or frozen under a running product: 503, told once, and well again (F21-F32)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from helpers_app import JONAS, Inside, inside
from redis.asyncio import Redis

from tierline.queue.client import Client
from tierline.queue.failures import ScriptError


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        assert await it.text("before") == 200
        yield it


@pytest.fixture
async def admin(running: Inside) -> AsyncIterator[Redis]:
    """An operator on the server, with a name and rights of their own."""
    assert running.app.store.embedded is not None
    path = running.app.store.embedded._socket
    async with Redis(unix_socket_path=path) as first:
        await first.execute_command("ACL", "SETUSER", "operator", "on", ">operators-own", "~*", "&*", "+@all")
    async with Redis(unix_socket_path=path, username="operator", password="operators-own") as it:
        yield it


async def _ready(it: Inside) -> bool:
    async with it.http.get(f"{it.product}/readyz") as answer:
        return answer.status == 200


async def _unready(it: Inside) -> bool:
    return not await _ready(it)


async def _refuses(it: Inside, text: str = "meanwhile") -> bool:
    return await it.text(text, JONAS) == 503


async def _told_once(it: Inside, begun: str) -> None:
    await it.until(lambda: it.told("answers again"))
    assert len(await it.told(begun)) == 1 and len(await it.told("answers again")) == 1


async def _goes_on(it: Inside) -> None:
    await it.until(lambda: _ready(it))
    assert await it.text("after", JONAS) == 200
    await it.accept("Ada", "before")
    await it.accept("Ada", "after")


@pytest.mark.promise("store-refusal")
async def test_an_emptied_store_takes_nothing_more_and_is_named(running: Inside, admin: Redis) -> None:
    await admin.execute_command("FLUSHALL")
    await running.until(lambda: _refuses(running))
    await running.until(lambda: running.told("emptied or replaced"))
    assert await _unready(running)
    assert len(await running.told("store is in trouble")) == 1
    await running.until(lambda: _refuses(running))


@pytest.mark.promise("store-unsafe")
async def test_a_store_that_begins_to_evict_is_seen_and_told(running: Inside, admin: Redis) -> None:
    await admin.execute_command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    await running.until(lambda: running.told("store is not safe"))
    assert await _unready(running)
    await admin.execute_command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    await _told_once(running, "store is not safe")
    await _goes_on(running)


@pytest.mark.promise("store-refusal")
async def test_a_full_store_refuses_texts_still_shows_what_it_has_and_recovers(
    running: Inside, admin: Redis
) -> None:
    await admin.execute_command("CONFIG", "SET", "maxmemory", "1")
    await running.until(lambda: _refuses(running))
    assert (await running.contact())["transcript"][0]["text"] == "before"
    await running.until(lambda: running.told("store is full"))
    assert await _unready(running)
    await admin.execute_command("CONFIG", "SET", "maxmemory", "0")
    await _told_once(running, "store is full")
    await _goes_on(running)


@pytest.mark.promise("store-refusal")
@pytest.mark.parametrize(
    ("turns", "back", "why"),
    [
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "NOREPLICAS"),
        ("CONFIG SET save 3600,1", "CONFIG SET save ,", "MISCONF"),
    ],
)
async def test_a_server_that_answers_and_takes_no_changes_is_seen_and_told(
    running: Inside, admin: Redis, turns: str, back: str, why: str
) -> None:
    """A replica, a primary that misses its own, one whose snapshots fail: `/readyz` said that all was well."""
    dump = Path(str((await admin.config_get("dir"))["dir"])) / "dump.rdb"
    dump.mkdir()
    await admin.execute_command(*(it.replace(",", " ").strip() for it in turns.split()))
    if why == "MISCONF":
        await admin.execute_command("BGSAVE")
    await running.until(lambda: _refuses(running))
    await running.until(lambda: running.told(why))
    assert await _unready(running)
    dump.rmdir()
    await admin.execute_command(*(it.replace(",", " ").strip() for it in back.split()))
    await _told_once(running, why)
    await _goes_on(running)


@pytest.mark.promise("store-restart")
@pytest.mark.parametrize("flush", ["FUNCTION", "SCRIPT"])
async def test_functions_that_an_operator_flushed_come_back_by_themselves(
    running: Inside, admin: Redis, flush: str
) -> None:
    await admin.execute_command(flush, "FLUSH")
    assert await running.text("meanwhile", JONAS) == 200
    await running.accept("Ada", "before")
    await running.accept("Ada", "meanwhile")
    assert not await running.told("trouble")


@pytest.mark.promise("store-refusal")
async def test_rights_taken_away_live_are_said_and_given_back_are_used(running: Inside, admin: Redis) -> None:
    await admin.execute_command("ACL", "SETUSER", "default", "-@all")
    await running.until(lambda: _refuses(running))
    await running.until(lambda: running.told("store is in trouble"))
    assert await _unready(running)
    await admin.execute_command("ACL", "SETUSER", "default", "+@all")
    await _told_once(running, "store is in trouble")
    await _goes_on(running)


@pytest.mark.promise("store-refusal")
async def test_a_password_changed_live_is_said_without_repeating_it(running: Inside, admin: Redis) -> None:
    await admin.execute_command("ACL", "SETUSER", "default", "resetpass", ">canary-password")
    await admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await running.until(lambda: _refuses(running))
    told = await running.until(lambda: running.told("store is in trouble"))
    assert "canary" not in str(told)
    await admin.execute_command("ACL", "SETUSER", "default", "nopass")
    await _told_once(running, "store is in trouble")
    await _goes_on(running)


@pytest.mark.promise("store-refusal")
async def test_a_server_that_stands_still_is_not_waited_for(running: Inside) -> None:
    assert running.app.store.embedded is not None
    pid = running.app.store.embedded._process.pid  # type: ignore[union-attr]
    os.kill(pid, signal.SIGSTOP)
    try:
        texts = await asyncio.gather(*(running.text(f"meanwhile {n}", JONAS) for n in range(5)))
        assert texts == [503] * 5
        await running.until(lambda: running.told("store is in trouble"))
        assert await _unready(running)
    finally:
        os.kill(pid, signal.SIGCONT)
    await _told_once(running, "store is in trouble")
    await _goes_on(running)


@pytest.mark.promise("store-refusal")
async def test_somebodys_endless_script_is_not_waited_for(running: Inside, admin: Redis) -> None:
    await admin.config_set("busy-reply-threshold", 100)
    assert running.app.store.embedded is not None
    path = running.app.store.embedded._socket
    stranger = await Client(
        f"unix://operator:operators-own@{path}", silence=90
    ).start()  # redis-py would ask again
    script = asyncio.create_task(stranger.call("EVAL", "while true do end", 0, deadline=90))
    await running.until(lambda: _refuses(running))
    told = await running.until(lambda: running.told("store is in trouble"))
    assert await _unready(running)
    await admin.script_kill()
    with pytest.raises(ScriptError, match="killed"):
        await script
    await stranger.close()
    await _told_once(running, "store is in trouble")
    assert told
    await _goes_on(running)
