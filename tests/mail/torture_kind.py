"""What a kind of torture is: a name, a mail, and what a reader must make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """`expected`: fields of `Letter` as they must be; `text` is compared without blanks at its ends; `holds` are words
    that text and folded text must have between them, `files` its attachments' (name, type), `count` its recipients."""

    name: str
    raw: bytes = field(repr=False)
    expected: Mapping[str, object] = field(default_factory=dict)


def kind(name: str, raw: bytes, nothing: None = None, /, **expected: object) -> Kind:
    """A kind; an expectation of None for anything but a date says that any value will do."""
    known = {key: it for key, it in expected.items() if it is not None or key == "date"}
    return Kind(name, raw, known)


def mail(
    body: bytes = b"Please help.\r\n",
    sender: bytes | None = b"ann@a.example",
    subject: bytes | None = b"Printer",
    to: bytes | None = b"support@us.example",
    date: bytes | None = b"Mon, 30 Nov 2026 12:00:00 +0100",
    id: bytes | None = b"<1@a.example>",
    more: bytes = b"",
) -> bytes:
    """A mail; None leaves the field out."""
    fields = ((b"From", sender), (b"To", to), (b"Subject", subject), (b"Date", date), (b"Message-ID", id))
    head = b"".join(name + b": " + value + b"\r\n" for name, value in fields if value is not None)
    return head + more + b"\r\n" + body
