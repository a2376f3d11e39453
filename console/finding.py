"""One line of `tierline doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "note", "bad"]
SIGNS: dict[Mark, str] = {"ok": "✓", "note": "!", "bad": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What it is, and what to do unless it is well."""

    mark: Mark
    about: str
    text: str
    do: str = ""

    def __str__(self) -> str:
        return f"{SIGNS[self.mark]} {self.about}: {self.text}" + (f" → {self.do}" if self.do else "")
