"""Textbook queues for the simulator: one service, interchangeable agents, exponential everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tierline.queue.contact import Decision, Route, Step
from tierline.router.simulate.cases import Case
from tierline.router.simulate.crew import always
from tierline.router.simulate.results import Meter, Wait
from tierline.router.simulate.simulation import Simulation
from tierline.skills.skill import Need, Profile

START = 1_750_000_000_000
HANDLING = 100_000  # ms, the mean
CALL = Route("help", "voice", (Step(Need("help", "voice")),), 20_000, 0)


@dataclass(frozen=True)
class Cell:
    """One point of the grid; `patience` is the mean in handling times, None: nobody leaves."""

    agents: int
    load: float  # per agent
    patience: float | None = None


def stream(cell: Cell, count: int, seed: int) -> Iterator[Case]:
    """`count` calls."""
    rng, at = Random(f"{cell}:{seed}"), float(START)
    for number in range(count):
        at += rng.expovariate(cell.load * cell.agents / HANDLING)
        handling = round(rng.expovariate(1 / HANDLING))
        patience = None if cell.patience is None else round(rng.expovariate(1 / (cell.patience * HANDLING)))
        yield Case(round(at), f"t{number}", Decision(CALL, round(at)), handling, patience)


def waits(cell: Cell, count: int, seed: int) -> list[Wait]:
    """The waits of `count` calls, in the order of arrival, the first tenth dropped."""
    crew = [always(f"a{i}", Profile("desk")) for i in range(cell.agents)]
    meter = Meter({worker.name: "desk" for worker in crew}, START)
    simulation = Simulation(crew)
    simulation.run(stream(cell, count, seed), START, 1 << 60, meter.seen)
    done = sorted(meter.done, key=lambda wait: wait.arrived)
    return done[count // 10 :]
