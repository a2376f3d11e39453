"""The product with its mail door open on loopback, beside the other stand-ins."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiosmtplib
from helpers_app import PLAN, Inside, free_port, inside

BOX = "support@inside.example"
MAIL_PLAN = PLAN.replace(
    "entry: [", f"entry: [{{channel: email, to: {BOX}, service: help}}, "
)  # fmt: skip
EVA_MAIL = "eva@customer.example"


def mail(
    text: str = "Please help.",
    sender: str = EVA_MAIL,
    subject: str = "Invoice",
    n: str = "1",
    to: str = BOX,
    more: str = "",
) -> bytes:
    """A mail as a customer's program writes it."""
    domain = sender.rpartition("@")[2]
    head = f"From: Eva <{sender}>\nTo: {to}\nSubject: {subject}\nMessage-ID: <{n}@{domain}>\n"
    head += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
    head += f"Date: Sun, 22 Nov 2026 10:00:00 +0100\n{more}\n"
    return (head + text + "\n").replace("\n", "\r\n").encode()


async def bring(
    it: Inside, content: bytes, sender: str = EVA_MAIL, to: tuple[str, ...] = (BOX,)
) -> tuple[int, str]:
    """Bring a mail by SMTP, as a server does; the answer to its body, or to the first command that was refused."""
    listener = it.app.mail.listener
    assert listener is not None
    return await smtp(listener.port, content, sender, to)


async def smtp(
    port: int, content: bytes, sender: str = EVA_MAIL, to: tuple[str, ...] = (BOX,)
) -> tuple[int, str]:
    """One session with whoever listens on `port` of loopback."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, timeout=30, start_tls=False)
    await client.connect()
    try:
        await client.ehlo(hostname="mx.customer.example")
        await client.mail(sender)
        for one in to:
            await client.rcpt(one)
        code, said = await client.data(content)
        return code, said
    except aiosmtplib.SMTPResponseException as error:
        return error.code, error.message
    finally:
        with contextlib.suppress(aiosmtplib.SMTPException):
            await client.quit()


@contextlib.asynccontextmanager
async def mail_stage(home: Path, plan: str = MAIL_PLAN) -> AsyncIterator[Inside]:
    """A running product that takes mail."""
    async with inside(home, plan, smtp_listen=f"127.0.0.1:{free_port()}") as it:
        yield it
