"""Rules that can never match, because an earlier one takes everything that they would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ...skills.skill import CHANNELS
from .model import PlanWarning
from .model_rules import Rule, When

Words = tuple[str, ...]


def unreachable(rules: tuple[Rule, ...]) -> Iterator[PlanWarning]:
    """A warning for each rule that an earlier one covers.

    Earlier rules are looked up by the words that they ask for: nine hundred rules would be 400,000 pairs.
    """
    asked = [_Asked.of(rule.when) for rule in rules]
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    wordless: list[int] = []
    for index, (rule, it) in enumerate(zip(rules, asked, strict=True)):
        nearby = {number for word in it.words for number in by_word[word]}
        found = next((n for n in sorted(nearby.union(wordless)) if _covers(asked[n], it)), None)
        if found is not None:
            first = rules[found]
            message = (
                f'the rule "{rule.name}" is never reached: "{first.name}" on line {first.line} takes it all'
            )
            yield PlanWarning(f"rules[{index}]", rule.line, message)
        for word in it.first_words:
            by_word[word].append(index)
        if not it.first_words:
            wordless.append(index)


def covers(wide: When, narrow: When) -> bool:
    """Whether everything that `narrow` matches is matched by `wide` too: exact where conditions are subsets."""
    return _covers(_Asked.of(wide), _Asked.of(narrow))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule's conditions as they are compared: sets, case folded, each phrase between single spaces."""

    among: tuple[frozenset[object], ...]  # each: one of these, if there are any
    channels: frozenset[str]
    senders: Words
    exactly: tuple[object, ...]
    minutes: frozenset[int] | None
    facts: tuple[tuple[str, frozenset[str]], ...]
    any: Words
    all: Words

    @classmethod
    def of(cls, when: When) -> _Asked:
        text = when.text
        return cls(
            tuple(frozenset[object](it) for it in (when.service, when.to, when.language, when.during)),
            frozenset(when.channel or CHANNELS),
            tuple(it.casefold() for it in when.sender),
            (when.known, when.hours),
            None if when.time is None else _minutes(when.time),
            tuple((fact, frozenset(it.casefold() for it in values)) for fact, values in when.customer),
            tuple(map(_words, text.any)) if text else (),
            tuple(map(_words, text.all)) if text else (),
        )

    @property
    def words(self) -> set[str]:
        """Every word of its phrases."""
        return {word for phrase in (*self.any, *self.all) for word in phrase.split()}

    @property
    def first_words(self) -> set[str]:
        """One of these is among the words of every rule that this one covers; none: it may cover any."""
        phrases = self.any or self.all[:1]
        return {phrase.split()[0] for phrase in phrases} if all(it.strip() for it in phrases) else set()


def _covers(wide: _Asked, narrow: _Asked) -> bool:
    for a, b in zip(wide.among, narrow.among, strict=True):
        if a and not (b and b <= a):
            return False
    for must, may in zip(wide.exactly, narrow.exactly, strict=True):
        if must is not None and must != may:
            return False
    if not narrow.channels <= wide.channels:
        return False
    if wide.senders and not (narrow.senders and all(_among(it, wide.senders) for it in narrow.senders)):
        return False
    if wide.minutes is not None and not (narrow.minutes is not None and narrow.minutes <= wide.minutes):
        return False
    if wide.facts:
        facts = dict(narrow.facts)
        if any(not (fact in facts and facts[fact] <= values) for fact, values in wide.facts):
            return False
    return _covers_text(wide, narrow)


def _covers_text(wide: _Asked, narrow: _Asked) -> bool:
    some, every = narrow.any, narrow.all
    for phrase in wide.all:  # one that all alternatives of the narrow rule contain is there as well
        if not (any(phrase in it for it in every) or (some and all(phrase in it for it in some))):
            return False
    if not wide.any:
        return True
    inside = bool(some) and all(any(phrase in it for phrase in wide.any) for it in some)
    return inside or any(phrase in it for phrase in wide.any for it in every)


def _words(text: str) -> str:
    """Between single spaces, so that a phrase within a longer one is found word for word."""
    return f" {' '.join(text.casefold().split())} "


def _among(sender: str, patterns: Words) -> bool:
    """Whether one of the patterns admits all that `sender` (itself perhaps a beginning) does."""
    plain = sender.removesuffix("*")
    return any(plain.startswith(it[:-1]) if it.endswith("*") else it == sender for it in patterns)


def _minutes(window: tuple[int, int]) -> frozenset[int]:
    since, until = window
    return frozenset(range(since, until) if since < until else (*range(since, 1440), *range(until)))
