"""Part of the composition root: the mail door's way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from .channels.email.account import BadUrl
from .channels.email.configured import smtp_tokens
from .channels.email.conversation import Signatures
from .channels.email.door import EmailDoor
from .channels.email.server import Address, MailServer
from .channels.email.signing import CannotSign, Sign, signer
from .router.enclosures import Enclosures
from .router.letters import letterheads
from .router.rulebook import Rulebook
from .settings import Secrets, Settings

log = structlog.get_logger()


def mail_door(
    settings: Settings, keys: Secrets, book: Callable[[], Rulebook], clock: Callable[[], Awaitable[int]],
    enclosures: Enclosures,
) -> EmailDoor | None:  # fmt: skip
    """None where no mail can go out."""
    if (server := _server(settings)) is None:
        return None
    signs, heads = Signatures(keys.secret), letterheads(book)
    return EmailDoor(server, signs, heads, clock, enclosures.attached, _signer(settings))


def _signer(settings: Settings) -> Sign | None:
    """None where we sign nothing, or can't: unsigned mails arrive more often than none."""
    try:
        return signer(settings.dkim_domain, settings.dkim_selector, settings.dkim_key)
    except CannotSign as error:
        log.error("mail.unsigned", why=f"DKIM: {error}")
        return None


def _server(settings: Settings) -> MailServer | None:
    """Where mails go out; None where nothing is set, or nothing that can be read."""
    if settings.smtp_url is None:
        return None
    try:
        tokens = smtp_tokens(settings)
        at = Address.of(settings.smtp_url.get_secret_value())
        return MailServer(at, token=tokens.get if tokens is not None else None)
    except BadUrl as error:
        log.error("mail.off", why=f"SMTP_URL: {error}")
        return None
