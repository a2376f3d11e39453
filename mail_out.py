"""Part of the composition root: the mail door's way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from .channels.email.account import BadUrl
from .channels.email.configured import smtp_tokens
from .channels.email.conversation import Signatures
from .channels.email.door import EmailDoor
from .channels.email.server import Address, MailServer
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
    return EmailDoor(server, Signatures(keys.secret), letterheads(book), clock, enclosures.attached)


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
