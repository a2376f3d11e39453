"""What is asked when a contact ends: fields that nobody can answer, questions that can't be asked."""

from __future__ import annotations

from .errors import Source
from .fields import shown
from .names import Known, text_of
from .read import Node


def check_closing(root: Node, known: Known, found: Source) -> None:
    """Note what is wrong in `closing`, the site's and those of services."""
    site = root.get("closing")
    if site is not None:
        _fields(site, "closing", found)
        rate = site.get("rate")
        if rate is not None and root.get("texts", "rating") is None:
            hint = 'add texts: {rating: {…: "How was it? Answer 1 to 5."}}'
            found.wrong(rate.span, "closing.rate", "there is no text to ask with", allowed=hint)
    for name, _, service in root.pairs("services"):
        own = service.get("closing")
        if own is not None:
            _fields(own, f"services.{name}.closing", found)


def _fields(closing: Node, path: str, found: Source) -> None:
    seen: dict[str, int] = {}
    for index, it in enumerate(closing.each("fields")):
        here, name, kind = f"{path}.fields[{index}]", text_of(it, "name"), text_of(it, "kind") or "line"
        node, choices = it.get("name"), it.get("choices")
        if node is not None and name in seen:
            hint = f"another name; it stands on line {seen[name]} already"
            found.wrong(node.span, f"{here}.name", f'"{shown(name)}" is here twice', allowed=hint)
        elif node is not None and name:
            seen[name] = node.span.line + 1
        if kind in ("choice", "choices") and choices is None and it.kind == "map":
            found.wrong(it.span, f"{here}.choices", "choose from what?", allowed="add choices: [one, two]")
        elif choices is not None and kind not in ("choice", "choices"):
            hint = "kind: choice, or remove choices"
            found.wrong(it.keys["choices"][0], f"{here}.choices", f"a {kind} has no choices", allowed=hint)
