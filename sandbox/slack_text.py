"""How Slack stores what a person types: escaped, with mentions, links, numbers and emoji made into markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .slack_emoji import CODES, SHORT_NAMES
from .slack_schema import Json

_TOKEN = re.compile(
    r"(?P<id><[@#!][^<>\s]+>)"
    r"|(?P<url>https?://[^\s<>|]+)"
    r"|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<at>@\w+(?: [A-Z]\w+)?)"
    r"|(?P<hash>\#[\w-]+)"
    r"|(?P<tel>\+\d[\d ]{7,17}\d)"
    r"|(?P<domain>\b(?:[\w-]+\.)+(?:com|net|org|io|dev|de|eu|uk|example)\b(?:/[^\s<>|]*)?)"
)
_MARK = re.compile(r"<([^<>\n]+)>")
_COLON = re.compile(r":([a-z0-9_+'-]+):")


def escaped(text: str) -> str:
    """The three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """The reverse."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def with_short_names(text: str) -> str:
    """Emoji characters as `:names:`, as Slack stores them."""
    for character, name in SHORT_NAMES.items():
        if character in text:
            text = text.replace(character + "\ufe0f", f":{name}:").replace(character, f":{name}:")
    return text


def stored(typed: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """What Slack keeps of a typed text; `people` and `channels` map names (folded) and ids to ids."""

    def one(match: re.Match[str]) -> str:
        word, kind = match.group(), match.lastgroup
        if kind == "id":
            known = people if word[1] == "@" else channels if word[1] == "#" else {}
            name = known.get(word[2:-1].split("|")[0])
            return f"<{word[1]}{name}>" if name else escaped(word)
        if kind == "at":
            return _mention(word, people)
        if kind == "hash":
            found = channels.get(word[1:].casefold())
            return f"<#{found}|{word[1:]}>" if found else word
        return _linked(word, kind)

    parts, last = [], 0
    for match in _TOKEN.finditer(typed):
        parts += [escaped(typed[last : match.start()]), one(match)]
        last = match.end()
    return with_short_names("".join(parts) + escaped(typed[last:]))


def _mention(word: str, people: Mapping[str, str]) -> str:
    if word[1:] in ("channel", "here", "everyone"):
        return f"<!{word[1:]}>"
    for name in (word[1:], word[1:].split(" ")[0]):
        if found := people.get(name.casefold()):
            return f"<@{found}>" + escaped(word[1 + len(name) :])
        if name in ("channel", "here", "everyone"):
            return f"<!{name}>" + escaped(word[1 + len(name) :])
    return word


def _linked(word: str, kind: str | None) -> str:
    if kind == "mail":
        return f"<mailto:{word}|{word}>"
    if kind == "tel":
        return f"<tel:{word.replace(' ', '')}|{word}>"
    if kind == "domain":
        return f"<http://{escaped(word)}|{escaped(word)}>"
    rest = ""
    while word[-1] in ".,;:!?)":
        word, rest = word[:-1], word[-1] + rest
    return f"<{escaped(word)}>{rest}"


def alive(text: str) -> list[str]:
    """The markup in a stored text that Slack acts on: mentions, broadcasts, links, without their brackets."""
    return [mark for mark in _MARK.findall(text) if _span(mark) is not None]


def rich_text(text: str, block_id: str) -> Json:
    """The rich_text block that Slack makes of a stored text without blocks."""
    spans: list[Json] = []
    last = 0
    for match in _MARK.finditer(text):
        span = _span(match.group(1))
        if span is None:
            continue
        spans += _words(text[last : match.start()])
        spans.append(span)
        last = match.end()
    spans += _words(text[last:])
    section = {"type": "rich_text_section", "elements": spans}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _words(text: str) -> list[Json]:
    spans: list[Json] = []
    last = 0
    for match in _COLON.finditer(text):
        if match.group(1) in SHORT_NAMES.values():
            if text[last : match.start()]:
                spans.append({"type": "text", "text": unescaped(text[last : match.start()])})
            spans.append({"type": "emoji", "name": match.group(1), "unicode": CODES[match.group(1)]})
            last = match.end()
    if text[last:]:
        spans.append({"type": "text", "text": unescaped(text[last:])})
    return spans


_MAKERS: tuple[tuple[str, Callable[[str, str], Json]], ...] = (
    ("@", lambda target, _: {"type": "user", "user_id": target}),
    ("#", lambda target, _: {"type": "channel", "channel_id": target}),
    ("!subteam^", lambda target, _: {"type": "usergroup", "usergroup_id": target}),
)


def _span(mark: str) -> Json | None:
    target, _, label = mark.partition("|")
    for sign, made in _MAKERS:
        if target.startswith(sign) and target[len(sign) :]:
            return made(target[len(sign) :], label)
    if target in ("!channel", "!here", "!everyone"):
        return {"type": "broadcast", "range": target[1:]}
    if target.startswith("!date^"):
        _, stamp, form, *_ = [*target.split("^"), "", ""]
        if stamp.isdigit():
            return {"type": "date", "timestamp": int(stamp), "format": form, "fallback": label}
    if re.match(r"(https?://|mailto:|tel:)", target):
        span: Json = {"type": "link", "url": unescaped(target)}
        return {**span, "text": unescaped(label)} if label else span
    return None
