"""The mail door's way out: words become a mail, the mail server takes it, and what it said becomes a receipt.

say ─▶ letterhead, files ─▶ compose ─▶ DKIM, if we sign ─▶ the server ─┬─ 250: sent
                                                                       ├─ 4xx: later, the same Message-ID
                                                                       ├─ 5xx: never, and why
                                                                       └─ nothing: unknown, the same Message-ID again
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from ...queue.contact import Media
from ..channel import NotDelivered, Sent, Words
from .compose import BadMail, Composed, Enclosed, Signatures, compose
from .letterhead import Letterheads
from .server import MailServer
from .signing import Sign

log = structlog.get_logger()

LARGEST = 20 * 1024 * 1024
"""Bytes of all files of a mail: what most servers take, with a third more for their coding."""
Fetch = Callable[[Media], Awaitable[bytes]]
"""The bytes of a file that an agent sends; raises NotDelivered."""


@dataclass(slots=True)
class EmailDoor:
    """A `Channel`; mails come in by others (`listener.py`, `mailbox.py`)."""

    server: MailServer
    signs: Signatures
    heads: Letterheads
    clock: Callable[[], Awaitable[int]]
    fetch: Fetch | None = None
    sign: Sign | None = None

    async def start(self) -> None:
        """Nothing to do: the connection is made when there is something to send."""

    async def stop(self) -> None:
        """Say goodbye to the server."""
        await self.server.close()

    async def say(self, words: Words) -> Sent:
        """Send it. The same `words.key` has the same Message-ID, however often. Raises NotDelivered or OutcomeUnknown."""
        mail = await self._mail(words, await self._files(words))
        try:
            said = await self.server.send(mail)
        except NotDelivered as error:
            if not (error.permanent and mail.sender == ""):
                raise
            # Some providers let nobody send without an address to return to; the plan's own texts are worth one.
            said = await self.server.send(self._returned_to_us(mail, words))
        log.info("mail.sent", key=words.key, said=said[:120])
        return Sent(mail.message_id, "sent")

    async def find(self, words: Words) -> Sent | None:
        """None: no server can be asked what it took. A second mail with the same Message-ID is shown as one."""
        return None

    async def status(self, provider_id: str) -> Sent:
        """What is known of a mail that was taken: a server tells later trouble by a mail of its own."""
        return Sent(provider_id, "sent")

    async def _mail(self, words: Words, files: Sequence[Enclosed]) -> Composed:
        head = self.heads(words)
        now = await self.clock()
        try:
            # Coding megabytes takes longer than the loop may stand.
            mail = await asyncio.to_thread(compose, words, head, self.signs, now, files)
        except BadMail as error:
            raise NotDelivered(f"it can't be a mail: {error}", "bad", permanent=True) from None
        if self.sign is not None:
            raw = await asyncio.to_thread(self.sign, mail.raw)
            mail = Composed(mail.sender, mail.recipient, mail.message_id, raw, mail.wide)
        return mail

    def _returned_to_us(self, mail: Composed, words: Words) -> Composed:
        return Composed(self.heads(words).mailbox, mail.recipient, mail.message_id, mail.raw, mail.wide)

    async def _files(self, words: Words) -> list[Enclosed]:
        if not words.media:
            return []
        if self.fetch is None:
            raise NotDelivered("files can't be fetched from Slack", "off", permanent=True)
        found, size = [], 0
        for it in words.media:
            content = await self.fetch(it)
            size += len(content)
            if size > LARGEST:
                raise NotDelivered(f"a mail carries {LARGEST >> 20} MB at most", "size", permanent=True)
            found.append(Enclosed(it.name, it.content_type, content))
        return found
