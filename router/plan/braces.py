"""Variables in a text of the plan: each must be one that the text knows."""

from __future__ import annotations

import re

from .errors import Source
from .fields import shown
from .read import Node

_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


def variables(found: Source, text: Node, path: str, allowed: tuple[str, ...]) -> None:
    """Note the first that isn't, or a brace that stands alone."""
    for used in _BRACES.findall(text.text or ""):
        name = used.strip("{} ")
        if used == f"{{{name}}}" and name in allowed:
            continue
        raw, better = found.raw(text.span), found.closest(name, allowed) if name else None
        instead = raw.replace(used, f"{{{better}}}") if raw and better and len(used) > 1 else None
        what = (
            f"{shown(used)} isn't known in this text"
            if len(used) > 1
            else "a brace that isn't closed or opened"
        )
        hint = "in braces: " + ", ".join(f"{{{name}}}" for name in allowed)
        found.wrong(text.span, path, what, instead=instead, allowed=hint, bare=True)
        return
