"""DKIM: what we send verifies by the key that stands in the DNS, and what can't be signed says why."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tierline.channels.channel import Words
from tierline.channels.email.compose import Composed, compose
from tierline.channels.email.conversation import Signatures
from tierline.channels.email.door import EmailDoor
from tierline.channels.email.letterhead import Letterhead
from tierline.channels.email.signing import CannotSign, signer

KEY = rsa.generate_private_key(65537, 2048)
PEM = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
WORDS = Words("C1001.3", "eva@customer.example", "support@northwind.example", "Grüße\n\n  and  spaces \n.")


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    return b"v=DKIM1; k=rsa; p=" + PUBLIC if name.rstrip(b".") == b"t1._domainkey.northwind.example" else None


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "dkim.pem").write_bytes(KEY.private_bytes(*PEM))
    return tmp_path / "dkim.pem"


def written() -> bytes:
    head = Letterhead("support@northwind.example", "Ada Ü (Northwind)", "Ada", "Northwind GmbH")
    return compose(WORDS, head, Signatures("s" * 32), 1_796_000_000_000).raw


@pytest.mark.promise("mail-dkim")
def test_what_we_sign_verifies_by_the_key_in_the_dns(key: Path) -> None:
    sign = signer("northwind.example", "t1", key)
    assert sign is not None
    mail = written()
    raw = sign(mail)
    assert raw.endswith(mail) and raw.startswith(b"DKIM-Signature:")
    assert dkim.verify(raw, dnsfunc=dns)
    for name in (b"from", b"subject", b"message-id", b"reply-to"):
        assert name in raw.partition(b"bh=")[0].lower().partition(b" h=")[2], name
    assert not dkim.verify(raw.replace(b"Subject: ", b"Subject: Not "), dnsfunc=dns)
    assert not dkim.verify(raw.replace(b"spaces", b"species"), dnsfunc=dns)


@pytest.mark.promise("mail-dkim")
def test_it_still_verifies_after_servers_folded_its_header_and_spaces(key: Path) -> None:
    sign = signer("northwind.example", "t1", key)
    assert sign is not None
    raw = sign(written()).replace(b"Subject: ", b"Subject:   ").replace(b"To: eva", b"to:\r\n eva", 1)
    assert dkim.verify(b"Received: by mx.example; now\r\n" + raw, dnsfunc=dns)


def test_a_key_as_openssl_3_writes_it_is_one(tmp_path: Path) -> None:
    pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "pkcs8.pem").write_bytes(KEY.private_bytes(*pkcs8))
    sign = signer("northwind.example", "t1", tmp_path / "pkcs8.pem")
    assert sign is not None and dkim.verify(sign(written()), dnsfunc=dns)


@dataclass
class Server:
    """Takes everything."""

    mails: list[Composed] = field(default_factory=list)

    async def send(self, mail: Composed) -> str:
        self.mails.append(mail)
        return "2.0.0 Ok"


@pytest.mark.promise("mail-dkim")
async def test_what_leaves_by_the_door_is_signed(key: Path) -> None:
    async def clock() -> int:
        return 1_796_000_000_000

    server, head = Server(), Letterhead("support@northwind.example")
    signs, sign = Signatures("s" * 32), signer("northwind.example", "t1", key)
    door = EmailDoor(server, signs, lambda words: head, clock, sign=sign)  # type: ignore[arg-type]
    sent = await door.say(WORDS)
    (mail,) = server.mails
    assert dkim.verify(mail.raw, dnsfunc=dns) and sent.provider_id.encode() in mail.raw
    assert mail.recipient == "eva@customer.example"


def test_without_settings_nothing_is_signed() -> None:
    assert signer("", "", None) is None


def test_half_of_the_settings_says_what_is_missing(key: Path) -> None:
    with pytest.raises(CannotSign, match="belong together"):
        signer("northwind.example", "", key)


def test_a_key_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotSign, match="can't be read"):
        signer("northwind.example", "t1", tmp_path / "none.pem")
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(*PEM)
    for content in (b"", b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", other):
        (tmp_path / "bad.pem").write_bytes(content)
        with pytest.raises(CannotSign, match="no RSA key"):
            signer("northwind.example", "t1", tmp_path / "bad.pem")
