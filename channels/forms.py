"""Forms that a desk shows: what one asks, what was filled in, and which entries can't stay as they are.

A button `form.NAME` opens the form NAME of the house; its value says what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["line", "lines", "choice", "choices", "person", "people", "date", "time", "number", "words"]
"""`words` asks nothing: it is text between the fields. A date is "2026-12-24", a time "09:30", a person a user id."""
MOST_CHOICES = 100


@dataclass(frozen=True, slots=True)
class Field:
    """One entry. `choices` are shown in this order and come back as they are; several stand one to a line."""

    name: str
    label: str
    kind: Kind = "line"
    value: str = ""
    choices: tuple[str, ...] = ()
    must: bool = False
    hint: str = ""
    longest: int = 3000


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its title (24 characters are seen), its fields, and what its button says."""

    title: str
    fields: tuple[Field, ...]
    submit: str = "Save"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form `name`, about `value`, as somebody sent it off; "" for what was left out."""

    name: str
    value: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Entries that can't stay, by the field's name, in words that say what would do; the form stays open."""

    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Onward:
    """What was filled in was taken: the modal goes on with form `name` about `value` (2,000 characters at most)."""

    name: str
    value: str
    form: Form
