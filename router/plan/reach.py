"""Rules that can never match, because an earlier one takes everything that they would."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from .model import PlanWarning, Rule, When


def unreachable(rules: tuple[Rule, ...]) -> Iterator[PlanWarning]:
    """A warning for each rule that an earlier one covers, in the plain cases, not every conceivable one."""
    for index, rule in enumerate(rules):
        first = next((earlier for earlier in rules[:index] if covers(earlier.when, rule.when)), None)
        if first is not None:
            message = (
                f'the rule "{rule.name}" is never reached: "{first.name}" on line {first.line} takes it all'
            )
            yield PlanWarning(f"rules[{index}]", rule.line, message)


def covers(wide: When, narrow: When) -> bool:
    """Whether everything that `narrow` matches is matched by `wide` too."""
    pairs: tuple[tuple[Collection[object], Collection[object]], ...] = (
        (wide.channel, narrow.channel),
        (wide.service, narrow.service),
        (wide.to, narrow.to),
        (wide.sender, narrow.sender),
        (wide.language, narrow.language),
        (wide.during, narrow.during),
    )
    if any(a and not (b and set(b) <= set(a)) for a, b in pairs):
        return False
    if any(a is not None and a != b for a, b in (
        (wide.known, narrow.known), (wide.hours, narrow.hours), (wide.time, narrow.time),
    )):  # fmt: skip
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
    wide_any, wide_all = _folded(wide.text.any), _folded(wide.text.all)
    some, every = _folded(narrow.text.any), _folded(narrow.text.all)
    return wide_all <= every and (not wide_any or bool(some and some <= wide_any) or bool(every & wide_any))


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)
