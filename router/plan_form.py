"""Parts of the plan as forms, and forms as edits of the plan: what the tables in `plan_tables` have in common. Pure.

plain data of the file ──▶ fields with its values ──▶ answers ──▶ edits of what was changed ──▶ mistakes at the fields
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..channels.forms import Field
from .plan.edit import Drop, Edit, Insert, Path, Put, changed
from .plan.errors import PlanError
from .plan.read import Plain

NONE = "–"
"""The choice that takes a value away: Slack can't empty a menu."""
LONGEST_WRONG = 400
"""Characters of one mistake at its field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field about the value at `path` below a part of the plan. `read` gives None where the key is to go."""

    field: Field
    path: Path
    write: Callable[[Plain], str]
    read: Callable[[str], Plain]


# ---- values as texts ---------------------------------------------------------------------------------------------


def one(value: Plain) -> str:
    """A word or number as it is."""
    return "" if value is None else str(value)


def said(text: str) -> Plain:
    """A word; None for nothing."""
    return text.strip() or None


def number(text: str) -> Plain:
    """A whole number; anything else stays a word, for the validator to refuse."""
    return int(text) if re.fullmatch(r"-?\d{1,9}", text.strip()) else said(text)


def rows(value: Plain) -> str:
    """A list, or the one word that stands for it, one to a line."""
    return "\n".join(map(str, value)) if isinstance(value, list) else one(value)


def listed(text: str) -> Plain:
    """One to a line; None for nothing."""
    found: list[Plain] = [line.strip() for line in text.split("\n") if line.strip()]
    return found or None


def pairs(value: Plain) -> str:
    """Keys and values, one to a line: `network: 3`."""
    if not isinstance(value, dict):
        return one(value)
    return "\n".join(
        f"{key}: {', '.join(map(str, it)) if isinstance(it, list) else it}" for key, it in value.items()
    )


def levels(text: str) -> Plain:
    """`network: 3` one to a line, as numbers."""
    found = {key: number(value) or "" for key, value in _pairs(text)}
    return dict(found) or None


def facts(text: str) -> Plain:
    """`contract: enterprise, gold` one to a line."""
    found: dict[str, Plain] = {}
    for key, value in _pairs(text):
        words: list[Plain] = [word.strip() for word in value.split(",") if word.strip()]
        found[key] = words[0] if len(words) == 1 else words
    return dict(found) or None


def named(text: str) -> Plain:
    """`howto: L1` one to a line."""
    return {key: value for key, value in _pairs(text)} or None


def _pairs(text: str) -> list[tuple[str, str]]:
    found = []
    for line in text.split("\n"):
        key, _, value = line.partition(":")
        if line.strip():
            found.append((key.strip(), value.strip()))
    return found


def chosen(text: str) -> Plain:
    """A choice; NONE takes the value away."""
    return None if text in ("", NONE) else text


def truth(text: str) -> Plain:
    """yes, no, or neither."""
    return {"yes": True, "no": False}.get(text)


def told_truth(value: Plain) -> str:
    """The inverse."""
    return NONE if value is None else "yes" if value is True else "no"


# ---- forms -------------------------------------------------------------------------------------------------------


def at(value: Plain, path: Path) -> Plain:
    """The value at `path` below a part of the plan; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def fields(entries: Iterable[Entry], part: Plain) -> tuple[Field, ...]:
    """The fields with what the part says now."""
    found = []
    for it in entries:
        value = it.write(at(part, it.path))
        if it.field.kind == "choice":
            choices = it.field.choices if it.field.must else (NONE, *it.field.choices)
            known = value if value in choices else NONE if not value else value
            choices = choices if known in choices else (*choices, known)
            found.append(replace(it.field, value=known, choices=choices))
        else:
            found.append(replace(it.field, value=value))
    return tuple(found)


def edits(entries: Sequence[Entry], base: Path, part: Plain, answers: Mapping[str, str]) -> list[Edit]:
    """What the answers say otherwise than the part does, as edits below `base`; what wasn't touched stays as written.

    A new name comes last: by the old one its other edits find it.
    """
    found: list[Edit] = []
    for it, field in zip(entries, fields(entries, part), strict=True):
        answer = answers.get(it.field.name, "")
        if not _same(answer, field.value):
            found += _written((*base, *it.path), at(part, it.path), it.read(answer))
    named = [edit for edit in found if edit.path == (*base, "name")]
    rest = [edit for edit in found if edit not in named]
    return [*rest, *_emptied(rest, base, part), *named]


def _written(path: Path, old: Plain, new: Plain) -> list[Edit]:
    """A list whose items are known by their day loses, gains and changes items; anything else is put as a whole."""
    before, after = _by_day(old), _by_day(new)
    if (
        not before
        or not after
        or [day for day in before if day in after] != [day for day in after if day in before]
    ):
        return [Put(path, new)]
    found: list[Edit] = [Drop((*path, day)) for day in before if day not in after]
    days = list(after)
    for n, day in enumerate(days):
        if day not in before:
            later = next((it for it in days[n + 1 :] if it in before), "")
            found.append(Insert(path, dict(after[day]), later))
        else:
            keys = {**before[day], **after[day]}
            found += [
                Put((*path, day, key), after[day].get(key))
                for key in keys
                if before[day].get(key) != after[day].get(key)
            ]
    return found


def _by_day(value: Plain) -> dict[str, dict[str, Plain]]:
    """By its `on`; nothing where that isn't a name for each."""
    items = [it for it in value if isinstance(it, dict) and "on" in it] if isinstance(value, list) else []
    found = {str(it["on"]): it for it in items}
    return found if isinstance(value, list) and len(found) == len(value) else {}


def _same(answer: str, value: str) -> bool:
    return answer.strip() == value.strip() or (answer == "" and value == NONE)


def _emptied(found: Iterable[Edit], base: Path, part: Plain) -> list[Edit]:
    """Keys in which nothing is left below the second floor go, too: a rule's `text` without any words."""
    after = part
    for edit in found:
        if isinstance(edit, Put) and isinstance(after, dict):
            after = changed(after, replace(edit, path=edit.path[len(base) :]))
    ways = {
        edit.path[len(base) : -1]
        for edit in found
        if isinstance(edit, Put) and len(edit.path) - len(base) > 2
    }
    return [Put((*base, *way), None) for way in sorted(ways) if at(after, way) == {}]


def fresh(entries: Iterable[Entry], answers: Mapping[str, str]) -> dict[str, Plain]:
    """A new part of what was filled in."""
    found: dict[str, Plain] = {}
    for it in entries:
        value = it.read(answers.get(it.field.name, ""))
        if value is not None:
            found = changed(found, Put(it.path, value))
    return found


# ---- mistakes ----------------------------------------------------------------------------------------------------


def wrong(entries: Sequence[Entry], base: str, errors: Iterable[PlanError]) -> dict[str, str]:
    """Each mistake at the field that it is about, in the validator's words; what is about none stands at the first."""
    found: dict[str, str] = {}
    for error in errors:
        name = _field(entries, base, error.path)
        words = f"{error.what}: {error.hint}" if error.hint else error.what or error.message
        if name is None:
            name, words = entries[0].field.name, f"line {error.line} of the plan: {words}"
        before = f"{found[name]} · " if name in found else ""
        found[name] = (before + " ".join(words.split()))[:LONGEST_WRONG]
    return found


def sentence(errors: Sequence[PlanError]) -> str:
    """All mistakes in one line, with their lines in the file."""
    return " · ".join(f"line {it.line}: {' '.join((it.what or it.message).split())}" for it in errors)[
        :LONGEST_WRONG
    ]


def _field(entries: Sequence[Entry], base: str, path: str) -> str | None:
    if not _within(path, base):
        return None
    ways = [(f"{base}.{'.'.join(it.path)}" if it.path else base, it.field.name) for it in entries]
    inside = [(len(way), name) for way, name in ways if _within(path, way)]
    if inside:
        return max(inside)[1]
    return next((name for way, name in ways if _within(way, path)), None)


def _within(path: str, way: str) -> bool:
    return path == way or (path.startswith(way) and path[len(way)] in ".[")
