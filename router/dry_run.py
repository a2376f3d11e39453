"""Which of the last contacts would have gone elsewhere under a draft. Pure: the arrivals come from the history.

Both plans decide about the same arrival at its own instant; what is compared is where it would have gone, so a
contact that a person moved later doesn't blur the comparison.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..queue.contact import Arrived
from ..queue.history.records import Customer
from ..queue.state import Event
from .classify import Verdict, classify
from .facts import Facts
from .first_steps import script_for, unplayed
from .plan.say import quoted
from .rulebook import Rulebook

EXAMPLES = 3
"""Contacts named for each kind of difference."""


@dataclass(frozen=True, slots=True)
class Past:
    """A contact as it arrived."""

    contact: str
    at: int  # ms
    arrived: Arrived
    customer: str  # key or address

    @classmethod
    def of(cls, event: Event) -> Past | None:
        """From the ledger's `arrived`; None when nobody could decide about it (not a door's words)."""
        try:
            x = json.loads(event.x or "{}")
            arrived = Arrived.parse(str(x["body"]))
            facts = Facts.parse(str(x.get("facts") or "{}"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return cls(event.c, event.t, arrived, facts.customer or arrived.sender)


@dataclass(frozen=True, slots=True)
class Difference:
    """So many contacts: what the active plan made of them, what the draft would have; some of them by number."""

    was: str
    now: str
    count: int
    examples: tuple[str, ...]

    @property
    def text(self) -> str:
        """In a sentence."""
        which = ", ".join(self.examples) + (" …" if self.count > len(self.examples) else "")
        return f"{self.count} × {self.was} → {self.now} ({which})"


@dataclass(frozen=True, slots=True)
class DryRun:
    """`looked` contacts were decided again; `elsewhere` of them otherwise, told by kind in `differences`.

    `scripted` of them came by a door that has a script in either plan: none is run.
    """

    looked: int
    elsewhere: int
    differences: tuple[Difference, ...]
    scripted: int = 0

    def lines(self) -> tuple[str, ...]:
        """In words."""
        if not self.looked:
            return ("There are no contacts to look at yet.",)
        scripts = (unplayed(self.scripted),) if self.scripted else ()
        if not self.elsewhere:
            return (f"None of the last {self.looked} contacts would have gone elsewhere.", *scripts)
        first = f"{self.elsewhere} of the last {self.looked} contacts would have gone elsewhere:"
        return (first, *(it.text for it in self.differences), *scripts)


def dry_run(
    old: Rulebook, draft: Rulebook, past: Sequence[Past], customers: Mapping[str, Customer | None]
) -> DryRun:
    """Decide about each of `past` by both plans. Takes some 0.1 ms a contact: call it off the loop."""
    found: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[str]] = {}
    for it in past:
        customer = customers.get(it.customer) or Customer(it.arrived.sender)
        before = classify(old, it.arrived, customer, it.at)
        after = classify(draft, it.arrived, customer, it.at)
        if (key := _difference(before, after)) is not None:
            found[key] += 1
            examples.setdefault(key, []).append(it.contact)
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    told = tuple(Difference(*key, n, tuple(examples[key][:EXAMPLES])) for key, n in ordered)
    scripted = sum(any(script_for(book.plan, it.arrived) for book in (old, draft)) for it in past)
    return DryRun(len(past), sum(found.values()), told, scripted)


def _difference(before: Verdict, after: Verdict) -> tuple[str, str] | None:
    """What to say of both where it matters to somebody: the service, who is asked, urgency, held or not."""
    was, now = before.decision.route, after.decision.route
    if was.service != now.service:
        return _where(before), _where(after)
    if before.parked != after.parked:
        words = {True: "held until it opens", False: "offered at once"}
        return f"{was.service}, {words[before.parked]}", f"{words[after.parked]}"
    if before.facts.priority != after.facts.priority:
        return f"{was.service}, priority {before.facts.priority}", f"priority {after.facts.priority}"
    if before.facts.language != after.facts.language:
        return f"{was.service} in {before.facts.language}", f"in {after.facts.language}"
    if was.steps != now.steps:
        return f"{was.service}", "other steps: others are asked, or at another time"
    if before.facts.due != after.facts.due:
        return f"{was.service}", "answered by another time"
    return None


def _where(it: Verdict) -> str:
    rule = f" by the rule {quoted(it.facts.rule)}" if it.facts.rule else " by its door"
    return f"{it.service.name}{rule}"
