"""May what somebody typed in a contact's thread leave the house? Pure; *no* unless everything holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..channels.house import Wrote
from ..queue.state import MessageView
from .body import Body

_NOTE = re.compile(r"[\s*_~`>\u200b-\u200f\u2060\ufeff]*(//|note:|note\b|note(?=_))[*_~`]*\s*", re.IGNORECASE)
"""Also where it stands in bold, italics, code or a quotation, or behind something invisible."""


ANSWERABLE = ("active", "snoozed")
"""States in which the owner's reply leaves: what sleeps stays theirs, and they may write first."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """`send` holds `text` for Undo; anything else keeps it inside. `told` is what the writer hears."""

    kind: Literal["send", "note", "not_sent", "ended"]
    text: str
    told: str = ""
    may_send: bool = False  # whether a *Send it* button stands under the note
    may_reply: bool = False  # whether it can be sent by the Reply form


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the contact stands when something is typed. `owner`/`writer` are names in the plan, "" for none."""

    contact: str
    state: str
    channel: str
    owner: str
    owner_name: str
    writer: str
    here: bool  # the thread is the one of the owner's team
    replies: Literal["direct", "explicit"]


def typed_at(contact: str, messages: Sequence[MessageView], place: str) -> Wrote | None:
    """What was typed at `place`: the last reply of it, as a note may have been sent after all, else the note."""
    found = [it for it in messages if ":".join(Body.parse(it.body).source.split(":")[:2]) == place]
    replies = [it for it in found if it.kind == "reply"]
    if not replies:
        return Wrote(contact, found[-1].n, "stayed") if found else None
    last = replies[-1]
    left = last.status in ("queued", "sending", "sent", "delivered")
    return Wrote(contact, last.n, "held" if last.status == "held" else "left" if left else "stayed")


def sent_after_all(source: str, messages: Sequence[MessageView]) -> str | None:
    """The source under which the note of `source` is sent; None while it is held or once it has left.

    What was undone may be sent again, as another message: a source makes one.
    """
    tries = [
        it
        for it in messages
        if it.kind == "reply" and Body.parse(it.body).source.startswith(f"{source}:sent")
    ]
    if tries and tries[-1].status != "undone":
        return None
    return f"{source}:sent{len(tries) or ''}"


def ruling(it: Standing, text: str, mentions: bool, files: bool = False) -> Ruling:
    """What to do with `text` and the `files` with it. Only the owner's plain reply, to an open text contact, is sent."""
    owner = bool(it.writer) and it.writer == it.owner
    theirs = owner and it.state in ANSWERABLE and it.channel != "voice" and (files or bool(text.strip()))
    by_button = theirs and it.replies == "direct"  # else only the Reply form sends, or nothing
    prefix = _NOTE.match(text)
    if prefix:
        rest = text[prefix.end() :]
        words = bool(rest.strip())
        return Ruling("note", rest, "kept as a note", by_button and words, theirs and words)
    if it.state == "wrapping" and it.channel == "voice":
        return Ruling("note", text, "kept as a note")
    if it.state in ("closed", "abandoned", "dead", "wrapping"):
        return Ruling("ended", text, f"{it.contact} has ended: this was not sent.")
    if not it.here:
        where = f"is now with {it.owner_name or 'nobody yet'}, in another thread"
        return Ruling("not_sent", text, f"Not sent: {it.contact} {where}. Kept as a note.")
    if not owner:
        who = it.owner_name or "nobody yet"
        return Ruling("not_sent", text, f"Not sent: {it.contact} is with {who}. Kept as a note.")
    if it.state not in ANSWERABLE:
        return Ruling("not_sent", text, f"Not sent: {it.contact} is {it.state}. Kept as a note.")
    if mentions:
        return Ruling("note", text, "It mentions a colleague: kept as a note.", by_button, theirs)
    if it.channel == "voice":
        return Ruling("note", text, "This is a call: kept as a note.")
    if not text.strip() and not files:
        return Ruling("not_sent", text, "")
    if it.replies == "explicit":
        return Ruling("note", text, "Only the Reply button sends here: kept as a note.", may_reply=theirs)
    return Ruling("send", text, may_reply=True)
