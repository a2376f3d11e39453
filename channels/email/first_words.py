"""The words that a mail begins with, as its judges want them: of its own plain texts, not of what it brings back."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message

from .charsets import decoded


def texts(message: Message) -> Iterator[Message]:
    """Its plain texts, the first levels alone: what is returned within it isn't looked into."""
    waiting, n = [message], 0
    while waiting and n < 20:
        part, n = waiting.pop(0), n + 1
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            waiting[:0] = [it for it in payload[:50] if isinstance(it, Message)]
        elif isinstance(payload, str) and part.get_content_type().lower().startswith(
            ("text/plain", "multipart/")  # without its boundary all of it is one text
        ):
            yield part


def first_octets(part: Message) -> str:
    """ASCII alone matters: a server's codes."""
    try:
        raw = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    text = raw.decode("ascii", "replace") if isinstance(raw, bytes) else ""
    return "\n".join(line for line in text[:2_000].splitlines() if not line.startswith(">"))


def first_words(part: Message) -> str:
    """The first words, their own labels with any letters."""
    try:
        raw = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return decoded(raw[:2_000], str(part.get_param("charset", ""))) if isinstance(raw, bytes) else ""
