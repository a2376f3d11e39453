"""What `tierline doctor` sees of the way in for mails: asked of our own listener as any server would ask it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..channels.email.certificate import tls_context
from ..channels.email.listener import Where
from ..router.mailed import mailboxes
from ..router.plan.model import Plan
from ..settings import Settings
from .finding import Finding

WITHIN = 5.0
"""Seconds that our own listener is given."""
NEARLY = 14
"""Days before its end at which a certificate is told."""
STRANGER = "nobody@elsewhere.invalid"


@dataclass(frozen=True, slots=True)
class MailSeen:
    """`no`: why it doesn't take mail; `refused`: mailboxes of the plan that it refuses; `open`: it takes a stranger's."""

    where: str = ""
    no: str = ""
    lmtp: bool = False
    tls: bool = False
    certificate_no: str = ""
    ends: float | None = None  # when the certificate ends, seconds since the epoch
    refused: tuple[str, ...] = ()
    open: bool = False


def mailboxes_of(plan: Plan | None) -> tuple[str, ...]:
    """The addresses of the plan's mail entries."""
    return tuple(sorted(mailboxes(plan))) if plan is not None else ()


async def look_at_mail(settings: Settings, mailboxes: tuple[str, ...], running: bool) -> MailSeen | None:
    """None where the listener is off."""
    if not settings.smtp_listen:
        return None
    try:
        where = Where.parse(settings.smtp_listen)
    except ValueError as error:
        return MailSeen(settings.smtp_listen, str(error))
    certificate_no, ends = await asyncio.to_thread(_certificate, settings)
    seen = MailSeen(settings.smtp_listen, "", where.lmtp, bool(settings.smtp_cert), certificate_no, ends)
    if not running or where.port == 0:
        return seen
    try:
        async with asyncio.timeout(WITHIN):
            return await _asked(seen, where, mailboxes, settings.smtp_require_tls)
    except (OSError, TimeoutError, ValueError) as error:
        return MailSeen(
            seen.where,
            f"it doesn't answer ({type(error).__name__})",
            where.lmtp,
            seen.tls,
            certificate_no,
            ends,
        )


async def _asked(seen: MailSeen, where: Where, mailboxes: tuple[str, ...], quiet: bool) -> MailSeen:
    """As a server that brings mail would, up to the recipients."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(where.host, where.host)
    reader, writer = await asyncio.open_connection(host, where.port)

    async def ask(said: str) -> str:
        if said:
            writer.write(said.encode() + b"\r\n")
            await writer.drain()
        while (line := (await reader.readline()).decode("ascii", "replace"))[3:4] == "-":
            continue
        return line

    try:
        if not (await ask("")).startswith("220"):
            raise ValueError("no greeting")
        await ask(f"{'LHLO' if where.lmtp else 'EHLO'} doctor.invalid")
        if quiet:  # nothing more is said before TLS
            return seen
        await ask("MAIL FROM:<>")
        refused = [it for it in mailboxes if not (await ask(f"RCPT TO:<{it}>")).startswith("250")]
        strangers = (await ask(f"RCPT TO:<{STRANGER}>")).startswith("250")
        await ask("QUIT")
    finally:
        writer.close()
    return MailSeen(
        seen.where, "", where.lmtp, seen.tls, seen.certificate_no, seen.ends, tuple(refused), strangers
    )


def _certificate(settings: Settings) -> tuple[str, float | None]:
    """Why the certificate can't be used, and when it ends."""
    if settings.smtp_cert is None:
        return "", None
    try:
        tls_context(settings.smtp_cert, settings.smtp_key)
    except (OSError, ValueError) as error:
        return f"{settings.smtp_cert} can't be used ({type(error).__name__})", None
    return "", _ends(settings.smtp_cert)


def _ends(path: Path) -> float | None:
    """When the first certificate of a file ends; None where that can't be read."""
    try:
        known = ssl._ssl._test_decode_cert(str(path))  # type: ignore[attr-defined]  # what there is without a library
        return float(ssl.cert_time_to_seconds(known["notAfter"]))
    except (AttributeError, KeyError, OSError, ValueError):
        return None


def mail_in(seen: MailSeen | None, mailboxes: tuple[str, ...], now: float) -> Iterator[Finding]:
    """What is well and what isn't. `mailboxes` are the plan's mail entries."""
    if seen is None:
        if mailboxes:
            text = f"nothing brings mails for {', '.join(mailboxes)}: no listener and no mailbox is set"
            yield Finding("bad", "mail in", text, "set TIERLINE_SMTP_LISTEN and forward there, see README")
        return
    if seen.certificate_no:
        yield Finding("bad", "mail in", seen.certificate_no, "mend TIERLINE_SMTP_CERT and TIERLINE_SMTP_KEY")
    if seen.no:
        yield Finding(
            "bad", "mail in", f"{seen.where}: {seen.no}", "mend TIERLINE_SMTP_LISTEN, or see the log"
        )
        return
    if seen.open:
        yield Finding(
            "bad", "mail in", f"{seen.where} takes mail for strangers", "something else listens there"
        )
    for box in seen.refused:
        yield Finding(
            "bad", "mail in", f"{seen.where} refuses {box}", "publish the plan that has it, then restart"
        )
    if not mailboxes:
        yield Finding(
            "note",
            "mail in",
            "the plan has no mail entry: every mail is refused",
            "add {channel: email, to: …}",
        )
    if seen.ends is not None and seen.ends - now < NEARLY * 86_400:
        day = datetime.fromtimestamp(seen.ends, UTC).date()
        yield Finding("bad", "mail in", f"the certificate ends on {day}", "renew it: it is read at the start")
    if not (seen.tls or seen.lmtp) and not seen.where.startswith(("127.", "localhost", "[::1]")):
        yield Finding(
            "note", "mail in", "mails come unencrypted", "set TIERLINE_SMTP_CERT, or listen on loopback"
        )
    if mailboxes and not seen.refused:
        how = "forward there from your mail server; an MX record is needed only where it is your mail server"
        yield Finding("ok", "mail in", f"{seen.where} takes {', '.join(mailboxes)}: {how}")
