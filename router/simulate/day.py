"""One recorded day as the simulator needs it: what came, how long it took, how people reacted. Pure.

Handling times, patience and reactions are taken from the record, so that two plans meet the same customers and the
same agents; only who is asked, and when, is the plans' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from ...queue.contact import Arrived, Decision
from ...queue.history.records import Customer
from ..classify import Verdict, classify
from ..facts import Facts
from ..rulebook import Rulebook
from .cases import Case, Said
from .crew import Reaction
from .record import Entry, decided
from .simulation import RETURNS, Line

UNKNOWN = 180_000
"""ms of handling where the record knows of none at all."""
PRESENCE = frozenset({"presence", "presence.renewed"})
DUTY = PRESENCE | {"overtime", "desk"}
BY_THEMSELVES = frozenset({"tick", "missed"})
"""What an entry begins with that sets somebody to away for two missed offers: a plan's own, not the day's."""
BY_ITSELF = frozenset({"quiet", "reopened", "kept"})
"""Why a contact is snoozed when nobody asked for it."""


@dataclass(slots=True)
class Told:
    """One contact of the day as it was recorded."""

    contact: str
    at: int
    arrived: Arrived
    thread: str
    decision: Decision
    facts: Facts
    accepted: int | None = None
    agent: str = ""
    handled: int | None = None  # ms from being accepted to being completed
    wrapped: int | None = None  # ms of wrap-up
    left: int | None = None  # ms of waiting after which the customer was gone
    woken: int | None = None  # when it last came back from being held, before anybody took it
    ended: int | None = None  # ms after which it was over and nobody had taken it: spam, merged, set aside
    offers: int = 0
    taken: int | None = None  # the last time that somebody accepted it


@dataclass(slots=True)
class Day:
    """Fills itself from the day's entries, in order."""

    contacts: dict[str, Told] = field(default_factory=dict)
    duty: list[tuple[int, str, Line]] = field(
        default_factory=list
    )  # presence, overtime, desk: instant, kind, line
    reactions: dict[str, list[Reaction]] = field(default_factory=dict)  # by agent
    handled: dict[str, list[int]] = field(default_factory=dict)  # by service
    said: dict[str, list[Said]] = field(
        default_factory=dict
    )  # by contact, after the epoch, until it was completed
    done: dict[str, int] = field(default_factory=dict)  # contact → first completed
    back: list[int] = field(default_factory=list)  # ms until who was set to away was available again
    unheard: dict[str, tuple[int, Line]] = field(
        default_factory=dict
    )  # agent → since when nothing of theirs came
    _open: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)  # offer → made, delivered
    _taken: dict[str, tuple[int, str]] = field(default_factory=dict)  # contact → accepted, service
    _wrapping: dict[str, int] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """One entry of the day."""
        itself = entry.told[0][0] in BY_THEMSELVES
        for it in entry.lines:
            if it.e in PRESENCE:
                self._present(it, entry.t, itself)
            if it.e in DUTY and not itself:
                self.duty.append((entry.t, it.e, it))
            act = _ACTS.get(it.e)
            if act is not None:
                act(self, it, entry.t)

    def _present(self, it: Line, t: int, itself: bool) -> None:
        since, _ = self.unheard.pop(it.a, (t, it))
        if itself:
            self.unheard[it.a] = (t, it)
        elif since < t and it.x["presence"] == "available":
            self.back.append(t - since)

    @property
    def returns(self) -> int:
        """ms after which somebody who is set to away for two missed offers is back: as long as it took that day."""
        return sorted(self.back)[len(self.back) // 2] if self.back else RETURNS

    def said_of_duty(self) -> list[tuple[int, str, Line]]:
        """What people said of being there, in order; who was set to away and never came back had gone by then."""
        gone = [(t, it.e, it) for t, it in self.unheard.values()]
        return sorted([*self.duty, *gone], key=lambda each: each[0])

    def _arrived(self, it: Line, t: int) -> None:
        decision = decided(it.x)
        facts = Facts.parse(it.x["facts"])
        self.contacts[it.c] = Told(it.c, t, Arrived.parse(it.x["body"]), it.x["thread"], decision, facts)

    def _woken(self, it: Line, t: int) -> None:
        told = self.contacts.get(it.c)
        if told is not None and told.accepted is None:
            told.woken = t

    def _offered(self, it: Line, t: int) -> None:
        self._open[it.c, it.n] = (t, 0)
        if it.c in self.contacts:
            self.contacts[it.c].offers += 1

    def _delivered(self, it: Line, t: int) -> None:
        made, _ = self._open.get((it.c, it.n), (t, 0))
        self._open[it.c, it.n] = (made, t - made)

    def _answered(self, it: Line, t: int, does: Literal["accept", "decline", "miss"]) -> None:
        made, delivery = self._open.pop((it.c, it.n), (t, 0))
        after = 0 if does == "miss" else t - made
        self.reactions.setdefault(it.a, []).append(Reaction(does, after, delivery))

    def _accepted(self, it: Line, t: int) -> None:
        self._answered(it, t, "accept")
        told = self.contacts.get(it.c)
        self._taken[it.c] = (t, told.decision.route.service if told else "")
        if told is not None and told.accepted is None:
            told.accepted, told.agent = t, it.a
        if told is not None:
            told.taken = t

    def _completed(self, it: Line, t: int) -> None:
        self.done.setdefault(it.c, t)
        taken = self._taken.pop(it.c, None)
        if taken is None:
            self._wrapped(it, t)
            self._untaken(it, t)
            return
        self.handled.setdefault(taken[1], []).append(t - taken[0])
        if it.c in self.contacts:
            self.contacts[it.c].handled = t - taken[0]
        if it.e == "wrapping":
            self._wrapping[it.c] = t

    def _wrapped(self, it: Line, t: int) -> None:
        begun = self._wrapping.pop(it.c, None)
        if begun is not None and it.c in self.contacts:
            self.contacts[it.c].wrapped = t - begun

    def _untaken(self, it: Line, t: int) -> None:
        told = self.contacts.get(it.c)
        if told is not None and told.accepted is None and told.ended is None:
            told.ended = t - told.at

    def _said(self, it: Line, t: int) -> None:
        if it.c in self.done:
            return
        said = self.said.setdefault(it.c, [])
        if it.e == "message" and it.x["kind"] == "in":
            said.append(Said(t, "customer"))
        elif it.e == "message.out" and it.x["kind"] == "reply":
            said.append(Said(t, "owner"))
        elif it.e == "snoozed" and it.x["why"] not in BY_ITSELF:
            wake = it.x["wake"]
            said.append(Said(t, "snooze", None if wake is None else wake - t))

    def _left(self, it: Line, t: int) -> None:
        if it.c in self.contacts:
            self.contacts[it.c].left = t - self.contacts[it.c].at

    def cases(self, decide: Callable[[Told], Decision]) -> list[Case]:
        """The day's arrivals with `decide`'s decisions, in the order of arrival."""
        everything = [ms for each in self.handled.values() for ms in each] or [UNKNOWN]
        found = []
        for told in self.contacts.values():
            handling = told.handled
            if handling is None:
                pool = self.handled.get(told.decision.route.service) or everything
                handling = Random(told.contact).choice(pool)
            early, talk = self._talk(told)
            found.append(
                Case(
                    told.at, told.contact, decide(told), handling, told.left, told.wrapped, told.contact,
                    early=early, talk=talk, ends=told.ended,
                )
            )  # fmt: skip
        return found

    def _talk(self, told: Told) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
        """What the customer added before somebody took it for good, and the conversation from then on."""
        said = self.said.get(told.contact, [])
        taken = told.taken
        if taken is None:
            return tuple(it._replace(after=it.after - told.at) for it in said if it.does == "customer"), ()
        before = (it for it in said if it.after < taken and it.does == "customer")
        early = tuple(it._replace(after=it.after - told.at) for it in before)
        return early, tuple(it._replace(after=it.after - taken) for it in said if it.after >= taken)


_ACTS: Mapping[str, Callable[[Day, Line, int], None]] = {
    "arrived": Day._arrived,
    "woken": Day._woken,
    "offered": Day._offered,
    "delivered": Day._delivered,
    "accepted": Day._accepted,
    "declined": lambda day, it, t: day._answered(it, t, "decline"),
    "missed": lambda day, it, t: day._answered(it, t, "miss"),
    "wrapping": Day._completed,
    "closed": Day._completed,
    "dead": Day._untaken,
    "abandoned": Day._left,
    "message": Day._said,
    "message.out": Day._said,
    "snoozed": Day._said,
}


@dataclass(frozen=True, slots=True)
class Sampled:
    """Agents react as they did that day: drawn from their own reactions, or from everybody's where they had none."""

    reactions: Mapping[str, list[Reaction]]
    everybody: tuple[Reaction, ...]

    @classmethod
    def of(cls, day: Day) -> Sampled:
        """From a day that has been read whole."""
        return cls(day.reactions, tuple(r for each in day.reactions.values() for r in each) or (Reaction(),))

    def __call__(self, case: Case, agent: str, offer: int) -> Reaction:
        """See `crew.Reactions`: the same case, agent and offer get the same answer under every plan."""
        return Random(f"{case.of}:{agent}:{offer}").choice(self.reactions.get(agent) or self.everybody)


def decide(book: Rulebook, told: Told, customers: Mapping[str, Customer]) -> Verdict:
    """What `book` decides about a recorded arrival."""
    known = customers.get(told.facts.customer) or Customer(told.facts.customer or told.arrived.sender)
    return classify(book, told.arrived, known, told.at)
