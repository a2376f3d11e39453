"""Who is there in a simulation, and how they react to being asked. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Literal, Protocol

from ...queue.state import mask_of
from ...skills.skill import CHANNELS, Capacity, Profile
from ..plan.model import AgentSpec
from ..roster import enlist
from ..rulebook import Rulebook, agent_id
from .cases import Case, Draw, fixed

ALL = mask_of(CHANNELS)
Break = tuple[int, int]
"""From, to (ms): away in between."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What the queue is told about an agent from an instant on; `changes`: when it is to be told anew (ms)."""

    profile: Profile
    capacity: Capacity
    channels: int
    on_shift: bool
    edges: tuple[tuple[int, bool], ...] = ()
    changes: int | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """One agent: duty by the plan, breaks, and the team for the results."""

    name: str
    team: str
    duty: Callable[[int], Duty]
    breaks: tuple[Break, ...] = ()


def always(
    name: str, profile: Profile, capacity: Capacity | None = None, breaks: tuple[Break, ...] = ()
) -> Worker:
    """Somebody who is on shift round the clock."""
    duty = Duty(profile, capacity or Capacity(), ALL, True)
    return Worker(name, profile.team, lambda now: duty, breaks)


def planned(
    book: Rulebook, breaks: Callable[[AgentSpec], tuple[Break, ...]] = lambda spec: ()
) -> list[Worker]:
    """The plan's agents with their shifts, skills and capacities, exactly as the roster tells the queue."""
    return [
        Worker(agent_id(spec.name), spec.team, partial(_duty, book, spec), breaks(spec))
        for spec in book.plan.agents
    ]


def _duty(book: Rulebook, spec: AgentSpec, now: int) -> Duty:
    who = enlist(book, spec, now)
    return Duty(who.profile, who.capacity, mask_of(spec.reached), who.on_shift, who.edges, who.changes)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an agent does about an offer, `after` so many ms; `delivered` so many ms after it was made."""

    does: Literal["accept", "decline", "miss"] = "accept"
    after: int = 0
    delivered: int = 0


class Reactions(Protocol):
    """How agents react."""

    def __call__(self, case: Case, agent: str, offer: int) -> Reaction:
        """To the `offer`th offer of a case, made to `agent`; the same question gets the same answer."""


def at_once(case: Case, agent: str, offer: int) -> Reaction:
    """Everybody accepts at once: the offer adds nothing to the wait."""
    return _AT_ONCE


_AT_ONCE = Reaction()


@dataclass(frozen=True, slots=True)
class Human:
    """Agents who take their time, sometimes decline, and sometimes don't look.

    Draws depend on the case and the number of the offer alone, so that two plans meet the same people.
    """

    seed: int
    accepts: Draw = field(default_factory=lambda: fixed(0))
    declining: float = 0.0
    missing: float = 0.0
    delivery: int = 0

    def __call__(self, case: Case, agent: str, offer: int) -> Reaction:
        """See `Reactions`."""
        rng = Random(f"{self.seed}:{case.thread}:{offer}")
        luck, after = rng.random(), self.delivery + self.accepts(rng)
        if luck < self.missing:
            return Reaction("miss", 0, self.delivery)
        return Reaction("decline" if luck < self.missing + self.declining else "accept", after, self.delivery)
