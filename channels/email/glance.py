"""What a mail's header says, and that alone where there is no reading the mail: cheap, and with few libraries."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from .charsets import one_line
from .headers import Header, address, addresses, date, ids, message_id, split, words
from .letter import Envelope, Letter, Trouble
from .mime import MOST_ADDRESSES, taken_apart

GLANCE = 64 * 1024
"""Bytes of a mail that its subject and sender are looked for in when there is no reading it whole."""

SHORT, FEW = 4 * 1024, 3
"""Bytes of a field, and fields of one name, that are looked at then."""


def glanced(raw: bytes, envelope: Envelope, trouble: Trouble) -> Letter:
    """Subject and sender alone, read from the first bytes: cheap enough for the loop, whatever the mail is."""
    head = raw[:GLANCE]
    try:
        return replace(headed(_short(_first_header(head)), envelope, ""), trouble=trouble)
    except Exception:  # then the envelope is all that is known
        return Letter(sender=address(one_line(envelope.sender)), name="", trouble=trouble)


def digested(content: bytes, dated: bool) -> str:
    """A digest of the mail itself, without what servers on its way write before it: it may come by two ways (F72). One
    that has neither date nor id, which isn't `dated`, may be said twice: of that everything counts."""
    body = content.partition(b"\r\n\r\n")[2] if dated else content
    return hashlib.sha256((body or content).rstrip()).hexdigest()[:32]


def _short(head: Header) -> Header:
    """The first few fields of each name, the first bytes of each: this is done on the loop."""
    seen: dict[str, int] = {}
    fields = []
    for name, value in head.fields:
        seen[name] = seen.get(name, 0) + 1
        if seen[name] <= FEW:
            fields.append((name, value[:SHORT]))
    return Header(tuple(fields))


def _first_header(head: bytes) -> Header:
    return taken_apart(head).top.header if len(head) < GLANCE else split(head, 0, len(head), GLANCE)[0]


def headed(head: Header, envelope: Envelope, hint: str) -> Letter:
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
