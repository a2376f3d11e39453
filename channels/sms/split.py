"""Long texts in parts: Twilio takes at most 1,600 characters (error 21617), so more goes out as several. Pure."""

from __future__ import annotations

import unicodedata

LONGEST = 1_500
"""Characters of a part, counted in UTF-16 units as carriers do; room is left for the numbering."""


def parts(text: str) -> list[str]:
    """`text` in parts of at most 1,600 UTF-16 units, numbered "(1/3)" when there are several; [] for no text.

    Cut at a paragraph, a line or a space where one is near; never inside a letter with its accents or an emoji.
    """
    if _units(text) <= 1_600:
        return [text] if text else []
    rest, found = text, []
    while rest:
        cut = _cut(rest)
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [f"({i}/{len(found)}) {part}" for i, part in enumerate(found, 1)]


def _cut(text: str) -> int:
    end, units = 0, 0
    while end < len(text) and units + (size := _units(text[end])) <= LONGEST:
        end, units = end + 1, units + size
    if end == len(text):
        return end
    for mark in ("\n\n", "\n", ". ", " "):
        at = text.rfind(mark, end // 2, end)
        if at > 0:
            return at + len(mark)
    while end > 1 and _joins(text[end], text[end - 1]):
        end -= 1
    return end


def _joins(char: str, before: str) -> bool:
    joiner, selector = "\N{ZERO WIDTH JOINER}", "\N{VARIATION SELECTOR-16}"
    skin = "\U0001f3fb" <= char <= "\U0001f3ff"
    return bool(unicodedata.combining(char)) or char in (joiner, selector) or before == joiner or skin


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2
