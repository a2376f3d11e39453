"""Which fields the forms of the plan have: rules, hours, texts, people. Labels and hints are the shapes' own. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel

from ..channels.forms import MOST_CHOICES, Field
from ..skills.skill import CHANNELS
from .plan import shape
from .plan.model import Plan
from .plan.model_texts import VARIABLES
from .plan.read import Plain
from .plan_form import (
    NONE,
    Entry,
    chosen,
    facts,
    levels,
    listed,
    named,
    number,
    one,
    pairs,
    rows,
    said,
    told_truth,
    truth,
)

TIERS = ("L1", "L2", "L3")


def about(model: type[BaseModel], field: str) -> str:
    """What the file's own shape says about a field."""
    return model.model_fields[field].description or ""


def _many(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names)[:MOST_CHOICES]


def _words(name: str, label: str, path: tuple[str, ...], hint: str = "", must: bool = False) -> Entry:
    return Entry(Field(name, label, "lines", hint=hint or "One to a line", must=must), path, rows, listed)


def _line(name: str, label: str, path: tuple[str, ...], hint: str = "", must: bool = False) -> Entry:
    return Entry(Field(name, label, "line", hint=hint, must=must), path, one, said)


def _choice(
    name: str, label: str, path: tuple[str, ...], choices: Sequence[str], must: bool = False
) -> Entry:
    room = _many(choices)[: MOST_CHOICES - 2]  # beside them stand NONE and what is there now
    return Entry(Field(name, label, "choice", choices=room, must=must), path, one, chosen)


def _choices(name: str, label: str, path: tuple[str, ...], choices: Sequence[str], hint: str = "") -> Entry:
    return Entry(Field(name, label, "choices", choices=_many(choices), hint=hint), path, rows, listed)


# ---- rules -------------------------------------------------------------------------------------------------------


def rule(plan: Plan) -> tuple[Entry, ...]:
    """One rule."""
    services, schedules = [s.name for s in plan.services], [s.name for s in plan.schedules]
    doors = [door for it in plan.entry if (door := it.to)]
    return (
        _line("name", "Name", ("name",), about(shape.Rule, "name"), must=True),
        _words("any", "When one of these words is in it", ("when", "text", "any"), "Whole words, one to a line"),
        _words("all", "When all of these words are in it", ("when", "text", "all")),
        _choices("channel", "When it comes by", ("when", "channel"), CHANNELS),
        _choices("for", "When it came for the service", ("when", "service"), services),
        _choices("to", "When it was sent to", ("when", "to"), list(dict.fromkeys(doors))),
        _words("from", "When it is from", ("when", "from"), "Numbers, mail addresses, or +49151*; one to a line"),
        Entry(
            Field("customer", "When the customer is", "lines", hint="contract: enterprise, gold"),
            ("when", "customer"), pairs, facts,
        ),
        Entry(
            Field("known", about(shape.When, "known"), "choice", choices=("yes", "no")),
            ("when", "known"), told_truth, truth,
        ),
        _choices("language", "When it is in", ("when", "language"), plan.languages),
        _choice("hours", about(shape.When, "hours"), ("when", "hours"), ("open", "closed")),
        _choices("during", about(shape.When, "during"), ("when", "during"), schedules),
        _line("time", "Time of day", ("when", "time"), "22:00-06:00"),
        _choice("service", "Then: service", ("set", "service"), services),
        Entry(Field("priority", "Then: priority", "number", hint="0 to 100"), ("set", "priority"), one, number),
        Entry(
            Field("skills", "Then: skills that are needed", "lines", hint="network: 3"),
            ("set", "skills"), pairs, levels,
        ),
        _choice("speaks", "Then: language", ("set", "language"), plan.languages),
    )  # fmt: skip


# ---- opening hours -----------------------------------------------------------------------------------------------


def schedule(new: bool) -> tuple[Entry, ...]:
    """One schedule; a new one has a name, too."""
    called = Entry(Field("called", "Name", must=True), (), one, said)
    return (
        *((called,) if new else ()),
        _line("hours", "Hours", ("hours",), about(shape.Schedule, "hours"), must=True),
        _line("holidays", "Public holidays of", ("holidays",), "DE-BE, GB-SCT"),
        _line("timezone", "Time zone", ("timezone",), about(shape.Schedule, "timezone")),
        Entry(
            Field("overrides", "Other hours on single days", "lines",
                  hint="2026-12-24 08:00-12:00 Christmas Eve; 2027-02-01..2027-02-05 off Moving"),
            ("overrides",), days, dated,
        ),
    )  # fmt: skip


_DAY = re.compile(r"(\S+?)(?:\.\.(\S+))?\s+(\S+(?:,\s*\S+-\S+)*)\s*(.*)")


def days(value: Plain) -> str:
    """Overrides, one to a line."""
    found = []
    for it in value if isinstance(value, list) else []:
        if isinstance(it, dict):
            until = f"..{it['until']}" if it.get("until") else ""
            found.append(f"{it.get('on', '')}{until} {it.get('hours', '')} {it.get('why', '')}".strip())
    return "\n".join(found)


def dated(text: str) -> Plain:
    """The inverse; what is no date or no hours stays as it is, for the validator to refuse."""
    found: list[Plain] = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        it = _DAY.fullmatch(line)
        on, until, hours, why = it.groups() if it else (line, None, "", "")
        made: dict[str, Plain] = {"on": on}
        if until:
            made["until"] = until
        made["hours"] = hours
        if why:
            made["why"] = why
        found.append(made)
    return found or None


# ---- texts -------------------------------------------------------------------------------------------------------


def text(plan: Plan, name: str) -> tuple[Entry, ...]:
    """One text in every language of the plan."""
    in_braces = ", ".join(f"{{{it}}}" for it in VARIABLES[name])
    return tuple(
        Entry(Field(it, it, "lines", hint=f"In braces: {in_braces}"), (it,), one, said)
        for it in plan.languages
    )


# ---- people ------------------------------------------------------------------------------------------------------


def person(plan: Plan) -> tuple[Entry, ...]:
    """One agent: team, tiers, skills, languages, shift, channels."""
    return (
        _choice("team", "Team", ("team",), [t.name for t in plan.teams], must=True),
        _choice("tier", "Tier", ("tier",), TIERS),
        Entry(Field("tiers", about(shape.Agent, "tiers"), "lines", hint="howto: L1"), ("tiers",), pairs, named),
        Entry(Field("skills", "Skills, 1 to 5", "lines", hint="network: 3"), ("skills",), pairs, levels),
        Entry(Field("languages", "Languages, 1 to 5", "lines", hint="de: 5"), ("languages",), pairs, levels),
        _choice("shift", "Shift", ("shift",), [s.name for s in plan.schedules]),
        _choices("channels", "Channels", ("channels",), CHANNELS, "None chosen: all"),
        _line("phone", "Phone", ("phone",), "+491700000001"),
    )  # fmt: skip


__all__ = ["NONE", "person", "rule", "schedule", "text"]
