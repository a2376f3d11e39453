"""Doctor's eyes for mail: opens each mailbox and the mail server as Tierline would, changes nothing and sends nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiosmtplib

from ..channels.email.account import Account, BadUrl
from ..channels.email.configured import accounts_of, last_days, smtp_tokens, token_of
from ..channels.email.server import Address
from ..channels.email.tokens import NoToken
from ..settings import Settings
from .doctor_mailboxes import MailboxesSeen, MailboxSeen

WITHIN = 8.0
"""Seconds for each answer."""


async def mailboxes_seen(settings: Settings) -> MailboxesSeen:
    """Look at everything. Raises nothing that an outside may cause."""
    try:
        accounts, days = accounts_of(settings), last_days(settings)
    except OSError as error:
        return MailboxesSeen(str(error))
    boxes = await asyncio.gather(*(_box(settings, it) for it in accounts))
    return MailboxesSeen("", boxes, days, datetime.now(UTC).date())


async def _box(settings: Settings, account: Account) -> MailboxSeen:
    from ..channels.email.imap import Imap, Trouble  # with IMAP's library

    def looked(token: str) -> bool:
        imap = Imap(account, within=WITHIN)
        try:
            return imap.open(token).idle
        finally:
            imap.close()

    no, idle = "", True
    try:
        async with asyncio.timeout(WITHIN * 2):
            token = token_of(settings, account)
            idle = await asyncio.to_thread(looked, await token(False) if token is not None else "")
    except TimeoutError:
        no = "it doesn't answer in time"
    except Trouble as error:
        no = str(error)
    return MailboxSeen(account.setting, account.user, account.host, no, idle)


async def smtp_no(settings: Settings) -> str:
    """Why no mail can leave, "" when it can, or when nothing is set."""
    if settings.smtp_url is None:
        return ""
    try:
        at = Address.of(settings.smtp_url.get_secret_value())
    except BadUrl as error:
        return str(error)
    tokens = smtp_tokens(settings)
    client = aiosmtplib.SMTP(
        hostname=at.host, port=at.port, use_tls=at.tls, start_tls=at.start_tls, timeout=WITHIN,
        username=at.user or None, password=at.password or None if tokens is None else None,
        oauth_token_generator=tokens.get if tokens is not None else None,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN * 2), client:
            await client.noop()
    except aiosmtplib.SMTPAuthenticationError as error:
        return f"it refuses the login ({error.code})"
    except NoToken as error:
        return str(error)
    except (aiosmtplib.SMTPException, OSError, ValueError, TimeoutError) as error:
        return f"it doesn't answer ({type(error).__name__})"
    finally:
        client.close()
    return ""
