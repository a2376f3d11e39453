"""Plain words as passages: paragraphs, lists, quotations and links, as people type them. Pure."""

from __future__ import annotations

import re

from ..rich import SAFE, Passage, Run

_BULLET = re.compile(r"( *)[-*•] +(.*)")
_NUMBER = re.compile(r"( *)(\d{1,3})[.)] +(.*)")
_LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]']", re.IGNORECASE)


def passages(text: str) -> list[Passage]:
    """What `text` says; every character of it is in one of them."""
    found: list[Passage] = []
    for block in re.split(r"\n{2,}", text):
        found += _block(block.split("\n"))
    return found


def _block(lines: list[str]) -> list[Passage]:
    found: list[Passage] = []
    open_lines: list[str] = []
    quoted = False

    def end() -> None:
        if open_lines:
            found.append(Passage("quote" if quoted else "text", _runs("\n".join(open_lines))))
            open_lines.clear()

    for line in lines:
        if it := _BULLET.fullmatch(line):
            end()
            found.append(Passage("bullet", _runs(it[2]), min(len(it[1]) // 2, 8)))
        elif (it := _NUMBER.fullmatch(line)) and _goes_on(found, int(it[2])):
            end()
            found.append(Passage("number", _runs(it[3]), min(len(it[1]) // 2, 8), int(it[2])))
        else:
            if open_lines and line.startswith(">") != quoted:
                end()
            quoted = line.startswith(">")
            open_lines.append(line[1:].removeprefix(" ") if quoted else line)
    end()
    return found


def _goes_on(found: list[Passage], number: int) -> bool:
    """Whether it is the next of a list that counts from 1: only those keep their numbers in HTML."""
    return number == (found[-1].number + 1 if found and found[-1].kind == "number" else 1)


def _runs(text: str) -> tuple[Run, ...]:
    """Its characters, links as links."""
    found, at = [], 0
    for it in _LINK.finditer(text):
        if not SAFE.fullmatch(it[0]):
            continue
        found += [Run(text[at : it.start()])] if it.start() > at else []
        found.append(Run(it[0], link=it[0]))
        at = it.end()
    return (*found, Run(text[at:])) if at < len(text) or not found else tuple(found)
