"""A contact's story: what it is made of, and what a teller remembers from event to event. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..queue.contact import Route
from ..queue.state import Event
from .facts import Facts
from .rulebook import Rulebook
from .texts import spoken

X = Mapping[str, Any]
LONGEST = 200
"""Characters of somebody's own words in a line."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: at `at` (ms), `kind` is the event's, `text` says it."""

    at: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One offer: to whom, in which step (from 1), when shown, and what became of it (`open` while it stands).

    `why` says why it was they, where that is known. Instants are ms.
    """

    offer: int
    agent: str
    step: int
    at: int
    shown: int | None = None
    became: str = "open"
    ended: int | None = None
    reason: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """The contact's way up to an instant; `ended` (ms) and `how` are set once it has ended."""

    contact: str
    state: str = ""
    service: str = ""
    owner: str = ""
    step: int = 0
    opened: int | None = None  # when the present step did
    route: Route | None = None
    facts: Facts = field(default_factory=lambda: Facts.parse(""))
    arrived: int | None = None
    ended: int | None = None
    how: str = ""
    moments: tuple[Moment, ...] = ()
    asked: tuple[Asked, ...] = ()


DECIDES = frozenset(
    {"arrived", "reached", "rerouted", "transferring", "reopened", "queued", "parked", "kept"}
)
OPENS = frozenset({"arrived", "queued", "woken", "revived", "rerouted", "transferring", "reopened", "step"})
ENDS = frozenset({"closed", "abandoned", "dead"})
STATES: Mapping[str, str] = {
    "arrived": "waiting", "queued": "waiting", "offered": "offered", "accepted": "active", "parked": "parked",
    "woken": "waiting", "wrapping": "wrapping", "closed": "closed", "abandoned": "abandoned", "dead": "dead",
    "revived": "waiting", "snoozed": "snoozed", "returned": "active", "reached": "active",
}  # fmt: skip
"""The state that an event leaves a contact in, as near as its own events tell it."""


class Teller:
    """Keeps what later lines need of earlier events."""

    def __init__(self, book: Rulebook, contact: str, whys: Mapping[int, str]) -> None:
        self.book, self.it, self.whys = book, Story(contact), whys
        self.moments: list[Moment] = []
        self.asked: dict[int, Asked] = {}
        self.before: tuple[Route | None, Facts, int, int | None] | None = None

    def story(self) -> Story:
        """What has been told so far."""
        return replace(self.it, moments=tuple(self.moments), asked=tuple(self.asked.values()))

    def take(self, event: Event, says: Says) -> None:
        """One event: remember what it changes, then say it."""
        x = details(event.x)
        self._decided(event, x)
        if event.e in OPENS:
            self.it = replace(self.it, opened=event.t)
        if state := STATES.get(event.e):
            self.it = replace(self.it, state=state)
        if event.e in ENDS:
            self.it = replace(self.it, ended=event.t, how=outcome(x))
        elif event.e in ("reopened", "revived"):
            self.it = replace(self.it, ended=None, how="")
        say = says.get(event.e)
        text = say(self, event, x) if say else ""
        if text:
            self.moments.append(Moment(event.t, event.e, text))

    def _decided(self, event: Event, x: X) -> None:
        """Route, service and facts follow each decision; a handover that ends goes back to those before it."""
        if event.e == "transferring" and self.before is None:
            self.before = (self.it.route, self.it.facts, self.it.step, self.it.opened)
        if event.e == "kept" and self.before is not None:
            route, facts, step, opened = self.before
            service = route.service if route else str(x.get("service") or self.it.service)
            self.it = replace(self.it, route=route, facts=facts, step=step, service=service, opened=opened)
        if event.e in ("kept", "accepted"):
            self.before = None
        made = x.get("decision") or x.get("again")
        if isinstance(made, dict):
            route = _route(made.get("route"))
            step = 0 if event.e in DECIDES else self.it.step
            self.it = replace(self.it, route=route or self.it.route, step=step)
        if event.e in DECIDES and isinstance(x.get("facts"), str):
            self.it = replace(self.it, facts=_facts(x["facts"]))
        if event.e in DECIDES and isinstance(x.get("service"), str):
            self.it = replace(self.it, service=x["service"])

    # -- words ---------------------------------------------------------------------------------------------

    def name(self, agent: object) -> str:
        """The agent as people call them."""
        return said(self.book.called(str(agent or ""))) or "nobody"

    def when(self, at: object, now: int) -> str:
        """An instant as people say it at `now`."""
        return spoken(at, now, self.book.plan.timezone, "en") if isinstance(at, int) else "later"

    def tiers(self, step: int) -> str:
        """` (L1, L2)`: whom a step asks, where its route is known."""
        route = self.it.route
        if route is None or not 0 <= step < len(route.steps):
            return ""
        return f" ({', '.join(f'L{t}' for t in route.steps[step].need.tiers)})"

    def rule(self) -> str:
        """Which rule decided."""
        facts = self.it.facts
        by = f"rule “{said(facts.rule)}”, line {facts.rule_line}" if facts.rule else "its entry"
        return f"{by}, plan {facts.version}" if facts.version else by


def said(of: object) -> str:
    """Somebody's own words in one line that does nothing to a terminal."""
    plain = re.sub(
        r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+", " ", str(of or "")
    ).strip()
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def details(raw: str) -> X:
    """An event's details; what isn't an object was written by somebody else's hand and says nothing."""
    try:
        found = json.loads(raw or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _facts(raw: str) -> Facts:
    try:
        return Facts.parse(raw)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Facts.parse("")


def _route(raw: object) -> Route | None:
    try:
        return Route.parse(raw) if isinstance(raw, str) else None
    except (ValueError, TypeError, RecursionError):
        return None


def outcome(x: X) -> str:
    """How it ended, in a word or two."""
    raw = x.get("outcome")
    found = details(raw) if isinstance(raw, str) else raw if isinstance(raw, dict) else {}
    if merged := found.get("merged"):
        return f"merged into {said(merged)}"
    return said(found.get("disposition") or x.get("reason"))


def because(x: X, key: str = "reason") -> str:
    """The reason given, behind a colon."""
    return f": {said(x[key])}" if x.get(key) else ""


Says = Mapping[str, Callable[[Teller, Event, X], str]]
"""Kind of event → how it is said, "" for nothing."""
