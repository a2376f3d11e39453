"""A remote store is reached by verified TLS or not at all."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from helpers_proxy import LoopbackProxy
from helpers_store import StoreServer

from tierline.queue.client import Client
from tierline.queue.failures import NotSent


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for `localhost`, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert, key


async def test_only_a_certificate_that_is_trusted_and_names_the_host_is_accepted(
    store_server: StoreServer, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    proxy = LoopbackProxy(store_server.socket)
    proxy.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    proxy.tls.load_cert_chain(cert, key)
    await proxy.open()
    client = await Client(f"rediss://localhost:{proxy.port}/0?ssl_ca_certs={cert}").start()
    assert await client.call("PING") == b"PONG"
    await client.close()
    for unknown_authority, wrong_name in (("localhost", ""), (proxy.host, f"?ssl_ca_certs={cert}")):
        with pytest.raises(NotSent, match="certificate"):
            await Client(f"rediss://{unknown_authority}:{proxy.port}/0{wrong_name}").start(within=1.0)
    await proxy.close()
