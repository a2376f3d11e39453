"""Alerts by mail, through aiosmtplib, against a real SMTP server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

import aiosmtplib
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from helpers_plan import example

from tierline.router.alerts import Alerts
from tierline.router.ways import send_mail, ways


class Mailbox:
    """What came in; an address that begins with `nobody` is refused."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.users: list[bytes] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login + b":" + data.password)
        return AuthResult(success=data.password == b"p@ss/word")


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, str]]:
    """A mail server with one mailbox; its address without credentials."""
    box = Mailbox()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=0,
        authenticator=box.login,
        auth_require_tls=False,
        auth_required=False,
    )
    controller.port = _free()
    controller.start()
    yield box, f"127.0.0.1:{controller.port}"
    controller.stop()


def _free() -> int:
    import socket

    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


@pytest.mark.promise("alerts-mail")
async def test_an_alert_reaches_the_mailbox_of_the_plan(box: tuple[Mailbox, str]) -> None:
    mailbox, where = box
    found = ways(example(), None, {}, f"smtp://{where}")
    assert set(found) == {"email"}
    alerts = Alerts(lambda: found)
    await alerts.begin("slack", "Slack doesn't answer – Ümläut")
    await alerts.drain()
    (mail,) = mailbox.mails
    assert mail["To"] == "ops@northwind.example" and mail["Subject"] == "Tierline alert (northwind)"
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes) and body.decode().strip() == "Slack doesn't answer – Ümläut"


async def test_user_and_password_come_from_the_address(box: tuple[Mailbox, str]) -> None:
    mailbox, where = box
    await send_mail(f"smtp://ops%40northwind.example:p%40ss%2Fword@{where}", "a@b.example", "s", "t")
    assert mailbox.users == [b"ops@northwind.example:p@ss/word"]
    assert mailbox.mails[0]["From"] == "ops@northwind.example"


async def test_a_refused_mail_is_an_error_that_holds_no_password(box: tuple[Mailbox, str]) -> None:
    _, where = box
    with pytest.raises(aiosmtplib.SMTPException) as wrong:
        await send_mail(f"smtp://me:geheim@{where}", "a@b.example", "s", "t")
    assert "geheim" not in str(wrong.value)
    with pytest.raises((aiosmtplib.SMTPException, ValueError)):
        await send_mail(f"smtp://{where}", "nobody@b.example", "s", "t")


async def test_a_line_break_in_a_subject_makes_no_header(box: tuple[Mailbox, str]) -> None:
    mailbox, where = box
    with pytest.raises(ValueError):
        await send_mail(f"smtp://{where}", "a@b.example", "s\r\nBcc: all@b.example", "t")
    assert mailbox.mails == []
