"""Cuts and pastes in a YAML text by where its nodes stand. Pure; whether it then means what it should, `edit` looks.

A line of comment right above an item of a list goes with it, unless it is the first: that one speaks of the list.
"""

from __future__ import annotations

import json
import re

from .errors import BREAK
from .read import Node, Plain

_PLAIN = re.compile(r"[A-Za-z_À-ɏ][\w.@À-ɏ-]*(?: [\wÀ-ɏ.-]+)*")
_SPECIAL = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def word(text: str) -> str:
    """A YAML scalar that is this text: plain where it is sure to be read as text, else as JSON has it."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _SPECIAL:
        return text
    return json.dumps(text, ensure_ascii=False)


def keyed(key: str) -> str:
    """A key: `on` is one of ours, and nobody reads a switch in it."""
    return key if key == "on" else word(key)


def dump(value: Plain) -> str:
    """Any value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return word(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{keyed(key)}: {dump(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dump, value)) + "]"
    return "null" if value is None else str(value)


class Text:
    """A document's text; every method gives a new one."""

    def __init__(self, source: str) -> None:
        self.source = source
        breaks = list(BREAK.finditer(source))
        self.starts = [0, *(it.end() for it in breaks)]
        self.newline = breaks[0].group() if breaks else "\n"

    # ---- places -------------------------------------------------------------------------------------------------

    def offset(self, at: tuple[int, int]) -> int:
        """Line and column as a place in the text."""
        return self.starts[at[0]] + at[1]

    def begin(self, node: Node) -> int:
        """Where a node begins."""
        return self.offset((node.span.line, node.span.column))

    def end(self, node: Node) -> int:
        """Just behind a node's last character; a text in several lines ends before its last line break."""
        at = self.offset(node.end)
        while at > self.begin(node) and self.source[at - 1] in "\r\n":
            at -= 1
        return at

    def line(self, number: int) -> str:
        """A line without its break."""
        last = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.source)
        return self.source[self.starts[number] : last].rstrip("\r\n")

    def _last_line(self, node: Node) -> int:
        at = self.end(node)
        return max(n for n, start in enumerate(self.starts) if start <= at)

    def _lines(self, node: Node, n: int) -> tuple[int, int]:
        """The lines [first, behind) of an item of a block list, its own comments above included."""
        item = node.items[n]
        first, last = item.span.line, self._last_line(item)
        column = node.span.column
        while n > 0 and first > 0:
            above = self.line(first - 1)
            if not above.startswith(" " * column + "#"):
                break
            first -= 1
        return first, last + 1

    def _cut(self, begin: int, end: int, new: str = "") -> str:
        return self.source[:begin] + new + self.source[end:]

    def _cut_lines(self, first: int, behind: int) -> str:
        if behind < len(self.starts):
            return self._cut(self.starts[first], self.starts[behind])
        return self.source[: self.starts[first]]

    def _add_lines(self, number: int, lines: str) -> str:
        """Whole lines before line `number`, at the end where there is none."""
        if number < len(self.starts):
            at = self.starts[number]
            return self._cut(at, at, lines + self.newline)
        glue = "" if not self.source or self.source[-1] in "\r\n" else self.newline
        return f"{self.source}{glue}{lines}{self.newline}"

    # ---- lists --------------------------------------------------------------------------------------------------

    def item(self, node: Node, n: int) -> str:
        """An item as it stands there, for `insert`: of a block list with its comments."""
        if node.flow:
            return self.source[self.begin(node.items[n]) : self.end(node.items[n])]
        first, behind = self._lines(node, n)
        end = self.starts[behind] if behind < len(self.starts) else len(self.source)
        return "\0" + self.source[self.starts[first] : end].rstrip("\r\n")

    def insert(self, node: Node, at: int, item: str) -> str:
        """An item before the `at`th; one that begins with NUL is whole lines (see `item`)."""
        if node.flow:
            if not node.items:
                place = self.begin(node) + 1
                return self._cut(place, place, item)
            if at == len(node.items):
                place = self.end(node.items[-1])
                return self._cut(place, place, f", {item}")
            place = self.begin(node.items[at])
            return self._cut(place, place, f"{item}, ")
        lines = item[1:] if item.startswith("\0") else f"{' ' * node.span.column}- {item}"
        lines = lines.replace("\n", self.newline) if self.newline not in lines else lines
        if at == len(node.items):
            return self._add_lines(self._last_line(node.items[-1]) + 1, lines)
        return self._add_lines(self._lines(node, at)[0], lines)

    def without(self, node: Node, n: int) -> str:
        """The list without its `n`th item."""
        if not node.flow:
            return self._cut_lines(*self._lines(node, n))
        return self._without_between([(self.begin(it), self.end(it)) for it in node.items], n)

    def _without_between(self, places: list[tuple[int, int]], n: int) -> str:
        """Of things with commas between them all but the `n`th."""
        begin, end = places[n]
        if n + 1 < len(places):
            return self._cut(begin, places[n + 1][0])
        if n > 0:
            return self._cut(places[n - 1][1], end)
        return self._cut(begin, end)

    # ---- mappings -----------------------------------------------------------------------------------------------

    def with_value(self, parent: Node, key: str, value: Plain) -> str:
        """Another value under a key that is there."""
        span, node = parent.keys[key]
        if node.kind == "scalar" and node.scalar is None and self.begin(node) == self.end(node):
            return self._after_colon(span.end_line, span.end_column, self.end(node), value)
        if node.kind == "scalar" or node.flow:
            return self._cut(self.begin(node), self.end(node), dump(value))
        return self._after_colon(span.end_line, span.end_column, self.end(node), value)

    def _after_colon(self, line: int, column: int, end: int, value: Plain) -> str:
        colon = self.source.index(":", self.offset((line, column))) + 1
        return self._cut(colon, max(colon, end), f" {dump(value)}")

    def with_key(self, parent: Node, key: str, value: Plain) -> str:
        """A key more, behind the others."""
        pair = f"{keyed(key)}: {dump(value)}"
        last = list(parent.keys.values())[-1][1] if parent.keys else None
        if parent.flow:
            place = self.end(last) if last is not None else self.begin(parent) + 1
            return self._cut(place, place, f", {pair}" if last is not None else pair)
        assert last is not None
        return self._add_lines(self._last_line(last) + 1, " " * parent.span.column + pair)

    def without_key(self, parent: Node, key: str) -> str:
        """Without a key and its value."""
        every = list(parent.keys.items())
        n = [name for name, _ in every].index(key)
        places = [(self.offset((span.line, span.column)), self.end(node)) for _, (span, node) in every]
        if parent.flow:
            return self._without_between(places, n)
        line = every[n][1][0].line
        if self.line(line)[: every[n][1][0].column].strip():  # behind the dash of an item
            return self._cut(places[n][0], places[n + 1][0])
        return self._cut_lines(line, self._last_line(every[n][1][1]) + 1)
