"""Part of the composition root: the mail door, from the wire to the contact, and what is kept of mails."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .channels.channel import Inbound, NotDelivered
from .channels.email.conversation import Signatures, mailbox_of
from .channels.email.expiry import Expiry
from .channels.email.post import MailIn
from .channels.email.raw import RawStore
from .channels.email.reader import Reader, TooComplex
from .channels.sms.door import SmsDoor
from .queue.engine import Queue
from .router.alerts import Alerts
from .router.arrived_files import Content
from .router.links import Signed
from .router.mail_files import MailFiles, content_of
from .router.mailed import MailTalk, mailboxes
from .router.rulebook import Rulebook
from .settings import Role, Secrets, Settings

if TYPE_CHECKING:
    from .channels.email.listener import Listener
    from .queue.history.history import History
    from .queue.history.mailed import Conversed
    from .queue.history.records import Told

TOO_COMPLEX = "this mail is too complex to be shown: its bytes can be had"


@dataclass(frozen=True, slots=True)
class MailSide:
    """`listener` None: it is off, or another process has it."""

    raw: RawStore
    post: MailIn
    listener: Listener | None
    reader: Reader
    files: MailFiles
    expiry: Expiry

    def content(self, sms: SmsDoor | None) -> Content:
        """The bytes that customers sent, by whatever door."""
        return content_of(self.files.mails, sms.media.content if sms is not None else None)

    async def start(self) -> None:
        """Take mail. The processes that read it begin with the first one."""
        self.expiry.start()
        if self.listener is not None:
            await self.listener.start()

    async def stop(self) -> None:
        """Take none any more, then read none."""
        if self.listener is not None:
            await self.listener.stop()
        await self.expiry.stop()
        await self.reader.stop()
        self.raw.stop()


def mail_side(
    settings: Settings, keys: Secrets, role: Role, inbound: Inbound, queue: Callable[[], Queue],
    book: Callable[[], Rulebook], history: Callable[[], History], alerts: Alerts,
) -> MailSide:  # fmt: skip
    """Raises OSError, in words, when its settings can't be."""
    raw = RawStore(settings.data / "mail")
    expiry = Expiry(raw.folder, settings.mail_days, lambda: queue().now())

    def ours() -> frozenset[str]:
        return mailboxes(book().plan)

    reader = Reader(ours, lambda: book().plan.mail.authserv_ids)
    post = MailIn(raw, reader.read, inbound, MailTalk(queue, _Past(history)), Signatures(keys.secret), ours)
    files = MailFiles(queue, history, _Mails(raw, reader), Signed(settings.base_url, "mail", keys.secret))
    if not settings.smtp_listen or role == "worker":
        return MailSide(raw, post, None, reader, files, expiry)
    from .channels.email.certificate import Certificate
    from .channels.email.listener import Listener, Where  # with SMTP's library: 40 ms of a start
    from .channels.email.session import Rules

    try:
        where = Where.parse(settings.smtp_listen)
    except ValueError as error:
        raise OSError(str(error)) from None
    if settings.smtp_require_tls and (settings.smtp_cert is None or where.lmtp):
        raise OSError("TIERLINE_SMTP_REQUIRE_TLS is for SMTP with a certificate: set TIERLINE_SMTP_CERT.")
    certificate = Certificate(settings.smtp_cert, settings.smtp_key, alerts) if settings.smtp_cert else None
    rules = Rules(socket.gethostname(), None, settings.smtp_require_tls)

    def relayed(address: str) -> bool:
        return book().plan.mail.relayed(address)

    listener = Listener(where, rules, post, lambda it: bool(mailbox_of(it, ours())), relayed, certificate)
    return MailSide(raw, post, listener, reader, files, expiry)


@dataclass(frozen=True, slots=True)
class _Mails:
    """Mails as they were kept, read within limits."""

    store: RawStore
    reader: Reader

    async def raw(self, ref: str) -> bytes:
        return await self.store.read(ref)

    async def page(self, ref: str) -> str:
        try:
            return await self.reader.page(await self.store.read(ref))
        except TooComplex:
            raise NotDelivered(TOO_COMPLEX, "mail", permanent=True) from None

    async def part(self, ref: str, part: int) -> bytes | None:
        try:
            return await self.reader.part(await self.store.read(ref), part)
        except TooComplex:
            raise NotDelivered(TOO_COMPLEX, "mail", permanent=True) from None


@dataclass(frozen=True, slots=True)
class _Past:
    """What the mail door asks of the history; SQL's library is there once the history is."""

    history: Callable[[], History]

    async def conversed(self, address: str, threads: Sequence[str]) -> Conversed | None:
        from .queue.history.mailed import conversed

        return await conversed(self.history().database, address, threads)

    async def wrote(self, address: str, message_ids: Sequence[str]) -> Conversed | None:
        from .queue.history.mailed import wrote

        return await wrote(self.history().database, address, message_ids)

    async def party(self, contact: str) -> tuple[str, str] | None:
        from .queue.history.mailed import party

        return await party(self.history().database, contact)

    async def ended(self, contact: str) -> Told | None:
        return await self.history().ended(contact)
