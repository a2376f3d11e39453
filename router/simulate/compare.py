"""A draft against the active plan, on a day that really was. Pure.

First the whole record up to the day's end is done again under the recorded decisions; only when nothing differs is
the draft looked at. Then both plans run the same day in the simulator, from the same state of the queue, with the
same customers, agents, reactions and handling times: whatever differs between the two runs is the draft's doing.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ...queue.contact import Decision
from ...queue.history.records import Customer
from ...queue.state import ENDED
from ..classify import Verdict
from ..first_steps import script_for
from ..roster import midnights
from ..rulebook import Rulebook
from .cases import Case
from .crew import planned
from .day import UNKNOWN, Day, Sampled, Told, decide
from .record import Entry
from .reproduce import Again, Reproduced
from .results import Figures, Meter, Results, Wait, figures
from .simulation import Simulation, Virtual

MOST_MOVED = 1_000
"""Contacts that are listed one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A contact that the draft decides otherwise: service and rule, before and after."""

    contact: str
    at: int
    service: str
    rule: str
    to_service: str
    to_rule: str
    what: str  # service, steps, rank, opening


@dataclass(frozen=True, slots=True)
class Comparison:
    """`recorded` is what was; `active` and `draft` are the two simulated days."""

    recorded: Figures
    active: Results
    draft: Results
    moved: tuple[Moved, ...]
    moved_count: int
    from_to: Mapping[tuple[str, str], int]  # (service, service) → contacts that change service
    unlike: (
        int  # decisions of the record that its own plan wouldn't make again: a customer's facts changed since
    )
    unknown_plans: int  # decided under versions that aren't at hand
    scripted: int = 0  # came by a door that asks something first in either plan: no script is run
    strangers: tuple[str, ...] = ()  # the draft's people who weren't there that day: nobody of them is asked
    shut: int = 0  # came while their service was closed at once: in neither simulated day it is


@dataclass(frozen=True, slots=True)
class Replay:
    """The outcome: a comparison only where the record was reproduced without a difference."""

    reproduced: Reproduced
    contacts: int
    comparison: Comparison | None = None


@dataclass(slots=True)
class Replaying:
    """Does it in pieces, so that whoever waits can be told how far it has come.

    `books` are the versions at hand by number, `active` the one that the draft is compared with; `start` and `end`
    are the day's instants (ms).
    """

    books: Mapping[int, Rulebook]
    active: Rulebook
    start: int
    end: int
    day: Day = field(default_factory=Day)
    before: Virtual | None = None  # the queue when the day began
    version: int = 0  # of the plan, where the record has come to

    def __post_init__(self) -> None:
        self.again = Again(self._midnights, self.active.longest_reopen)

    again: Again = field(init=False)

    def _midnights(self, now: int) -> tuple[int, ...]:
        return midnights(self.books.get(self.version, self.active).plan.timezone, now)

    def read(self, record: Iterable[Entry]) -> bool:
        """Do the record again, a piece at a time, in order; False at the first difference.

        `books` may have grown by the versions that the piece tells of.
        """
        for book in self.books.values():
            self.again.may_reopen(book.longest_reopen)
        for entry in record:
            if entry.aside:
                self.again.step(entry)
                continue
            if entry.t >= self.end:
                return True
            if entry.t >= self.start and self.before is None:
                self.before = copy.deepcopy(self.again.model)
            if entry.told[0][0] == "plan":
                self.version = entry.told[0][4].get("version", 0)
                self.again.another_plan()
            self.again.step(entry)
            if self.again.difference is not None:
                return False
            if entry.t >= self.start:
                self.day.take(entry)
        return True

    def outcome(self, draft: Rulebook | None, customers: Mapping[str, Customer]) -> Replay:
        """What came of it; with a draft the comparison, if the record was reproduced."""
        done, count = self.again.result(), len(self.day.contacts)
        if draft is None or done.difference is not None or self.before is None:
            return Replay(done, count)
        return Replay(done, count, self._compare(draft, customers))

    def _compare(self, draft: Rulebook, customers: Mapping[str, Customer]) -> Comparison:
        unlike = unknown = 0
        known = (self.before or Virtual()).agents.keys() | self.again.model.agents.keys()
        there = known | {line.a for _, _, line in self.day.duty}
        moved: list[Moved] = []
        ours: dict[str, Verdict] = {}
        theirs: dict[str, Verdict] = {}
        for told in self.day.contacts.values():
            book = self.books.get(told.facts.version)
            if book is None:
                unknown += 1
            elif not _same(decide(book, told, customers), told):
                unlike += 1
            ours[told.contact] = one = decide(self.active, told, customers)
            theirs[told.contact] = other = decide(draft, told, customers)
            if what := _difference(one, other):
                moved.append(
                    Moved(
                        told.contact,
                        told.at,
                        one.service.name,
                        one.facts.rule,
                        other.service.name,
                        other.facts.rule,
                        what,
                    )  # fmt: skip
                )
        changes = Counter((it.service, it.to_service) for it in moved if it.service != it.to_service)
        return Comparison(
            recorded=figures(
                _wait(told) for told in self.day.contacts.values() if told.accepted or told.left
            ),
            active=self._simulated(self.active, ours),
            draft=self._simulated(draft, theirs),
            moved=tuple(moved[:MOST_MOVED]),
            moved_count=len(moved),
            from_to=dict(changes),
            unlike=unlike,
            unknown_plans=unknown,
            scripted=sum(
                any(script_for(book.plan, told.arrived) for book in (self.active, draft))
                for told in self.day.contacts.values()
            ),
            strangers=tuple(sorted(draft.called(name) for name in draft.by_id if name not in there)),
            shut=sum(_shut(told) for told in self.day.contacts.values()),
        )

    def _simulated(self, book: Rulebook, verdicts: Mapping[str, Verdict]) -> Results:
        model = copy.deepcopy(self.before) or Virtual()
        crew = planned(book)
        teams = {worker.name: worker.team for worker in crew}
        dues = {contact: verdict.facts.due for contact, verdict in verdicts.items()}
        meter = Meter(teams, self.start, lambda case: dues.get(case.of))
        run = Simulation(crew, Sampled.of(self.day), book, self.day.returns, model, present=False)
        for name in [name for name in model.agents if name not in teams]:
            model.at(self.start).remove_agent(name)
        meter.begin(model)
        self._go_on(run)
        for at, kind, line in self.day.said_of_duty():
            run.act(at, _duty(run, kind, line.a, line.x))
        chosen: Callable[[Told], Decision] = lambda told: verdicts[told.contact].decision  # noqa: E731
        run.run(self.day.cases(chosen), self.start, self.end, meter.seen)
        return meter.results(self.end)

    def _go_on(self, run: Simulation) -> None:
        """What was there when the day began: said and done when the record says, else it takes as long as usual."""
        for it in run.model.contacts.values():
            if it.state in ENDED:
                continue
            pool = self.day.handled.get(it.route.service) or [UNKNOWN]
            handling = pool[it.number % len(pool)]
            run.cases[it.id] = Case(
                it.arrived, it.thread, Decision(it.route, it.rank // 1000), handling, of=it.id
            )
            run.said(it.id, self.day.said.get(it.id, ()), 0)
            if it.owner and it.state != "wrapping":
                ends = self.day.done.get(it.id, self.start + handling)
                run.act(ends, lambda c=it.id: run.model.complete(c, ""))  # type: ignore[misc]
            for offer in it.offers.values():
                run.pending(it.id, offer.agent, offer.number, self.start)


def _duty(run: Simulation, kind: str, agent: str, x: Mapping[str, object]) -> Callable[[], object]:
    model = run.model
    if kind == "desk":
        return lambda: model.desk(bool(x["up"]))
    until = x.get("until")
    ends = until if isinstance(until, int) else None
    if kind == "overtime":
        return lambda: model.overtime(agent, ends or model.now)
    word = x["presence"]
    presence = "available" if word == "available" else "away" if word == "away" else "offline"
    return lambda: model.presence(agent, presence, ends, "")  # type: ignore[arg-type]


def _same(verdict: Verdict, told: Told) -> bool:
    """Whether the plan decides again what was recorded; instants aside, which are a few ms apart.

    Nor does it count that somebody was held by what isn't the plan's hours: a script's question, a closing at once.
    """
    it, was = verdict.decision, told.decision
    held = bool(it.wake) == bool(was.wake) or bool(told.facts.first) or _shut(told)
    return held and it.route == was.route and verdict.facts.rule == told.facts.rule


def _shut(told: Told) -> bool:
    return told.facts.closed.startswith("emergency")


def _difference(one: Verdict, other: Verdict) -> str:
    """What the second decides otherwise, in a word; "" when nothing."""
    if one.service.name != other.service.name:
        return "service"
    if one.decision.route != other.decision.route:
        return "steps"
    if one.decision.wake != other.decision.wake:
        return "opening"
    return "rank" if one.decision.rank != other.decision.rank else ""


def _wait(told: Told) -> Wait:
    ended = told.accepted if told.accepted is not None else told.at + (told.left or 0)
    begun = told.at if told.woken is None else told.woken
    return Wait(told.decision.route.service, told.at, told.facts.due, begun, told.offers, ended, told.agent)
