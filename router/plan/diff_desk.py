"""What a new plan changes at the desk, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .model import Plan
from .say import quoted


def desk(old: Plan, new: Plan) -> Iterator[str]:
    """Canned answers and reasons to decline."""
    before, after = _texts(old), _texts(new)
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        who = f"Canned answer {quoted(key[0])} ({key[1]})"
        if now is None:
            yield f"{who} is removed"
        elif was != now:
            yield f"{who}: {quoted(now)}" + (f" (was {quoted(was)})" if was else " is new")
    if old.decline_reasons != new.decline_reasons:
        yield f"Reasons to decline: {_listed(new)} (were {_listed(old)})"


def _texts(it: Plan) -> Mapping[tuple[str, str], str]:
    return {(each.name, language): text for each in it.canned for language, text in each.texts}


def _listed(it: Plan) -> str:
    return ", ".join(it.decline_reasons) or "none"
