"""What comes to the queue in a simulation: seeded arrivals with their patience and handling times. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from random import Random
from typing import Literal, NamedTuple

from ...queue.contact import Arrived, Decision
from ...queue.history.records import Customer
from ..classify import classify
from ..rulebook import Rulebook

HOUR = 3_600_000
Draw = Callable[[Random], int]
"""A duration in ms, drawn."""


class Said(NamedTuple):
    """Something said or done about a contact that has arrived: `after` so many ms.

    A further message of the customer, a reply of the owner's that goes out, or that its owner snoozes it, to come
    back `wake` ms later (None: when the customer writes).
    """

    after: int
    does: Literal["customer", "owner", "snooze"]
    wake: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One contact to come, with what will happen to it whatever the queue does.

    `at` is the instant (ms) at which it arrives; `patience` the ms of waiting after which the customer is gone
    (None: never), `handling` the ms between being accepted and being completed, `wrap_up` the ms after which
    the agent ends the wrap-up (None: when the route says). `of` names the stream it came from. `early` is what the
    customer adds, counted from the arrival; `talk` what is said and done counted from being accepted. `ends`: ms after
    which somebody ends it though nobody has answered it, as spam is.
    """

    at: int
    thread: str
    decision: Decision
    handling: int
    patience: int | None = None
    wrap_up: int | None = None
    of: str = ""
    body: str = "{}"
    early: tuple[Said, ...] = ()
    talk: tuple[Said, ...] = ()
    ends: int | None = None


def fixed(ms: int) -> Draw:
    """Always the same."""
    return lambda rng: ms


def exponential(mean: float) -> Draw:
    """Exponential with that mean (ms)."""
    return lambda rng: round(rng.expovariate(1 / mean))


def lognormal(mean: float, spread: float) -> Draw:
    """Lognormal with that mean (ms); `spread` is the standard deviation as a part of the mean.

    Handling times are skewed: a few take very long. Measured desks lie around spread 0.7–1.3
    (Brown et al., Statistical Analysis of a Telephone Call Center, 2005).
    """
    sigma = math.sqrt(math.log(1 + spread * spread))
    mu = math.log(mean) - sigma * sigma / 2
    return lambda rng: round(rng.lognormvariate(mu, sigma))


def poisson(rng: Random, start: int, end: int, an_hour: Sequence[float]) -> Iterator[int]:
    """Instants of a Poisson process from `start` to `end` (ms).

    `an_hour` is the expected number in each hour, counted from `start`, and begins again at its end: one value is
    a constant rate, twenty-four are a day's profile. Thinning (Lewis and Shedler, 1979): exact for any profile.
    """
    most = max(an_hour, default=0.0)
    if most <= 0:
        return
    at = float(start)
    while True:
        at += rng.expovariate(most / HOUR)
        if at >= end:
            return
        if rng.random() * most < an_hour[int((at - start) // HOUR) % len(an_hour)]:
            yield round(at)


@dataclass(frozen=True, slots=True)
class Stream:
    """Contacts of one kind: what is written, when, how long it takes, how long they wait."""

    name: str
    arrived: Arrived
    an_hour: tuple[float, ...]
    handling: Draw
    patience: Draw | None = None
    customer: Customer | None = None
    wrap_up: Draw | None = None


def cases(book: Rulebook, streams: Sequence[Stream], seed: int, start: int, end: int) -> list[Case]:
    """Everything that comes between `start` and `end` (ms), classified by the plan, in the order of arrival."""
    drawn = [_of(book, stream, Random(f"{seed}:{stream.name}"), start, end) for stream in streams]
    return list(merge(*drawn, key=lambda case: case.at))


def _of(book: Rulebook, stream: Stream, rng: Random, start: int, end: int) -> Iterator[Case]:
    customer = stream.customer or Customer(stream.arrived.sender)
    for number, at in enumerate(poisson(rng, start, end, stream.an_hour)):
        verdict = classify(book, stream.arrived, customer, at)
        yield Case(
            at,
            f"{stream.name}:{number}",
            verdict.decision,
            stream.handling(rng),
            stream.patience(rng) if stream.patience else None,
            stream.wrap_up(rng) if stream.wrap_up else None,
            stream.name,
        )
