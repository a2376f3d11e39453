"""Edits of a plan's file that change what they mean and leave every other character, comments included, as it is.

Put, Insert, Drop, Shift ──▶ `edited` ──▶ the new text        each edit is carried out twice, on the text and on its plain
                                                              data; when the two differ nothing was edited: CannotEdit

Places are paths of keys; an item of a list is named by its `name` (or `on`): ("rules", "outage", "set", "service").
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .edit_text import Text, dump, keyed
from .errors import PlanErrors, Source
from .read import Node, Plain, read

Path = tuple[str, ...]
LISTS = ("rules", "agents", "entry")
"""Sections that are lists, also while there is nothing in them."""
NAMES = ("name", "on")
"""What an item of a list is known by."""


class CannotEdit(Exception):
    """This can't be edited from outside; the text says why, and that the file itself can be."""


@dataclass(frozen=True, slots=True)
class Put:
    """The value under the last key becomes this one; None: the key goes. Keys on the way are made."""

    path: Path
    value: Plain


@dataclass(frozen=True, slots=True)
class Insert:
    """A new item in the list at `path`, before the item of that name; "" is at the end."""

    path: Path
    item: Plain
    before: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """The item at `path` goes."""

    path: Path


@dataclass(frozen=True, slots=True)
class Shift:
    """The item at `path` moves before the one of that name; "" is to the end."""

    path: Path
    before: str = ""


Edit = Put | Insert | Drop | Shift


def edited(source: str, edits: Sequence[Edit]) -> str:
    """The document with the edits, one after the other. Raises CannotEdit; whether it is a plan is `load.parse`'s."""
    for edit in edits:
        source = _one(source, edit)
    return source


def _one(source: str, edit: Edit) -> str:
    root = read(source, Source("plan.yaml", source))
    before = root.plain()
    if not isinstance(before, dict):
        raise CannotEdit("The plan's file isn't made of keys and values.")
    after = changed(before, edit)
    try:
        text = _written(source, root, edit)
        meant = read(text, Source("plan.yaml", text)).plain()
    except PlanErrors:  # it can't be read any more: an anchor is gone that others need
        text, meant = source, None
    if meant != after:
        where = ".".join(edit.path)
        raise CannotEdit(f"{where} is laid out in a way that can't be edited here: change it in the file.")
    return text


# ---- what it means -----------------------------------------------------------------------------------------------


def changed(document: Mapping[str, Plain], edit: Edit) -> dict[str, Plain]:
    """The plain document with the edit; the given one stays as it is. Raises CannotEdit."""
    root: dict[str, Plain] = copy.deepcopy(dict(document))
    match edit:
        case Put(path, value):
            at = _way(root, path[:-1], make=value is not None)
            if value is None and at is not None:
                at.pop(path[-1], None)
            elif at is not None:
                at[path[-1]] = value
        case Insert(path, item, before):
            items = _items(root, path)
            items.insert(_index(items, before, path) if before else len(items), item)
        case Drop(path):
            items = _items(root, path[:-1])
            del items[_index(items, path[-1], path)]
        case Shift(path, before):
            items = _items(root, path[:-1])
            item = items.pop(_index(items, path[-1], path))
            items.insert(_index(items, before, path) if before else len(items), item)
    return root


def _way(root: dict[str, Plain], path: Path, make: bool) -> dict[str, Plain] | None:
    """The mapping at `path`; None where a key on the way is missing and none is to be made."""
    at: Plain = root
    for key in path:
        if isinstance(at, list):
            at = at[_index(at, key, path)]
        elif isinstance(at, dict):
            if at.get(key) is None:
                if at is root and key in LISTS and len(path) > 1:
                    raise CannotEdit(f"There is no “{path[1]}” in {key} any more.")
                if not make:
                    return None
                at[key] = {}
            at = at[key]
    if not isinstance(at, dict):
        raise CannotEdit(f"There are no keys at {'.'.join(path)}.")
    return at


def _items(root: dict[str, Plain], path: Path) -> list[Plain]:
    at = _way(root, path[:-1], make=True)
    assert at is not None
    if at.get(path[-1]) is None:
        at[path[-1]] = []
    found = at[path[-1]]
    if not isinstance(found, list):
        raise CannotEdit(f"{'.'.join(path)} is no list.")
    return found


def _index(items: Sequence[Plain], name: str, path: Path) -> int:
    for n, item in enumerate(items):
        if isinstance(item, dict) and name in [str(item[key]) for key in NAMES if key in item]:
            return n
    raise CannotEdit(f"There is no “{name}” in {path[0]} any more.")


# ---- how it is written -------------------------------------------------------------------------------------------


def _written(source: str, root: Node, edit: Edit) -> str:
    text = Text(source)
    match edit:
        case Put(path, value):
            return _put(text, root, path, value)
        case Insert(path, item, before):
            node = _node(root, path)
            if node is None or (node.kind == "scalar" and node.scalar is None):
                return _put(text, root, path, [item])
            at = _place(node, before, path) if before else len(node.items)
            return text.insert(node, at, _laid_out(text, node, item))
        case Drop(path):
            node = _list(root, path)
            if len(node.items) == 1:
                return _put(text, root, path[:-1], [])
            return text.without(node, _place(node, path[-1], path))
        case Shift(path, before):
            return _shift(text, root, path, before)


def _shift(text: Text, root: Node, path: Path, before: str) -> str:
    node = _list(root, path)
    n = _place(node, path[-1], path)
    if len(node.items) == 1 or before == path[-1]:
        return text.source
    taken, left = text.item(node, n), Text(text.without(node, n))
    rest = _list(read(left.source, Source("plan.yaml", left.source)), path)
    return left.insert(rest, _place(rest, before, path) if before else len(rest.items), taken)


def _put(text: Text, root: Node, path: Path, value: Plain) -> str:
    parent, key = _node(root, path[:-1]), path[-1]
    if parent is None or (parent.kind == "scalar" and parent.scalar is None):
        return text.source if value is None else _put(text, root, path[:-1], {key: value})
    if parent.kind != "map":
        raise CannotEdit(f"There are no keys at {'.'.join(path[:-1])}.")
    if key not in parent.keys:
        return text.source if value is None else text.with_key(parent, key, value)
    if value is None:
        alone = len(parent.keys) == 1 and not parent.flow
        return _put(text, root, path[:-1], {}) if alone and path[:-1] else text.without_key(parent, key)
    node = parent.keys[key][1]
    if (same := _grown(node, value)) is not None:
        gone, come = same
        return _words(text, root, path, gone, come)
    return text.with_value(parent, key, value)


def _grown(node: Node, value: Plain) -> tuple[list[int], list[Plain]] | None:
    """(places that go, values that come at the end) where a list of words only loses and gains some; else None."""
    if (
        node.kind != "list"
        or not isinstance(value, list)
        or not value
        or any(it.kind != "scalar" for it in node.items)
    ):
        return None
    old = [it.scalar for it in node.items]
    kept = [it for it in old if it in value]
    if value[: len(kept)] != kept or not kept or len(set(map(str, old))) != len(old):
        return None
    return [n for n, it in enumerate(old) if it not in value], value[len(kept) :]


def _words(text: Text, root: Node, path: Path, gone: list[int], come: list[Plain]) -> str:
    for n in reversed(gone):
        node = _node(root, path)
        assert node is not None
        text = Text(text.without(node, n))
        root = read(text.source, Source("plan.yaml", text.source))
    for value in come:
        node = _node(root, path)
        assert node is not None
        text = Text(text.insert(node, len(node.items), dump(value)))
        root = read(text.source, Source("plan.yaml", text.source))
    return text.source


def _laid_out(text: Text, node: Node, item: Plain) -> str:
    """A new item as the others are: a key a line where they are, else on one line."""
    if isinstance(item, dict) and item and node.items and not node.flow and not node.items[-1].flow:
        indent = "\n" + " " * node.items[-1].span.column
        return indent.join(f"{keyed(key)}: {dump(value)}" for key, value in item.items())
    return dump(item)


def _node(root: Node, path: Path) -> Node | None:
    node: Node | None = root
    for key in path:
        if node is None:
            return None
        if node.kind == "list":
            node = node.items[_place(node, key, path)]
        else:
            found = node.keys.get(key)
            node = found[1] if found else None
    return node


def _list(root: Node, path: Path) -> Node:
    node = _node(root, path[:-1])
    if node is None or node.kind != "list":
        raise CannotEdit(f"{'.'.join(path[:-1])} is no list.")
    return node


def _place(node: Node, name: str, path: Path) -> int:
    for n, item in enumerate(node.items):
        known = [item.get(key) for key in NAMES]
        if any(it is not None and str(it.scalar) == name for it in known):
            return n
    raise CannotEdit(f"There is no “{name}” in {path[0]} any more.")


def shown(path: Path) -> str:
    """A path as people read it."""
    return re.sub(r"\s+", " ", " › ".join(path))
