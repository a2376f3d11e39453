"""Rules that can never match, because an earlier one takes everything that they would."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ...skills.skill import CHANNELS
from .model import PlanWarning, Rule, When


def unreachable(rules: tuple[Rule, ...]) -> Iterator[PlanWarning]:
    """A warning for each rule that an earlier one covers."""
    for index, rule in enumerate(rules):
        first = next((earlier for earlier in rules[:index] if covers(earlier.when, rule.when)), None)
        if first is not None:
            message = (
                f'the rule "{rule.name}" is never reached: "{first.name}" on line {first.line} takes it all'
            )
            yield PlanWarning(f"rules[{index}]", rule.line, message)


def covers(wide: When, narrow: When) -> bool:
    """Whether everything that `narrow` matches is matched by `wide` too: exact where conditions are subsets."""
    pairs: tuple[tuple[Collection[object], Collection[object]], ...] = (
        (wide.service, narrow.service),
        (wide.to, narrow.to),
        (wide.language, narrow.language),
        (wide.during, narrow.during),
    )
    if any(a and not (b and set(b) <= set(a)) for a, b in pairs):
        return False
    if not set(narrow.channel or CHANNELS) <= set(wide.channel or CHANNELS):
        return False
    if wide.sender and not (narrow.sender and all(_among(it, wide.sender) for it in narrow.sender)):
        return False
    if any(a is not None and a != b for a, b in ((wide.known, narrow.known), (wide.hours, narrow.hours))):
        return False
    if wide.time is not None and not (
        narrow.time is not None and _minutes(narrow.time) <= _minutes(wide.time)
    ):
        return False
    facts = {fact: _folded(values) for fact, values in narrow.customer}
    if any(not (fact in facts and facts[fact] <= _folded(values)) for fact, values in wide.customer):
        return False
    return _covers_text(wide, narrow)


def _covers_text(wide: When, narrow: When) -> bool:
    if wide.text is None:
        return True
    if narrow.text is None:
        return False
    some, every = narrow.text.any, narrow.text.all
    for phrase in wide.text.all:  # one that all alternatives of the narrow rule contain is there as well
        if not (any(_holds(phrase, it) for it in every) or (some and all(_holds(phrase, it) for it in some))):
            return False
    if not wide.text.any:
        return True
    inside = bool(some) and all(any(_holds(phrase, it) for phrase in wide.text.any) for it in some)
    return inside or any(_holds(phrase, it) for phrase in wide.text.any for it in every)


def _holds(phrase: str, longer: str) -> bool:
    """Whether a text with `longer` in it has `phrase` in it, word for word."""
    return f" {_words(phrase)} " in f" {_words(longer)} "


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _among(sender: str, patterns: Collection[str]) -> bool:
    """Whether one of the patterns admits all that `sender` (itself perhaps a beginning) does."""
    plain = sender.casefold().removesuffix("*")
    return any(
        plain.startswith(it.casefold()[:-1]) if it.endswith("*") else it.casefold() == sender.casefold()
        for it in patterns
    )


def _minutes(window: tuple[int, int]) -> frozenset[int]:
    since, until = window
    return frozenset(range(since, until) if since < until else (*range(since, 1440), *range(until)))


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)
