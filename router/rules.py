"""Rules are data: does a `when` block hold for what is known of a contact? Pure, linear in the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..skills.skill import Channel
from .plan.model_rules import TextMatch, When


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule may ask about; `facts` are the customer's, `open_now` the schedules that are open."""

    text: str
    channel: Channel
    service: str
    to: str
    sender: str
    known: bool
    language: str
    facts: Mapping[str, str]
    service_open: bool
    open_schedules: frozenset[str]
    local: datetime  # wall clock of the site
    answers: Mapping[str, str] = field(default_factory=dict)  # to a script


def holds(when: When, it: Subject) -> bool:
    """Whether every field of `when` that is set holds for `it`."""
    return all(
        (
            when.text is None or text_matches(when.text, it.text),
            not when.channel or it.channel in when.channel,
            not when.service or it.service in when.service,
            not when.to or _folded(it.to) in map(_folded, when.to),
            not when.sender or any(_address(pattern, it.sender) for pattern in when.sender),
            when.known is None or when.known == it.known,
            not when.language or it.language in when.language,
            when.hours is None or (when.hours == "open") == it.service_open,
            not when.during or any(name in it.open_schedules for name in when.during),
            when.time is None or _within(when.time, it.local.hour * 60 + it.local.minute),
            all(_folded(it.facts.get(name, "")) in map(_folded, values) for name, values in when.customer),
            all(_folded(it.answers.get(name, "")) in map(_folded, values) for name, values in when.answers),
        )
    )


def text_matches(match: TextMatch, text: str) -> bool:
    """Whole words or phrases, case and width ignored: one of `any` (if there are any) and all of `all`."""
    words = f" {_words(text)} "
    has = [f" {_words(phrase)} " in words for phrase in match.any]
    return (not has or any(has)) and all(f" {_words(phrase)} " in words for phrase in match.all)


def _words(text: str) -> str:
    folded = _folded(unicodedata.normalize("NFKC", text))
    return " ".join("".join(c if c.isalnum() or unicodedata.combining(c) else " " for c in folded).split())


def _folded(text: str) -> str:
    return text.casefold()


def _address(pattern: str, sender: str) -> bool:
    if pattern.endswith("*"):
        return _folded(sender).startswith(_folded(pattern[:-1]))
    return _folded(sender) == _folded(pattern)


def _within(window: tuple[int, int], minute: int) -> bool:
    start, end = window
    return start <= minute < end if start < end else minute >= start or minute < end
