"""The one way in for mails: kept bit for bit, read, put into its conversation, stored. Then its bringer may let go.

bytes ─▶ kept (fsynced), read ─▶ conversation ─┬─▶ Arrived, one for each mailbox of ours ─▶ inbound (durable) ─▶ Taken
                                               └─▶ a machine's, of a contact that we know: noted there, waking nobody
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from ...queue.contact import Arrived, Media
from ..channel import Inbound, NotTaken, Taken
from .beside import FOLDED, SCHEME, WHOLE, Beside, Kind
from .conversation import Signatures, begun, mailbox_of, short
from .glance import digested
from .letter import Envelope, Letter, Take
from .sorting import Conversations, Place, Sorting

log = structlog.get_logger()

UNNAMED = "unknown sender"
"""Whom the queue has as the sender of a mail that names none."""
LONGEST = 20_000
"""Characters of a mail's words that are stored with the contact; the mail itself has them all."""
SHORT = 2_000
"""The same of a machine's mail."""
FILES = 50
"""Files that are stored with the contact; the mail's own page has them all."""
TROUBLE = {
    "unreadable": "(This mail can't be read, or not all of it: see the whole mail.)",
    "too complex": "(This mail is too complex to be read here: see the whole mail.)",
}
"""What its line says of a mail that can't be read."""


@dataclass(frozen=True, slots=True)
class _Mail:
    """What is worked out of one mail."""

    letter: Letter
    envelope: Envelope
    ref: str
    digest: str
    sender: str

    def event(self, box: str) -> str:
        """The same mail by whatever way is the same event; one with the same Message-ID and other content isn't
        (F72, F73)."""
        it = self.letter
        return f"mail:{short(it.message_id, self.sender, box, it.subject, str(it.date))}:{self.digest}"

    @property
    def media(self) -> tuple[Media, ...]:
        """What was attached, and the mail itself."""
        attached = [it for it in self.letter.attachments if not it.inline][:FILES]
        files = (Media(f"{SCHEME}{self.ref}/{it.part}", it.content_type, it.name) for it in attached)
        return (*files, Media(f"{SCHEME}{self.ref}", WHOLE, FOLDED if self.letter.folded else "the mail"))


@dataclass(slots=True)
class MailIn:
    """A `Post`. `mailboxes` are the plan's, in lower case."""

    take: Take
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
        ref, letter = await self.take(content, envelope)
        digest = letter.digest or await asyncio.to_thread(digested, content, letter.dated)
        sender = letter.sender or envelope.sender.casefold() or UNNAMED
        mail = _Mail(letter, envelope, ref, digest, sender)
        return tuple([await self._take(box, mail) for box in boxes])

    async def _take(self, box: str, mail: _Mail) -> Taken:
        try:
            taken = await self._sorted(box, mail)
        except NotTaken:
            raise
        except Exception:
            # Whatever is in it broke us: it would at every try, until its sender gives up. Its bytes are a contact.
            log.exception("mail.broke", mail=mail.ref)
            taken = await self.inbound(bare(box, mail))
        if taken.outcome == "duplicate" or mail.letter.robot:  # of all others intake has said it
            log.info(
                "mail.taken",
                contact=taken.contact,
                outcome=taken.outcome,
                mail=mail.ref,
                robot=mail.letter.robot,
            )
        return taken

    async def _sorted(self, box: str, mail: _Mail) -> Taken:
        sorting = Sorting(self.known, self.signatures)
        place = await sorting.place(box, mail.sender, mail.letter, mail.envelope)
        taken = None
        if mail.letter.robot and place.contact:
            taken = await self.known.noted(place.contact, beside(mail, box, place))
        return taken or await self._arrive(box, mail, place)

    async def _arrive(self, box: str, mail: _Mail, place: Place) -> Taken:
        own = begun(mail.sender, mail.letter.message_id or mail.digest)
        it = arrived(box, mail, own if place.conversation is None else place.conversation)
        taken = await self.inbound(it)
        if taken.outcome == "new" and place.conversation is not None:
            await self.known.goes_on(taken.contact, mail.sender, it.thread)
        if taken.outcome == "new" and place.others:
            await self.known.stranger(place.others, it.event, mail.sender, taken.contact)
        return taken


def arrived(box: str, mail: _Mail, conversation: str) -> Arrived:
    """A mail as the queue has it."""
    it = mail.letter
    said = (it.text[:LONGEST] or it.invitation, TROUBLE.get(it.trouble, ""))
    text = "\n".join(filter(None, said)) or ("(only files)" if it.attachments else "(no words)")
    return Arrived(
        "email", mail.event(box), mail.sender, box, text, mail.media, mail.envelope.at, it.trust == "verified", it.name,
        conversation=conversation, subject=it.subject, message_id=it.message_id, robot=it.robot,
    )  # fmt: skip


def beside(mail: _Mail, box: str, place: Place) -> Beside:
    """A machine's mail as a contact's note."""
    it = mail.letter
    of = next((one for one in it.reports if one.permanent), next(iter(it.reports), None))
    kind: Kind = "auto-reply" if not it.robot else it.robot
    if it.robot == "bounce" and of is not None and not of.permanent:
        kind = "delay"
    return Beside(
        kind, mail.event(box), mail.sender, it.text[:SHORT], mail.media, place.key if kind in ("bounce", "delay") else "",
        kind == "bounce" and of is not None, of.said if of is not None else "",
    )  # fmt: skip


def bare(box: str, mail: _Mail) -> Arrived:
    """A mail of which nothing but its bytes can be had."""
    sender = mail.sender.encode("ascii", "replace").decode() or UNNAMED
    whole = Media(f"{SCHEME}{mail.ref}", WHOLE, "the mail")
    return Arrived(
        "email", f"mail:{mail.ref}:{box}", sender, box, TROUBLE["unreadable"], (whole,), mail.envelope.at,
        conversation=begun(sender, mail.digest), robot=mail.letter.robot,
    )  # fmt: skip
