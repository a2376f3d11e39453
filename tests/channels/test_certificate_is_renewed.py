"""The mail door's certificate is renewed while it runs: who connects from then on gets the new one (STARTTLS, RFC 3207)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from listener_stage import ListenerStage, Wire, listener_stage
from structlog.testing import capture_logs

from tierline.channels.email.certificate import EVERY, TROUBLE, Certificate

HOST = "mail.inside.example"


@dataclass
class Told:
    """Who is told of trouble."""

    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    async def begin(self, name: str, text: str) -> None:
        assert name == TROUBLE
        self.begun.append(text)

    async def end(self, name: str, text: str) -> None:
        assert name == TROUBLE
        self.ended.append(text)


@dataclass
class Renewal:
    """A listener, its files, and the moments at which it looks at them."""

    stage: ListenerStage
    certificate: Certificate
    told: Told
    files: Path
    looks: asyncio.Semaphore

    async def written(self, authority: trustme.CA) -> None:
        """As a client for certificates does: the chain first, then its key."""
        cert = authority.issue_cert(HOST)
        cert.cert_chain_pems[0].write_to_path(str(self.files / "chain.pem"))
        cert.private_key_pem.write_to_path(str(self.files / "key.pem"))

    async def upgraded(self, authority: trustme.CA) -> Wire:
        """A session in TLS, by somebody who trusts that authority alone. Raises ssl.SSLError."""
        context = ssl.create_default_context()
        authority.configure_trust(context)
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self.stage.listener.port))
        await wire.hear()
        await wire.ask("EHLO mx.example")
        assert (await wire.ask("STARTTLS")).startswith("220")
        await wire.writer.start_tls(context, server_hostname=HOST)
        return wire


@pytest.fixture
def old() -> trustme.CA:
    return trustme.CA()


@pytest_asyncio.fixture
async def it(tmp_path: Path, old: trustme.CA) -> AsyncIterator[Renewal]:
    told, looks = Told(), asyncio.Semaphore(0)

    async def pause(seconds: float) -> None:
        assert seconds == EVERY
        await looks.acquire()

    cert = old.issue_cert(HOST)
    cert.cert_chain_pems[0].write_to_path(str(tmp_path / "chain.pem"))
    cert.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate = Certificate(tmp_path / "chain.pem", tmp_path / "key.pem", told, pause)
    async with listener_stage(certificate=certificate) as stage:
        yield Renewal(stage, certificate, told, tmp_path, looks)


async def holds(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a test's condition
            await asyncio.sleep(0.01)


@pytest.mark.promise("mail-tls-renewed")
async def test_who_connects_after_a_renewal_gets_the_new_certificate_and_who_is_there_stays(
    it: Renewal, old: trustme.CA
) -> None:
    before, new = await it.upgraded(old), trustme.CA()
    first = it.certificate.context
    await it.written(new)
    it.looks.release()
    await holds(lambda: it.certificate.context is not first)
    with pytest.raises(ssl.SSLCertVerificationError):
        await it.upgraded(old)
    after = await it.upgraded(new)
    assert (await after.ask("EHLO mx.example")).startswith("250")
    assert (await before.ask("NOOP")).startswith("250"), "who was there isn't cut off"
    assert not it.told.begun
    for wire in (before, after):
        await wire.close()


@pytest.mark.promise("mail-tls-renewed")
async def test_a_new_certificate_that_cant_be_used_keeps_the_old_one_and_is_told_once(
    it: Renewal, old: trustme.CA
) -> None:
    (it.files / "chain.pem").write_text("-----BEGIN CERTIFICATE-----\nnothing\n")
    with capture_logs() as logs:
        await it.certificate.look()
        assert not it.told.begun, "its key may follow in a moment"
        for _ in range(3):
            await it.certificate.look()
    assert len(it.told.begun) == 1 and "the old one still is" in it.told.begun[0]
    assert [one["event"] for one in logs] == ["mail.certificate_unreadable"]
    await (await it.upgraded(old)).close()
    new = trustme.CA()
    await it.written(new)
    await it.certificate.look()
    assert it.told.ended == ["The mail door has its new certificate."]
    await (await it.upgraded(new)).close()


@pytest.mark.promise("mail-tls-renewed")
async def test_a_chain_that_is_there_before_its_key_is_no_trouble(it: Renewal) -> None:
    new = trustme.CA()
    cert, first = new.issue_cert(HOST), it.certificate.context
    cert.cert_chain_pems[0].write_to_path(str(it.files / "chain.pem"))
    await it.certificate.look()
    assert it.certificate.context is first
    cert.private_key_pem.write_to_path(str(it.files / "key.pem"))
    await it.certificate.look()
    await it.certificate.look()
    assert not it.told.begun
    await (await it.upgraded(new)).close()


async def test_files_that_stay_as_they_are_arent_read_again(it: Renewal) -> None:
    first = it.certificate.context
    await it.certificate.look()
    assert it.certificate.context is first
