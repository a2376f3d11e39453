"""Sentinels and a Cluster that speak TLS alone and ask for logins: followed like others, and refused in words."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from helpers_queue import message
from helpers_replicas import (
    NAME,
    OURS,
    ROUTE,
    Flow,
    Server,
    Shard,
    Watched,
    clustered,
    free_port,
    node_of,
    sentinel_of,
)
from helpers_store import until

from tierline.queue.contact import Decision
from tierline.queue.engine import Queue
from tierline.queue.failures import StoreError, StoreUnavailable
from tierline.queue.store import Store
from tierline.queue.whereabouts import slot_of

RIGHTS = Path(__file__).parent.parent.parent / "queue" / "tierline.acl"
WORD, WATCHERS = "w:rd @1", "their/word"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with an authority (`ca.pem`), a certificate of it, and somebody else's authority (`stranger.pem`)."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "stranger.pem"))
    cert = ca.issue_cert("127.0.0.1", "localhost")
    cert.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    cert.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    return tmp_path


def binary() -> str:
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("no redis-server (Debian's package) on this machine: the embedded one has no TLS")
    return found


def tls_words(keys: Path) -> tuple[str, ...]:
    return ("--tls-cert-file", str(keys / "cert.pem"), "--tls-key-file", str(keys / "key.pem"),
            "--tls-ca-cert-file", str(keys / "ca.pem"), "--tls-auth-clients", "no", "--tls-replication", "yes")  # fmt: skip


def product(site: str) -> tuple[str, ...]:
    """Our own user with the rights that we ship, and a password."""
    line = RIGHTS.read_text().strip().replace("{main}", f"{{{site}}}").split()
    return ("--user", line[1], *(f">{WORD}" if it == "resetpass" else it for it in line[2:]))


def secret_node(folder: Path, keys: Path, site: str, *words: str, cluster: bool = False) -> Server:
    port = free_port()
    more = ("--port", "0", "--tls-port", str(port), *tls_words(keys), *product(site), *words)
    it = node_of(folder, port, *more, cluster=cluster)
    it.binary, it.authority = binary(), str(keys / "ca.pem")
    return it


@asynccontextmanager
async def secret_sentinels(keys: Path) -> AsyncIterator[Watched]:
    first = secret_node(keys / "n0", keys, "main")
    nodes = [first]
    for i in (1, 2):
        nodes.append(secret_node(keys / f"n{i}", keys, "main", "--replicaof", f"127.0.0.1 {first.port}"))
    sentinels = []
    for i in range(3):
        words = " ".join(f'"{it}"' if not it.startswith("--") else f"\n{it[2:]}" for it in tls_words(keys))
        port = free_port()
        it = sentinel_of(
            keys / f"s{i}", 0, first.port,
            f"tls-port {port}{words}\nuser default on >{WATCHERS} ~* &* +@all\n"
            f"user looker on >{WATCHERS} ~* &* -@all +auth +ping +sentinel|get-master-addr-by-name +sentinel|master\n"
            f"sentinel sentinel-pass {WATCHERS}\n",
        )  # fmt: skip
        it.port, it.binary, it.authority, it.password = (
            port,
            binary(),
            str(keys / "ca.pem"),
            quote(WATCHERS, ""),
        )
        sentinels.append(it)
    watched = Watched(nodes, sentinels)
    try:
        await asyncio.gather(*(server.start() for server in nodes))
        await asyncio.gather(*(server.start() for server in sentinels))
        await until(watched.whole, 40)
        yield watched
    finally:
        await asyncio.gather(*(server.kill() for server in (*sentinels, *nodes)))


def of_sentinels(it: Watched, keys: Path, word: str = WORD, watchers: str = WATCHERS, ca: str = "ca") -> str:
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in it.sentinels)
    logins = f"sentinel_username=looker&sentinel_password={quote(watchers, '')}"
    files = f"ssl_ca_certs={quote(str(keys / ca), '')}.pem"
    return f"rediss+sentinel://tierline:{quote(word, '')}@{hosts}/{NAME}?{logins}&{files}"


async def refused(url: str, data: Path) -> str:
    with pytest.raises(StoreError) as error:
        await Store.open(url, data, "main")
    return str(error.value)


@pytest.mark.promise("store-tls")
async def test_sentinels_with_tls_and_logins_are_followed_through_a_failover_and_refused_in_words(
    keys: Path,
) -> None:
    """By our own user with the rights that we ship, and one of the Sentinels' that may only ask who is primary."""
    async with secret_sentinels(keys) as servers:
        for url, says in {
            of_sentinels(servers, keys, watchers="wrong-canary"): "0 of 3 Sentinels",
            of_sentinels(servers, keys, word="wrong-canary"): "WRONGPASS",
            of_sentinels(servers, keys, ca="stranger"): "0 of 3 Sentinels",
        }.items():
            told = await refused(url, keys / "other")
            assert re.search(says, told) and "canary" not in told, told
        store = await Store.open(of_sentinels(servers, keys), keys / "data", "main")
        try:
            queue = Queue(store, "main")
            async with Flow(queue).running() as flow:
                await flow.more(20)
                first = await servers.primary()
                assert first is not None
                await first.kill()
                await flow.more(20, 60)
            assert await flow.lost() == [] and store.client.node.port != first.port
            assert store.client.node.tls
        finally:
            await store.close()


@pytest.mark.promise("store-tls")
async def test_a_cluster_with_tls_and_logins_serves_a_site_wherever_its_slot_is(keys: Path) -> None:
    shards = []
    words = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--tls-cluster", "yes",
             "--cluster-require-full-coverage", "no", "--masterauth", OURS)  # fmt: skip
    for i in range(3):
        it = secret_node(keys / f"c{i}", keys, "berlin", *words, cluster=True)
        shards.append(Shard(it, [], 16384 * i // 3, 16384 * (i + 1) // 3 - 1))
    async with clustered(shards):
        hosts = ",".join(f"127.0.0.1:{it.primary.port}" for it in shards)
        tail = f"?site=berlin&replicas=0&ssl_ca_certs={quote(str(keys / 'ca.pem'), '')}"
        for login, says in ("tierline:wrong-canary@", "none of the 3 nodes"), ("", "none of the 3 nodes"):
            told = await refused(f"rediss+cluster://{login}{hosts}{tail}", keys / "other")
            assert re.search(says, told) and "canary" not in told, told
        url = f"rediss+cluster://tierline:{quote(WORD, '')}@{hosts}{tail}"
        store = await Store.open(url, keys / "data", "berlin")
        try:
            queue = Queue(store, "berlin")
            await queue.intern_route(ROUTE)
            it = message(1)
            reply = await queue.arrive(it.to_json(), it.event, it.thread, Decision(ROUTE, 1))
            home = next(s for s in shards if s.first <= slot_of("{berlin}:") <= s.last)
            assert store.client.node.port == home.primary.port and store.client.node.tls
            assert await queue.contact(reply.contact) is not None
            await home.primary.kill()
            with pytest.raises(StoreUnavailable):
                await queue.now()
        finally:
            await store.close()
