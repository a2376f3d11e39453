"""A store that is far away, and replicas that can't keep up: few round trips, no crash, nothing acknowledged is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_proxy import LoopbackProxy
from helpers_replicas import OURS, ROUTE, Flow, Server, free_port, node_of
from helpers_store import until

from tierline.queue import library
from tierline.queue.engine import Queue
from tierline.queue.store import Store
from tierline.queue.wire import in_touch


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Server, Server]:
    ports = free_port(), free_port()
    first = node_of(tmp_path / "n0", ports[0])
    return first, node_of(tmp_path / "n1", ports[1], "--replicaof", f"127.0.0.1 {ports[0]}")


async def _joined(primary: Server) -> bool:
    return in_touch(await primary.ask("INFO", "replication")) == 1


async def _caught_up(primary: Server, replica: Server) -> bool:
    written = (await primary.info("replication"))["master_repl_offset"]
    return (await replica.info("replication"))["slave_repl_offset"] == written


@pytest.mark.promise("store-far-away")
async def test_a_store_200_ms_away_is_asked_once_for_each_arrival(
    pair: tuple[Server, Server], tmp_path: Path
) -> None:
    """With a replica to confirm it, too; what comes together goes together (F43)."""
    for server in pair:
        await server.start()
    way = await LoopbackProxy.start(("127.0.0.1", pair[0].port))
    try:
        await until(lambda: _joined(pair[0]))
        url = f"redis://:{OURS}@127.0.0.1:{way.port}/0?replicas=1"
        store = await Store.open(url, tmp_path / "data", "main")
        queue = Queue(store, "main")
        await queue.intern_route(ROUTE)
        way.delay = 0.2
        way.requests.clear()
        async with Flow(queue, lanes=20).running() as flow:
            await flow.more(100)
        assert flow.refused == []
        arrivals, waits = way.requests.count(f"{library.NAME}_arrive".encode()), way.requests.count(b"WAIT")
        assert arrivals == len(flow.acked)  # one round trip an arrival, none asked twice
        assert waits <= arrivals / 2  # one for all that came together
        await store.close()
    finally:
        await way.close()
        for server in pair:
            await server.kill()


@pytest.mark.promise("tiny-replica-buffers")
async def test_a_replica_cut_off_again_and_again_for_its_small_buffer_costs_time_and_nothing_else(
    pair: tuple[Server, Server], tmp_path: Path
) -> None:
    """Its output buffer and the backlog hold less than one burst: it is copied whole again and again (F44)."""
    for server in pair:
        await server.start()
    try:
        await until(lambda: _joined(pair[0]))
        store = await Store.open(
            f"redis://:{OURS}@127.0.0.1:{pair[0].port}/0?replicas=1", tmp_path / "d", "main"
        )
        queue = Queue(store, "main")
        await pair[0].ask("CONFIG", "SET", "client-output-buffer-limit", "replica 40000 20000 1")
        await pair[0].ask("CONFIG", "SET", "repl-backlog-size", "16384")
        async with Flow(queue, lanes=8, padding=8_000).running() as flow:

            async def again() -> bool:
                return int((await pair[0].info("stats"))["sync_full"]) >= 4

            await until(again, 40)
        await until(lambda: _joined(pair[0]))
        assert flow.acked
        assert await flow.lost() == []
        await store.close()
        await pair[0].kill()
        await pair[1].ask("REPLICAOF", "NO", "ONE")
        store = await Store.open(f"redis://:{OURS}@127.0.0.1:{pair[1].port}/0", tmp_path / "d", "main")
        flow.queue = Queue(store, "main")
        assert await flow.lost() == []
        await store.close()
    finally:
        for server in pair:
            await server.kill()


@pytest.mark.promise("no-window-with-replicas")
@pytest.mark.parametrize("replicas", [0, 1])
async def test_what_was_still_on_its_way_to_the_replica_was_acknowledged_only_without_replicas(
    replicas: int, tmp_path: Path
) -> None:
    """The primary's machine vanishes while the network to its replica stands still (F35)."""
    first = node_of(tmp_path / "n0", free_port())
    await first.start()
    way = await LoopbackProxy.start(("127.0.0.1", first.port))
    second = node_of(tmp_path / "n1", free_port(), "--replicaof", f"127.0.0.1 {way.port}")
    await second.start()
    try:
        await until(lambda: _joined(first))
        url = f"redis://:{OURS}@127.0.0.1:{first.port}/0?replicas={replicas}"
        store = await Store.open(url, tmp_path / "d", "main")
        flow = Flow(Queue(store, "main", deadline=2.0))
        way.delay = 0.05  # there is always something on its way
        async with flow.running():
            await flow.more(20)
            if replicas:
                way.stop()
                await until(lambda: flow.refused)
                await first.kill()
        before = len(flow.acked)
        if not replicas:
            # Quiet first: what is acknowledged at the instant of the stop may be on its way as well.
            await until(lambda: _caught_up(first, second))
            way.stop()
            async with flow.running():
                await flow.more(20)
            await first.kill()
        await way.close()
        await store.close()
        await second.ask("REPLICAOF", "NO", "ONE")
        store = await Store.open(f"redis://:{OURS}@127.0.0.1:{second.port}/0", tmp_path / "d", "main")
        flow.queue = Queue(store, "main")
        lost = await flow.lost()
        assert len(lost) == (0 if replicas else len(flow.acked) - before), (before, len(flow.acked), lost)
        await store.close()
    finally:
        await way.close()
        for server in (first, second):
            await server.kill()
