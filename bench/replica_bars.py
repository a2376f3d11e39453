"""What it costs that replicas confirm: `WAIT` against none, by wall and by processor; and a store that is far away."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..queue.client import Client
from ..queue.embedded import find_binary
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.store import Store
from ..queue.wire import in_touch
from .bars import Bar, Finding, quantile, ratio
from .chaos.proxy import Proxy
from .crowd import Crowd
from .processes import end, free_port

REPLICAS = 2
AT_ONCE, ROUNDS, LANES = 64, 30, 20
FAR = 0.2  # s on the way back
WORDS = ("--save", "", "--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay", "0",
         "--maxmemory-policy", "noeviction", "--hash-max-listpack-value", "1024", "--bind", "127.0.0.1")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """A primary by its socket, and the process ids of all."""

    socket: str
    pids: tuple[int, ...]

    def spent(self) -> float:
        """Seconds of processor time of all servers."""
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in self.pids)


@asynccontextmanager
async def group() -> AsyncIterator[Group]:
    """A primary and two replicas that have caught up, each on loopback with its log synced at every write."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as place:
        socket, first = str(Path(place, "s")), free_port()
        async with AsyncExitStack() as stack:
            pids = []
            for i in range(REPLICAS + 1):
                own = stack.enter_context(tempfile.TemporaryDirectory(dir=place))
                port = first if i == 0 else free_port()
                more = ("--unixsocket", socket) if i == 0 else ("--replicaof", f"127.0.0.1 {first}")
                quiet = asyncio.subprocess.DEVNULL
                process = await asyncio.create_subprocess_exec(
                    str(find_binary()), "--port", str(port), "--dir", own, *WORDS, *more, stdout=quiet, stderr=quiet
                )  # fmt: skip
                stack.push_async_callback(end, process)
                pids.append(process.pid)
            async with asyncio.timeout(60):
                while not await _together(socket):  # noqa: ASYNC110 - servers tell nobody when they have met
                    await asyncio.sleep(0.05)
            yield Group(socket, tuple(pids))


async def _together(socket: str) -> bool:
    client = Client(f"unix://{socket}")
    try:
        await client.start(0.5)
        return in_touch(await client.call("INFO", "replication")) == REPLICAS
    except StoreError:
        return False
    finally:
        await client.close()


async def replicas(quick: bool) -> list[Finding]:
    """An arrival that two replicas confirm against one that none does, with the same two replicas there."""
    slices = 6 if quick else 20
    async with group() as servers, AsyncExitStack() as stack:
        crowds = []
        for count in (0, 1):  # one has to; both do, because every one that is in touch is waited for
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix="tierline-bench-"))
            opened = await Store.open(f"unix://{servers.socket}?replicas={count}", Path(place), f"r{count}")
            stack.push_async_callback(opened.close)
            crowds.append(Crowd(Queue(opened, f"r{count}", deadline=30.0), opened, 10))
        alone: tuple[list[float], list[float]] = ([], [])
        together: tuple[list[float], list[float]] = ([], [])
        ours: tuple[list[float], list[float]] = ([], [])
        theirs: tuple[list[float], list[float]] = ([], [])
        for _ in range(slices):
            for i, crowd in enumerate(crowds):
                alone[i].append(await _one_by_one(crowd, 40))
                before, server = time.process_time(), servers.spent()
                together[i].append(await _at_once(crowd))
                ours[i].append((time.process_time() - before) / (ROUNDS * AT_ONCE) * 1e6)
                theirs[i].append((servers.spent() - server) / (ROUNDS * AT_ONCE) * 1e6)

    def bar(name: str, pair: tuple[list[float], list[float]], unit: str) -> Bar:
        note = f"{min(pair[1]):.3g} {unit} against {min(pair[0]):.3g} {unit}"
        it = ratio(f"replicas: {name}, confirmed by two / by none", pair[1], pair[0], 1.0, note)
        return Bar(it.bar, it.value, None, it.unit, it.spread, it.n, note=it.note)

    return [
        bar("one arrival after the other", alone, "ms"),
        bar(f"{AT_ONCE} arrivals at once", together, "ms each"),
        bar("our processor time", ours, "µs each"),
        bar("the servers' processor time", theirs, "µs each"),
        await _far(quick),
    ]


async def _one_by_one(crowd: Crowd, count: int) -> float:
    """Median ms of one arrival."""
    spent = []
    for _ in range(count):
        begun = time.perf_counter()
        await _arrive(crowd)
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


async def _at_once(crowd: Crowd) -> float:
    """Ms for each of many arrivals, of the fastest round."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await asyncio.gather(*(_arrive(crowd) for _ in range(AT_ONCE)))
        spent.append((time.perf_counter() - begun) * 1000 / AT_ONCE)
    return min(spent)


async def _arrive(crowd: Crowd) -> None:
    crowd.turn, crowd.rank = crowd.turn + 1, crowd.rank + 1
    await crowd.arrive(crowd.turn % crowd.classes, crowd.rank)


async def _far(quick: bool) -> Bar:
    """p99 of an arrival's answer where the store is 200 ms away and replicas confirm, 20 callers without a pause."""
    found = []
    async with group() as servers:
        way = Proxy(servers.socket)
        await way.start()
        with tempfile.TemporaryDirectory(prefix="tierline-bench-") as place:
            opened = await Store.open(f"redis://127.0.0.1:{way.port}/0?replicas=1", Path(place), "far")
            crowd = Crowd(Queue(opened, "far", deadline=30.0), opened, 10)
            await crowd.queue.intern_route(crowd.route(0))
            way.delay = FAR
            try:
                for _ in range(2 if quick else 5):
                    spent: list[float] = []
                    await asyncio.gather(*(_lane(crowd, spent) for _ in range(LANES)))
                    found.append(quantile(spent, 0.99))
            finally:
                way.delay = 0.0
                await opened.close()
                await way.stop()
    name = f"replicas: p99 of an answer, store {FAR * 1000:.0f} ms away, {LANES} at once"
    return Bar(name, min(found), 3_000.0, "ms", (min(found), max(found)), len(found))


async def _lane(crowd: Crowd, spent: list[float]) -> None:
    for _ in range(10):
        begun = time.perf_counter()
        await _arrive(crowd)
        spent.append((time.perf_counter() - begun) * 1000)
