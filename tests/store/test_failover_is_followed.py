"""Behind Sentinels: a primary that dies, is cut off or comes back as a replica takes nothing acknowledged with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from helpers_proxy import LoopbackProxy
from helpers_replicas import Flow, Server, Told, Watched, watched
from helpers_store import until

from tierline.queue.engine import Queue
from tierline.queue.failures import NotReplicated, NotSent, OutcomeUnknown, StoreUnavailable
from tierline.queue.store import Store

LONG = bool(os.environ.get("TIERLINE_LONG"))
KILLS = int(os.environ.get("TIERLINE_KILLS", "60")) if LONG else 2


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(tmp_path / "servers") as it:
        yield it


@pytest.mark.promise("failover-loses-nothing")
@pytest.mark.timeout(KILLS * 40 + 60)
async def test_primaries_that_die_under_load_take_nothing_acknowledged_with_them(
    servers: Watched, tmp_path: Path
) -> None:
    """Each in turn is killed amid arrivals and comes back as a replica (F35, F38)."""
    store = await Store.open(servers.url(), tmp_path / "data", "main")
    queue = Queue(store, "main")
    try:
        async with Told(queue).running() as told:
            async with Flow(queue).running() as flow:
                for _ in range(KILLS):
                    await flow.more(20)
                    await until(lambda: store.client.replicas == 2)
                    first = await servers.primary()
                    assert first is not None
                    await _killed_while_behind(first, servers)
                    await flow.more()
                    now = await servers.primary()
                    assert now is not None and now is not first
                    await first.back(now)
                    await until(servers.whole, 60)
            await told.all()
        assert await flow.lost() == [] and store.witness.missing == 0
        assert await told.undone() == []
        assert len(set(flow.acked.values())) == len(flow.acked)
        print(f"{KILLS} kills, {len(flow.acked)} acknowledged, 0 lost, {len(flow.refused)} refused,")
        print(f"longest {flow.longest:.1f} s without an acknowledgement")
    finally:
        await store.close()


@pytest.mark.promise("cut-off-primary-tells-nothing")
async def test_a_primary_cut_off_with_us_acknowledges_nothing_and_nothing_told_is_undone(
    servers: Watched, tmp_path: Path
) -> None:
    """We reach it and one Sentinel; its replicas and the majority are on the other side and elect another (F36, F42)."""
    ways = [await LoopbackProxy.start(("127.0.0.1", it.port)) for it in servers.sentinels]
    store = await Store.open(servers.url(ports=[it.port for it in ways]), tmp_path / "data", "main")
    queue = Queue(store, "main")
    try:
        async with Told(queue).running() as told:
            async with Flow(queue).running() as flow:
                await flow.more(20)
                old = await servers.primary()
                assert old is not None
                for way in ways[:2]:
                    await way.refuse()
                await old.cut_off()
                before = len(flow.acked)
                await until(lambda: _another_than(servers, old), 30)
                assert (await old.info("replication"))["role"] == "master"  # two primaries at once
                await until(lambda: len(flow.refused) > 2, 30)
                assert len(flow.acked) - before <= flow.lanes  # those that were confirmed as it happened
                assert not await _can_be_told(store)
                for way in ways[:2]:
                    await way.open()
                await flow.more(20)
            await told.all()
        assert store.client.node.port != old.port
        assert await flow.lost() == [] and store.witness.missing == 0
        assert await told.undone() == []
    finally:
        await store.close()
        await asyncio.gather(*(way.close() for way in ways))


async def _killed_while_behind(first: Server, servers: Watched) -> None:
    """It has written what no replica has heard of when it dies."""
    others = [it for it in servers.nodes if it is not first]

    async def written() -> int:
        return int((await first.info("replication"))["master_repl_offset"])

    for it in others:
        it.freeze()
    before = await written()

    async def more() -> bool:
        return await written() > before

    await until(more)
    await first.kill()
    for it in others:
        it.thaw()


async def _another_than(servers: Watched, old: Server) -> bool:
    it = await servers.primary()
    return it is not None and it is not old


async def _can_be_told(store: Store) -> bool:
    try:
        return await store.client.all_replicated("{main}:told")
    except StoreUnavailable:
        return False


@pytest.mark.promise("replicas-must-confirm")
async def test_what_too_few_replicas_confirm_is_neither_acknowledged_nor_told(
    servers: Watched, tmp_path: Path
) -> None:
    """Frozen replicas say nothing for long (F37)."""
    store = await Store.open(servers.url(), tmp_path / "data", "main")
    queue = Queue(store, "main", deadline=2.0)
    try:
        first = await servers.primary()
        replicas = [it for it in servers.nodes if it is not first]
        replicas[0].freeze()
        assert await queue.alert("one is enough", True)
        replicas[1].freeze()
        mark = await queue.last_event()
        op = await queue._new_op(None)
        with pytest.raises(NotReplicated, match="only 0 of 1 replicas"):
            await store.client.call("SET", "{main}:told", 1, sure=True)
        with pytest.raises(OutcomeUnknown):
            await queue.alert("nobody has this", True, op=op)
        assert await queue.last_event() != mark  # it is there, on one server
        assert await queue.events(mark) == []
        health = await store.health()
        assert "replicas don't confirm" in health.trouble
        for it in replicas:
            it.thaw()
        assert await queue.alert("nobody has this", True, op=op)
        assert len(await queue.events(mark)) == 1
        await until(lambda: _well(store))
    finally:
        await store.close()


async def _well(store: Store) -> bool:
    return not (await store.health()).trouble


@pytest.mark.promise("no-quorum-no-guess")
async def test_without_a_majority_of_sentinels_nothing_is_taken_and_it_is_said(
    servers: Watched, tmp_path: Path
) -> None:
    """Two of three are killed: nobody could elect another, and nobody could tell us of one (F41)."""
    store = await Store.open(servers.url(), tmp_path / "data", "main")
    queue = Queue(store, "main", deadline=0.5)
    try:
        assert await queue.once("before", 60_000)
        for it in servers.sentinels[:2]:
            await it.kill()

        async def red() -> bool:
            return "1 of 3 Sentinels" in (await store.health()).trouble

        await until(red)
        with pytest.raises(NotSent, match="1 of 3 Sentinels say where the store's primary desk is"):
            await queue.once("meanwhile", 60_000)
        for it in servers.sentinels[:2]:
            await it.start()
        await until(lambda: _well(store), 30)
        assert await queue.once("after", 60_000)
    finally:
        await store.close()
