"""Servers with replicas, Sentinels and Clusters on loopback, every one of which can be killed, frozen and brought back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from helpers_store import until

from tierline.queue.client import Client
from tierline.queue.embedded import find_binary
from tierline.queue.failures import StoreError
from tierline.queue.wire import Reply, Word

NAME = "desk"
DOWN_AFTER, FAILOVER_WITHIN = 500, 3000  # ms


def free_port() -> int:
    """A port that nobody listens on now; below 55000, because a Cluster's bus listens 10000 above it."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 55000:
            return port


@dataclass
class Server:
    """One process, started with `words` in a folder of its own."""

    folder: Path
    port: int
    words: tuple[str, ...]
    binary: str = field(default_factory=lambda: str(find_binary()))
    process: asyncio.subprocess.Process | None = None
    frozen: bool = False

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
        client = await Client(f"redis://127.0.0.1:{self.port}").start(1)
        try:
            return await client.call(*words)
        finally:
            await client.close()

    async def info(self, part: str) -> dict[str, str]:
        reply = await self.ask("INFO", part)
        assert isinstance(reply, bytes)
        return dict(line.split(":", 1) for line in reply.decode().split("\r\n") if ":" in line)

    async def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self.frozen = False

    def freeze(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)
        self.frozen = False


@dataclass
class Watched:
    """A primary, its replicas, and three Sentinels."""

    nodes: list[Server]
    sentinels: list[Server]

    def url(self, query: str = "") -> str:
        """`REDIS_URL`."""
        hosts = ",".join(f"127.0.0.1:{it.port}" for it in self.sentinels)
        return f"redis+sentinel://{hosts}/{NAME}{query}"

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


def _node(folder: Path, port: int, *words: str) -> Server:
    usual = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
    kept = ("--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay", "0")
    policy = ("--maxmemory-policy", "noeviction", "--hash-max-listpack-value", "1024")
    return Server(folder, port, (*usual, *kept, *policy, *words))


@contextlib.asynccontextmanager
async def watched(
    folder: Path, *words: str, nodes: int = 3, announced: dict[int, int] | None = None
) -> AsyncIterator[Watched]:
    """`nodes` servers, the first one primary, and three Sentinels that have found each other."""
    ports = [free_port() for _ in range(nodes)]
    servers = []
    for i, port in enumerate(ports):
        role = () if i == 0 else ("--replicaof", f"127.0.0.1 {ports[0]}")
        servers.append(_node(folder / f"n{i}", port, *role, *words))
    sentinels = [_sentinel(folder / f"s{i}", free_port(), ports[0]) for i in range(3)]
    it = Watched(servers, sentinels)
    try:
        await asyncio.gather(*(server.start() for server in servers))
        await asyncio.gather(*(server.start() for server in sentinels))
        await until(it.whole, 40)
        yield it
    finally:
        await asyncio.gather(*(server.kill() for server in (*sentinels, *servers)))


def _sentinel(folder: Path, port: int, primary: int) -> Server:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentinel.conf").write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
        f"sentinel monitor {NAME} 127.0.0.1 {primary} 2\n"
        f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER}\n"
        f"sentinel failover-timeout {NAME} {FAILOVER_WITHIN}\n"
        f"sentinel parallel-syncs {NAME} 2\n"
    )
    return Server(folder, port, (str(folder / "sentinel.conf"), "--sentinel"))
