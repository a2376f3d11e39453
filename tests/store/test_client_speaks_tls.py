"""A store over a network: encrypted, with a password, and by a certificate that is checked; or refused in words."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from helpers_proxy import LoopbackProxy
from helpers_store import StoreServer, own_server

from tierline.queue.address import Address
from tierline.queue.client import Client
from tierline.queue.failures import Forbidden, NotSent, StoreUnsafe
from tierline.queue.store import Store

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return ca


@asynccontextmanager
async def showing(cert: trustme.LeafCert, target: str) -> AsyncIterator[LoopbackProxy]:
    """A server that ends TLS with `cert`; behind it, the store."""
    proxy = LoopbackProxy(target)
    proxy.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    cert.configure_cert(proxy.tls)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()


async def test_only_a_certificate_that_is_trusted_and_names_the_host_is_accepted(
    store_server: StoreServer, authority: trustme.CA, tmp_path: Path
) -> None:
    async with showing(authority.issue_cert("localhost"), store_server.socket) as proxy:
        client = await Client(f"rediss://localhost:{proxy.port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}").start()
        assert await client.call("PING") == b"PONG"
        await client.close()


@pytest.mark.promise("store-tls")
@pytest.mark.parametrize("what", ["of a stranger", "self-signed", "of another host", "expired"])
async def test_a_certificate_that_proves_nothing_is_refused_in_words(
    store_server: StoreServer, authority: trustme.CA, tmp_path: Path, what: str
) -> None:
    stranger = trustme.CA()
    cert, words = {
        "of a stranger": (stranger.issue_cert("localhost"), "issuer certificate|self-signed"),
        "self-signed": (trustme.CA().issue_cert("localhost"), "issuer certificate|self-signed"),
        "of another host": (authority.issue_cert("store.example"), "not valid for 'localhost'"),
        "expired": (
            authority.issue_cert("localhost", not_before=LONG_AGO, not_after=LONG_AGO + dt.timedelta(days=9)),
            "expired",
        ),
    }[what]
    async with showing(cert, store_server.socket) as proxy:
        url = f"rediss://:canary-word@localhost:{proxy.port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}"
        with pytest.raises(NotSent, match="certificate isn't accepted") as refused:
            await Client(url).start(within=0.7)
        assert re.search(words, str(refused.value)), str(refused.value)
        assert "canary" not in str(refused.value) and "_ssl.c" not in str(refused.value)
        assert b"canary-word" not in proxy.requests, "the password went to somebody unproven"


async def test_a_port_that_does_not_speak_tls_is_named(store_server: StoreServer) -> None:
    proxy = await LoopbackProxy.start(store_server.socket)
    with pytest.raises(NotSent, match="is rediss:// right for this port"):
        await Client(f"rediss://localhost:{proxy.port}/0").start(within=3)
    await proxy.close()


async def test_a_server_that_ends_tls_itself_asks_for_the_password(
    authority: trustme.CA, tmp_path: Path
) -> None:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip(
            "no redis-server (Debian's redis-server package) on this machine: the embedded one has no TLS"
        )
    cert = authority.issue_cert("localhost")
    cert.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    cert.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ("--tls-port", str(port), "--tls-cert-file", str(tmp_path / "cert.pem"), "--tls-key-file",
             str(tmp_path / "key.pem"), "--tls-ca-cert-file", str(tmp_path / "ca.pem"), "--tls-auth-clients", "no",
             "--requirepass", "right-word", "--appendonly", "yes", "--appendfsync", "always")  # fmt: skip
    async with own_server(tmp_path / "r", *words, binary=binary):
        tail = f"localhost:{port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}"
        store = await Store.open(f"rediss://:right-word@{tail}", tmp_path, "acme", library_source="")
        assert (await store.health()).durability == "always" and store.exposed is None
        await store.close()
        for login in ("", ":wrong-word@"):
            with pytest.raises(Forbidden) as refused:
                await Client(f"rediss://{login}{tail}").start(within=0.7)
            assert "word" not in str(refused.value).replace("password", "")


@pytest.mark.promise("store-tls")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("redis://store.example:6379", "isn't encrypted"),
        ("redis://user:canary@10.0.0.7:6379/0", "isn't encrypted"),
        ("redis://[2001:db8::7]:6379", "isn't encrypted"),
        ("redis://0.0.0.0:6379", "isn't encrypted"),
        ("redis://localhost.example:6379", "isn't encrypted"),
        ("rediss://store.example:6379", "no password"),
    ],
)
async def test_another_machine_without_tls_and_a_password_is_refused_at_the_start(
    tmp_path: Path, url: str, why: str
) -> None:
    with pytest.raises(StoreUnsafe, match=why) as refused:
        await Store.open(url, tmp_path, "acme")
    assert "TIERLINE_STORE_INSECURE" in str(refused.value) and "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost", "redis://127.0.0.1:6379", "redis://127.9.9.9", "redis://[::1]:6379/0",
        "unix:///run/valkey.sock", "rediss://:word@store.example", "rediss://store.example?ssl_certfile=/us.pem",
    ],
)  # fmt: skip
def test_this_machine_and_what_is_encrypted_and_asks_who_we_are_may_be_used(url: str) -> None:
    assert Address.parse(url).exposed() is None


async def test_who_says_that_they_know_is_let_and_reminded(
    store_server: StoreServer, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await LoopbackProxy.start(store_server.socket)
    monkeypatch.setattr(Address, "local", property(lambda self: False))  # no second machine here
    with pytest.raises(StoreUnsafe):
        await Store.open(proxy.url("redis"), tmp_path, site, library_source="")
    store = await Store.open(proxy.url("redis"), tmp_path, site, library_source="", insecure=True)
    assert "TIERLINE_STORE_INSECURE" in (await store.health()).warnings[0] == store.warnings[0]
    await store.close()
    await proxy.close()
