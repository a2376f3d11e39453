"""A reply goes to its mail server by STARTTLS or over `smtps`, and to nobody whose certificate isn't trusted."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tierline.channels.channel import NotDelivered
from tierline.channels.email import account
from tierline.channels.email.compose import Composed
from tierline.channels.email.server import Address, MailServer

HOST = "127.0.0.1"
REPLY = Composed("a@b.example", "c@d.example", "<1@b.example>", b"Subject: x\r\n\r\nhello\r\n", False)


@dataclass
class Provider:
    """What a mail server was told, and whether it was told so in TLS."""

    mails: list[tuple[bytes, bool]] = field(default_factory=list)
    logins: list[tuple[bytes, bool]] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:
        self.mails.append((bytes(envelope.content or b""), _encrypted(server, session)))
        return "250 2.0.0 Ok: queued as 7"

    def login(
        self, server: object, session: Session, envelope: Envelope, mechanism: str, auth: LoginPassword
    ) -> AuthResult:
        self.logins.append((auth.password, _encrypted(server, session)))
        return AuthResult(success=auth.password == b"secret")


def _encrypted(server: object, session: Session) -> bool:
    transport = getattr(server, "transport", None)
    return bool(session.ssl) or bool(transport and transport.get_extra_info("sslcontext"))


@contextlib.asynccontextmanager
async def provider(authority: trustme.CA, smtps: bool, name: str = HOST) -> AsyncIterator[Provider]:
    """It knows `ann` with her password, over TLS alone."""
    it, context = Provider(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)

    def served() -> SMTP:
        if smtps:  # encrypted from the first byte: aiosmtpd doesn't see it
            return SMTP(it, authenticator=it.login, auth_require_tls=False)
        return SMTP(
            it, authenticator=it.login, auth_required=True, tls_context=context, require_starttls=True
        )

    listening = await asyncio.get_running_loop().create_server(
        served, HOST, 0, ssl=context if smtps else None
    )
    it.port = int(listening.sockets[0].getsockname()[1])
    try:
        yield it
    finally:
        listening.close()
        await listening.wait_closed()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def sends(it: Provider, smtps: bool, authority: trustme.CA) -> MailServer:
    scheme = "smtps" if smtps else "smtp"
    return MailServer(Address.of(f"{scheme}://ann:secret@{HOST}:{it.port}"), tls=trusting(authority))


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it stood elsewhere: on this machine a login may go unencrypted."""
    monkeypatch.setattr(account, "loopback", lambda host: False)


@pytest.mark.promise("mail-secrets-encrypted")
@pytest.mark.parametrize("smtps", [False, True], ids=["starttls", "smtps"])
async def test_login_and_reply_go_over_tls(smtps: bool) -> None:
    authority = trustme.CA()
    async with provider(authority, smtps) as it:
        server = sends(it, smtps, authority)
        try:
            assert "queued as 7" in await server.send(REPLY)
            assert "queued as 7" in await server.send(REPLY), "on the connection that stands"
        finally:
            await server.close()
        assert it.logins == [(b"secret", True)]
        assert [(b"hello" in raw, encrypted) for raw, encrypted in it.mails] == [(True, True)] * 2


@pytest.mark.promise("mail-secrets-encrypted")
@pytest.mark.parametrize("name", [HOST, "other.example"], ids=["unknown authority", "another's name"])
@pytest.mark.parametrize("smtps", [False, True], ids=["starttls", "smtps"])
async def test_a_certificate_that_isnt_trusted_is_refused_in_words_and_nothing_leaves(
    smtps: bool, name: str
) -> None:
    theirs = trustme.CA()
    ours = trustme.CA() if name == HOST else theirs
    async with provider(theirs, smtps, name) as it:
        server = sends(it, smtps, ours)
        try:
            with pytest.raises(NotDelivered, match="certificate isn't trusted") as refused:
                await server.send(REPLY)
        finally:
            await server.close()
        assert refused.value.code == "tls" and not refused.value.permanent, "a reply waits until it is mended"
        assert not it.logins and not it.mails


@pytest.mark.promise("mail-secrets-encrypted")
async def test_a_server_that_speaks_no_tls_where_smtps_is_asked_hears_nothing() -> None:
    it = Provider()
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(it), HOST, 0)
    it.port = int(listening.sockets[0].getsockname()[1])
    server = sends(it, True, trustme.CA())
    try:
        with pytest.raises(NotDelivered, match="speaks no TLS") as refused:
            await server.send(REPLY)
        assert not refused.value.permanent and not it.mails and not it.logins
    finally:
        await server.close()
        listening.close()
        await listening.wait_closed()
