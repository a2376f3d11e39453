"""What a plan may say already and nothing acts on yet. When a behaviour comes, its line goes from here."""

from __future__ import annotations

from collections.abc import Iterator

from .model import NotYet
from .read import Node

_CHANNELS = {
    "chat": "there is no web chat yet",
    "email": "mail isn't read yet",
}
_UNUSED = {
    "safety": "no call or text is held back by it yet",
}


def not_yet(root: Node) -> tuple[NotYet, ...]:
    """Every such thing in the document, in the order of its lines."""
    found = [NotYet(path, line, what) for path, line, what in _all(root)]
    return tuple(sorted(found, key=lambda each: (each.line, each.path)))


def _all(root: Node) -> Iterator[tuple[str, int, str]]:
    for channel, span, _ in root.pairs("channels"):
        if channel in _CHANNELS:
            yield f"channels.{channel}", span.line + 1, _CHANNELS[channel]
    for path, what in _UNUSED.items():
        section, _, key = path.rpartition(".")
        for name, span, _ in root.pairs(*filter(None, (section,))):
            if name == key:
                yield path, span.line + 1, what
    for name, _, node in root.pairs("on_call"):
        if "page" in node.keys:
            line = node.keys["page"][0].line + 1
            yield (
                f"on_call.{name}.page",
                line,
                "nobody is paged yet, by call or text: `alerts` are told instead",
            )
    for name, _, node in root.pairs("teams"):
        for key, what in (
            ("promise", "promises of teams aren't measured yet"),
            ("cost", "costs aren't counted yet"),
        ):
            if key in node.keys:
                yield f"teams.{name}.{key}", node.keys[key][0].line + 1, what
    for name, _, node in root.pairs("services"):
        for index, step in enumerate(node.each("steps")):
            if "page" in step.keys:
                line = step.keys["page"][0].line + 1
                yield (
                    f"services.{name}.steps[{index}].page",
                    line,
                    "nobody is paged yet: `alerts` are told instead",
                )
    for index, entry in enumerate(root.each("entry")):
        door = entry.get("channel")
        if door and door.text in _CHANNELS:
            yield f"entry[{index}]", entry.span.line + 1, _CHANNELS[door.text]
