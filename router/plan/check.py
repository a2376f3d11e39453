"""What `tierline plan check FILE` says, and the plan that holds while there is none."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from .errors import PlanErrors
from .load import parse
from .model import Plan, PlanWarning

EXAMPLE = Path(__file__).with_name("example.yaml")
_EMPTY = "site: tierline\ntimezone: UTC\nlanguages: [en]\n"
_ADVICE = (
    "there is no plan yet, so no contact reaches anybody: run `tierline setup`, or set TIERLINE_PLAN to "
    f"a file (an example to copy: {EXAMPLE})"
)


def check(source: bytes | str, name: str) -> tuple[str, int]:
    """What there is to say about the plan in `source`, and the exit code: 0, or 1 with mistakes."""
    try:
        plan = parse(source, name)
    except PlanErrors as errors:
        count = len(errors.errors)
        return f"{errors}\n\n{count} mistake{'s' if count > 1 else ''}; nothing was changed.\n", 1
    return describe(plan, name), 0


def describe(plan: Plan, name: str) -> str:
    """A sound plan in a few lines: what it has, what is probably not meant, what doesn't act yet."""
    counts = (
        (len(plan.services), "service", "services"),
        (len(plan.rules), "rule", "rules"),
        (len(plan.schedules), "schedule", "schedules"),
        (len(plan.teams), "team", "teams"),
        (len(plan.agents), "agent", "agents"),
        (len(plan.entry), "door", "doors"),
    )
    lines = [
        f"{name}: no mistakes ({', '.join(f'{n} {one if n == 1 else many}' for n, one, many in counts)})"
    ]
    if plan.warnings:
        lines += ["", "Probably not meant:"]
        lines += [f"  {name}:{w.line}: {w.message}" for w in plan.warnings]
    if plan.not_yet():
        lines += ["", "Understood, but nothing acts on it yet:"]
        lines += [f"  {name}:{each.line}: {each.path}: {each.what}" for each in plan.not_yet()]
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=1)
def empty_plan() -> Plan:
    """The plan used while TIERLINE_PLAN isn't set and none was published; its warning says what to do."""
    return replace(parse(_EMPTY, "no plan"), warnings=(PlanWarning("", 1, _ADVICE),))


def example() -> str:
    """The commented example plan."""
    return EXAMPLE.read_text(encoding="utf-8")
