"""What somebody wrote with its formatting, apart from where it was written: as plain text and as HTML. Pure.

Slack's rich text ──▶ `Passage`s ──▶ `plain` (a text message) │ `html` (a mail's body)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Literal

SAFE = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>\"]+", re.IGNORECASE)
"""What may become a link."""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one style; `link` is where they lead, "" nowhere."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, an item of a list (`number` counts from 1, `depth` from 0), a quotation, or lines of code."""

    kind: Literal["text", "bullet", "number", "quote", "code"]
    runs: tuple[Run, ...]
    depth: int = 0
    number: int = 0


# ---- kept ----------------------------------------------------------------------------------------------------------

LONGEST_KEPT = 40_000
"""Characters of what is kept of a message's formatting; beyond them it is kept as plain words alone."""


def dumped(passages: Sequence[Passage]) -> str:
    """As a line of JSON; "" where it has no formatting that its plain words don't show."""
    if not any(it.kind != "text" or any(map(_styled, it.runs)) for it in passages):
        return ""
    found = json.dumps(
        [[p.kind, p.depth, p.number, [[r.text, _marks(r), r.link] for r in p.runs]] for p in passages],
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    return found if len(found) <= LONGEST_KEPT else ""


def loaded(kept: str) -> tuple[Passage, ...]:
    """The inverse; () for "" and for what isn't such a line."""
    try:
        return tuple(
            Passage(kind, tuple(_of(*run) for run in runs), depth, number)
            for kind, depth, number, runs in (json.loads(kept) if kept else ())
        )
    except (ValueError, TypeError):
        return ()


def _styled(it: Run) -> bool:
    return bool(_marks(it)) or bool(it.link and it.link != it.text)


def _marks(it: Run) -> str:
    return "".join(
        mark for mark, on in zip("bisc", (it.bold, it.italic, it.strike, it.code), strict=True) if on
    )


def _of(text: str, marks: str, link: str) -> Run:
    return Run(text, "b" in marks, "i" in marks, "s" in marks, "c" in marks, link)


# ---- plain -----------------------------------------------------------------------------------------------------------


def plain(passages: Iterable[Passage]) -> str:
    """As a text message: lists by "-" and number, links in full, what was struck out between tildes."""
    return "\n".join(_line(it) for it in passages).strip("\n")


def _line(it: Passage) -> str:
    text, indent = "".join(map(_words, it.runs)), "  " * it.depth
    match it.kind:
        case "bullet":
            return f"{indent}- {text}"
        case "number":
            return f"{indent}{it.number}. {text}"
        case "quote":
            return "\n".join(f"> {line}" for line in text.split("\n"))
        case _:
            return text


def _words(it: Run) -> str:
    text = linked(it.link, it.text) if it.link else it.text
    return f"~{text}~" if it.strike and text.strip() else text


def linked(target: str, label: str) -> str:
    """A link in plain text: its label alone when that says where it leads, else both."""
    bare = re.sub(r"^https?://", "", target).rstrip("/")
    if not label or label == target:
        return target.removeprefix("mailto:").removeprefix("tel:")
    if re.sub(r"^https?://", "", label).rstrip("/").replace(" ", "") == bare:
        return label
    if target.startswith(("mailto:", "tel:")) and target.partition(":")[2] == label:
        return label
    return f"{label} ({target})"


# ---- HTML ------------------------------------------------------------------------------------------------------------


def html(passages: Sequence[Passage]) -> str:
    """As a mail's body: every character of theirs is escaped, and only web, mail and phone links are links."""
    parts = []
    for listed, group in groupby(passages, key=lambda it: it.kind in ("bullet", "number")):
        each = list(group)
        parts.append(_lists(each) if listed else "".join(map(_block, each)))
    return "".join(parts)


def _block(it: Passage) -> str:
    text = "".join(map(_run, it.runs))
    if it.kind == "code":
        return f"<pre>{text}</pre>"
    text = text.strip("\n").replace("\n", "<br>")
    if it.kind == "quote":
        return f"<blockquote>{text}</blockquote>"
    return f"<p>{text}</p>" if text.strip() else ""


def _lists(items: Sequence[Passage]) -> str:
    """Items as lists in lists, by their depth."""
    out, open_tags = list[str](), list[str]()
    for it in items:
        tag, depth = ("ul" if it.kind == "bullet" else "ol"), it.depth + 1
        while len(open_tags) > depth or (len(open_tags) == depth and open_tags[-1] != tag):
            out.append(f"</li></{open_tags.pop()}>")
        if len(open_tags) == depth:
            out.append("</li>")
        while len(open_tags) < depth:
            between = "<li>" if len(open_tags) < depth - 1 else ""
            first = f' start="{it.number}"' if not between and it.number > 1 else ""
            out.append(f"<{tag}{first}>{between}")
            open_tags.append(tag)
        out.append("<li>" + "".join(map(_run, it.runs)).replace("\n", "<br>"))
    out += [f"</li></{tag}>" for tag in reversed(open_tags)]
    return "".join(out)


def _run(it: Run) -> str:
    text = escape(it.text)
    for on, tag in ((it.code, "code"), (it.bold, "strong"), (it.italic, "em"), (it.strike, "s")):
        text = f"<{tag}>{text}</{tag}>" if on and it.text.strip() else text
    return f'<a href="{escape(it.link)}">{text or escape(it.link)}</a>' if SAFE.fullmatch(it.link) else text
