"""Two lists of rules compared: new, gone, renamed, moved, and what each asks and decides otherwise. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from . import model_rules
from .say import clock, plain, quoted

LABELS: Mapping[str, str] = {
    "channel": "channel", "service": "service it came for", "to": "number or address written to",
    "sender": "sender", "language": "language", "during": "schedule that is open",
}  # fmt: skip


def rules(old: Sequence[model_rules.Rule], new: Sequence[model_rules.Rule]) -> Iterator[str]:
    """What is different, a sentence each."""
    before, after = _keyed(old), _keyed(new)
    gone, come = [k for k in before if k not in after], [k for k in after if k not in before]
    for key in list(come):
        twin = next((k for k in gone if _same(before[k], after[key])), None)
        if twin is not None:
            yield f"Rule {quoted(twin)} is now called {quoted(key)}"
            before[key] = before.pop(twin)
            gone.remove(twin)
            come.remove(key)
    for key in gone:
        yield f"Rule {quoted(key)} is removed"
    for key in come:
        it = after[key]
        yield f"Rule {quoted(key)} is new, number {list(after).index(key) + 1}: {in_words(it)}"
    for key, it in after.items():
        if key in before and before[key] != it:
            yield from _changed(f"Rule {quoted(key)}", before[key], it)
    yield from _moved(old, [k for k in after if k in before], after, before)


def in_words(it: model_rules.Rule) -> str:
    """What a rule asks and decides."""
    return f"{_asks(it.when)}; {_decides(it.set)}"


def _keyed(of: Sequence[model_rules.Rule]) -> dict[str, model_rules.Rule]:
    found: dict[str, model_rules.Rule] = {}
    for it in of:
        key, n = it.name, 1
        while key in found:
            n += 1
            key = f"{it.name} ({n})"
        found[key] = it
    return found


def _same(a: model_rules.Rule, b: model_rules.Rule) -> bool:
    return a.when == b.when and a.set == b.set


def _moved(
    old: Sequence[model_rules.Rule],
    kept: Sequence[str],
    after: Mapping[str, model_rules.Rule],
    before: Mapping[str, model_rules.Rule],
) -> Iterator[str]:
    """The fewest rules whose moving explains the new order: all but a longest run that kept its order."""
    places = {id(it): n for n, it in enumerate(old)}
    order = [places[id(before[key])] for key in kept]
    tails: list[int] = []
    runs: list[list[int]] = []
    for index, place in enumerate(order):
        at = bisect_left(tails, place)
        run = [*(runs[at - 1] if at else []), index]
        tails[at : at + 1], runs[at : at + 1] = [place], [run]
    stayed = set(runs[-1]) if runs else set()
    numbers = {key: n for n, key in enumerate(after, 1)}
    for index, key in enumerate(kept):
        if index not in stayed:
            yield f"Rule {quoted(key)} moved: now number {numbers[key]} (was {order[index] + 1})"


def _changed(who: str, was: model_rules.Rule, now: model_rules.Rule) -> Iterator[str]:
    yield from _text(who, was.when.text or model_rules.TextMatch(), now.when.text or model_rules.TextMatch())
    for key, label in LABELS.items():
        a, b = getattr(was.when, key), getattr(now.when, key)
        if a != b:
            yield f"{who}, {label}: {plain(b) if b else 'any'} (was {plain(a) if a else 'any'})"
    facts, told = dict(was.when.customer), dict(now.when.customer)
    for fact in sorted({*facts, *told}):
        if facts.get(fact) != told.get(fact):
            yield f"{who}, customer's {fact}: {_values(told.get(fact))} (was {_values(facts.get(fact))})"
    given, wanted = dict(was.when.answers), dict(now.when.answers)
    for name in sorted({*given, *wanted}):
        if given.get(name) != wanted.get(name):
            yield f"{who}, answer to {name}: {_values(wanted.get(name))} (was {_values(given.get(name))})"
    if was.when.answers != now.when.answers and given == wanted:
        yield f"{who}: the answers stand in another order"
    for key, label in (("known", "known customers"), ("hours", "while the service is")):
        a, b = getattr(was.when, key), getattr(now.when, key)
        if a != b:
            yield f"{who}, {label}: {_values(b)} (was {_values(a)})"
    if was.when.time != now.when.time:
        yield f"{who}, time of day: {_time(now.when.time)} (was {_time(was.when.time)})"
    if was.when.customer != now.when.customer and facts == told:
        yield f"{who}: the customer's facts stand in another order"
    for key in ("service", "priority", "language"):
        a, b = getattr(was.set, key), getattr(now.set, key)
        if a != b:
            yield f"{who} now sets {key} {_left(b)} (was {_left(a)})"
    if was.set.person != now.set.person:
        yield f"{who}: {'a person at once' if now.set.person else 'a script may come first'}"
    if was.set.skills != now.set.skills:
        yield f"{who} now asks for {plain(now.set.skills)} (was {plain(was.set.skills)})"


def _text(who: str, was: model_rules.TextMatch, now: model_rules.TextMatch) -> Iterator[str]:
    for word in (w for w in now.any if w not in was.any):
        yield f"{who} now also matches the word {quoted(word)}"
    for word in (w for w in was.any if w not in now.any):
        yield f"{who} no longer matches the word {quoted(word)}"
    for word in (w for w in now.all if w not in was.all):
        yield f"{who} now needs the word {quoted(word)}, too"
    for word in (w for w in was.all if w not in now.all):
        yield f"{who} no longer needs the word {quoted(word)}"
    if was != now and set(was.any) == set(now.any) and set(was.all) == set(now.all):
        yield f"{who}: its words stand in another order"


def _asks(when: model_rules.When) -> str:
    parts = []
    if when.text and when.text.any:
        parts.append("one of the words " + ", ".join(map(quoted, when.text.any)))
    if when.text and when.text.all:
        parts.append("all of the words " + ", ".join(map(quoted, when.text.all)))
    parts += [f"{label} {plain(getattr(when, key))}" for key, label in LABELS.items() if getattr(when, key)]
    parts += [f"customer's {fact} {plain(values)}" for fact, values in when.customer]
    parts += [f"answer to {name} {plain(values)}" for name, values in when.answers]
    parts += [f"known customers: {plain(when.known)}"] if when.known is not None else []
    parts += [f"while the service is {when.hours}"] if when.hours else []
    parts += [_time(when.time)] if when.time else []
    return "when " + " and ".join(parts) if parts else "always"


def _decides(it: model_rules.Set) -> str:
    parts = [
        f"{key} {getattr(it, key)}"
        for key in ("service", "priority", "language")
        if getattr(it, key) is not None
    ]
    parts += ["a person at once"] if it.person else []
    return "sets " + ", ".join([*parts, *([plain(it.skills)] if it.skills else [])])


def _values(of: object) -> str:
    return "any" if of is None else plain(of)


def _left(of: object) -> str:
    return "as the service has it" if of is None else plain(of)


def _time(of: tuple[int, int] | None) -> str:
    return "any" if of is None else f"{clock(of[0])}–{clock(of[1])}"
