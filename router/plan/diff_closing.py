"""What is asked when a contact ends, or before it goes to the next tier, compared in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .model_closing import Closing, ClosingField
from .say import plain, quoted

NOTHING = Closing()


def closing(who: str, was: Closing | None, now: Closing | None) -> Iterator[str]:
    """What `now` asks otherwise than `was`; None asks nothing of its own."""
    before, after = was or NOTHING, now or NOTHING
    yield from _one(f"{who}: dispositions", before.dispositions, after.dispositions, "the usual ones")
    yield from _one(f"{who}: root causes", before.root_causes, after.root_causes, "any words")
    yield from _one(f"{who}: required", before.required, after.required, "nothing")
    old, new = ({it.name: it for it in each.fields} for each in (before, after))
    for name in old.keys() - new.keys():
        yield f"{who}: {quoted(name)} isn't asked any more"
    for name, it in new.items():
        if name not in old:
            yield f"{who}: asks for {quoted(name)}, {_field(it)}"
        elif old[name] != it:
            yield f"{who}: asks for {quoted(name)}, {_field(it)} (was {_field(old[name])})"


def checklists(
    who: str, was: tuple[tuple[int, tuple[str, ...]], ...], now: tuple[tuple[int, tuple[str, ...]], ...]
) -> Iterator[str]:
    """What is to be tried otherwise than before, tier by tier; 0 is every tier without a list of its own."""
    old, new = dict(was), dict(now)
    for tier in sorted({*old, *new}):
        by = f"{who}, L{tier}" if tier else who
        yield from _one(f"{by}: to be tried", old.get(tier, ()), new.get(tier, ()), "nothing")


def _one(what: str, was: tuple[str, ...], now: tuple[str, ...], usual: str) -> Iterator[str]:
    if was != now:
        yield f"{what} {plain(now) if now else usual} (was {plain(was) if was else usual})"


def _field(it: ClosingField) -> str:
    from_ = f" of {plain(it.choices)}" if it.choices else ""
    return f"“{it.label}”, {it.kind}{from_}{', required' if it.required else ''}"
