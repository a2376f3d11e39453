"""Bytes → `Letter`: every mail is read as far as it goes, and none raises.

Where a step fails the next simpler one is taken: header by header, part by part; what can't be had at all leaves a
letter that says so in `trouble`, with whatever of sender and subject there is. Pure: no clock, no files, no network.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .body import Body, gathered
from .body import part_bytes as _part_bytes
from .folding import folded
from .glance import digested, glanced, headed
from .judging import judged
from .letter import Envelope, Letter, Trouble
from .mime import MOST_ADDRESSES, Mail, taken_apart

LONGEST_WORDS, LONGEST_FOLDED = 200_000, 200_000
"""Characters of a letter's text; the mail itself is kept whole."""
_CUT = "\n[…]"


def read(
    raw: bytes, envelope: Envelope, ours: Collection[str] = (), authserv_ids: Collection[str] = ()
) -> Letter:
    """The mail as it can be read. `ours` are our own addresses, `authserv_ids` the servers that we trust to vouch."""
    try:
        return read_strictly(raw, envelope, ours, authserv_ids)
    except MemoryError:
        return glanced(raw, envelope, "too complex")
    except Exception:  # whatever it is, it was the mail: a person will look at it
        return glanced(raw, envelope, "unreadable")


def part_bytes(raw: bytes, part: int) -> bytes | None:
    """The bytes of an attachment by its `Attachment.part`; None when the mail has no such part."""
    return _part_bytes(taken_apart(raw), part)


def read_strictly(
    raw: bytes, envelope: Envelope, ours: Collection[str] = (), authserv_ids: Collection[str] = ()
) -> Letter:
    """`read` without its safety net: what tests ask, so that nothing hides in it."""
    mail = taken_apart(raw)
    head = mail.top.header
    letter = headed(head, envelope, _charset(mail))
    body = gathered(mail)
    text, rest = folded(body.text, letter.subject)
    if len(letter.to) > MOST_ADDRESSES:
        mail.beyond = mail.beyond or "addresses"
    letter = replace(
        letter,
        to=letter.to[:MOST_ADDRESSES],
        text=_cut(text, LONGEST_WORDS),
        folded=_cut(rest, LONGEST_FOLDED),
        attachments=tuple(body.files),
        invitation=body.invitation,
        trouble=_trouble(mail, body, text),
        digest=digested(raw, letter.dated),
    )
    return judged(letter, mail, envelope, ours, authserv_ids)


def _charset(mail: Mail) -> str:
    """What the mail's text is written in: 8-bit headers that say nothing are likely written in the same."""
    return next((it.parameters["charset"] for it in mail.parts if "charset" in it.parameters), "")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + _CUT


def _trouble(mail: Mail, body: Body, text: str) -> Trouble:
    if mail.beyond:
        return "too complex"
    return "unreadable" if body.garbled or (body.sealed and not text.strip()) else ""
