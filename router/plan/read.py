"""Reads YAML 1.2 into a tree that knows where everything stands, and that no input can blow up.

Events come from ruamel's parser, which doesn't recurse; the tree is built here, so that depth, aliases, tags,
huge numbers and duplicate keys are ours to refuse (YAML 1.2.2 §10.3, core schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from .errors import PlanErrors, Source, Span
from .syntax import explain

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_ALIASES = 100
MAX_NODES = 60_000  # after aliases are expanded
MAX_DIGITS = 15

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass(slots=True)
class Node:
    """A value of the document. Exactly one of the three shapes: `scalar`, `items` or `keys`."""

    span: Span
    kind: str  # "scalar", "list" or "map"
    scalar: str | int | float | bool | None = None
    items: list[Node] = field(default_factory=list)
    keys: dict[str, tuple[Span, Node]] = field(default_factory=dict)
    size: int = 1
    flow: bool = False  # written with [] or {}
    end: tuple[int, int] = (0, 0)  # line and column just behind its last character, from 0

    @property
    def text(self) -> str | None:
        """The string that it is, or None."""
        return self.scalar if isinstance(self.scalar, str) else None

    def get(self, *path: str) -> Node | None:
        """The value under keys, or None when there is none."""
        node: Node | None = self
        for key in path:
            found = node.keys.get(key) if node else None
            node = found[1] if found else None
        return node

    def pairs(self, *path: str) -> Iterator[tuple[str, Span, Node]]:
        """The keys, their places and their values under `path`; none when it isn't a mapping."""
        node = self.get(*path)
        for key, (span, value) in (node.keys if node else {}).items():
            yield key, span, value

    def each(self, *path: str) -> list[Node]:
        """The items under `path`; a scalar counts as a list of one, anything else as empty."""
        node = self.get(*path)
        if node is None or (node.kind == "scalar" and node.scalar is None):
            return []
        return [node] if node.kind == "scalar" else node.items

    def plain(self) -> Plain:
        """The value as Python's own."""
        if self.kind == "list":
            return [item.plain() for item in self.items]
        if self.kind == "map":
            return {key: value.plain() for key, (_, value) in self.keys.items()}
        return self.scalar


def decode(source: bytes | str, file: str) -> str:
    """The document's text. Raises PlanErrors when it is too big or isn't UTF-8."""
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    found = Source(file, "")
    if len(raw) > MAX_BYTES:
        found.wrong(Span(0, 0, 0, 0), "", f"the file has {len(raw):,} bytes; a plan may have {MAX_BYTES:,}")
        raise PlanErrors(found.errors)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n")
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
        found = Source(file, raw.decode("utf-8", "replace"))
        found.wrong(
            Span(line, column, line, column),
            "",
            "this isn't UTF-8",
            allowed="save the file as UTF-8, without this",
        )
        raise PlanErrors(found.errors) from None


def read(text: str, found: Source) -> Node:
    """The document's tree; mistakes that don't stop the reading are noted in `found`.

    Raises PlanErrors with the one mistake that does: a syntax error, or something meant to blow it up.
    """
    try:
        return _Builder(found).build(text)
    except PlanErrors:
        raise
    except ReaderError as error:
        where = text[: error.position]
        line, column = where.count("\n"), len(where) - where.rfind("\n") - 1
        found.errors.clear()
        found.wrong(
            Span(line, column, line, column + 1),
            "",
            "a character that no text may contain",
            allowed="remove it",
        )
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found.errors.clear()
        explain(found, error, mark.line if mark else 0, mark.column if mark else 0)
    except _Refused as error:
        found.errors[:] = found.errors[-1:]
        raise PlanErrors(found.errors) from error
    except (YAMLError, ValueError, IndexError, AttributeError, TypeError, AssertionError) as error:
        # What ruamel's scanner itself trips over in damaged documents; the text is at fault all the same.
        found.errors.clear()
        found.wrong(
            Span(0, 0, 0, 0), "", f"this isn't YAML ({type(error).__name__})", allowed="a YAML document"
        )
    raise PlanErrors(found.errors)


class _Refused(Exception):
    """The document was refused as a whole; the reason is the source's last error."""


class _Builder:
    """Builds the tree from events; `open` is the stack of collections that haven't ended yet."""

    def __init__(self, found: Source) -> None:
        self.found = found
        self.open: list[Node] = []
        self.waiting: list[tuple[str, Span] | None] = []  # per open mapping: the key that waits for its value
        self.anchors: dict[str, Node] = {}
        self.aliases = 0
        self.documents = 0
        self.root: Node | None = None

    def build(self, text: str) -> Node:
        for event in YAML(typ="safe", pure=True).parse(text):
            start, end = event.start_mark, event.end_mark
            span = Span(start.line, start.column, end.line, end.column) if start and end else Span(0, 0, 0, 0)
            if isinstance(event, ScalarEvent):
                self._tag(event, span)
                plain = event.style is None or event.style == ""
                self._add(
                    Node(span, "scalar", self._resolve(event.value, span) if plain else event.value), event
                )
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                self._tag(event, span)
                kind = "map" if isinstance(event, MappingStartEvent) else "list"
                self._begin(Node(span, kind, flow=bool(event.flow_style)), event)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._end(span)
            elif isinstance(event, AliasEvent):
                self._alias(event, span)
            elif isinstance(event, DocumentStartEvent):
                self._document(span)
            elif isinstance(event, DocumentEndEvent):
                continue
        return self.root or Node(Span(0, 0, 0, 0), "map")

    def _refuse(self, span: Span, what: str, allowed: str) -> None:
        self.found.wrong(span, "", what, allowed=allowed)
        raise _Refused

    def _document(self, span: Span) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(span, "a second document begins here", "a plan is one document: remove this line")

    def _tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, span: Span) -> None:
        if event.tag is not None:
            self._refuse(span, "what begins with ! is a tag in YAML", 'put it in quotes, or remove it: "!…"')

    def _begin(self, node: Node, event: MappingStartEvent | SequenceStartEvent) -> None:
        if len(self.open) >= MAX_DEPTH:
            self._refuse(node.span, f"this is nested more than {MAX_DEPTH} deep", "no plan needs that")
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self.open.append(node)
        self.waiting.append(None)

    def _end(self, span: Span) -> None:
        node = self.open.pop()
        self.waiting.pop()
        if node.flow:
            node.end = (span.end_line, span.end_column)
        elif node.items or node.keys:
            node.end = (node.items[-1] if node.items else list(node.keys.values())[-1][1]).end
        self._add(node, None)

    def _alias(self, event: AliasEvent, span: Span) -> None:
        self.aliases += 1
        node = self.anchors.get(event.anchor)
        if self.aliases > MAX_ALIASES:
            self._refuse(span, f"more than {MAX_ALIASES} aliases", "write it out")
        elif node is None:
            self._refuse(span, f"nothing is anchored as &{event.anchor[:60]}", "write it out")
        elif any(node is other for other in self.open):
            self._refuse(span, "this contains itself", "write it out")
        else:
            self._add(node, None)

    def _add(self, node: Node, event: ScalarEvent | None) -> None:
        if event is not None:
            node.end = (node.span.end_line, node.span.end_column)
        if event is not None and event.anchor is not None:
            self.anchors[event.anchor] = node
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += node.size
        if parent.size > MAX_NODES:
            self._refuse(node.span, f"more than {MAX_NODES:,} values", "no plan needs that many")
        if parent.kind == "list":
            parent.items.append(node)
            return
        key, self.waiting[-1] = self.waiting[-1], None
        if key is None:
            self.waiting[-1] = (self._key(node), node.span)
        elif key[0] in parent.keys:
            first = parent.keys[key[0]][0].line + 1
            hint = f"{key[0]} stands on line {first} already: merge the two"
            self.found.wrong(key[1], key[0], f"{key[0]} is here twice", allowed=hint)
        else:
            if event is not None and event.value == "" and (node.span.line, node.span.column) == node.end:
                self._behind(key[1], node)
            parent.keys[key[0]] = (key[1], node)

    def _behind(self, key: Span, node: Node) -> None:
        """Nothing stands behind its key's colon: the parser has it where the next thing begins, lines below."""
        colon = _COLON.match(self.found.lines[key.end_line], key.end_column)
        at = (key.end_line, colon.end() if colon else key.end_column)
        node.span, node.end = Span(*at, *at), at

    def _key(self, node: Node) -> str:
        if node.kind != "scalar":
            self._refuse(node.span, "a key is a word, not a list or mapping", "word: value")
        if node.text is None:
            raw = self.found.line(node.span.line)[node.span.column : node.span.end_column]
            if isinstance(node.scalar, int | float) and not isinstance(node.scalar, bool):
                return raw
            self.found.wrong(node.span, raw, f'the key "{raw}" must be in quotes', instead=f'"{raw}"')
            return raw
        return node.text

    def _resolve(self, value: str, span: Span) -> str | int | float | bool | None:
        if value in _WORDS:
            return _WORDS[value]
        if _NUMBER.fullmatch(value) is None:
            return value
        if len(value) > MAX_DIGITS or _PADDED.fullmatch(value):
            return value  # a phone number, or meant to hurt: whoever wants a number will say so
        if _INT.fullmatch(value):
            return int(value)
        if value[:2] in ("0x", "0o"):
            return int(value, 0)
        return float(value.replace(".inf", "inf").replace(".nan", "nan").replace(".Inf", "inf").lower())


_WORDS: dict[str, str | int | float | bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_COLON = re.compile(r"\s*:")
_INT = re.compile(r"[-+]?[0-9]+")
_PADDED = re.compile(r"[-+]?0[0-9]+")  # a code, a house number: never meant as a number
_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
