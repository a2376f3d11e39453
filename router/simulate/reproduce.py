"""Is the record what the rules say? Every recorded entry is done again on the model, which must tell the same. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .record import Entry, Unreadable, carry_out
from .simulation import Line, Told, Virtual, X

SELDOM = 100_000, 50, 50
"""How often who replays a day lets Python look for garbage: the model leaves none, and each look costs time."""
UNLIKE = frozenset({"body", "facts", "previous", "decision", "outcome", "source", "place", "yaml"})
"""Details that are told and don't say who is asked, or that the model never had."""
ASIDE = frozenset(
    "tick class message message.out message.receipt reply.held reply.undone alert plan plan.walked audit edges "
    "service.edge opt consult recalled nobody leg call outcome placed".split()
)
"""Events that say nothing of who is asked when."""
KEPT = {"closed": 5_400_000, "abandoned": 8 * 86_400_000, "dead": 8 * 86_400_000}
"""ms for which the model keeps what has ended, at least: no event tells when it leaves the store."""
ASKED = frozenset({"offered", "accepted"})


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place at which record and rules part: at `t` (ms), in a ledger entry."""

    entry: str
    t: int
    what: str

    def __str__(self) -> str:
        at = datetime.fromtimestamp(self.t / 1000, UTC)
        return f"ledger entry {self.entry} ({at:%Y-%m-%d %H:%M:%S}.{self.t % 1000:03} UTC): {self.what}"


@dataclass(frozen=True, slots=True)
class Reproduced:
    """How far the record was done again: `assignments` counts offers and acceptances; `difference` ends it."""

    entries: int
    events: int
    assignments: int
    difference: Difference | None


@dataclass(slots=True)
class Again:
    """Does a record again, entry by entry; `model` is where it has come to.

    `midnights` are the site's around an instant (ms): shares are counted from the last, and no event tells them.
    `reopen`: for how long (ms) after its end a contact may be opened again, by any of the record's plans; whoever comes
    upon another of them says so by `may_reopen`.
    """

    midnights: Callable[[int], tuple[int, ...]]
    reopen: int
    model: Virtual = field(default_factory=Virtual)
    entries: int = 0
    events: int = 0
    assignments: int = 0
    difference: Difference | None = None
    calendar: int = 0
    ended: deque[tuple[int, str]] = field(default_factory=deque)

    def may_reopen(self, within: int) -> None:
        """A plan of the record opens contacts again for so long (ms): those that have ended already are kept as well."""
        self.reopen = max(self.reopen, within)

    def another_plan(self) -> None:
        """From the next entry on another plan counts: it may have another time zone, so `midnights` are asked anew."""
        self.calendar = 0

    def run(self, record: Iterable[Entry]) -> bool:
        """Go on through `record`; False when it parts from the rules."""
        for entry in record:
            if not self.step(entry):
                return False
        return True

    def step(self, entry: Entry) -> bool:
        """One entry; False when it parts from the rules."""
        model, t, recorded = self.model, entry.t, entry.told
        if t >= self.calendar and not entry.aside:
            known = self.midnights(t)
            model.calendar(known)
            self.calendar = known[-1]
        try:
            carry_out(model, entry)
        except Unreadable as error:
            self.difference = Difference(entry.id, t, str(error))
            return False
        self.entries += 1
        self.events += len(recorded)
        told, model.told = model.told, []
        if told != recorded and (what := _difference(entry.lines, told)):
            self.difference = Difference(entry.id, t, what)
            return False
        ended = self.ended
        for it in recorded:
            kind = it[0]
            if kind in ASKED:
                self.assignments += 1
            elif kind in KEPT:
                ended.append((t + KEPT[kind], it[1]))
        while ended and ended[0][0] + self.reopen <= t and not entry.aside:
            model.forget(ended.popleft()[1])
        return True

    def result(self) -> Reproduced:
        """What came of it."""
        return Reproduced(self.entries, self.events, self.assignments, self.difference)


def _difference(recorded: Iterable[Line], told: Iterable[Told]) -> str:
    """The first of them that isn't the same, in words; "" when only such details differ as don't count."""
    was = [it for it in recorded if it.e not in ASIDE]
    now = [Line(*it) for it in told if it[0] not in ASIDE]
    for one, other in zip(was, now, strict=False):
        if one != other and (one[:4] != other[:4] or _differ(one.x, other.x)):
            return f"recorded {_words(one)}; the rules say {_words(other)}"
    if len(was) > len(now):
        return f"recorded {_words(was[len(now)])}; the rules do nothing there"
    return f"by the rules {_words(now[len(was)])}; nothing is recorded there" if len(now) > len(was) else ""


def _differ(one: X, other: X) -> bool:
    for key, value in one.items():
        if key not in UNLIKE:
            mine = other.get(key, value)
            if mine != value and _plain(mine) != value:
                return True
    return False


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _words(it: Line) -> str:
    about = " ".join(
        filter(None, (it.c, it.a and f"by {it.a}" if it.e not in ("offered",) else f"to {it.a}"))
    )
    extra = {
        k: v
        for k, v in it.x.items()
        if k in ("step", "reason", "why", "rank", "due", "presence", "on", "to", "wake")
    }
    more = ", ".join(f"{k} {v}" for k, v in extra.items() if v not in (None, ""))
    return f"“{it.e}” {about}" + (f" (offer {it.n})" if it.n else "") + (f" [{more}]" if more else "")


def until(record: Iterable[Entry], end: int) -> Iterator[Entry]:
    """The entries before `end` (ms)."""
    for entry in record:
        if entry.t >= end:
            return
        yield entry
