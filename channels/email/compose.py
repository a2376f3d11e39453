"""A reply as a mail (RFC 5322): headers that only we choose, the words as text and as HTML, files attached. Pure.

What came from outside (addresses, titles, ids, names, file names) is data: it can't begin a header, nor end one (SEC11).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Protocol

from .. import rich
from ..channel import Words
from .conversation import short
from .letterhead import Letterhead
from .wording import passages

LOOP = "X-Tierline-Loop"
"""On what we write of our own accord: another desk like us knows us by it, whatever else is lost on the way."""
MOST_REFERENCES, LONGEST_REFERENCES = 12, 900
LONGEST_SUBJECT, LONGEST_NAME, LONGEST_FILE_NAME = 250, 60, 120
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x20\x7f]{1,64}@[^\s<>()\[\],;:\\\"@\x00-\x20\x7f]{1,255}")
_ID = re.compile(r"<[!-;=?-~]{1,240}>")
_ANSWER = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|r|rv|réf|odp|ynt)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]\s*", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]+")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")


class BadMail(ValueError):
    """It can't be a mail: why, in words for an agent."""


class Signatures(Protocol):
    """What signs our addresses and ids, so that an answer finds its conversation."""

    def reply_address(self, mailbox: str, conversation: str, customer: str) -> str:
        """Where an answer of `customer` goes."""

    def bounce_address(self, mailbox: str, key: str) -> str:
        """Where a report about the message `key` goes."""

    def message_id(self, domain: str, conversation: str, key: str, customer: str) -> str:
        """The id of the conversation's mail `key`, with its angle brackets."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that goes with it."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail ready to be sent. `sender` is the envelope's, "" the null reverse-path; `wide`: it needs SMTPUTF8."""

    sender: str
    recipient: str
    message_id: str
    raw: bytes = field(repr=False)
    wide: bool = False


def compose(
    words: Words, head: Letterhead, signs: Signatures, at: int, files: Sequence[Enclosed] = ()
) -> Composed:
    """The mail that carries `words`, dated `at` (ms). The same words are the same Message-ID. Raises BadMail."""
    mailbox, to = _address(head.mailbox, "our own"), _address(words.recipient, "the customer's")
    domain = mailbox.rpartition("@")[2]
    own = words.author == ""
    conversation = words.conversation or short("ours", words.key.partition(".")[0])
    message_id = _whole_id(signs.message_id(domain, conversation, words.key, to))
    answers = [it for it in words.answers if _ID.fullmatch(it)]
    headers = [
        ("From", f"{_name(head.name)} <{mailbox}>" if head.name.strip() else mailbox),
        ("To", to),
        ("Subject", _words(_subject(words, bool(answers)), "Subject")),
        ("Date", format_datetime(datetime.fromtimestamp(at / 1000, UTC))),
        ("Message-ID", message_id),
    ]
    if head.plus:
        headers.append(("Reply-To", _address(signs.reply_address(mailbox, conversation, to), "our reply")))
    if answers:
        headers += [("In-Reply-To", answers[-1]), ("References", "\r\n ".join(_bounded(answers)))]
    if own:
        headers += [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"), (LOOP, mailbox)]
    back = signs.bounce_address(mailbox, words.key) if head.plus else mailbox
    raw = "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + _content(words, head, files)
    wide = not f"{mailbox}{to}".isascii()
    return Composed("" if own else _address(back, "our return"), to, message_id, raw, wide)


# ---- headers ---------------------------------------------------------------------------------------------------------


def _address(text: str, whose: str) -> str:
    """An address that can stand in a header and in an envelope. Raises BadMail."""
    if not _ADDRESS.fullmatch(text):
        raise BadMail(f"{whose} address can't be written to")
    return text


def _whole_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise BadMail("there is no Message-ID for it")
    return text


def _subject(words: Words, answers: bool) -> str:
    """Its title: "Re: …" once, however often the customer's program had put it there already."""
    title = " ".join(_CONTROL.sub(" ", words.subject).split())[:LONGEST_SUBJECT]
    if not answers and title:
        return title
    while found := _ANSWER.match(title):
        title = title[found.end() :]
    return f"Re: {title or words.key.partition('.')[0]}"


def _words(text: str, name: str) -> str:
    """Words in a header: in ASCII as they are, else encoded (RFC 2047), folded."""
    plain = text.isascii() and "=?" not in text
    return Header(text, "us-ascii" if plain else "utf-8", 76, name).encode(linesep="\r\n")


def _name(text: str) -> str:
    """A display name before an address."""
    text = " ".join(_CONTROL.sub(" ", text).split())[:LONGEST_NAME]
    if text.isascii() and "=?" not in text:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    return Header(text, "utf-8", 76, "From").encode(linesep="\r\n")


def _bounded(answers: Sequence[str]) -> list[str]:
    """The first, which names the conversation, and the latest, as far as they fit."""
    first, rest = answers[:1], list(answers[1:][-(MOST_REFERENCES - 1) :])
    while rest and sum(map(len, [*first, *rest])) > LONGEST_REFERENCES:
        del rest[0]
    return list(dict.fromkeys([*first, *rest]))


# ---- what it says ----------------------------------------------------------------------------------------------------


def _content(words: Words, head: Letterhead, files: Sequence[Enclosed]) -> bytes:
    """The rest of the mail, from its Content-Type on: text and HTML, and files beside them."""
    text = _text(words.text)
    head = replace(head, signature=_text(head.signature), footer=_text(head.footer))
    said = rich.html(_formatted(words, text))
    message = EmailMessage(policy=SMTP)
    message.set_content(_plain(text, head), cte="quoted-printable")
    message.add_alternative(_page(said, head), subtype="html", cte="quoted-printable")
    for i, it in enumerate(files):
        main, _, sub = _type(it.content_type)
        name = " ".join(_CONTROL.sub(" ", it.name).replace("/", "_").replace("\\", "_").split())
        message.add_attachment(
            it.content, maintype=main, subtype=sub, filename=name[:LONGEST_FILE_NAME] or f"file-{i + 1}"
        )
    return bytes(message)


def _formatted(words: Words, text: str) -> Sequence[rich.Passage]:
    """As it was typed, if those are still its words; else as plain words show it."""
    typed = [
        replace(it, runs=tuple(replace(run, text=_CONTROL_IN_TEXT.sub("", run.text)) for run in it.runs))
        for it in rich.loaded(words.rich)
    ]
    return typed if typed and rich.plain(typed).strip() == text.strip() else passages(text)


def _text(text: str) -> str:
    """Lines without what has no place in a mail."""
    return _CONTROL_IN_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")


def _plain(text: str, head: Letterhead) -> str:
    parts = [text]
    if head.signature:
        parts.append(f"-- \n{head.signature}")  # the line by which programs know what is folded away
    if head.footer:
        parts.append(head.footer)
    return "\n\n".join(parts) + "\n"


def _page(said: str, head: Letterhead) -> str:
    parts = [said]
    if head.signature:
        parts.append(f'<p style="color:#555">{_lines(head.signature)}</p>')
    if head.footer:
        parts.append(f'<p style="color:#777;font-size:85%">{_lines(head.footer)}</p>')
    return f'<!doctype html><html><body dir="auto">{"".join(parts)}</body></html>\n'


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _type(text: str) -> tuple[str, str, str]:
    """A content type's two halves; what is none, or would be read as parts of this mail, is just bytes."""
    found = re.fullmatch(r"([a-z]+)(/)([a-z0-9.+-]{1,80})", text.partition(";")[0].strip().lower())
    if found is None or found[1] in ("multipart", "message"):
        return "application", "/", "octet-stream"
    return found[1], "/", found[3]
