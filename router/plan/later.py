"""What a plan may say already and nothing acts on yet. When a behaviour comes, its line goes from here."""

from __future__ import annotations

from collections.abc import Iterator

from .model import NotYet
from .read import Node


def not_yet(root: Node) -> tuple[NotYet, ...]:
    """Every such thing in the document, in the order of its lines."""
    found = [NotYet(path, line, what) for path, line, what in _all(root)]
    return tuple(sorted(found, key=lambda each: (each.line, each.path)))


def _all(root: Node) -> Iterator[tuple[str, int, str]]:
    for name, _, node in root.pairs("teams"):
        for key, what in (
            ("promise", "promises of teams aren't measured yet"),
            ("cost", "costs aren't counted yet"),
        ):
            if key in node.keys:
                yield f"teams.{name}.{key}", node.keys[key][0].line + 1, what
