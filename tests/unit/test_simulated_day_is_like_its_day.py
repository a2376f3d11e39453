"""Under its own plan a simulated day is what the day was: what it is compared with must not be worse by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_desk import Dated, route
from helpers_plan import EVA, SMALL, at, book

from tierline.queue.contact import Arrived, Decision
from tierline.router.simulate.cases import Stream, cases, exponential, lognormal
from tierline.router.simulate.compare import Comparison, Replaying
from tierline.router.simulate.crew import Human, planned
from tierline.router.simulate.day import Day
from tierline.router.simulate.record import Entry, Line
from tierline.router.simulate.simulation import Simulation

START, END, MINUTE = at("2026-11-20 08:00"), at("2026-11-20 18:00"), 60_000
ADA = '  - {name: Ada, slack: ada@small.example, phone: "+491700000001", team: desk, tier: L1}\n'
FOUR = "".join(
    ADA.replace("Ada", f"A{n}").replace("ada@", f"a{n}@").replace("001", f"00{n}") for n in range(4)
)
PLAN = book(SMALL.replace(ADA, FOUR))


def day(missing: float, returns: int) -> list[Entry]:
    """The record of a busy day whose agents overlook offers now and then, and are back so many ms after that."""
    arrived = Arrived("voice", "E", EVA, "+4930100", "hello", at=START)
    stream = Stream("calls", arrived, (30.0,), lognormal(4 * MINUTE, 1.0), exponential(60 * MINUTE))
    coming = [replace(it, body=arrived.to_json()) for it in cases(PLAN, [stream], 3, START, END)]
    record: list[Entry] = []
    simulation = Simulation(planned(PLAN), Human(1, exponential(5_000), missing=missing), PLAN, returns)

    def told() -> None:
        lines = [tuple(Line(it.e, it.c, it.a, it.n, _plain(it.x))) for it in simulation.model.told]
        if lines:
            record.append(Entry(f"{len(record)}-1", simulation.model.now, lines))

    simulation.after = told
    simulation.run(coming, START, END, lambda it, case: None)
    return record


def _plain(x):
    return {key: it.record() if isinstance(it, Decision) else it for key, it in x.items()}


def compared(record: list[Entry]) -> Comparison:
    it = Replaying({7: PLAN}, PLAN, at("2026-11-20 00:00"), END)
    assert it.read(record)
    found = it.outcome(PLAN, {}).comparison
    assert found is not None
    return found


@pytest.mark.promise("replay-draft")
def test_who_overlooks_offers_is_back_as_soon_as_they_were_that_day() -> None:
    """Set to away for two missed offers and never back, they left most of the simulated day's customers waiting."""
    it = compared(day(0.25, 2 * MINUTE))
    assert it.active.all.accepted == pytest.approx(it.recorded.accepted, rel=0.03) and it.active.waiting < 5
    assert it.active.all.p90 == pytest.approx(it.recorded.p90, rel=0.5)


def test_how_long_somebody_was_away_is_read_from_the_day_and_who_never_came_back_had_gone() -> None:
    it = Day()

    def told(t: int, agent: str, presence: str, first: str) -> None:
        lines = [(first, "", "", 0, {}, t)] if first != "presence" else []
        said = ("presence", "", agent, 0, {"presence": presence, "why": "", "until": None}, t)
        it.take(Entry(f"{t}-0", t, [*lines, said]))

    for t, agent, presence, first in (
        (0, "ada", "available", "presence"), (10, "ada", "away", "tick"), (40, "ada", "available", "presence"),
        (50, "ben", "away", "missed"), (60, "lin", "away", "tick"), (70, "lin", "offline", "presence"),
    ):  # fmt: skip
        told(t, agent, presence, first)
    assert it.returns == 30
    assert [(t, line.a, line.x["presence"]) for t, _, line in it.said_of_duty()] == [
        (0, "ada", "available"), (40, "ada", "available"), (50, "ben", "away"), (70, "lin", "offline"),
    ]  # fmt: skip


@pytest.mark.promise("replay-draft")
def test_what_was_over_before_anybody_took_it_is_nobodys_work_in_the_simulated_day_either() -> None:
    """Spam and what was merged into another contact were answered there, like everything else."""
    desk = Dated()
    desk.now = START
    desk.comes("A0", team="desk")
    first = desk.owned("A0", route("voice"))
    spam, double, waits = (desk.arrives(route("voice")) for _ in range(3))
    desk.now += 5 * MINUTE
    assert desk.discard(spam, "").done and desk.merge(double, first).done
    desk.now += 5 * MINUTE
    assert desk.complete(first, "A0").done
    desk.takes("A0", waits)
    it = Replaying({7: PLAN}, PLAN, START - 1, START + 30 * MINUTE)
    assert it.read(desk.record())
    found = it.outcome(PLAN, {}).comparison
    assert found is not None and found.recorded.arrived == 2
    assert (found.active.all.arrived, found.active.all.accepted, found.active.waiting) == (2, 2, 0)


def test_a_wait_over_the_days_own_break_counts_from_the_opening_in_the_record_as_in_the_simulation() -> None:
    """Who came while it was open, and was held over the break, waited through it in the record alone."""
    desk = Dated()
    desk.now = START
    held = desk.arrives(route("voice"))
    desk.now += 5 * MINUTE
    assert desk.park(held, START + 65 * MINUTE, "closed").done
    desk.now = START + 65 * MINUTE
    assert desk.tick().fired == 1
    desk.comes("A0", team="desk")
    desk.now += MINUTE
    desk.takes("A0", held)
    it = Replaying({7: PLAN}, PLAN, START - 1, START + 90 * MINUTE)
    assert it.read(desk.record())
    found = it.outcome(PLAN, {}).comparison
    assert found is not None and found.recorded.p50 == pytest.approx(MINUTE, abs=100)


def test_who_was_removed_during_the_day_was_there() -> None:
    desk = Dated()
    desk.now = START
    for name in ("A0", "A1"):
        desk.comes(name, team="desk")
    assert desk.remove_agent("A1", 0).done
    it = Replaying({7: PLAN}, PLAN, START - 1, START + MINUTE)
    assert it.read(desk.record())
    found = it.outcome(PLAN, {}).comparison
    assert found is not None and found.strangers == ("A2", "A3")
