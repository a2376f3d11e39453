"""The plan's canned answers as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLES = ("customer", "agent", "team", "contact", "service", "due", "site")
"""The words in braces that a canned answer may have."""
_VARIABLE = re.compile(r" ?\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer that is ready: `(language, text)`."""

    name: str
    texts: tuple[tuple[str, str], ...]

    def text(self, language: str, first: str) -> str:
        """As written in `language`, else in the plan's `first`."""
        found = dict(self.texts)
        return found.get(language) or found.get(first) or next(iter(found.values()))

    def filled(self, language: str, first: str, values: Mapping[str, str]) -> str:
        """With its variables replaced, once; what isn't known takes the blank before it along ("Hello, …")."""

        def said(found: re.Match[str]) -> str:
            value = values.get(found[1], "")
            return f"{' ' if found[0].startswith(' ') else ''}{value}" if value else ""

        return _VARIABLE.sub(said, self.text(language, first))
