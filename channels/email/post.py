"""The one way in for mails: kept bit for bit, read, put into its conversation, stored. Then its bringer may let go.

bytes ─▶ raw (fsynced) ─┐
      └▶ read ──────────┴▶ conversation ─▶ Arrived, one for each mailbox of ours ─▶ inbound (durable) ─▶ Taken
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import structlog

from ...queue.contact import Arrived, Media
from ..channel import Inbound, NotTaken, Taken
from .conversation import Claim, Signatures, begun, claim, mailbox_of, short
from .letter import Envelope, Letter, Read
from .raw import RawStore

log = structlog.get_logger()

SCHEME = "mail:"
"""Before what names a mail (`raw.REF`) or, behind a slash, one of its parts, where a file's address is expected."""
WHOLE = "message/rfc822"
UNSENT = "unknown sender"
"""Whom the queue has as the sender of a mail that names none."""
LONGEST = 20_000
"""Characters of a mail's words that are stored with the contact; the mail itself has them all."""


class Conversations(Protocol):
    """What the store and the history know of conversations. Raises NotTaken when they don't answer."""

    async def known(self, thread: str) -> bool:
        """Whether there is, or was, a contact in that conversation."""


@dataclass(slots=True)
class MailIn:
    """A `Post`. `mailboxes` are the plan's, in lower case."""

    raw: RawStore
    read: Read
    inbound: Inbound
    known: Conversations
    signatures: Signatures
    mailboxes: Callable[[], Collection[str]]

    async def __call__(self, content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        """Take a mail in, durably. Raises NotTaken: the sender still owns it."""
        ours = self.mailboxes()
        boxes = dict.fromkeys(box for it in envelope.recipients if (box := mailbox_of(it, ours)))
        if not boxes:
            raise NotTaken("it is for none of our mailboxes")
        ref, letter = await asyncio.gather(self.raw.keep(content, envelope), self.read(content, envelope))
        dated = bool(letter.message_id or letter.date)
        digest = await asyncio.to_thread(_digest, content, dated)
        return tuple([await self._take(box, letter, envelope, ref, digest) for box in boxes])

    async def _take(self, box: str, letter: Letter, envelope: Envelope, ref: str, digest: str) -> Taken:
        sender = letter.sender or envelope.sender.casefold() or UNSENT
        said = claim(
            self.signatures,
            sender,
            (*envelope.recipients, *letter.to),
            (*letter.references, *letter.in_reply_to),
        )
        conversation = await self._conversation(box, sender, letter, said, digest)
        taken = await self.inbound(arrived(box, sender, letter, envelope, conversation, ref, digest))
        log.info("mail.taken", contact=taken.contact, outcome=taken.outcome, mail=ref, robot=letter.robot)
        return taken

    async def _conversation(self, box: str, sender: str, letter: Letter, said: Claim, digest: str) -> str:
        if said.sure:
            return said.sure
        for one in reversed(said.maybe):
            if await self.known.known(f"email:{sender}:{box}:{one}"):
                return one
        return begun(sender, letter.message_id or digest)


def arrived(
    box: str, sender: str, letter: Letter, envelope: Envelope, conversation: str, ref: str, digest: str
) -> Arrived:
    """A mail as the queue has it. The same mail by whatever way is the same event; one with the same Message-ID and
    other content isn't (F72, F73)."""
    named = short(letter.message_id, sender, box, letter.subject, str(letter.date))
    event = f"mail:{named}:{digest}"
    files = tuple(
        Media(f"{SCHEME}{ref}/{it.part}", it.content_type, it.name)
        for it in letter.attachments
        if not it.inline
    )
    text = letter.text[:LONGEST] or letter.invitation or _nothing(letter)
    return Arrived(
        "email", event, sender, box, text, (*files, Media(f"{SCHEME}{ref}", WHOLE, "the whole mail")), envelope.at,
        letter.trust == "verified", letter.name, conversation=conversation, subject=letter.subject,
        message_id=letter.message_id, robot=letter.robot,
    )  # fmt: skip


def _nothing(letter: Letter) -> str:
    match letter.trouble:
        case "unreadable":
            return "(This mail can't be read: see the whole mail.)"
        case "too complex":
            return "(This mail is too complex to be read here: see the whole mail.)"
        case _:
            return "(no words)" if not letter.attachments else "(only files)"


def _digest(content: bytes, dated: bool) -> str:
    """Of the mail itself, without what servers on its way write before it: it may come by two ways (F72). One that has
    neither date nor id may be said twice: of that everything counts."""
    body = content.partition(b"\r\n\r\n")[2] if dated else content
    return hashlib.sha256((body or content).rstrip()).hexdigest()[:32]
