"""The plan's own words for customers: texts that are sent, and sentences that callers and agents hear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..spoken_words import ENGLISH

TextName = Literal[
    "received", "taken", "moved", "closed", "closed_now", "help", "missed_call", "rating",
    "visit_planned", "visit_changed", "visit_reminder", "visit_cancelled", "session_link",
]  # fmt: skip
"""What is sent."""
CALL = "call_"
"""Before the name of what is spoken (`spoken_words.SpokenName`)."""

_VARIABLE = re.compile(r"\{([a-z_]+)\}")

VISIT = ("site", "service", "number", "agent", "when", "address", "link")
_SENT: Mapping[str, tuple[str, ...]] = {
    "received": ("site", "service", "number", "due"),
    "taken": ("site", "service", "number", "agent", "team"),
    "moved": ("site", "service", "number", "team"),
    "closed": ("site", "service", "number", "agent"),
    "closed_now": ("site", "service", "number", "next_open", "why"),
    "help": ("site",),
    "missed_call": ("site", "service", "number"),
    "rating": ("site", "service", "number", "agent"),
    "visit_planned": VISIT,
    "visit_changed": VISIT,
    "visit_reminder": VISIT,
    "visit_cancelled": ("site", "service", "number", "when"),
    "session_link": ("site", "service", "number", "agent", "link"),
}
_SPOKEN: Mapping[str, tuple[str, ...]] = {
    f"{CALL}{name}": tuple(dict.fromkeys(("site", *_VARIABLE.findall(text))))
    for name, text in ENGLISH.items()
}
VARIABLES: Mapping[str, tuple[str, ...]] = {**_SENT, **_SPOKEN}
"""The words in braces that each text may have; `number` is the contact's."""


def fill(text: str, **values: str) -> str:
    """`text` with its variables replaced, once: a value that contains braces stays as it is."""
    return _VARIABLE.sub(lambda m: values.get(m[1], ""), text)


@dataclass(frozen=True, slots=True)
class Texts:
    """What customers are told, `(name, language, text)`; a text that isn't there isn't sent."""

    languages: tuple[str, ...]
    entries: tuple[tuple[str, str, str], ...] = ()

    def get(self, name: TextName, language: str | None = None) -> str | None:
        """The text as written, in `language`, else in the first language; None when the plan has none."""
        found = {lang: text for n, lang, text in self.entries if n == name}
        return found.get(language or "") or (found.get(self.languages[0]) if self.languages else None)

    def own(self, name: str, language: str) -> str | None:
        """The text in `language` and no other; None when the plan has none."""
        return next((text for n, lang, text in self.entries if (n, lang) == (name, language)), None)

    def fill(self, name: TextName, language: str | None = None, **values: str) -> str | None:
        """The text with its variables replaced."""
        text = self.get(name, language)
        return None if text is None else fill(text, **values)
