"""Part of the composition root: the mail door, from the wire to the contact, and what is kept of mails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .channels.channel import Inbound
from .channels.email.conversation import Signatures, mailbox_of
from .channels.email.letter import Envelope, Letter
from .channels.email.post import MailIn
from .channels.email.raw import RawStore
from .channels.email.reading import read
from .queue.engine import Queue
from .router.mailed import MailTalk, mailboxes
from .router.rulebook import Rulebook
from .settings import Role, Secrets, Settings

if TYPE_CHECKING:
    from .channels.email.listener import Listener


@dataclass(frozen=True, slots=True)
class MailSide:
    """`listener` None: it is off, or another process has it."""

    raw: RawStore
    post: MailIn
    listener: Listener | None


def mail_side(
    settings: Settings, keys: Secrets, role: Role, inbound: Inbound, queue: Callable[[], Queue],
    book: Callable[[], Rulebook],
) -> MailSide:  # fmt: skip
    """Raises OSError or ValueError, in words, when its settings can't be."""
    raw = RawStore(settings.data / "mail")

    def ours() -> frozenset[str]:
        return mailboxes(book().plan)

    post = MailIn(raw, _read, inbound, MailTalk(queue), Signatures(keys.secret), ours)
    if not settings.smtp_listen or role == "worker":
        return MailSide(raw, post, None)
    from .channels.email.listener import Listener, Where, tls_context  # with SMTP's library: 40 ms of a start
    from .channels.email.session import Rules

    tls = tls_context(settings.smtp_cert, settings.smtp_key) if settings.smtp_cert else None
    rules = Rules(socket.gethostname(), tls, settings.smtp_require_tls)
    where = Where.parse(settings.smtp_listen)
    return MailSide(raw, post, Listener(where, rules, post, lambda it: bool(mailbox_of(it, ours()))))


async def _read(content: bytes, envelope: Envelope) -> Letter:
    return await asyncio.to_thread(read, content, envelope)
