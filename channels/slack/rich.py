"""Slack's rich text, as people type it, read as passages. Pure.

Shape: docs.slack.dev/reference/block-kit/blocks/rich-text-block. What isn't known there is read for its text alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..rich import Passage, Run
from .words import character

Json = Mapping[str, Any]
CALLS = ("user", "usergroup", "team", "channel", "broadcast")
"""Elements that call somebody."""


def passages(blocks: object, names: Mapping[str, str] = {}) -> tuple[Passage, ...]:
    """What an event's `blocks` say; () where there is no rich text. `names` by user id."""
    found: list[Passage] = []
    for block in _maps(blocks):
        if block.get("type") != "rich_text":
            return ()
        for part in _maps(block.get("elements")):
            found += _part(part, names)
    return tuple(found)


def calls(blocks: object, writer: str = "") -> bool:
    """Whether it mentions anybody but its writer."""
    return any(
        it.get("type") in CALLS and not (it.get("type") == "user" and it.get("user_id") == writer)
        for it in _elements(blocks)
    )


def _elements(value: object) -> Iterable[Json]:
    for it in _maps(value):
        yield it
        yield from _elements(it.get("elements"))


def _maps(value: object) -> list[Json]:
    return [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []


def _part(part: Json, names: Mapping[str, str]) -> list[Passage]:
    match part.get("type"):
        case "rich_text_list":
            ordered, depth = part.get("style") == "ordered", min(_number(part.get("indent")), 8)
            first = _number(part.get("offset")) + 1
            return [
                Passage(
                    "number" if ordered else "bullet",
                    _runs(it, names),
                    depth,
                    first + n if ordered else 0,
                )
                for n, it in enumerate(_maps(part.get("elements")))
            ]
        case "rich_text_quote":
            return [Passage("quote", _runs(part, names))]
        case "rich_text_preformatted":
            return [Passage("code", _runs(part, names))]
        case _:
            return [Passage("text", _trimmed(_runs(part, names)))]


def _trimmed(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """A section before a list ends with a line of its own."""
    if runs and runs[-1].text.endswith("\n") and not runs[-1].link:
        last = runs[-1]
        return (*runs[:-1], Run(last.text[:-1], last.bold, last.italic, last.strike, last.code))
    return runs


def _runs(part: Json, names: Mapping[str, str]) -> tuple[Run, ...]:
    return tuple(_run(it, names) for it in _maps(part.get("elements")))


def _run(it: Json, names: Mapping[str, str]) -> Run:
    given = it.get("style")
    style = given if isinstance(given, dict) else {}
    url = str(it.get("url") or "") if it.get("type") == "link" else ""
    bold, italic, strike, code = (bool(style.get(it)) for it in ("bold", "italic", "strike", "code"))
    return Run(_text(it, names) or url, bold, italic, strike, code, url)


def _text(it: Json, names: Mapping[str, str]) -> str:
    match it.get("type"):
        case "emoji":
            return character(it) or f":{it.get('name')}:"
        case "user":
            return f"@{names.get(str(it.get('user_id'))) or it.get('user_id')}"
        case "usergroup":
            return f"@{it.get('usergroup_id')}"
        case "channel":
            return f"#{it.get('channel_id')}"
        case "broadcast":
            return f"@{it.get('range')}"
        case "color":
            return str(it.get("value") or "")
        case "date":
            return str(it.get("fallback") or "")
        case _:
            return str(it.get("text") or "")


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
