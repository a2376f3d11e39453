"""What came out of a simulation: waits, promises kept, abandonment, occupancy; in all, per service and per team."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .cases import Case
from .simulation import Line, Virtual


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some contacts. Waits are ms from arrival (or the end of a night it was parked over) to being accepted.

    `mean` is over everybody, those included who left; the quantiles are over those who were accepted. `kept` is the
    part of all that ended their wait by being accepted before their promise's instant; `offers` is per contact
    accepted. None where there is nothing to take it from.
    """

    arrived: int
    accepted: int
    abandoned: int
    mean: float | None
    p50: int | None
    p90: int | None
    p99: int | None
    kept: float | None
    offers: float | None

    @property
    def abandonment(self) -> float:
        """The part of those who ended their wait that left."""
        ended = self.accepted + self.abandoned
        return self.abandoned / ended if ended else 0.0


@dataclass(frozen=True, slots=True)
class Occupancy:
    """ms on duty (available or holding something), ms with something in hand, and their ratio."""

    duty: int
    busy: int

    @property
    def ratio(self) -> float:
        """0–1."""
        return self.busy / self.duty if self.duty else 0.0


@dataclass(frozen=True, slots=True)
class Results:
    """Everything measured from `start` to `end`."""

    all: Figures
    services: Mapping[str, Figures]
    teams: Mapping[str, Figures]  # of contacts accepted in the team
    agents: Mapping[str, Occupancy]
    crews: Mapping[str, Occupancy]  # by team
    waiting: int  # still waiting at the end


@dataclass(slots=True)
class Wait:
    """One contact's wait."""

    service: str
    arrived: int
    due: int | None
    begun: int
    offers: int = 0
    ended: int | None = None
    agent: str = ""

    @property
    def ms(self) -> int:
        """How long it has been."""
        return (self.ended or self.begun) - self.begun


@dataclass(slots=True)
class _Clock:
    """An agent's time."""

    on_shift: bool = False
    available: bool = False
    held: int = 0
    last: int = 0
    duty: int = 0
    busy: int = 0

    def pass_to(self, now: int, start: int) -> None:
        spent = max(0, now - max(self.last, start))
        if self.held or (self.on_shift and self.available):
            self.duty += spent
        if self.held:
            self.busy += spent
        self.last = now


@dataclass(slots=True)
class Meter:
    """Hand `seen` to a simulation as its watcher, then ask for `results`. Arrivals before `start` aren't counted."""

    teams: Mapping[str, str]  # agent → team
    start: int
    due: Callable[[Case], int | None] = lambda case: None
    waits: dict[str, Wait] = field(default_factory=dict)
    done: list[Wait] = field(default_factory=list)
    clocks: dict[str, _Clock] = field(default_factory=dict)
    hands: dict[str, str] = field(
        default_factory=dict
    )  # contact → agent who has it in hand: not while snoozed
    now: int = 0

    def begin(self, model: Virtual) -> None:
        """Take over who is there and what they hold when the day begins."""
        for it in model.agents.values():
            self.clocks[it.name] = _Clock(it.on_shift, it.presence == "available", 0, model.now)
            for id in it.holds:
                if model.contacts[id].state in ("active", "wrapping"):
                    self._hand(id, it.name)

    def seen(self, it: Line, case: Case | None) -> None:
        """One event."""
        self.now = it.t
        match it.e:
            case "arrived" if case is not None:
                self.waits[it.c] = Wait(case.decision.route.service, it.t, self.due(case), it.t)
            case "woken" if it.c in self.waits:
                self.waits[it.c].begun = it.t
            case "offered" if it.c in self.waits:
                self.waits[it.c].offers += 1
            case "accepted":
                self._end(it.c, it.t, it.a)
                self._hand(it.c, it.a)
            case "abandoned":
                self._end(it.c, it.t, "")
            case "returned":
                self._hand(it.c, it.a)
            case "closed":
                self._hand(it.c, "")
                self.waits.pop(it.c, None)  # nobody took it: it is over, and no wait
            case "snoozed" | "queued" | "parked":
                self._hand(it.c, "")
            case "shift":
                self._clock(it.a).on_shift = bool(it.x["on"])
            case "presence":
                self._clock(it.a).available = it.x["presence"] == "available"

    def _end(self, contact: str, at: int, agent: str) -> None:
        wait = self.waits.pop(contact, None)
        if wait is not None and wait.arrived >= self.start:
            wait.ended, wait.agent = at, agent
            self.done.append(wait)

    def _hand(self, contact: str, agent: str) -> None:
        """From now on the agent has it in hand ("": nobody), and whoever had it hasn't."""
        before = self.hands.pop(contact, "")
        if before:
            self._clock(before).held -= 1
        if agent:
            self.hands[contact] = agent
            self._clock(agent).held += 1

    def _clock(self, agent: str) -> _Clock:
        clock = self.clocks.setdefault(agent, _Clock(last=self.now))
        clock.pass_to(self.now, self.start)
        return clock

    def results(self, end: int) -> Results:
        """Everything up to `end` (ms)."""
        self.now = end
        agents = {name: Occupancy((c := self._clock(name)).duty, c.busy) for name in sorted(self.clocks)}
        teams = sorted({self.teams.get(name, "") for name in agents})
        crews = {
            team: Occupancy(
                sum(it.duty for name, it in agents.items() if self.teams.get(name, "") == team),
                sum(it.busy for name, it in agents.items() if self.teams.get(name, "") == team),
            )
            for team in teams
        }
        by_team = {
            team: figures(w for w in self.done if w.agent and self.teams.get(w.agent, "") == team)
            for team in teams
        }
        services = sorted({w.service for w in self.done})
        by_service = {name: figures(w for w in self.done if w.service == name) for name in services}
        waiting = sum(w.arrived >= self.start for w in self.waits.values())
        return Results(figures(self.done), by_service, by_team, agents, crews, waiting)


def figures(of: Iterable[Wait]) -> Figures:
    """The figures of waits that have ended."""
    waits = list(of)
    taken = sorted(w.ms for w in waits if w.agent)
    promised = [w for w in waits if w.due is not None]
    kept = sum(bool(w.agent) and (w.ended or 0) <= (w.due or 0) for w in promised)
    return Figures(
        arrived=len(waits),
        accepted=len(taken),
        abandoned=len(waits) - len(taken),
        mean=sum(w.ms for w in waits) / len(waits) if waits else None,
        p50=quantile(taken, 0.5),
        p90=quantile(taken, 0.9),
        p99=quantile(taken, 0.99),
        kept=kept / len(promised) if promised else None,
        offers=sum(w.offers for w in waits) / len(taken) if taken else None,
    )


def quantile(ordered: Sequence[int], q: float) -> int | None:
    """The smallest value that at least the part `q` doesn't exceed."""
    return (
        ordered[min(len(ordered) - 1, max(0, -(-int(len(ordered) * q * 1000) // 1000) - 1))]
        if ordered
        else None
    )
