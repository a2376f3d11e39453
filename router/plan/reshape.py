"""Turns what pydantic finds wrong into mistakes with a place, plain words and a corrected line."""

from __future__ import annotations

import re
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import Source, Span, one_of, path_of
from .fields import shown
from .read import Node
from .shape import Document

Loc = tuple[int | str, ...]
_WANTED = {
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text; in quotes if it looks like a number",
    "dict_type": "keys with values: {key: value}",
    "model_type": "keys with values: {key: value}",
    "model_attributes_type": "keys with values: {key: value}",
    "list_type": "a list: [one, two]",
    "too_short": "at least one",
    "string_too_short": "at least one character",
}
_TRUTH = {
    "yes": "true",
    "ja": "true",
    "on": "true",
    "true": "true",
    "no": "false",
    "nein": "false",
    "off": "false",
}


def shape(root: Node, found: Source) -> Document | None:
    """The document in its shape; None, with every mistake noted in `found`, when it has another."""
    plain = root.plain()
    if isinstance(plain, dict):  # a section whose lines are all commented out is an empty one
        plain = {key: value for key, value in plain.items() if value is not None}
    try:
        return Document.model_validate(plain)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(detail, root, found)
    return None


def _note(detail: ErrorDetails, root: Node, found: Source) -> None:
    kind, loc, context = detail["type"], detail["loc"], detail.get("ctx", {})
    if loc and loc[-1] == "[key]":
        span, path = _key(root, loc[:-1]), path_of(loc[:-1])
    else:
        node, depth = _find(root, loc)
        span, path = node.span, path_of(loc[:depth])
    value = detail["input"]
    if kind == "plan":
        found.wrong(span, path, context["what"], instead=context["instead"], allowed=context["allowed"])
    elif kind == "extra_forbidden":
        known = _keys(loc[:-1])
        word = found.closest(str(loc[-1]), known)
        what = f'"{shown(loc[-1])}" is unknown here'
        found.wrong(_key(root, loc), path_of(loc), what, instead=word, allowed=one_of(known), bare=True)
    elif kind == "missing":
        found.wrong(span, path_of(loc), f"{loc[-1]} is missing", allowed=f"add {loc[-1]}: {_example(loc)}")
    elif value is None:
        found.wrong(
            span, path, "nothing stands here", allowed=_WANTED.get(kind) or "a value, or remove the key"
        )
    elif kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        word = found.closest(value, allowed) if isinstance(value, str) else None
        found.wrong(span, path, f'"{shown(value)}" isn\'t possible', instead=word, allowed=one_of(allowed))
    elif kind == "bool_type" and isinstance(value, str) and value.lower() in _TRUTH:
        found.wrong(span, path, "a switch is true or false", instead=_TRUTH[value.lower()], bare=True)
    elif kind == "int_type" and isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
        found.wrong(span, path, "a number has no quotes", instead=value, bare=True)
    elif kind == "string_type" and isinstance(value, int | float):
        raw = found.raw(span) or ""
        found.wrong(span, path, "a text that looks like a number must be in quotes", instead=f'"{raw}"')
    else:
        found.wrong(span, path, _unfit(kind, value), allowed=_limits(kind, context))


def _unfit(kind: str, value: object) -> str:
    if isinstance(value, dict | list):
        return "empty" if not value else f"{'keys' if isinstance(value, dict) else 'a list'} can't stand here"
    return "a text is missing" if value == "" else f"{shown(value)} isn't possible here"


def _limits(kind: str, context: dict[str, Any]) -> str:
    for key, words in (("ge", "at least {}"), ("le", "at most {}"), ("max_length", "at most {} of them")):
        if key in context:
            return words.format(context[key])
    return _WANTED.get(kind, "another value")


def _find(root: Node, loc: Loc) -> tuple[Node, int]:
    """The innermost node on the way that the document has, and how much of the way that is."""
    node = root
    for depth, part in enumerate(loc):
        if isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        elif isinstance(part, str) and part in node.keys:
            node = node.keys[part][1]
        else:
            return node, depth
    return node, len(loc)


def _key(root: Node, loc: Loc) -> Span:
    parent, _ = _find(root, loc[:-1])
    return parent.keys[str(loc[-1])][0] if str(loc[-1]) in parent.keys else parent.span


def _model(loc: Loc) -> type[BaseModel] | None:
    """The model that describes the mapping at `loc`."""
    at: Any = Document
    for part in loc:
        at = _inside(at)
        if isinstance(at, type) and issubclass(at, BaseModel):
            fields = {field.alias or name: field for name, field in at.model_fields.items()}
            at = fields[str(part)].annotation if str(part) in fields else None
        else:
            at = get_args(at)[-1] if get_args(at) else None
    at = _inside(at)
    return at if isinstance(at, type) and issubclass(at, BaseModel) else None


def _inside(at: Any) -> Any:
    while True:
        origin = get_origin(at)
        if origin is Annotated:
            at = get_args(at)[0]
        elif origin in (Union, UnionType):
            at = next(arg for arg in get_args(at) if arg is not NoneType)
        else:
            return at


def _keys(loc: Loc) -> list[str]:
    model = _model(loc)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _example(loc: Loc) -> str:
    model = _model(loc[:-1])
    field = model.model_fields.get(str(loc[-1])) if model else None
    return (field.description if field else None) or "…"
