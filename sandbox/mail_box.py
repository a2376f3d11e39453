"""Every mail that went over the stage, in whichever direction, and how it is shown. Nothing here sends."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Literal

Way = Literal["in", "out"]
"""Seen from the product: "in" went to it, "out" came from it."""
KEPT = 2_000
LONGEST = 200_000
"""Characters of a mail's text that are shown; its bytes are whole."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was handed over; `sender` "" is the null reverse-path. `code` is the server's answer to it."""

    n: int
    way: Way
    at: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    code: int
    said: str = ""

    def parsed(self) -> EmailMessage:
        """Its parts, as far as they can be read."""
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def shown(self, whole: bool = True) -> dict[str, object]:
        """As JSON-able data; `whole`: with its bytes, as text where they are text."""
        message = self.parsed()
        headers = {name: header(message, name) for name in message.keys()}
        raw: dict[str, object] = {}
        if whole:
            raw = {
                "raw": self.raw.decode("utf-8", "replace"),
                "raw_base64": base64.b64encode(self.raw).decode(),
            }
        return {
            "n": self.n,
            "way": self.way,
            "at": self.at,
            "envelope": {"from": self.sender, "to": list(self.recipients)},
            "code": self.code,
            "said": self.said,
            "from": header(message, "From"),
            "to": header(message, "To"),
            "reply_to": header(message, "Reply-To"),
            "subject": header(message, "Subject"),
            "message_id": header(message, "Message-ID"),
            "in_reply_to": header(message, "In-Reply-To"),
            "references": header(message, "References").split(),
            "date": header(message, "Date"),
            "headers": headers,
            "text": body(message, "plain"),
            "html": body(message, "html"),
            "attachments": [_file(i, part) for i, part in attachments(message)],
            **raw,
        }  # fmt: skip


@dataclass(slots=True)
class MailBox:
    """What is kept, oldest first."""

    mails: list[Mail] = field(default_factory=list)
    count: int = 0

    def keep(
        self, way: Way, at: str, sender: str, recipients: Iterable[str], raw: bytes, code: int, said: str = ""
    ) -> Mail:
        """Keep one; the oldest go when there are many."""
        self.count += 1
        mail = Mail(self.count, way, at, sender, tuple(recipients), raw, code, said)
        self.mails.append(mail)
        if len(self.mails) > KEPT:
            del self.mails[0]
        return mail

    def one(self, n: int) -> Mail | None:
        """Mail number `n`."""
        return next((it for it in self.mails if it.n == n), None)

    def to(self, address: str) -> list[Mail]:
        """What the product sent to `address`."""
        wanted = address.casefold()
        return [it for it in self.mails if it.way == "out" and wanted in map(str.casefold, it.recipients)]

    def of(self, address: str) -> list[Mail]:
        """What `address` has in its folders: what came, and what it wrote."""
        wanted = address.casefold()
        return [
            it
            for it in self.mails
            if (it.way == "out" and wanted in map(str.casefold, it.recipients))
            or (it.way == "in" and wanted == (it.sender or address_of(it.raw)).casefold())
        ]

    def clear(self) -> None:
        """Forget everything."""
        self.mails.clear()
        self.count = 0


def _file(i: int, part: EmailMessage) -> dict[str, object]:
    size = len(payload(part))
    return {"part": i, "name": part.get_filename() or "", "type": part.get_content_type(), "size": size}


def header(message: EmailMessage, name: str) -> str:
    """A header in words; "" where there is none, or nobody can read it."""
    try:
        found = message.get(name)
        return "" if found is None else " ".join(str(found).split())
    except Exception:  # the library raises of many kinds for headers that are none
        raw = next((value for key, value in message._headers if key.casefold() == name.casefold()), "")  # type: ignore[attr-defined]
        return " ".join(str(raw).encode("utf-8", "replace").decode().split())


def body(message: EmailMessage, kind: Literal["plain", "html"]) -> str:
    """The mail's text of that kind, "" where it has none."""
    for part in message.walk():
        if part.get_content_type() == f"text/{kind}" and part.get_content_disposition() != "attachment":
            raw, charset = payload(part), part.get_content_charset("utf-8") or "utf-8"
            try:
                text = raw.decode(charset, "replace")
            except LookupError:
                text = raw.decode("utf-8", "replace")
            return text[:LONGEST].replace("\r\n", "\n")
    return ""


def attachments(message: EmailMessage) -> list[tuple[int, EmailMessage]]:
    """Files, each with its place among the mail's parts."""
    return [
        (i, part)
        for i, part in enumerate(message.walk())
        if not part.is_multipart()
        and isinstance(part, EmailMessage)
        and (part.get_content_disposition() == "attachment" or part.get_filename())
    ]


def payload(part: object) -> bytes:
    """A part's bytes, decoded."""
    found = part.get_payload(decode=True) if isinstance(part, EmailMessage) else None
    return found if isinstance(found, bytes) else b""


def address_of(raw: bytes) -> str:
    """The address in From, "" where there is none."""
    message = message_from_bytes(raw, policy=policy.compat32)
    from email.utils import parseaddr

    return parseaddr(str(message.get("From") or ""))[1]
