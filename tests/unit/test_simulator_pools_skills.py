"""A little flexibility goes a long way: agents with two skills give most of what agents with all skills would.

Wallace and Whitt, A Staffing Algorithm for Call Centers with Skill-Based Routing (2005), found it for call centres,
Jordan and Graves (1995) for factories.
"""

from __future__ import annotations

from random import Random

import pytest
from helpers_sim import HANDLING, START

from tierline.queue.contact import Decision, Route, Step
from tierline.router.simulate.cases import Case
from tierline.router.simulate.crew import always
from tierline.router.simulate.results import Meter
from tierline.router.simulate.simulation import Simulation
from tierline.skills.skill import Need, Profile, levels

SKILLS, AGENTS, LOAD, CALLS = 5, 10, 0.85, 5_000
ROUTES = [
    Route("help", "voice", (Step(Need("help", "voice", ((f"k{i}", 1),))),), 20_000, 0) for i in range(SKILLS)
]


def mean_wait(each: int) -> float:
    """In handling times, when every agent has `each` skills, chained: agent i has the skills i, i + 1, …"""
    rng, at, calls = Random("pooling"), float(START), []
    for number in range(CALLS):
        at += rng.expovariate(LOAD * AGENTS / HANDLING)
        route, handling = ROUTES[rng.randrange(SKILLS)], round(rng.expovariate(1 / HANDLING))
        calls.append(Case(round(at), f"t{number}", Decision(route, round(at)), handling))
    skills = [levels({f"k{(i + j) % SKILLS}": 1 for j in range(each)}) for i in range(AGENTS)]
    crew = [always(f"a{i}", Profile("desk", skills=skills[i])) for i in range(AGENTS)]
    meter = Meter({worker.name: "desk" for worker in crew}, START)
    Simulation(crew).run(calls, START, 1 << 60, meter.seen)
    mean = meter.results(START).all.mean
    assert mean is not None
    return mean / HANDLING


@pytest.mark.promise("simulator-pooling")
def test_two_skills_each_give_most_of_what_all_skills_give() -> None:
    one, two, every = mean_wait(1), mean_wait(2), mean_wait(SKILLS)
    print(f"mean wait in handling times: one skill {one:.3f}, two {two:.3f}, all {every:.3f}")
    assert one > two > every
    assert one > 4 * every
    assert (one - two) / (one - every) > 0.75
