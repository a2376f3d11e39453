"""A little of Markdown as HTML: headings, paragraphs, lists, **strong**, *emphasis*, `code`, fences and links. Pure.

Every character of the text is escaped first; nothing in it becomes a tag that isn't made here, and a link leads to
https, http, mailto or tel alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\(((?:https?://|mailto:|tel:)[^\s()<>\"']{1,600})\)")
_CODE = re.compile(r"`([^`\n]{1,300})`")
_STRONG = re.compile(r"\*\*(\S(?:[^*\n]{0,300}\S)?)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*(\S(?:[^*\n]{0,300}\S)?)\*(?![\w*])")
_LINES = re.DOTALL | re.MULTILINE
_HEADING = re.compile(r"(#{1,3}) +(.+)")
_BULLET, _NUMBER = re.compile(r"[-*] +(.+)"), re.compile(r"\d{1,3}[.)] +(.+)")


def html(text: str) -> str:
    """The text as HTML; headings begin at h2, as the page's own is the h1, and none is skipped on the way down."""
    blocks, above = list[str](), list[int]()
    for block in _blocks(text.replace("\r\n", "\n")):
        if (heading := re.match(r"<h(\d)>", block)) is not None:
            above = [*(level for level in above if level < int(heading[1])), int(heading[1])]
            block = f"<h{1 + len(above)}>{block[4:-5]}</h{1 + len(above)}>"
        blocks.append(block)
    return "\n".join(blocks)


def plain(text: str, longest: int = 160) -> str:
    """The first words of it without any marks, for a list."""
    bare = re.sub(r"```.*?```|^\s*(?:#+|[-*>]|\d{1,3}[.)])\s", " ", _LINK.sub(r"\1", text), flags=_LINES)
    bare = re.sub(r"[*`]", "", bare)
    words = " ".join(bare.split())
    return words if len(words) <= longest else f"{words[:longest].rsplit(' ', 1)[0]} …"


def _blocks(text: str) -> Iterator[str]:
    for n, part in enumerate(re.split(r"^```[^\n]*$", text, flags=re.MULTILINE)):
        if n % 2:
            code = part.strip("\n")
            yield f'<pre tabindex="0"><code>{escape(code)}</code></pre>'
            continue
        for block in re.split(r"\n\s*\n", part):
            yield from _block([line.strip() for line in block.splitlines() if line.strip()])


def _block(lines: list[str]) -> Iterator[str]:
    while lines:
        if (heading := _HEADING.fullmatch(lines[0])) is not None:
            level = min(len(heading[1]) + 1, 4)
            yield f"<h{level}>{inline(heading[2])}</h{level}>"
            lines = lines[1:]
            continue
        kind = _kind(lines[0])
        end = next((i for i, line in enumerate(lines) if _kind(line) != kind), len(lines))
        run, lines = lines[:end], lines[end:]
        if kind == "p":
            yield f"<p>{'<br>'.join(map(inline, run))}</p>"
        else:
            marks = _BULLET if kind == "ul" else _NUMBER
            rows = "".join(f"<li>{inline(marks.fullmatch(line)[1])}</li>" for line in run)  # type: ignore[index]
            yield f"<{kind}>{rows}</{kind}>"


def _kind(line: str) -> str:
    if _HEADING.fullmatch(line):
        return "h"
    return "ul" if _BULLET.fullmatch(line) else "ol" if _NUMBER.fullmatch(line) else "p"


def inline(text: str) -> str:
    """A line: links and code are set aside before anything else is read in it."""
    kept: list[str] = []

    def aside(made: str) -> str:
        kept.append(made)
        return f"\x00{len(kept) - 1}\x00"

    text = text.replace("\x00", "")
    text = _CODE.sub(lambda m: aside(f"<code>{escape(m[1])}</code>"), text)
    text = _LINK.sub(
        lambda m: aside(
            f'<a href="{escape(m[2])}" rel="noopener noreferrer">{escape(_bare(m[1], kept))}</a>'
        ),
        text,
    )
    done = escape(text)
    done = _STRONG.sub(r"<strong>\1</strong>", done)
    done = _EMPHASIS.sub(r"<em>\1</em>", done)
    return re.sub(r"\x00(\d+)\x00", lambda m: kept[int(m[1])], done)


def _bare(label: str, kept: list[str]) -> str:
    """A link's words; code in it loses its dress."""
    return re.sub(r"\x00(\d+)\x00", lambda m: re.sub(r"<[^>]*>", "", kept[int(m[1])]), label)
