"""Bytes → `Letter`, the plainest way: headers and the first text/plain part."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses, parseaddr

from .letter import Envelope, Letter


def read(raw: bytes, envelope: Envelope) -> Letter:
    """Read a mail; what can't be read is marked so."""
    try:
        message: EmailMessage = BytesParser(policy=email.policy.default).parsebytes(raw)
        name, sender = parseaddr(str(message.get("From", "")))
        to = tuple(
            address.casefold() for _, address in getaddresses([str(it) for it in message.get_all("To", [])])
        )
        body = message.get_body(("plain",))
        text = str(body.get_content()).strip() if body is not None else ""
        return Letter(
            sender.casefold() or envelope.sender.casefold(), name, to, str(message.get("Subject", "")),
            str(message.get("Message-ID", "")).strip(), tuple(str(message.get("In-Reply-To", "")).split()),
            tuple(str(message.get("References", "")).split()), text=text, trouble="" if text else "unreadable",
        )  # fmt: skip
    except (LookupError, ValueError, AttributeError, TypeError):
        return Letter(envelope.sender.casefold(), "", trouble="unreadable")
