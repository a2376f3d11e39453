"""What Twilio makes of a messaging webhook's answer: pure.

Source: twilio.com/docs/messaging/twiml. Warnings: 11750 too large, 12100 not XML, 12200 not TwiML, 12300 a
content type that is neither XML nor plain text, 14103 an empty message.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from .twilio_webhook import LARGEST

_XML = frozenset({"text/xml", "application/xml", "text/html"})
_ATTRIBUTES = frozenset({"to", "from", "action", "method", "statusCallback"})


@dataclass(frozen=True, slots=True)
class Reply:
    """One `<Message>`; empty `to` and `sender` mean back to whoever wrote."""

    body: str
    media: tuple[str, ...] = ()
    to: str = ""
    sender: str = ""
    callback: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The replies to send and what the debugger would list."""

    replies: tuple[Reply, ...] = ()
    warnings: tuple[tuple[int, str], ...] = ()
    failed: bool = False  # the document as a whole could not be used


def read_answer(status: int, content_type: str, body: bytes) -> Reading:
    """Interpret a 2xx answer of a messaging webhook."""
    kind = content_type.partition(";")[0].strip().lower()
    if status == 204 or (not body and kind in ("", "text/plain")):
        return Reading()
    if len(body) > LARGEST:
        return Reading((), ((11750, "Response body too large"),), True)
    if kind == "text/plain":
        text = body.decode(errors="replace")
        return Reading((Reply(text),)) if text.strip() else Reading()
    if kind not in _XML:
        return Reading((), ((12300, f"Invalid Content-Type: {content_type or 'none'}"),), True)
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return Reading((), ((12100, "Document parse failure: DTDs are not TwiML"),), True)
    try:
        root = ET.fromstring(body)
    except (ET.ParseError, ValueError, LookupError) as error:
        return Reading((), ((12100, f"Document parse failure: {error}"),), True)
    if root.tag != "Response":
        return Reading((), ((12200, f"Schema validation: <{root.tag}> in place of <Response>"),), True)
    return _read_response(root)


def _read_response(root: ET.Element) -> Reading:
    replies: list[Reply] = []
    warnings: list[tuple[int, str]] = []
    if (root.text or "").strip():
        warnings.append((12200, "Schema validation: text directly in <Response>"))
    for verb in root:
        if verb.tag not in ("Message", "Sms"):
            warnings.append((12200, f"Schema validation: <{verb.tag}> is no messaging verb here"))
            continue
        if unknown := set(verb.attrib) - _ATTRIBUTES:
            warnings.append((12200, f"Schema validation: attribute {min(unknown)!r} of <{verb.tag}>"))
        bodies = [b.text or "" for b in verb.findall("Body")] or [verb.text or ""]
        media = tuple((m.text or "").strip() for m in verb.findall("Media"))
        text = "".join(bodies).strip()
        if not text and not media:
            warnings.append((14103, "Invalid Body: the message is empty"))
            continue
        callback = verb.get("statusCallback") or verb.get("action") or ""
        replies.append(Reply(text, media, verb.get("to", ""), verb.get("from", ""), callback))
    return Reading(tuple(replies), tuple(warnings))
