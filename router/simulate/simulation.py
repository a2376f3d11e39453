"""Lets contacts and agents meet in virtual time: the reference model, driven from event to event. Pure.

Nothing waits and nothing reads a clock: what happens next is either the next thing from outside (an arrival, an
answer, somebody's break) or the model's next timer, and both happen at their exact instants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, NamedTuple

from ...queue.model import Model
from ...queue.model_match import Bounds
from ...queue.model_memory import place_in
from ...queue.model_records import contact_view
from ...queue.state import ENDED
from ...skills.skill import Need
from ..again import asks_again
from ..roster import midnights
from ..rulebook import Rulebook
from ..watch import next_closing, past_closing, reopening
from .cases import Case, Said
from .crew import Reactions, Worker, at_once

RETURNS = 300_000
"""ms after which somebody who was set to away for two missed offers is back, unless the crew says otherwise."""


X = dict[str, Any]
Told = tuple[str, str, str, int, X, int]
"""What the model tells, before anybody looks at it: the parts of a `Line`."""


class Line(NamedTuple):
    """One event, recorded or of the model, with its details as they are; `t` is its instant (ms)."""

    e: str
    c: str
    a: str
    n: int
    x: X
    t: int = 0


class Virtual(Model):
    """The model with a ledger that is read at once and then forgotten."""

    __slots__ = ("told",)

    def __init__(self, bounds: Bounds | None = None) -> None:
        super().__init__(bounds)
        self.told: list[Told] = []

    def tell(self, kind: str, contact: str = "", agent: str = "", n: int = 0, /, **rest: object) -> None:
        """Keep the event until somebody takes it."""
        self.told.append((kind, contact, agent, n, rest, self.now))

    def number(self, need: Need, number: int) -> None:
        """Let a class have its recorded number: those that die at one instant go in the order of their numbers."""
        self.classes[need] = number
        for agent in self.agents.values():
            agent.can.update(place_in({need: number}, agent.profile))


@dataclass(slots=True)
class Simulation:
    """One run, from whatever state `model` is in.

    `book` (if any) is the plan whose services close and whose day it is; `returns` says after how many ms somebody
    who was set to away is back (None: only when somebody says so); `present`: everybody is available from the start;
    `after` is called after each transition.
    """

    crew: Sequence[Worker]
    reactions: Reactions = at_once
    book: Rulebook | None = None
    returns: int | None = RETURNS
    model: Virtual = field(default_factory=Virtual)
    present: bool = True
    after: Callable[[], None] = lambda: None
    cases: dict[str, Case] = field(default_factory=dict)
    _ahead: list[tuple[int, int, Callable[..., object], tuple[object, ...]]] = field(default_factory=list)
    _made: int = 0

    def run(
        self, cases: Iterable[Case], start: int, end: int, watch: Callable[[Line, Case | None], None]
    ) -> None:
        """Run from `start` to `end` (ms); what has not ended by then stays where it is."""
        self.model.at(start)
        if self.book is not None:
            self.model.calendar(midnights(self.book.plan.timezone, start))
            self._at(start, self._close_services)
        for worker in self.crew:
            self._at(start, self._on_duty, worker)
            if self.present:
                self._at(start, self._presence, worker.name, "available")
            for away, back in worker.breaks:
                self._at(away, self._presence, worker.name, "away")
                self._at(back, self._presence, worker.name, "available")
        coming = iter(cases)
        case = next(coming, None)
        model, ahead = self.model, self._ahead
        while True:
            timer = model.due.first()
            now = min(
                timer[0] if timer else end,
                ahead[0][0] if ahead else end,
                case.at if case else end,
            )
            if now >= end:
                return
            model.now = now
            if timer and timer[0] <= now:
                model.ticked = now  # somebody looks all the time: no deadline falls into a gap
                model.tick()
            elif ahead and ahead[0][0] <= now:
                _, _, act, given = heappop(ahead)
                act(*given)
            elif case:
                self._arrive(case)
                case = next(coming, None)
            self._follow(watch)

    def act(self, at: int, does: Callable[[], object]) -> None:
        """Something else from outside, at an instant (ms)."""
        self._at(at, does)

    def pending(self, contact: str, agent: str, offer: int, at: int) -> None:
        """An offer that is live already: it is reacted to as if it had been made at `at`."""
        self._react(Line("offered", contact, agent, offer, {}, at), self.cases[contact])

    # -- what comes from outside ---------------------------------------------------------------------------

    def _arrive(self, case: Case) -> None:
        made = self.model.arrive(case.body, case.thread, case.thread, case.decision)
        self.cases[made.contact] = case
        self.said(made.contact, case.early, self.model.now)
        if case.patience is not None and made.outcome == "new":
            self._at(self.model.now + case.patience, self._lose_patience, made.contact)
        if case.ends is not None:
            self._at(self.model.now + case.ends, self.model.discard, made.contact, "")

    def said(self, contact: str, said: Iterable[Said], since: int, taken: int = 0) -> None:
        """What is said about a contact from `since` (ms) on; `taken`: while that accepted offer is its last."""
        for it in said:
            self._at(since + it.after, self._say, contact, it, taken)

    def _say(self, contact: str, said: Said, taken: int) -> None:
        """Nothing more is said once somebody else has begun, or the end has come sooner than it did that day."""
        model, it = self.model, self.model.contacts.get(contact)
        if it is None or it.state in ENDED or it.state == "wrapping" or (taken and it.taken != taken):
            return
        if said.does == "snooze":
            model.snooze(contact, "", None if said.wake is None else model.now + said.wake)
        elif said.does == "owner":
            model.hold_reply(contact, it.owner, "{}", "", 0)  # its timer sends it at once
        elif model.threads.get(it.thread) == contact:
            anew = (
                asks_again(self.book, contact_view(it), model.now)
                if self.book
                else self.cases[contact].decision
            )
            model.arrive(
                self.cases[contact].body, f"{contact}:{len(it.messages)}:{model.now}", it.thread, anew, anew
            )

    def _lose_patience(self, contact: str) -> None:
        self.model.abandon(contact, "lost patience")

    def _delivered(self, contact: str, offer: int) -> None:
        self.model.delivered(contact, offer, "")

    def _accept(self, contact: str, offer: int, agent: str) -> None:
        self.model.accept(contact, offer, agent)

    def _decline(self, contact: str, offer: int, agent: str) -> None:
        self.model.decline(contact, offer, agent)

    def _complete(self, contact: str, agent: str) -> None:
        self.model.complete(contact, agent)

    def _finish(self, contact: str, agent: str) -> None:
        self.model.finish(contact, agent)

    def _presence(self, agent: str, presence: str) -> None:
        self.model.presence(agent, "available" if presence == "available" else "away")

    def _back(self, agent: str) -> None:
        """Whoever missed two offers has noticed it, unless they have said something else since, or left."""
        it = self.model.agents.get(agent)
        if it is not None and it.presence == "away" and it.why:
            self._presence(agent, "available")

    def _on_duty(self, worker: Worker) -> None:
        it = worker.duty(self.model.now)
        self.model.agent(worker.name, it.profile, it.capacity, it.channels, it.edges, it.on_shift)
        if it.changes is not None:
            self._at(it.changes, self._on_duty, worker)

    def _close_services(self) -> None:
        """What still waits when a service's closing time and its drain have passed is parked to its opening."""
        book, model = self.book, self.model
        if book is None:
            return
        for name in book.services:
            if past_closing(book, name, model.now):
                left = [
                    it.id
                    for it in model.contacts.values()
                    if it.state == "waiting" and it.route.service == name
                ]
                for contact in left:
                    model.park(contact, reopening(book, name, model.now), "closed")
        following = next_closing(book, model.now)
        if following is not None:
            self._at(following, self._close_services)

    # -- what follows from what the queue did --------------------------------------------------------------

    def _follow(self, watch: Callable[[Line, Case | None], None]) -> None:
        told = [Line(*it) for it in self.model.told]
        self.model.told[:] = told
        self.after()
        self.model.told.clear()
        for event in told:
            case = self.cases.get(event.c)
            watch(event, case)
            if event.e == "offered" and case:
                self._react(event, case)
            elif event.e == "accepted" and case:
                self.said(event.c, case.talk, event.t, event.n)
                self._at(event.t + case.handling, self._complete, event.c, event.a)
            elif event.e == "wrapping" and case and case.wrap_up is not None:
                self._at(event.t + case.wrap_up, self._finish, event.c, event.a)
            elif event.e in ("closed", "abandoned"):
                self.model.forget(event.c)
                self.cases.pop(event.c, None)
            elif event.e == "presence" and event.x["why"] and self.returns is not None:
                self._at(event.t + self.returns, self._back, event.a)

    def _react(self, offer: Line, case: Case) -> None:
        it = self.reactions(case, offer.a, offer.n)
        if it.delivered or it.does == "miss" or it.after:
            self._at(offer.t + it.delivered, self._delivered, offer.c, offer.n)
        if it.does != "miss":
            act = self._accept if it.does == "accept" else self._decline
            self._at(offer.t + it.after, act, offer.c, offer.n, offer.a)

    def _at(self, at: int, act: Callable[..., object], *given: object) -> None:
        self._made += 1
        heappush(self._ahead, (at, self._made, act, given))
