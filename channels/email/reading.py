"""Bytes → `Letter`: every mail is read as far as it goes, and none raises.

Where a step fails the next simpler one is taken: header by header, part by part; what can't be had at all leaves a
letter that says so in `trouble`, with whatever of sender and subject there is. Pure: no clock, no files, no network.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .body import Body, gathered
from .body import part_bytes as _part_bytes
from .charsets import one_line
from .folding import folded
from .headers import Header, address, addresses, date, ids, message_id, split, words
from .letter import Envelope, Letter, Trouble
from .mime import MOST_ADDRESSES, Mail, taken_apart

LONGEST_WORDS, LONGEST_FOLDED = 200_000, 200_000
"""Characters of a letter's text; the mail itself is kept whole."""
GLANCE = 64 * 1024
"""Bytes of a mail that its subject and sender are looked for in when there is no reading it whole."""
_CUT = "\n[…]"


def read(
    raw: bytes, envelope: Envelope, ours: Collection[str] = (), authserv_ids: Collection[str] = ()
) -> Letter:
    """The mail as it can be read. `ours` are our own addresses, `authserv_ids` the servers that we trust to vouch."""
    try:
        return _read(raw, envelope, ours, authserv_ids)
    except MemoryError:
        return glanced(raw, envelope, "too complex")
    except Exception:  # whatever it is, it was the mail: a person will look at it
        return glanced(raw, envelope, "unreadable")


def glanced(raw: bytes, envelope: Envelope, trouble: Trouble) -> Letter:
    """Subject and sender alone, read from the first bytes: cheap enough for the loop, whatever the mail is."""
    head = raw[:GLANCE]
    try:
        return replace(_headed(_first_header(head), envelope, ""), trouble=trouble)
    except Exception:  # then the envelope is all that is known
        return Letter(sender=address(one_line(envelope.sender)), name="", trouble=trouble)


def page_parts(raw: bytes) -> tuple[Mail, Body]:
    """What a page about the whole mail is made of."""
    mail = taken_apart(raw)
    return mail, gathered(mail)


def part_bytes(raw: bytes, part: int) -> bytes | None:
    """The bytes of an attachment by its `Attachment.part`; None when the mail has no such part."""
    return _part_bytes(taken_apart(raw), part)


def _first_header(head: bytes) -> Header:
    return taken_apart(head).top.header if len(head) < GLANCE else split(head, 0, len(head), GLANCE)[0]


def _read(raw: bytes, envelope: Envelope, ours: Collection[str], authserv_ids: Collection[str]) -> Letter:
    mail = taken_apart(raw)
    head = mail.top.header
    letter = _headed(head, envelope, _charset(mail))
    body = gathered(mail)
    text, rest = folded(body.text, letter.subject)
    if len(letter.to) > MOST_ADDRESSES:
        mail.beyond = mail.beyond or "addresses"
    return replace(
        letter,
        to=letter.to[:MOST_ADDRESSES],
        text=_cut(text, LONGEST_WORDS),
        folded=_cut(rest, LONGEST_FOLDED),
        attachments=tuple(body.files),
        invitation=body.invitation,
        trouble=_trouble(mail, body, text),
    )


def _headed(head: Header, envelope: Envelope, hint: str) -> Letter:
    """What the header alone says."""
    name, sender = _from(head, envelope, hint)
    to = [it for _, it in addresses([*head.all("to"), *head.all("cc")], MOST_ADDRESSES + 1, hint)]
    answer = addresses(head.all("reply-to"), 1, hint)
    return Letter(
        sender=sender,
        name=name,
        to=tuple(dict.fromkeys(to)),
        subject=words(head.raw("subject"), hint, 500),
        message_id=message_id(head.raw("message-id")),
        in_reply_to=ids(head.all("in-reply-to"), 20),
        references=ids(head.all("references")),
        date=date(head.raw("date")),
        reply_to=answer[0][1] if answer else "",
    )


def _from(head: Header, envelope: Envelope, hint: str) -> tuple[str, str]:
    """Who wrote it: the first From that one could answer, else who sent it."""
    for field in ("from", "sender", "reply-to"):
        found = addresses(head.all(field), 1, hint)
        if found:
            return found[0]
    return words(head.raw("from"), hint, 200), address(one_line(envelope.sender))


def _charset(mail: Mail) -> str:
    """What the mail's text is written in: 8-bit headers that say nothing are likely written in the same."""
    return next((it.parameters["charset"] for it in mail.parts if "charset" in it.parameters), "")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + _CUT


def _trouble(mail: Mail, body: Body, text: str) -> Trouble:
    if mail.beyond:
        return "too complex"
    return "unreadable" if body.garbled or (body.sealed and not text.strip()) else ""
