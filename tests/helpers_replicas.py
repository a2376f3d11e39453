"""Servers with replicas, Sentinels and Clusters on loopback, every one of which can be killed, frozen and brought back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers_queue import message, plain_route
from helpers_store import until

from tierline.queue.client import Client
from tierline.queue.contact import Decision
from tierline.queue.embedded import find_binary
from tierline.queue.engine import Queue
from tierline.queue.failures import StoreError
from tierline.queue.state import Event
from tierline.queue.wire import Reply, Word, in_touch

ROUTE = plain_route()
SLOTS = 16384
NAME, OURS, KIN = "desk", "ours", "kin"
"""The primary's name; the password of those who use it; user and password of replicas and Sentinels."""
DOWN_AFTER, FAILOVER_WITHIN = 1500, 6000  # ms; sooner, a busy machine has failovers that nobody caused


def free_port() -> int:
    """A port that nobody listens on now, nor 10000 above it, where a Cluster's bus listens; below what the outgoing get."""
    while True:
        port = 20_000 + secrets.randbelow(2_700)
        with socket.socket() as one, socket.socket() as bus, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            bus.bind(("127.0.0.1", port + 10_000))
            return port


@dataclass
class Server:
    """One process, started with `words` in a folder of its own."""

    folder: Path
    port: int
    words: tuple[str, ...]
    binary: str = field(default_factory=lambda: str(find_binary()))
    password: str = ""
    authority: str = ""  # a file: then it speaks TLS alone, by a certificate of this authority
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.binary, *self.words, cwd=self.folder, stdout=log, stderr=log
            )
        await until(self.answers)

    async def answers(self) -> bool:
        with contextlib.suppress(StoreError):
            return await self.ask("PING") == b"PONG"
        return False

    async def ask(self, *words: Word) -> Reply:
        """One command on a connection of its own."""
        scheme, tail = ("rediss", f"/0?ssl_ca_certs={self.authority}") if self.authority else ("redis", "")
        client = await Client(f"{scheme}://:{self.password}@127.0.0.1:{self.port}{tail}").start(1)
        try:
            return await client.call(*words)
        finally:
            await client.close()

    async def info(self, part: str) -> dict[str, str]:
        reply = await self.ask("INFO", part)
        assert isinstance(reply, bytes)
        return dict(line.split(":", 1) for line in reply.decode().split("\r\n") if ":" in line)

    async def back(self, primary: Server) -> None:
        """Start again as a replica of another, as a Sentinel would tell it ten seconds later."""
        await self.start()
        await self.ask("REPLICAOF", "127.0.0.1", primary.port)

    async def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    async def cut_off(self) -> None:
        """Its replicas and Sentinels are let in no more; whoever uses it still is."""
        await self.ask("ACL", "SETUSER", KIN, "off")
        await self.ask("CLIENT", "KILL", "USER", KIN)

    def freeze(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)


@dataclass
class Watched:
    """A primary, its replicas, and three Sentinels."""

    nodes: list[Server]
    sentinels: list[Server]

    def url(self, query: str = "", ports: Sequence[int] = ()) -> str:
        """`REDIS_URL`; `ports` instead of the Sentinels' own."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports or [it.port for it in self.sentinels])
        return f"redis+sentinel://:{OURS}@{hosts}/{NAME}{query}"

    async def primary(self) -> Server | None:
        """Whom most Sentinels name, when it works as one."""
        for sentinel in self.sentinels:
            with contextlib.suppress(StoreError):
                told = await sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
                assert isinstance(told, list) and isinstance(told[1], bytes)
                it = next(node for node in self.nodes if node.port == int(told[1]))
                if (await it.info("replication"))["role"] == "master":
                    return it
        return None

    async def whole(self) -> bool:
        """Whether everybody is there again: one primary, all others its replicas and up to date, Sentinels know."""
        with contextlib.suppress(StoreError, KeyError):
            first = await self.primary()
            if first is None:
                return False
            for node in self.nodes:
                facts = await node.info("replication")
                if node is not first and (
                    facts["role"] != "slave"
                    or int(facts["master_port"]) != first.port
                    or facts["master_link_status"] != "up"
                ):
                    return False
            others = len(self.nodes) - 1
            if (await first.info("replication"))["connected_slaves"] != str(others):
                return False
            for sentinel in self.sentinels:
                if not await _knows(sentinel, first.port, others, len(self.sentinels) - 1):
                    return False
            return True
        return False


async def _knows(sentinel: Server, port: int, replicas: int, sentinels: int) -> bool:
    reply = await sentinel.ask("SENTINEL", "MASTER", NAME)
    slaves = await sentinel.ask("SENTINEL", "REPLICAS", NAME)
    assert isinstance(reply, list) and isinstance(slaves, list)
    facts = dict(zip(reply[::2], reply[1::2], strict=True))
    healthy = [it for it in slaves if isinstance(it, list) and it[it.index(b"flags") + 1] == b"slave"]
    return (
        facts[b"port"] == str(port).encode()
        and facts[b"flags"] == b"master"
        and facts[b"num-other-sentinels"] == str(sentinels).encode()
        and len(healthy) == replicas
    )


def node_of(folder: Path, port: int, *words: str, cluster: bool = False) -> Server:
    usual = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
    kept = ("--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay", "0")
    policy = ("--maxmemory-policy", "noeviction", "--hash-max-listpack-value", "1024")
    kin: tuple[str, ...] = (
        "--user",
        KIN,
        "on",
        f">{KIN}",
        "~*",
        "&*",
        "+@all",
        "--masteruser",
        KIN,
        "--masterauth",
        KIN,
    )
    kin = () if cluster else kin
    return Server(folder, port, (*usual, *kept, *policy, *kin, "--requirepass", OURS, *words), password=OURS)


@contextlib.asynccontextmanager
async def watched(
    folder: Path, *words: str, nodes: int = 3, announced: dict[int, int] | None = None
) -> AsyncIterator[Watched]:
    """`nodes` servers, the first one primary, and three Sentinels that have found each other."""
    ports = [free_port() for _ in range(nodes)]
    servers = []
    for i, port in enumerate(ports):
        role = () if i == 0 else ("--replicaof", f"127.0.0.1 {ports[0]}")
        servers.append(node_of(folder / f"n{i}", port, *role, *words))
    sentinels = [sentinel_of(folder / f"s{i}", free_port(), ports[0]) for i in range(3)]
    it = Watched(servers, sentinels)
    try:
        await asyncio.gather(*(server.start() for server in servers))
        await asyncio.gather(*(server.start() for server in sentinels))
        await until(it.whole, 40)
        yield it
    finally:
        await asyncio.gather(*(server.kill() for server in (*sentinels, *servers)))


def sentinel_of(folder: Path, port: int, primary: int, more: str = "") -> Server:
    """One that watches the server at `primary`; `more` lines of its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentinel.conf").write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
        f"sentinel monitor {NAME} 127.0.0.1 {primary} 2\n"
        f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER}\n"
        f"sentinel failover-timeout {NAME} {FAILOVER_WITHIN}\n"
        f"sentinel auth-user {NAME} {KIN}\nsentinel auth-pass {NAME} {KIN}\n"
        f"sentinel parallel-syncs {NAME} 2\n{more}"
    )
    return Server(folder, port, (str(folder / "sentinel.conf"), "--sentinel"))


@dataclass
class Flow:
    """Arrivals, one after the other on several lanes, until told to stop; each is a contact that never ends."""

    queue: Queue
    lanes: int = 4
    padding: int = 0
    acked: dict[int, str] = field(default_factory=dict)  # n → contact
    refused: list[StoreError] = field(default_factory=list)
    longest: float = 0.0  # s without an acknowledgement
    stopped: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Flow]:
        await self.queue.intern_route(ROUTE)
        self.stopped = False
        self.tasks = [asyncio.create_task(self._lane()) for _ in range(self.lanes)]
        try:
            yield self
        finally:
            self.stopped = True
            await asyncio.gather(*self.tasks)

    async def more(self, count: int = 5, within: float = 30.0) -> None:
        """Wait for so many more acknowledgements."""
        enough = len(self.acked) + count
        await until(lambda: len(self.acked) >= enough, within)

    async def lost(self) -> list[int]:
        """What was acknowledged, and isn't there any more or is somebody else's by now."""
        state = await self.queue.snapshot()
        threads = {it.id: it.thread for it in state.contacts.values()}
        return [n for n, contact in self.acked.items() if threads.get(contact) != message(n).thread]

    async def _lane(self) -> None:
        last = time.monotonic()
        while not self.stopped:
            n = next(self.numbers)
            it = replace(message(n), text="x" * self.padding)
            try:
                reply = await self.queue.arrive(it.to_json(), it.event, it.thread, Decision(ROUTE, 1))
            except StoreError as error:
                self.refused.append(error)
            else:
                self.acked[n] = reply.contact
                self.longest = max(self.longest, time.monotonic() - last)
                last = time.monotonic()
            await asyncio.sleep(0.004)


@dataclass
class Told:
    """What the outbox would have told: every event that could be read, as it was read then."""

    queue: Queue
    seen: dict[tuple[str, int], Event] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    read_until: str = "0-0"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Told]:
        self.task = asyncio.create_task(self._read())
        try:
            yield self
        finally:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def all(self) -> None:
        """Wait until everything is told."""
        last = await self.queue.last_event()
        await until(lambda: self.read_until == last)

    async def _read(self) -> None:
        reader = None
        while True:
            try:
                reader = reader or await self.queue.reader()
                for event in await self.queue.events(self.read_until, 200, block=500, reader=reader):
                    self.seen[event.id, sum(key[0] == event.id for key in list(self.seen)[-200:])] = event
                    self.read_until = event.id
            except StoreError:
                await asyncio.sleep(0.05)

    async def undone(self) -> list[Event]:
        """What was told and isn't in the ledger as it was."""
        there = {}
        after = "0-0"
        while found := await self.queue.events(after, 1000):
            for event in found:
                there.setdefault(event.id, []).append(event)
            after = found[-1].id
        return [event for event in self.seen.values() if event not in there.get(event.id, [])]


@dataclass
class Shard:
    """A primary of a Cluster, its replicas, and the slots it began with."""

    primary: Server
    replicas: list[Server]
    first: int
    last: int

    async def give(
        self, slot: int, to: Shard, everybody: list[Shard], halfway: Callable[[], Awaitable[None]]
    ) -> None:
        """Move a slot key by key, as `valkey-cli --cluster reshard` does; `halfway` is called amid it."""
        source, target = self.primary, to.primary
        mine, theirs = await source.ask("CLUSTER", "MYID"), await target.ask("CLUSTER", "MYID")
        assert isinstance(mine, bytes) and isinstance(theirs, bytes)
        await target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", mine)
        await source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", theirs)
        told = False
        while keys := await source.ask("CLUSTER", "GETKEYSINSLOT", slot, 50):
            assert isinstance(keys, list)
            words = [key for key in keys if isinstance(key, bytes)]
            where: tuple[Word, ...] = ("127.0.0.1", target.port, "", 0, 5000, "AUTH", OURS, "KEYS")
            await source.ask("MIGRATE", *where, *words)
            if not told:
                told = True
                await halfway()
        for server in (target, source, *(it.primary for it in everybody)):
            await server.ask("CLUSTER", "SETSLOT", slot, "NODE", theirs)

    async def hand_over(self, slot: int, to: Shard) -> None:
        """Move a slot whole, as Valkey 9 does by itself: a snapshot, then what was written meanwhile."""
        theirs = await to.primary.ask("CLUSTER", "MYID")
        assert isinstance(theirs, bytes)

        async def done() -> int:
            told = str(await self.primary.ask("CLUSTER", "GETSLOTMIGRATIONS"))
            assert "failed" not in told and "cancelled" not in told, told
            return told.count("success")

        before = await done()
        words = ("SLOTSRANGE", slot, slot, "NODE", theirs)
        assert await self.primary.ask("CLUSTER", "MIGRATESLOTS", *words) == b"OK"

        async def gone() -> bool:
            return await done() > before

        await until(gone)


@contextlib.asynccontextmanager
async def cluster(folder: Path, replicas: int = 0, shards: int = 3) -> AsyncIterator[list[Shard]]:
    """`shards` primaries that share the slots, each with so many replicas."""
    made = []
    words = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--masterauth", OURS)
    quick = ("--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0")
    for i in range(shards):
        own = [
            node_of(folder / f"n{i}.{j}", free_port(), *words, *quick, cluster=True)
            for j in range(replicas + 1)
        ]
        made.append(Shard(own[0], own[1:], SLOTS * i // shards, SLOTS * (i + 1) // shards - 1))
    async with clustered(made):
        yield made


@contextlib.asynccontextmanager
async def clustered(made: list[Shard]) -> AsyncIterator[None]:
    """Start these nodes and make them one Cluster."""
    everybody = [it for shard in made for it in (shard.primary, *shard.replicas)]
    try:
        await asyncio.gather(*(server.start() for server in everybody))
        for server in everybody[1:]:
            await everybody[0].ask("CLUSTER", "MEET", "127.0.0.1", server.port)
        for shard in made:
            await shard.primary.ask("CLUSTER", "ADDSLOTSRANGE", shard.first, shard.last)
        await until(lambda: _agreed(everybody))
        for shard in made:
            id = await shard.primary.ask("CLUSTER", "MYID")
            assert isinstance(id, bytes)
            for replica in shard.replicas:
                await replica.ask("CLUSTER", "REPLICATE", id)
        for shard in made:
            await until(lambda shard=shard: _followed(shard), 30)  # type: ignore[misc]
        yield
    finally:
        await asyncio.gather(*(server.kill() for server in everybody))


async def _agreed(everybody: list[Server]) -> bool:
    for server in everybody:
        told = await server.ask("CLUSTER", "INFO")
        assert isinstance(told, bytes)
        if b"cluster_state:ok" not in told or f"cluster_known_nodes:{len(everybody)}\r".encode() not in told:
            return False
    return True


async def _followed(shard: Shard) -> bool:
    return in_touch(await shard.primary.ask("INFO", "replication")) == len(shard.replicas)
