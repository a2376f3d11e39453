"""Exact waiting times of the two textbook queues, to hold the simulator against. Pure, numerically stable.

Rates are per any unit of time; the times that come out are in that unit. All customers come by a Poisson
process, all services and patiences are exponential, and they are served in the order of arrival.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

NEGLIGIBLE = 1e-16
MOST_STATES = 1_000_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """`delayed`: the chance of waiting at all; `mean`: of the wait of everybody; `abandoned`: the part who leave."""

    delayed: float
    mean: float
    abandoned: float = 0.0


def erlang_b(agents: int, load: float) -> float:
    """The chance that all of `agents` are busy when nobody may wait; `load` in Erlang.

    The recursion B(n) = a·B(n−1) / (n + a·B(n−1)) never overflows (Jagerman, 1974).
    """
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(agents: int, arrivals: float, service: float) -> Waiting:
    """M/M/n (Erlang, 1917): nobody leaves. `arrivals` and `service` are rates; raises ValueError when unstable.

    C = B / (1 − ρ(1 − B)), mean wait = C / (n·µ − λ).
    """
    load = arrivals / service
    busy = load / agents
    if busy >= 1:
        raise ValueError("with this load the queue grows without end")
    blocked = erlang_b(agents, load)
    delayed = blocked / (1 - busy * (1 - blocked))
    return Waiting(delayed, delayed / (agents * service - arrivals))


def erlang_a(agents: int, arrivals: float, service: float, leaving: float) -> Waiting:
    """M/M/n+M (Palm, 1946; Garnett, Mandelbaum and Reiman, 2002): each who waits leaves at rate `leaving`.

    The chain of how many are there is a birth-death chain: p(k+1)/p(k) = λ / (min(k, n)·µ + (k − n)⁺·θ). Its
    weights are summed relative to the state n, so that nothing overflows; what leaves is θ·E[queue], and by
    Little's law the mean wait of everybody, served or not, is E[queue] / λ.
    """
    below, weight = 0.0, 1.0
    for k in range(agents, 0, -1):
        weight *= k * service / arrivals
        below += weight
    total, queue, weight = 1.0, 0.0, 1.0
    for waiting in range(1, MOST_STATES):
        weight *= arrivals / (agents * service + waiting * leaving)
        total += weight
        queue += waiting * weight
        if waiting * weight < NEGLIGIBLE * max(total, queue) and weight < NEGLIGIBLE * total:
            break
    mean_queue = queue / (below + total)
    return Waiting(total / (below + total), mean_queue / arrivals, leaving * mean_queue / arrivals)


def standard_error(values: list[float]) -> float:
    """Of the mean of independent values (at least two)."""
    mean = math.fsum(values) / len(values)
    spread = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(spread / len(values))
