"""A mail as the judges of robots, bounces and trust want it: the standard library's tree, built from our parts.

Its parser isn't used on the whole (it recurses, and has no limits); what is returned within a bounce it reads, cut.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from email.message import Message
from email.parser import BytesParser

from .bounces import reports
from .charsets import one_line
from .letter import Envelope, Letter, Report
from .mime import Mail, Part
from .robots import judge
from .trust import vouched, vouching

LONGEST_TEXT, LONGEST_RETURNED = 200_000, 64 * 1024
"""Bytes of a text part, and of a returned mail or its report, that are judged."""


def judged(
    letter: Letter, mail: Mail, envelope: Envelope, ours: Collection[str], authserv_ids: Collection[str]
) -> Letter:
    """The letter with what its judges say. What can't be judged isn't answered by itself, and is nobody's word."""
    try:
        message = tree(mail, mail.top)
        robot, why = judge(message, envelope, ours)
        said = reports(message, envelope) if robot == "bounce" else ()
        trust = vouched(message, vouching(envelope, authserv_ids), letter.sender)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = f"it can't be judged ({type(error).__name__})"
        return replace(letter, robot="auto-reply", robot_why=why)
    told = tuple(_one_line(it) for it in said)
    return replace(letter, robot=robot, robot_why=one_line(why, 300), reports=told, trust=trust)


def _one_line(it: Report) -> Report:
    return Report(
        one_line(it.message_id), one_line(it.recipient, 320), one_line(it.status, 40), one_line(it.said, 500),
        it.permanent, it.key,
    )  # fmt: skip


def tree(mail: Mail, part: Part) -> Message:
    """A part and those within it; files without their bytes."""
    it: Message = Message()
    for name, value in part.header.fields:
        it.set_raw(name, value.decode("ascii", "surrogateescape"))
    if part.children:
        it.set_payload([tree(mail, child) for child in part.children])
    elif part.content_type.startswith("message/"):
        head = f"Content-Type: {part.content_type}\n\n".encode("ascii", "replace")
        inner = BytesParser().parsebytes(head + part.bytes(mail.raw, LONGEST_RETURNED))
        it.set_payload(inner.get_payload())
    elif part.content_type.startswith(("text/", "multipart/")):
        body = mail.raw[part.start : min(part.end, part.start + LONGEST_TEXT)]
        it.set_payload(body.decode("ascii", "surrogateescape"))
    else:
        it.set_payload("")
    return it
