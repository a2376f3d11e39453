"""How long a caller still waits: told from a line that was simulated, compared with what it then was."""

from __future__ import annotations

import heapq
from random import Random
from statistics import median

import pytest

from tierline.queue.history.records import Taken
from tierline.router.pace import AT_ONCE, FEW, HALF_HOUR, minutes, pace

MINUTE = 60_000


def simulated(rng: Random, agents: int, handling: int, until: int) -> list[Taken]:
    """First come, first served; more come than can be served, so that the line grows."""
    free = [(0, f"a{n}") for n in range(agents)]
    heapq.heapify(free)
    at, found = 0, []
    while at < until:
        at += round(rng.expovariate(1.15 * agents / handling))
        since, owner = heapq.heappop(free)
        begin = max(at, since)
        found.append(Taken("help", at, begin, owner))
        heapq.heappush(free, (begin + round(handling * rng.uniform(0.4, 1.6)), owner))
    return found


@pytest.mark.promise("call-estimate")
@pytest.mark.parametrize(("agents", "handling"), [(3, 4), (8, 5), (20, 6)])
def test_what_is_told_is_near_what_it_then_takes(agents: int, handling: int) -> None:
    ratios = []
    for seed in range(30):
        whole = simulated(Random(seed), agents, handling * MINUTE, 180 * MINUTE)
        now = 120 * MINUTE
        waiting = [it for it in whole if it.arrived <= now < it.accepted]
        if len(waiting) < 2:
            continue
        known = [it for it in whole if it.accepted <= now]
        told = pace(known, waiting[0].arrived, now, agents)
        assert told is not None
        last = len(waiting)
        ratios.append(told * last / (waiting[-1].accepted - now))
    assert len(ratios) > 15
    assert 0.75 < median(ratios) < 1.35 and all(0.4 < it < 2.5 for it in ratios), sorted(ratios)


def taken(*waits: int, owners: int = 1) -> list[Taken]:
    """Calls one after the other, the last one taken a minute ago."""
    now, found = HALF_HOUR * 2, []
    for n, wait in enumerate(waits):
        at = now - MINUTE * (len(waits) - n)
        found.append(Taken("help", at - wait, at, f"a{n % owners}"))
    return found


NOW = HALF_HOUR * 2


@pytest.mark.promise("call-estimate")
def test_nothing_is_said_after_fewer_than_three_who_waited() -> None:
    long = 2 * MINUTE
    assert pace(taken(*[long] * (FEW - 1)), None, NOW, 1) is None
    assert pace(taken(*[long] * FEW), None, NOW, 1) is not None
    assert pace(taken(*[AT_ONCE] * 20), None, NOW, 1) is None  # nobody waited: there was no line
    assert pace([it for it in taken(*[long] * FEW)], None, NOW + HALF_HOUR, 1) is None  # too long ago


def test_nothing_is_said_when_nobody_is_there() -> None:
    assert pace(taken(*[MINUTE] * 9), None, NOW, 0) is None


def test_fewer_agents_than_before_make_it_as_much_longer() -> None:
    calls = taken(*[2 * MINUTE] * 8, owners=4)
    full, half = pace(calls, None, NOW, 4), pace(calls, None, NOW, 2)
    assert full is not None and half == 2 * full and pace(calls, None, NOW, 8) == full


def test_a_line_that_has_stopped_gets_slower() -> None:
    calls = taken(*[2 * MINUTE] * 5)
    moving, stopped = pace(calls, NOW - MINUTE, NOW, 1), pace(calls, NOW - MINUTE, NOW + 10 * MINUTE, 1)
    assert moving is not None and stopped is not None and stopped > 2 * moving


@pytest.mark.parametrize(
    ("each", "place", "told"), [(None, 3, None), (20_000, 1, 1), (90_000, 4, 6), (90_000, 0, None)]
)
def test_minutes_are_whole_and_at_least_one(each: int | None, place: int, told: int | None) -> None:
    assert minutes(each, place) == told
