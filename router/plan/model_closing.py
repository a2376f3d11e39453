"""What the plan asks when a contact ends, as frozen values, and what is wrong with an answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["line", "lines", "choice", "choices", "date", "number"]
USUAL = ("solved", "answered", "workaround", "not solved", "duplicate", "spam")
"""The dispositions of a plan that names none."""
LABELS: Mapping[str, str] = {
    "disposition": "How did it end?", "root_cause": "Root cause", "resolution": "Resolution",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClosingField:
    """Something more that is asked; `choices` where `kind` is one of them, several answers stand one to a line."""

    name: str
    label: str
    kind: Kind = "line"
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """What is asked when a contact ends. `dispositions` (): the usual ones; `root_causes` (): any words.

    `required`: which of disposition, root_cause and resolution can't be left out, by whatever way it is closed.
    """

    dispositions: tuple[str, ...] = ()
    root_causes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    fields: tuple[ClosingField, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """The dispositions to choose from."""
        return self.dispositions or USUAL

    def over(self, site: Closing) -> Closing:
        """A service's own in place of the site's; its fields come behind those of the site, or instead of them."""
        own = {it.name for it in self.fields}
        return Closing(
            self.dispositions or site.dispositions,
            self.root_causes or site.root_causes,
            tuple(dict.fromkeys((*site.required, *self.required))),
            (*(it for it in site.fields if it.name not in own), *self.fields),
        )

    def faults(self, said: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
        """What can't stay, by disposition, root_cause, resolution or a field's name, in words that say what would do."""
        found = {it: "This is required." for it in self.required if not said.get(it)}
        for name, choices in (("disposition", self.dispositions), ("root_cause", self.root_causes)):
            if (given := said.get(name, "")) and choices and given not in choices:
                found[name] = f"One of: {', '.join(choices)}."
        known = {it.name: it for it in self.fields}
        for name in fields.keys() - known.keys():
            found[name] = f"The plan asks for no such field; it knows {', '.join(known) or 'none'}."
        for it in self.fields:
            if fault := _fault(it, fields.get(it.name, "")):
                found[it.name] = fault
        return found


def _fault(it: ClosingField, given: str) -> str:
    if not given:
        return "This is required." if it.required else ""
    match it.kind:
        case "choice" if given not in it.choices:
            return f"One of: {', '.join(it.choices)}."
        case "choices" if not set(given.split("\n")) <= set(it.choices):
            return f"Any of: {', '.join(it.choices)}."
        case "number" if not re.fullmatch(r"-?\d{1,15}", given):
            return "A whole number."
        case "date" if not _is_date(given):
            return "A date: 2026-12-24."
        case _:
            return ""


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
