"""Small edits to a plan's file that leave every other character as it is; what comes out is a valid plan.

Each takes the document's text and returns the new one. Raises PlanErrors when the document, or what it would
become, has mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...skills.skill import CHANNELS, Channel
from .edit_text import word
from .errors import BREAK, Source
from .load import parse
from .model import AgentSpec
from .read import Node, decode, read


def add_agent(source: str, agent: AgentSpec) -> str:
    """The document with one agent more, at the end of the list; what is as usual isn't written."""
    parts = [f"name: {word(agent.name)}", f"slack: {word(agent.slack)}"]
    if agent.phone:
        parts.append(f"phone: {word(agent.phone)}")
    parts += [f"team: {word(agent.team)}", f"tier: L{agent.tier}"]
    if agent.tiers:
        parts.append(f"tiers: {_map((name, f'L{tier}') for name, tier in agent.tiers)}")
    for key, levels in (("languages", agent.languages), ("skills", agent.skills)):
        if levels:
            parts.append(f"{key}: {_map(levels)}")
    if agent.shift:
        parts.append(f"shift: {word(agent.shift)}")
    if agent.channels != CHANNELS:
        parts.append(f"channels: [{', '.join(agent.channels)}]")
    return _append(source, "agents", f"{{{', '.join(parts)}}}")


def _map(pairs: Iterable[tuple[str, object]]) -> str:
    return "{" + ", ".join(f"{word(key)}: {value}" for key, value in pairs) + "}"


def add_entry(source: str, channel: Channel, to: str | None, service: str) -> str:
    """The document with one door more: a number or address (none for chat) that leads to `service`."""
    door = f", to: {word(to)}" if to is not None else ""
    return _append(source, "entry", f"{{channel: {channel}{door}, service: {word(service)}}}")


def add_supervisor(source: str, person: str) -> str:
    """The document with one supervisor more (mail address or user id); as it was when it has them already."""
    if person.casefold() in (each.casefold() for each in parse(source).supervisors):
        return source
    return _append(source, "supervisors", word(person))


def _append(source: str, key: str, item: str) -> str:
    text = decode(source, "plan.yaml")
    parse(text)
    root = read(text, Source("plan.yaml", text))
    node = root.get(key)
    if node is None:
        changed = _new_key(text, root, f"{key}: [{item}]")
    elif node.kind == "list" and node.flow:
        changed = _into_flow(text, node, item)
    elif node.kind == "list":
        changed = _below(text, node.end, f"{' ' * node.span.column}- {item}")
    else:  # the key stands there with all its lines commented out
        changed = _below(text, (root.keys[key][0].line, 1), f"  - {item}")
    parse(changed)
    return changed


def _new_key(text: str, root: Node, line: str) -> str:
    if root.flow:
        at = _offset(text, root.end) - 1
        return f"{text[:at]}, {line}{text[at:]}"
    return _below(text, root.end, line)


def _into_flow(text: str, node: Node, item: str) -> str:
    if node.items:
        at = _offset(text, node.items[-1].end)
        return f"{text[:at]}, {item}{text[at:]}"
    at = _offset(text, (node.span.line, node.span.column)) + 1
    return f"{text[:at]}{item}{text[at:]}"


def _below(text: str, end: tuple[int, int], line: str) -> str:
    """The text with a line more, below the one that ends there."""
    number = end[0] if end[1] or end[0] == 0 else end[0] - 1
    breaks = list(BREAK.finditer(text))
    newline = breaks[0].group() if breaks else "\n"
    if number >= len(breaks):
        return f"{text}{newline}{line}{newline}"
    at = breaks[number].end()
    return f"{text[:at]}{line}{newline}{text[at:]}"


def _offset(text: str, at: tuple[int, int]) -> int:
    starts = [0, *(match.end() for match in BREAK.finditer(text))]
    return starts[at[0]] + at[1]
