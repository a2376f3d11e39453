"""A Cluster: sites on different shards, slots that move under load, shards that fail alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from helpers_queue import message
from helpers_replicas import OURS, Flow, Shard, cluster
from helpers_store import until

from tierline.queue import library
from tierline.queue.engine import Queue
from tierline.queue.failures import StoreRefused, StoreUnavailable
from tierline.queue.store import Store
from tierline.queue.whereabouts import slot_of

MAIN, OTHER = "main", "berlin"


@pytest.fixture
async def shards(tmp_path: Path) -> AsyncIterator[list[Shard]]:
    async with cluster(tmp_path / "cluster") as it:
        yield it


def _url(shards: list[Shard], query: str = "?replicas=0") -> str:
    """`REDIS_URL`, naming one node alone: the others are learnt."""
    return f"redis+cluster://:{OURS}@127.0.0.1:{shards[0].primary.port}{query}"


def _home(shards: list[Shard], site: str) -> Shard:
    slot = slot_of(f"{{{site}}}:")
    return next(it for it in shards if it.first <= slot <= it.last)


@pytest.mark.promise("slots-move-unseen")
async def test_a_site_whose_slot_moves_under_load_goes_on_there_with_all_it_had(
    shards: list[Shard], tmp_path: Path
) -> None:
    """Key by key, as every Cluster does it; scripts never see half of a site (F39)."""
    home = _home(shards, MAIN)
    target = next(it for it in shards if it is not home)
    store = await Store.open(_url(shards), tmp_path / "data", MAIN)
    queue = Queue(store, MAIN)

    async def refused() -> None:
        with pytest.raises(StoreRefused, match="ASK"):
            await store.client.fcall(f"{library.NAME}_now", "{main}:", "", "")

    try:
        async with Flow(queue).running() as flow:
            await flow.more(100)
            await home.give(slot_of("{main}:"), target, shards, refused)
            await flow.more(50)
        assert store.client.node.port == target.primary.port
        assert flow.refused == []
        assert await flow.lost() == [] and store.witness.missing == 0
        assert len(set(flow.acked.values())) == len(flow.acked)
        assert await home.primary.ask("CLUSTER", "COUNTKEYSINSLOT", slot_of("{main}:")) == 0
    finally:
        await store.close()


@pytest.mark.promise("slots-move-unseen")
async def test_a_site_whose_move_takes_longer_than_calls_wait_refuses_meanwhile_and_goes_on_there(
    shards: list[Shard], tmp_path: Path
) -> None:
    """A large site, of which it matters how long its keys are on their way: longer than a call's 3 s (F39)."""
    home = _home(shards, MAIN)
    target = next(it for it in shards if it is not home)
    store = await Store.open(_url(shards), tmp_path / "data", MAIN)
    queue = Queue(store, MAIN)
    try:
        async with Flow(queue).running() as flow:
            await flow.more(100)

            async def until_all_were_refused() -> None:
                before = len(flow.acked)
                await until(lambda: len(flow.refused) >= 2 * flow.lanes, 40)
                assert len(flow.acked) <= before + flow.lanes  # what was in flight as it began

            await home.give(slot_of("{main}:"), target, shards, until_all_were_refused)
            await flow.more(50)
            assert store.client.node.port == target.primary.port
        assert all(isinstance(it, StoreUnavailable | StoreRefused) for it in flow.refused)
        assert await flow.lost() == [] and store.witness.missing == 0
        assert len(set(flow.acked.values())) == len(flow.acked)
        there = {it.thread for it in (await queue.snapshot()).contacts.values()}
        acked = {message(n).thread for n in flow.acked}
        assert there == acked  # what was refused isn't there: its sender still has it
    finally:
        await store.close()


@pytest.mark.promise("slots-move-unseen")
async def test_a_slot_that_the_servers_move_by_themselves_takes_nothing_from_its_site(
    shards: list[Shard], tmp_path: Path
) -> None:
    """`CLUSTER MIGRATESLOTS` of Valkey 9, there and back, under load (F39)."""
    home = _home(shards, MAIN)
    target = next(it for it in shards if it is not home)
    store = await Store.open(_url(shards), tmp_path / "data", MAIN)
    queue = Queue(store, MAIN)
    try:
        async with Flow(queue).running() as flow:
            for source, to in ((home, target), (target, home)):
                await flow.more(100)
                await source.hand_over(slot_of("{main}:"), to)
                await flow.more(50)
                assert store.client.node.port == to.primary.port
        assert flow.refused == []
        assert await flow.lost() == [] and store.witness.missing == 0
        assert len(set(flow.acked.values())) == len(flow.acked)
    finally:
        await store.close()


@pytest.mark.promise("one-shard-down")
async def test_a_shard_that_is_down_stops_its_own_sites_alone(shards: list[Shard], tmp_path: Path) -> None:
    """Two sites, two shards, one killed (F40)."""
    mine, theirs = _home(shards, MAIN), _home(shards, OTHER)
    assert mine is not theirs
    stores = [await Store.open(_url(shards), tmp_path / "data", site) for site in (MAIN, OTHER)]
    here, there = (
        Queue(store, site, deadline=1.0) for store, site in zip(stores, (MAIN, OTHER), strict=True)
    )
    try:
        assert await here.once("before", 60_000) and await there.once("before", 60_000)
        await mine.primary.kill()
        with pytest.raises(StoreUnavailable):
            await here.once("meanwhile", 60_000)
        assert "in trouble" in (await stores[0].health()).trouble

        async def goes_on() -> bool:
            return await there.once("meanwhile", 60_000)

        assert await goes_on()
        assert (await stores[1].health()).trouble == ""
        await mine.primary.start()

        async def well() -> bool:
            return not (await stores[0].health()).trouble

        await until(well)
        assert not await here.once("before", 60_000)
    finally:
        await asyncio.gather(*(store.close() for store in stores))


@pytest.mark.promise("cluster-failover")
async def test_a_shard_whose_primary_dies_goes_on_at_its_replica_with_all_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path / "cluster", replicas=1) as shards:
        home = _home(shards, MAIN)
        store = await Store.open(_url(shards, ""), tmp_path / "data", MAIN)
        queue = Queue(store, MAIN)
        try:
            async with Flow(queue).running() as flow:
                await flow.more(50)
                await home.primary.kill()

                async def moved() -> bool:
                    return store.client.up and store.client.node.port == home.replicas[0].port

                await until(moved, 40)
                await (
                    home.primary.start()
                )  # comes back as its replica's replica: there is somebody to confirm again
                await flow.more(20)
            assert await flow.lost() == []
        finally:
            await store.close()
