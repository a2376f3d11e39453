"""What a bounce says: which mail of ours, to whom, why, and whether that will pass (RFC 3464, RFC 3463). Pure.

a delivery report's blocks ─┐
servers that obey no RFC  ──┴▶ recipient, status, the server's words ─▶ words for an agent
the mail that came back, its header alone, or the text ─▶ its Message-ID
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_string
from email.message import Message

from flufl.bounce import all_failures

from .bounce_words import words
from .fields import Fields, addresses_in, plain, seen
from .letter import Envelope, Report
from .robots import judge

MOST_PARTS, MOST_REPORTS, LONGEST_TEXT, LONGEST_REASON = 200, 50, 50_000, 300
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_HEADERS = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
_WHOLE = ("message/rfc822", "message/global")
_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#;:])(?![ \-]?\d{3,})")
_ADDRESS = re.compile(r"[\w.+%~'#$&!=/?^{}|*-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_AN_ID = r"<[^<>\s\x00-\x1f\x7f]{3,250}>"
_ID = re.compile(
    rf"^[>\s|]*(?:x-?original-?)?message[- ]?id(?:entifier)?\s*[:=]\s*({_AN_ID})",
    re.IGNORECASE | re.MULTILINE,
)
_ABOUT = re.compile(
    r"^[\t ]*(?:final-recipient|original-recipient)\s*:\s*[^;\s]+\s*;\s*(?P<to>\S+)",
    re.IGNORECASE | re.MULTILINE,
)
_LATER = re.compile(
    r"will (?:continue|be retried|keep|try|retry)|still being|has not (?:yet )?been delivered|delay|not yet|"
    r"no action is required|"
    r"warnung|verzögert|noch nicht|retard|différé|encore pas|demora|retraso|ritardo|ancora|vertraagd|försenad|"
    r"do not need to resend|you do not need to",
    re.IGNORECASE,
)
_RETURNED = re.compile(
    r"^[- _=>]*(?:below this line|original message|this is a copy of|return-path:|received:|unsent message|included is"
    r"|the original message|message headers?)",
    re.IGNORECASE | re.MULTILINE,
)
_OVER = re.compile(
    r"gave up|giving up|too old|expired|timed? ?out|permanent|fatal|final|failed permanently|hop count",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said of one recipient, as it was said."""

    recipient: str
    status: str
    action: str
    reason: str


def reports(message: Message, envelope: Envelope) -> tuple[Report, ...]:
    """One for each recipient that a bounce tells of; () for what is no bounce or tells of success alone.

    Never raises for what is in it. `key` stays empty: whose address it came to, its reader knows.
    """
    if judge(message, envelope, ())[0] != "bounce":
        return ()
    parts = tuple(_parts(message))
    text = _text(parts)
    about = _message_id(message, parts, text)
    said = tuple(_by_blocks(parts))
    if not said:
        said = tuple(_by_words(message, text))
    found = [_report(it, about) for it in said if it.action not in ("delivered", "relayed", "expanded")]
    return tuple(dict.fromkeys(found))[:MOST_REPORTS]


def _report(it: _Said, about: str) -> Report:
    # What has failed has been given up, whatever the code of the last attempt was.
    permanent = it.action == "failed" or (it.action != "delayed" and not it.status.startswith("4"))
    return Report(about, seen(it.recipient), it.status, words(it.status, it.reason, permanent), permanent)


def _parts(message: Message) -> Iterator[Message]:
    """Parts, without going into what was returned; bounded, and no recursion."""
    waiting, n = [message], 0
    while waiting and n < MOST_PARTS:
        part, n = waiting.pop(0), n + 1
        yield part
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            waiting.extend(it for it in payload if isinstance(it, Message))


def _text(parts: Sequence[Message]) -> str:
    """What people are to read of it."""
    found = [
        _decoded(it)
        for it in parts
        if it.get_content_type().lower() in ("text/plain", "text/html")
        or it.get_content_maintype() == "multipart"  # one without its boundary is a text
    ]
    return "\n".join(filter(None, found))[:LONGEST_TEXT]


def _decoded(part: Message) -> str:
    try:
        raw = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        raw = None
    if not isinstance(raw, bytes):
        whole = part.get_payload()
        return whole if isinstance(whole, str) else ""
    try:
        text = raw.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    return (
        re.sub(r"<[/!]?[a-zA-Z][^<>@]*>", " ", text) if part.get_content_subtype().lower() == "html" else text
    )


# ---- which mail --------------------------------------------------------------------------------------------------


def _message_id(message: Message, parts: Sequence[Message], text: str) -> str:
    """In the returned mail, else in the text, else what the bounce itself says that it answers; "" for nowhere."""
    for part in parts:
        kind, payload = part.get_content_type().lower(), part.get_payload()
        if kind in _WHOLE and isinstance(payload, list) and payload and isinstance(payload[0], Message):
            if found := _id_in(Fields.of(payload[0]).first("message-id")):
                return found
        if kind in _WHOLE + _HEADERS:
            inner = _decoded(part) or _flat(part)
            if found := _id_of(inner):
                return found
    if found := _id_of(text):
        return found
    fields = Fields.of(message)
    for name in ("x-original-message-id", "original-message-id", "in-reply-to", "references"):
        if ids := re.findall(_AN_ID, fields.first(name)):
            return str(ids[-1])
    return ""


def _id_in(value: str) -> str:
    found = re.search(_AN_ID, value)
    return found[0] if found else ""


def _id_of(text: str) -> str:
    """Of a header or a text; a folded field is unfolded first."""
    found = _ID.search(re.sub(r"\r?\n[ \t]+", " ", text[:LONGEST_TEXT]))
    return found[1] if found else ""


def _flat(part: Message) -> str:
    """A part that was taken for a mail, as text: its fields, whatever stands below."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload and isinstance(payload[0], Message) else part
    return "\n".join(f"{name}: {value}" for name, value in Fields.of(inner).lines)


# ---- what was said -------------------------------------------------------------------------------------------------


def _by_blocks(parts: Sequence[Message]) -> Iterator[_Said]:
    """RFC 3464: a block about the mail, then one for each recipient."""
    for part in parts:
        if part.get_content_type().lower() not in _STATUS:
            continue
        for block in _blocks(part):
            if block.has("final-recipient", "original-recipient"):
                yield _of_block(block)


def _blocks(part: Message) -> Iterator[Fields]:
    """Python takes apart the one kind of report that it knows, and holds the others for mails within a mail."""
    payload = part.get_payload()
    inner = [it for it in payload if isinstance(it, Message)] if isinstance(payload, list) else []
    if len(inner) > 1:
        yield from map(Fields.of, inner[: MOST_REPORTS + 1])
        return
    text = f"{_flat(part)}\n\n{_decoded(inner[0])}" if inner else _decoded(part)
    for block in re.split(r"(?:\r?\n){2,}", text[:LONGEST_TEXT])[: MOST_REPORTS + 1]:
        yield Fields.of(message_from_string(block.strip() + "\n\n"))


def _of_block(block: Fields) -> _Said:
    """The final recipient is whom the server had; the one that we wrote to is told apart where it was rewritten."""
    original, final = _typed(block.first("original-recipient")), _typed(block.first("final-recipient"))
    recipient = next(iter(addresses_in(original) or addresses_in(final)), "")
    reason = plain(_typed(block.first("diagnostic-code")))
    status = _ENHANCED.search(block.first("status"))
    better = _ENHANCED.search(reason)
    code = status[1] if status else _status(reason)
    if better and code.endswith(".0.0") and better[1][0] == code[0]:
        code = better[1]  # the other server knew more than the one that reports
    action = block.first("action").split("(")[0].strip().lower()
    return _Said(recipient, code, action, reason[:LONGEST_REASON])


def _typed(value: str) -> str:
    """`rfc822; anna@…` without its type."""
    return value.partition(";")[2].strip() if ";" in value else value


def _by_words(message: Message, text: str) -> Iterator[_Said]:
    """Of servers that obey no RFC: whom flufl.bounce finds, else whom the text names."""
    temporary, permanent = _found(message)
    fields = Fields.of(message)
    named = sorted({*temporary, *permanent}) or list(fields.addresses("x-failed-recipients"))
    if not named:
        own = {*fields.addresses("from", "to", "sender", "reply-to")}
        found = _ABOUT.findall(text) or _ADDRESS.findall(re.sub(_ID, "", _first_words(text)))
        named = [it for it in dict.fromkeys(it.lower() for it in found) if it not in own and "@" in it][:1]
    for recipient in named:
        near = _near(text, recipient)
        status = _status(near) or _status(_first_words(text))
        later = recipient in temporary and recipient not in permanent
        waits = later or (bool(_LATER.search(f"{fields.subject} {text[:1_500]}")) and not _OVER.search(near))
        yield _Said(recipient, status, "delayed" if waits else "failed", near)


def _found(message: Message) -> tuple[set[str], set[str]]:
    """(temporary, permanent), lower-case. flufl.bounce was written for whole mails and raises for odd ones."""
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # whatever a detector trips over: the text is looked at instead
        return set(), set()
    return set(map(_lower, temporary)), set(map(_lower, permanent))


def _lower(address: bytes | str) -> str:
    text = address.decode("utf-8", "replace") if isinstance(address, bytes) else address
    return text.strip("<>'\" ").lower()


def _first_words(text: str) -> str:
    """Without the mail that is quoted below."""
    cut = _RETURNED.search(text)
    return text[: cut.start()] if cut else text[:4_000]


def _near(text: str, recipient: str) -> str:
    """What stands at the recipient: the rest of its line and those behind it up to an empty one, in one line."""
    at = text.lower().find(recipient)
    if at < 0:
        return ""
    begin = text.rfind("\n", 0, at) + 1
    paragraph = re.split(r"\r?\n[ \t>]*\r?\n", text[begin : begin + 1_500])
    near = paragraph[0]
    if not _status(near) and len(paragraph) > 1:
        near = f"{near} {paragraph[1]}"
    line = re.sub(re.escape(recipient), "", plain(near), flags=re.IGNORECASE)
    return line.strip("<>:;,.- ()'\"|*")[:LONGEST_REASON]


def _status(text: str) -> str:
    if found := _ENHANCED.search(text):
        return found[1]
    if found := _REPLY.search(text):
        return {"4": "4.0.0", "5": "5.0.0"}[found[1][0]]
    return ""
