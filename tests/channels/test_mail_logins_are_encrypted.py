"""A mail server that offers no STARTTLS hears no password, and whoever waits is told what to change."""

from __future__ import annotations

import asyncio

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from tierline.channels.channel import NotDelivered
from tierline.channels.email import account
from tierline.channels.email.compose import Composed
from tierline.channels.email.server import Address, MailServer


@pytest.mark.promise("mail-secrets-encrypted")
async def test_a_server_without_starttls_hears_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "loopback", lambda host: False)  # as if it stood elsewhere
    heard: list[object] = []

    def authenticates(
        server: object, session: object, envelope: object, mechanism: str, auth: object
    ) -> AuthResult:
        heard.append(auth)
        return AuthResult(success=True)

    def served() -> SMTP:
        return SMTP(object(), authenticator=authenticates, auth_require_tls=False)

    listening = await asyncio.get_running_loop().create_server(served, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    sends = MailServer(Address.of(f"smtp://ann:secret@127.0.0.1:{port}"))
    try:
        with pytest.raises(NotDelivered, match="smtps://") as refused:
            await sends.send(
                Composed("a@b.example", "c@d.example", "<1@b.example>", b"Subject: x\r\n\r\nx\r\n", False)
            )
        assert not heard and not refused.value.permanent
    finally:
        await sends.close()
        listening.close()
        await listening.wait_closed()
