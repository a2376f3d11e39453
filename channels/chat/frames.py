"""What a visitor's browser says to us and we to it, one JSON object a frame: decoded once, into frozen values.

Anything that isn't one of these is answered with an `error` frame and does nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..sms.webhook import storable
from .talk import Line, Standing

LARGEST = 64 * 1024
"""Bytes of one frame."""
LONGEST = 10_000
"""Characters of one message."""
MOST_SEQ = 1 << 40
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_LANGUAGE = re.compile(r"[a-z]{2}")


class BadFrame(Exception):
    """It is no frame of ours: `code` for programs, `text` for people; `id` of the message that it was about."""

    def __init__(self, code: str, text: str, id: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.id = code, text, id


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame. `since`: the last `seq` that it has; `own`: also what the visitor said elsewhere is wanted."""

    token: str = field(default="", repr=False)
    since: int = 0
    own: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """A message; the same `id` said twice is one."""

    id: str
    text: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Leave:
    """A message for later, with where to answer: a mail address or a number, as the visitor claims."""

    id: str
    text: str = field(repr=False)
    name: str = field(repr=False)
    reach: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything up to `seq` is there."""

    seq: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How it was, 1 to 5."""

    value: int


@dataclass(frozen=True, slots=True)
class Mail:
    """The transcript is to go to a mail address."""

    to: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class End:
    """The visitor ends the conversation."""


Frame = Hello | Say | Leave | Seen | Rate | Mail | End


def decode(raw: str) -> Frame:
    """Raises BadFrame."""
    try:
        it = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadFrame("no_json", "a frame is one JSON object") from None
    if not isinstance(it, dict):
        raise BadFrame("no_json", "a frame is one JSON object")
    match it.get("t"):
        case "hello":
            language = _text(it, "language", 2)
            return Hello(
                _text(it, "token", 200), _number(it, "since"), it.get("own") is True,
                language if _LANGUAGE.fullmatch(language) else "",
            )  # fmt: skip
        case "say":
            return Say(id := _id(it), _said(it, id), _text(it, "name", 80))
        case "leave":
            return Leave(id := _id(it), _said(it, id), _text(it, "name", 80), _text(it, "reach", 200))
        case "seen":
            return Seen(_number(it, "seq"))
        case "rate":
            value = it.get("value")
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
                raise BadFrame("no_rating", "a rating is a number from 1 to 5")
            return Rate(value)
        case "mail":
            return Mail(_text(it, "to", 254))
        case "end":
            return End()
    raise BadFrame("unknown", "there is no such frame")


def _id(it: Mapping[str, object]) -> str:
    id = it.get("id")
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise BadFrame("no_id", "a message has an id of 1 to 64 letters, digits, - _ . :")
    return id


def _said(it: Mapping[str, object], id: str) -> str:
    text = it.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadFrame("empty", "a message has a text", id)
    if len(text) > LONGEST:
        raise BadFrame("too_long", f"a message has {LONGEST:,} characters at most", id)
    return storable(text)


def _text(it: Mapping[str, object], name: str, longest: int) -> str:
    """One line of text; what is longer is cut, what is none is nothing."""
    found = it.get(name)
    return " ".join(storable(found[: 4 * longest]).split())[:longest] if isinstance(found, str) else ""


def _number(it: Mapping[str, object], name: str) -> int:
    found = it.get(name, 0)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < MOST_SEQ:
        raise BadFrame("no_number", f"{name} is a number from 0")
    return found


# ---- ours --------------------------------------------------------------------------------------------------------


def dump(frame: Mapping[str, object]) -> str:
    """A frame as it is sent."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def iso(ms: int | None) -> str | None:
    """An instant as the API writes it."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def welcome(token: str, seq: int, it: Standing) -> Mapping[str, object]:
    """The answer to a hello: `seq` is the last of the conversation; what the visitor lacks follows it."""
    contact = {"contact": it.contact} if it.contact else {}
    return {"t": "welcome", "token": token, **contact, "seq": seq, **_hours(it), **_place(it), **_more(it)}


def state(it: Standing, typing: bool = False) -> Mapping[str, object]:
    """How the contact stands now; `typing`: an answer is being written."""
    return {"t": "state", **_place(it), **_more(it), **_hours(it), "typing": typing}


def message(seq: int, it: Line) -> Mapping[str, object]:
    """One message; the visitor's own have their `id`."""
    files = [{"url": one.url, "type": one.content_type, "name": one.name} for one in it.files]
    return {
        "t": "message", "seq": seq, "from": it.author, "name": it.name, "text": it.text, "at": iso(it.at),
        **({"id": it.id} if it.id else {}), **({"files": files} if files else {}),
        **({"asks": "rating"} if it.asks else {}), **({"choices": it.choices} if it.choices else {}),
    }  # fmt: skip


def ack(id: str, seq: int) -> Mapping[str, object]:
    """The message is durable."""
    return {"t": "ack", "id": id, "seq": seq}


def error(it: BadFrame, after: float = 0.0) -> Mapping[str, object]:
    """What was wrong; `after`: send it again after so many seconds."""
    about = {"id": it.id} if it.id else {}
    return {"t": "error", "code": it.code, "text": it.text, **about, **({"after_s": after} if after else {})}


def _hours(it: Standing) -> Mapping[str, object]:
    return {"open": it.open, "next_open": iso(it.next_open)}


def _place(it: Standing) -> Mapping[str, object]:
    wait = None if it.wait is None else max(1, round(it.wait / 1000))
    return {"position": it.position, "estimate_s": wait}


def _more(it: Standing) -> Mapping[str, object]:
    return {"phase": it.phase, "agent": it.agent or None, "staffed": it.staffed}
