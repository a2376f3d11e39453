"""A server becomes the primary that lacks what was acknowledged: it is seen, counted, and numbers aren't used again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from helpers_proxy import LoopbackProxy
from helpers_queue import message
from helpers_replicas import OURS, ROUTE, Flow, Server, free_port, node_of
from helpers_store import until

from tierline.queue.contact import Decision
from tierline.queue.engine import Queue
from tierline.queue.store import Store
from tierline.queue.wire import in_touch


class Trio:
    """A primary, a replica beside it, and one behind a network that can stand still; we come through `front`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first, self.elder = node_of(folder / "n0", free_port()), node_of(folder / "n1", free_port())
        self.straggler = node_of(folder / "n2", free_port())
        self.front = LoopbackProxy(("127.0.0.1", self.first.port))
        self.way = LoopbackProxy(("127.0.0.1", self.first.port))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Trio]:
        try:
            for it in (self.first, self.elder, self.straggler):
                await it.start()
            for proxy in (self.front, self.way):
                await proxy.open()
            await self.elder.ask("REPLICAOF", "127.0.0.1", self.first.port)
            await self.straggler.ask("REPLICAOF", "127.0.0.1", self.way.port)
            await until(lambda: self.followed(self.first, 2))
            yield self
        finally:
            for proxy in (self.front, self.way):
                await proxy.close()
            for it in (self.first, self.elder, self.straggler):
                await it.kill()

    async def followed(self, primary: Server, by: int) -> bool:
        return in_touch(await primary.ask("INFO", "replication")) == by

    def url(self, replicas: int) -> str:
        return f"redis://:{OURS}@127.0.0.1:{self.front.port}/0?replicas={replicas}"

    async def elect(self, one: Server, other: Server) -> None:
        """The primary is gone; `one` is elected, `other` follows it, and we are led there."""
        await self.first.kill()
        await one.ask("REPLICAOF", "NO", "ONE")
        await other.ask("REPLICAOF", "127.0.0.1", one.port)
        await until(lambda: self.followed(one, 1))
        self.front.target = ("127.0.0.1", one.port)
        self.front.cut()


@pytest.fixture
async def trio(tmp_path: Path) -> AsyncIterator[Trio]:
    async with Trio(tmp_path / "servers").running() as it:
        yield it


@pytest.mark.promise("loss-is-told")
@pytest.mark.parametrize("replicas", [0, 1])
async def test_what_a_new_primary_lacks_is_counted_and_no_number_means_somebody_else(
    trio: Trio, tmp_path: Path, replicas: int
) -> None:
    """The only one left is the one that had been cut off, and everybody who knew more is dead (F35)."""
    store = await Store.open(trio.url(replicas), tmp_path / "data", "main")
    queue = Queue(store, "main")
    async with Flow(queue).running() as flow:
        await flow.more(20)
        trio.way.stop()
        await flow.more(40)
    assert store.witness.missing == 0
    await trio.elect(trio.straggler, trio.elder)
    await until(lambda: _led_to(store, trio.straggler))
    lost = await flow.lost()
    assert lost
    assert store.witness.missing == len(lost)
    health = await store.health()
    assert any(f"lacks {len(lost)} changes" in it for it in health.warnings) and not health.trouble

    it = message(100_000)
    reply = await queue.arrive(it.to_json(), it.event, it.thread, Decision(ROUTE, 1))
    assert int(reply.contact[1:]) > max(int(contact[1:]) for contact in flow.acked.values())
    trio.front.cut()
    await until(lambda: store.client.up)
    assert store.witness.missing == len(lost)  # once
    await store.close()


async def test_a_primary_that_has_everything_is_not_suspected(trio: Trio, tmp_path: Path) -> None:
    store = await Store.open(trio.url(1), tmp_path / "data", "main")
    queue = Queue(store, "main")
    async with Flow(queue).running() as flow:
        await flow.more(20)
        trio.way.stop()
        await flow.more(20)
        trio.way.go()
        await trio.elect(trio.elder, trio.straggler)
        await flow.more(20)
    assert await flow.lost() == [] and store.witness.missing == 0
    numbers = sorted(int(contact[1:]) for contact in flow.acked.values())
    assert numbers[-1] - numbers[0] < 500  # none was skipped
    await store.close()


async def _led_to(store: Store, server: Server) -> bool:
    if not store.client.up:
        return False
    told = await store.client.call("CONFIG", "GET", "port")
    return told == [b"port", str(server.port).encode()]
