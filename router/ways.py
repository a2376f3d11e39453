"""The ways by which alerts reach people: Slack, a text, a mail."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from ..channels.channel import Channel, Desk, Words
from ..channels.email.account import start_tls
from .alerts import Notice, Way
from .plan.model import Plan

SUBJECT = "Tierline alert"
Token = Callable[[], Awaitable[str]]
TIMEOUT = 8.0  # seconds, below the alert's own deadline


def ways(
    plan: Plan,
    desk: Desk | None,
    doors: Mapping[str, Channel],
    smtp_url: str | None,
    token: Token | None = None,
) -> dict[str, Way]:
    """The ways that `plan.alerts` names and that are connected; `token` where the mail server wants OAuth2."""
    found: dict[str, Way] = {}
    if plan.alerts.slack and desk is not None:
        found["slack"] = _by_slack(desk, plan.alerts.slack)
    if plan.alerts.sms and "sms" in doors:
        sender = plan.channels.sms.sender or next(
            (e.to for e in plan.entry if e.channel == "sms" and e.to), ""
        )
        found["sms"] = _by_text(doors["sms"], plan.alerts.sms, sender or "")
    if plan.alerts.email and smtp_url:
        found["email"] = _by_mail(smtp_url, plan.alerts.email, plan.site, token)
    return found


def _by_slack(desk: Desk, channel: str) -> Way:
    async def way(it: Notice) -> None:
        await desk.tell(channel, it.text, it.buttons, key=it.key, again=it.again)

    return way


def _by_text(door: Channel, number: str, sender: str) -> Way:
    async def way(it: Notice) -> None:
        words = Words(f"alert.{it.key}", number, sender, f"Tierline: {_plain(it.text)}", since=it.at)
        if not it.again or await door.find(words) is None:
            await door.say(words)

    return way


def _by_mail(smtp_url: str, address: str, site: str, token: Token | None) -> Way:
    async def way(it: Notice) -> None:
        await send_mail(smtp_url, address, f"{SUBJECT} ({site})", _plain(it.text), it.key, token)

    return way


async def send_mail(
    smtp_url: str, to: str, subject: str, text: str, key: str = "", token: Token | None = None
) -> None:
    """Send one plain mail by `smtp_url` (smtp://user:password@host:port, with STARTTLS, or smtps://).

    The same `key` is the same Message-ID: a mailbox that has it shows one mail.
    Raises aiosmtplib.SMTPException, or ValueError when the server refused the recipient.
    """
    parts = urlsplit(smtp_url)
    tls = parts.scheme.partition("+")[0] == "smtps"
    user = unquote(parts.username or "")
    mail = EmailMessage()
    mail["From"] = user if "@" in user else f"tierline@{parts.hostname}"
    mail["To"], mail["Subject"] = to, subject
    if key:
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        mail["Message-ID"] = f"<{digest}@{parts.hostname}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot shall answer
    mail.set_content(text)
    refused, _ = await aiosmtplib.send(
        mail,
        hostname=parts.hostname,
        port=parts.port or (465 if tls else 587),
        username=user or None,
        password=unquote(parts.password) if parts.password and token is None else None,
        oauth_token_generator=token,
        use_tls=tls,
        start_tls=start_tls(tls, parts.hostname or "", bool(user)),
        timeout=TIMEOUT,
    )
    if refused:
        raise ValueError("the mail server refused the recipient")


def _plain(text: str) -> str:
    """Without the emoji that Slack's form begins with."""
    return re.sub(r"^:[a-z_]+: ", "", text)
