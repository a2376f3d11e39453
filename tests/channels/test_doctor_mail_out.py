"""What doctor finds of the way out for mails: records by which receivers believe them, and addresses with a plus sign."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aiosmtplib
import pytest
from listener_stage import BOX, listener_stage

from tierline.console.doctor_mail_out import (
    MailOutSeen,
    Texts,
    look_at_mail_out,
    mail_out,
    public_texts,
    refuses_plus,
)
from tierline.settings import Settings

HOUSE = "support@northwind.shop"
GOOD = {
    "northwind.shop": ("x=1", "v=spf1 include:spf.host.shop -all"),
    "_dmarc.northwind.shop": ("v=DMARC1; p=none",),
}


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, SMTP_URL="smtp://127.0.0.1:1", **given)  # type: ignore[call-arg, arg-type]


def records(known: Mapping[str, tuple[str, ...]]) -> Texts:
    async def texts(name: str) -> tuple[str, ...]:
        return known.get(name, ())

    return texts


async def found(known: Mapping[str, tuple[str, ...]], box: str = HOUSE, **given: object) -> str:
    seen = await look_at_mail_out(settings(**given), (box,), records(known))
    return "\n".join(f"{it.mark} {it}" for it in mail_out(seen, plus=False))


@pytest.mark.promise("doctor-mail-out")
async def test_missing_records_are_named_with_what_to_publish() -> None:
    assert (await found(GOOD)).startswith("ok")
    none = await found({})
    assert "bad" in none and "northwind.shop has no SPF record" in none
    assert "_dmarc.northwind.shop" in none and "v=DMARC1; p=none" in none


@pytest.mark.promise("doctor-mail-out")
async def test_a_signature_without_its_public_key_is_bad(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (tmp_path / "key.pem").write_bytes(key)
    dkim = {
        "TIERLINE_DKIM_DOMAIN": "northwind.shop", "TIERLINE_DKIM_SELECTOR": "t1", "TIERLINE_DKIM_KEY": tmp_path / "key.pem",
    }  # fmt: skip
    at = "t1._domainkey.northwind.shop"
    assert f"{at} has no public key" in await found(GOOD, **dkim)
    assert f"{at} has no public key" in await found({**GOOD, at: ("v=DKIM1; p=",)}, **dkim)
    assert f"signed by {at}" in await found({**GOOD, at: ("v=DKIM1; k=rsa; p=MIIB",)}, **dkim)
    assert "not signed" in await found(GOOD, TIERLINE_DKIM_DOMAIN="northwind.shop")


@pytest.mark.promise("doctor-mail-out")
async def test_what_cannot_be_looked_up_is_said_with_what_to_check() -> None:
    async def away(name: str) -> tuple[str, ...]:
        raise OSError("no name server")

    seen = await look_at_mail_out(settings(), (HOUSE,), away)
    said = "\n".join(map(str, mail_out(seen, plus=False)))
    assert "no name server answers" in said and "DKIM" in said and "_dmarc.northwind.shop" in said
    assert "no public name server knows it" in await found({}, "support@inside.example")
    none = Settings(_env_file=None, TIERLINE_SMTP_LISTEN="")  # type: ignore[call-arg]
    assert await look_at_mail_out(none, (HOUSE,), away) is None


@pytest.mark.promise("doctor-mail-out")
async def test_a_server_that_refuses_plus_addresses_is_found_out_and_nothing_is_sent() -> None:
    async with listener_stage() as it:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=it.listener.port, timeout=5) as client:
            # Our own listener takes them; a stranger's mailbox it refuses in both forms, which says nothing.
            assert await refuses_plus(client, (BOX, "other@elsewhere.example")) == ()
        assert not it.post.mails
    said = "\n".join(map(str, mail_out(MailOutSeen(no_plus=(HOUSE,)), plus=True)))
    assert f"answers to {HOUSE} would bounce" in said and "plus: false" in said
    assert not list(mail_out(MailOutSeen(no_plus=(HOUSE,)), plus=False))


class _Strict:
    """A server that knows mailboxes as they are, and nothing with a plus sign."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def mail(self, sender: str) -> None:
        self.asked.append(f"MAIL {sender}")

    async def rcpt(self, recipient: str) -> None:
        self.asked.append(f"RCPT {recipient}")
        if "+" in recipient:
            raise aiosmtplib.SMTPRecipientRefused(550, "5.1.1 unknown", recipient)

    async def rset(self) -> None:
        self.asked.append("RSET")


@pytest.mark.promise("doctor-mail-out")
async def test_a_refusal_of_the_plus_address_alone_counts() -> None:
    server = _Strict()
    assert await refuses_plus(server, (HOUSE,)) == (HOUSE,)  # type: ignore[arg-type]
    assert server.asked[-1] == "RSET" and len(server.asked) == 6


async def test_a_machine_without_a_name_server_says_so_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.asyncresolver
    import dns.resolver

    async def none(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "resolve", none)
    with pytest.raises(OSError, match="NoResolverConfiguration"):
        await public_texts("northwind.shop")
