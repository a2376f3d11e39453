"""*Why* at an instant that is over: the record is done again up to there, and asked what the queue would be asked. Pure.

What comes out is what *why* said then: the same function on the same state. Where the record can't be done again,
no table is shown rather than a wrong one; the contact's own story is told all the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..queue.state import Event
from .account import Account, accounted, latest
from .roster import midnights
from .rulebook import Rulebook
from .simulate.record import Entry
from .simulate.reproduce import Again, Difference
from .simulate.simulation import X
from .simulate.watching import Watch, Watching, say
from .situation import Situation
from .story import tell
from .why import Why, explain, timers

DUTY = ("presence", "shift")


@dataclass(slots=True)
class Then:
    """A record on its way to some instant; `books` are the plan's versions at hand, the newest where one isn't."""

    books: Mapping[int, Rulebook]
    version: int = 0
    latest: dict[tuple[str, str], int] = field(default_factory=dict)
    troubles: dict[str, str] = field(
        default_factory=dict
    )  # begun and not ended: services closed at once among them
    again: Again = field(init=False)
    model: Watching = field(default_factory=Watching)

    def __post_init__(self) -> None:
        self.again = Again(self._midnights, 0, self.model)
        for book in self.books.values():
            self.again.may_reopen(book.longest_reopen)

    def _midnights(self, now: int) -> tuple[int, ...]:
        return midnights(self.book.plan.timezone, now)

    @property
    def book(self) -> Rulebook:
        """The plan as it was, or the one nearest at hand, with what was closed at once then."""
        plan = self.books.get(self.version) or self.books[max(self.books)]
        return plan.under(Situation.read(self.troubles))

    @property
    def difference(self) -> Difference | None:
        """Where the record can't be followed any further."""
        return self.again.difference

    def watch(self, contact: str) -> None:
        """From here on keep why its offers go where they go."""
        self.model.watch = Watch(contact)

    def take(self, entry: Entry) -> None:
        """One entry of the record."""
        for it in entry.lines:
            if it.e in DUTY:
                self.latest[it.a, it.e] = entry.t
            elif it.e == "plan" and isinstance(it.x.get("version"), int):
                self.version = it.x["version"]
                self.again.another_plan()
                if (book := self.books.get(self.version)) is not None:
                    self.again.may_reopen(book.longest_reopen)
            elif it.e == "alert":
                self._trouble(it.x)
        self.again.step(entry)

    def _trouble(self, x: X) -> None:
        name, text = x.get("name"), x.get("text")
        if isinstance(name, str) and x.get("on") and isinstance(text, str):
            self.troubles[name] = text
        elif isinstance(name, str):
            self.troubles.pop(name, None)

    def copied(self) -> Then:
        """The same, to go on from twice."""
        other = Then(self.books, self.version, dict(self.latest), dict(self.troubles))
        model = copy.deepcopy(self.model)
        ended = copy.copy(self.again.ended)
        other.model, other.again = (
            model,
            replace(self.again, midnights=other._midnights, model=model, ended=ended),
        )
        return other

    def why(self, contact: str, events: Iterable[Event], at: int) -> Why | None:
        """What *why* said at `at` (ms); None when the queue didn't hold it. `events` are the contact's own."""
        state = self.model.at(at).snapshot()
        view = state.contacts.get(contact)
        if view is None:
            return None
        due = {member: state.due[member] for member in timers(view, state.agents) if member in state.due}
        since = self.latest | latest(events, at)
        return explain(self.book, view, state.agents, due, state.desk, at, since, at)

    def account(self, contact: str, events: Iterable[Event], at: int) -> Account:
        """Everything at `at` (ms)."""
        known = list(events)
        gone, book = self.difference, self.book
        whys = {
            number: say(choice, book.called, book.plan.timezone)
            for number, choice in self.model.watch.choices.items()
            if self.model.watch.contact == contact
        }
        story = tell(book, contact, known, at, whys)
        why = self.why(contact, known, at) if gone is None else None
        note = "" if gone is None or story.ended is not None else not_told(gone)
        return accounted(book, why, story, note or (self._other_plan() if why else ""), at)

    def _other_plan(self) -> str:
        if not self.version or self.version in self.books:
            return ""
        return (
            f"Version {self.version} of the plan, which was active then, isn't at hand: names and hours are those "
            f"of version {self.book.version}."
        )


def not_told(gone: Difference) -> str:
    """Why there is no table."""
    return f"Who could have been asked then can't be told: the record can't be followed past {gone}."
