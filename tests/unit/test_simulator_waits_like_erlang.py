"""The simulator against the exact formulas of Erlang C and Erlang A: ten seeds, three standard errors.

`make test` looks at a few points; `TIERLINE_LONG=1` (`make check-long`) at the whole grid, and prints it with -s.
"""

from __future__ import annotations

import math
import os

import pytest
from helpers_sim import HANDLING, Cell, waits

from tierline.router.simulate.erlang import Waiting, erlang_a, erlang_b, erlang_c, standard_error

LONG = bool(os.environ.get("TIERLINE_LONG"))
SEEDS, BATCHES = range(10), 5
AGENTS = (1, 2, 5, 10, 20)
FEW = [(Cell(1, 0.7), 800), (Cell(5, 0.8), 800), (Cell(5, 1.1, 1.0), 500), (Cell(20, 0.9, 2.0), 500)]
C_GRID = [
    (Cell(n, load), 40_000 if load >= 0.9 else 10_000) for n in AGENTS for load in (0.5, 0.7, 0.8, 0.9, 0.95)
]
A_GRID = [
    (Cell(n, load, patience), 5_000)
    for n in AGENTS
    for load in (0.7, 0.9, 1.0, 1.1, 1.3)
    for patience in (0.5, 2.0)
]
GRID = [*C_GRID, *A_GRID] if LONG else FEW


def exact(cell: Cell) -> Waiting:
    """In handling times."""
    if cell.patience is None:
        return erlang_c(cell.agents, cell.load * cell.agents, 1.0)
    return erlang_a(cell.agents, cell.load * cell.agents, 1.0, 1 / cell.patience)


@pytest.mark.timeout(3600)
@pytest.mark.promise("simulator-erlang")
@pytest.mark.parametrize("cell, count", GRID, ids=lambda it: str(it) if isinstance(it, Cell) else "")
def test_simulated_waits_and_abandonment_are_those_of_the_formulas(cell: Cell, count: int) -> None:
    mean, left = [], []
    for seed in SEEDS:
        done = waits(cell, count, seed)
        size = len(done) // BATCHES
        for batch in (done[i * size : (i + 1) * size] for i in range(BATCHES)):
            mean.append(sum(wait.ms for wait in batch) / size / HANDLING)
            left.append(sum(not wait.agent for wait in batch) / size)
    right = exact(cell)
    for what, found, should in (("wait", mean, right.mean), ("left", left, right.abandoned)):
        value, error = sum(found) / len(found), standard_error(found)
        away = (value - should) / error if error else 0.0
        print(f"{cell} {what}: simulated {value:.5f}, exact {should:.5f}, {away:+.2f} standard errors")
        assert abs(value - should) <= 3 * error + 1e-12, f"{what} {away:+.2f} standard errors"


def test_erlang_c_is_what_the_tables_say() -> None:
    # One agent: P(wait) = ρ and W = ρ/(µ−λ). Two: C = 2ρ²/(1+ρ).
    one, two = erlang_c(1, 0.5, 1.0), erlang_c(2, 1.0, 1.0)
    assert math.isclose(one.delayed, 0.5) and math.isclose(one.mean, 1.0)
    assert math.isclose(two.delayed, 1 / 3) and math.isclose(two.mean, 1 / 3)
    # Ten Erlang offered to ten lines lose 21.46 %, a hundred to a hundred and ten 2.4 %.
    assert round(erlang_b(10, 10.0), 4) == 0.2146
    assert 0.0 < erlang_b(5_000, 4_900.0) < 0.01
    with pytest.raises(ValueError, match="grows without end"):
        erlang_c(2, 2.0, 1.0)


def test_erlang_a_lies_between_those_who_never_leave_and_those_who_never_wait() -> None:
    # As many leave per unit as are served less: with θ = µ the chain is M/M/∞, Poisson with mean λ/µ.
    same = erlang_a(3, 2.0, 1.0, 1.0)
    poisson = [math.exp(-2.0) * 2.0**k / math.factorial(k) for k in range(40)]
    queue = sum((k - 3) * p for k, p in enumerate(poisson) if k > 3)
    assert math.isclose(same.mean, queue / 2.0) and math.isclose(same.delayed, sum(poisson[3:]))
    patient, hurried = erlang_a(5, 4.0, 1.0, 1e-9), erlang_a(5, 4.0, 1.0, 1e9)
    assert math.isclose(patient.mean, erlang_c(5, 4.0, 1.0).mean, rel_tol=1e-6)
    assert math.isclose(hurried.abandoned, erlang_b(5, 4.0), rel_tol=1e-6)
    assert erlang_a(2_000, 2_600.0, 1.0, 0.5).abandoned == pytest.approx(1 - 2_000 / 2_600, abs=1e-3)
