"""The plan's rules as frozen values: what one asks, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...skills.skill import Channel, Levels

Hours = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class TextMatch:
    """Whole words or phrases, case ignored, no patterns: `any` of these (unless empty), `all` of those."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """What a rule asks; every field that is set must hold, within a tuple any value does. All empty: always.

    `service` is the one known so far (of the entry); `to`/`sender` are E.164 numbers or mail addresses; a
    `sender` that ends with `*` is a beginning; `customer` pairs a fact with the values it may have (case
    ignored), `answers` a script's question with the answers that count; `hours`: whether the service known so far
    is open; `during`: schedules of which one is open; `time`: minutes of the site's day, end excluded, past midnight
    when the end isn't later than the start.
    """

    text: TextMatch | None = None
    channel: tuple[Channel, ...] = ()
    service: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    customer: tuple[tuple[str, tuple[str, ...]], ...] = ()
    known: bool | None = None
    language: tuple[str, ...] = ()
    hours: Hours | None = None
    during: tuple[str, ...] = ()
    time: tuple[int, int] | None = None
    answers: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Set:
    """What a rule that matched decides; None or empty leaves it as the service has it.

    `person`: no script comes before a person.
    """

    service: str | None = None
    priority: int | None = None
    skills: Levels = ()
    language: str | None = None
    person: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Rules are ordered and the first match wins; `line` is where it stands in the file."""

    name: str
    when: When
    set: Set
    line: int = field(default=0, compare=False)
