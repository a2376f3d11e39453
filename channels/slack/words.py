"""What a person typed in Slack, as a customer is to read it. Pure.

Slack stores typed text escaped, with mentions and links as `<…>` (docs.slack.dev/messaging/formatting-message-text).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..rich import linked

_CODES = re.compile(r"(?:10|[0-9a-f])?[0-9a-f]{2,4}(?:-(?:10|[0-9a-f])?[0-9a-f]{2,4}){0,15}", re.IGNORECASE)
_SHOUT = re.compile(r"<!(?:here|channel|everyone)\b")
_MARK = re.compile(r"<([^<>\n]+)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{2,})(?:\|[^<>\n]*)?>")
NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Said:
    """Plain text, and whether it mentions a colleague, a group or a channel."""

    text: str
    mentions: bool


def called(stored: str) -> tuple[str, ...]:
    """The user ids that a stored text mentions, each once."""
    return tuple(dict.fromkeys(_PERSON.findall(stored)))


def said(stored: str, writer: str = "", name: str = "", names: Mapping[str, str] = NOBODY) -> Said:
    """Read a stored text; `writer` is the user id of whoever typed it, called `name`; `names` are those of others."""
    parts: list[str] = []
    mentions, last = False, 0
    for found in _MARK.finditer(stored):
        word, mentioned = _mark(found.group(1), writer, {writer: name, **names})
        parts += [unescape(stored[last : found.start()]), word]
        mentions, last = mentions or mentioned, found.end()
    parts.append(unescape(stored[last:]))
    text = "".join(parts)
    # Somebody who types the markup itself means to call colleagues, too.
    return Said(text, mentions or _SHOUT.search(text) is not None)


def emoji(blocks: object) -> dict[str, str]:
    """The characters of the emoji in an event's rich text, by what stands for them in its text (":grinning:").

    Slack writes a typed character as its name; a workspace's own emoji have no character and keep their names.
    """
    found: dict[str, str] = {}
    if isinstance(blocks, list):
        for one in blocks:
            found |= emoji(one)
    elif isinstance(blocks, dict):
        name, drawing = str(blocks.get("name") or ""), character(blocks)
        if blocks.get("type") == "emoji" and drawing:
            tone = f":skin-tone-{blocks['skin_tone']}:" if blocks.get("skin_tone") else ""
            found[f":{name}:{tone}"] = drawing
        found |= emoji(blocks.get("elements"))
    return found


def character(it: Mapping[str, object]) -> str:
    """What an emoji of rich text looks like, "" for a workspace's own."""
    codes = str(it.get("unicode") or "")
    return "".join(chr(int(code, 16)) for code in codes.split("-")) if _CODES.fullmatch(codes) else ""


def drawn(text: str, characters: Mapping[str, str]) -> str:
    """`text` with its emoji's names replaced by their characters, the longest names first."""
    for name in sorted(characters, key=len, reverse=True):
        text = text.replace(name, characters[name])
    return text


def unescape(text: str) -> str:
    """The three characters that Slack escapes, back again."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _mark(mark: str, writer: str, names: Mapping[str, str]) -> tuple[str, bool]:
    """One `<…>` without its brackets: what it reads as, and whether it is a mention."""
    raw, _, raw_label = mark.partition("|")
    target, label = unescape(raw), unescape(raw_label)
    if target.startswith("@"):
        mine = target[1:] == writer
        return "@" + (label or names.get(target[1:]) or target[1:]).removeprefix("@"), not mine
    if target.startswith("#"):
        return "#" + (label or target[1:]).removeprefix("#"), True
    if target.startswith("!date^"):
        return label, False
    if target.startswith("!"):
        # An unknown command is held to be a mention: what might call a colleague is never sent.
        return label or "@" + target[1:].split("^")[0], True
    if target.startswith(("mailto:", "tel:")):
        return linked(target.partition(":")[2], label), False
    if re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE):
        return linked(target, label), False
    return f"<{unescape(mark)}>", False
