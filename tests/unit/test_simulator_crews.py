"""Crews, breaks, patience and people who don't answer: worked out by hand."""

from __future__ import annotations

from dataclasses import replace

from helpers_plan import SMALL, at, book
from helpers_sim import CALL, START

from tierline.queue.contact import Arrived, Decision
from tierline.router.simulate.cases import Case, Stream, cases, exponential, lognormal
from tierline.router.simulate.crew import Human, Reaction, always, planned
from tierline.router.simulate.results import Meter, Results
from tierline.router.simulate.simulation import Simulation
from tierline.skills.skill import Profile

MINUTE = 60_000


def case(second: int, handling: int = MINUTE, patience: int | None = None) -> Case:
    when = START + 1_000 * second
    return Case(when, f"t{second}", Decision(CALL, when), handling, patience)


def run(calls: list[Case], crew: list, minutes: int = 60, reactions=None) -> Results:
    meter = Meter({worker.name: worker.team for worker in crew}, START, lambda it: it.at + 20_000)
    simulation = Simulation(crew, reactions) if reactions else Simulation(crew)
    simulation.run(calls, START, START + minutes * MINUTE, meter.seen)
    return meter.results(START + minutes * MINUTE)


def test_one_agent_takes_one_call_after_the_other() -> None:
    it = run([case(0), case(10), case(15, patience=30_000)], [always("ada", Profile("desk"))], 10)
    assert (it.all.accepted, it.all.abandoned, it.waiting) == (2, 1, 0)
    assert it.all.mean == (0 + 50_000 + 30_000) / 3 and it.all.p99 == 50_000
    assert it.all.kept == 1 / 3 and it.all.abandonment == 1 / 3
    assert it.agents["ada"].busy == 2 * MINUTE and it.agents["ada"].ratio == 0.2


def test_nobody_is_asked_during_their_break() -> None:
    away = (START + 30_000, START + 5 * MINUTE)
    it = run([case(60)], [always("ada", Profile("desk"), breaks=(away,))], 10)
    assert it.all.mean == 4 * MINUTE
    assert it.agents["ada"].duty == 5 * MINUTE + 30_000


def test_who_does_not_answer_is_passed_over_and_counted() -> None:
    def only_ben(it: Case, agent: str, offer: int) -> Reaction:
        return Reaction("accept", 5_000, 0) if agent == "ben" else Reaction("miss", 0, 0)

    crew = [always(name, Profile("desk")) for name in ("ada", "ben")]
    it = run([case(0)], crew, 10, only_ben)
    assert it.all.offers == 2 and it.all.mean == 25_000  # 20 s until the offer is missed, then 5


def test_the_plans_shifts_and_hours_hold_in_a_simulation_too() -> None:
    plan = book(SMALL)
    start, end = at("2026-11-20 16:00"), at("2026-11-23 12:00")  # Friday afternoon to Monday noon
    arrived = Arrived("voice", "E", "+4915112345678", "+4930100", "hello")
    stream = Stream("calls", arrived, (6.0,), lognormal(2 * MINUTE, 1.0), exponential(10 * MINUTE))
    coming = cases(plan, [stream], 3, start, end)
    assert coming == cases(plan, [stream], 3, start, end) != cases(plan, [stream], 4, start, end)
    accepted: list[int] = []
    crew = planned(plan)
    meter = Meter({worker.name: worker.team for worker in crew}, start)

    def watch(it, of) -> None:
        meter.seen(it, of)
        if it.e == "accepted":
            accepted.append(it.t)

    patient = [replace(it, patience=None) for it in coming]
    Simulation(crew, Human(1, exponential(5_000), declining=0.05, missing=0.05), plan).run(
        patient, start, end, watch
    )
    closed = [t for t in accepted if at("2026-11-20 18:15") < t < at("2026-11-23 08:00")]
    assert accepted and not closed
    assert any(t >= at("2026-11-23 08:00") for t in accepted)


def test_an_offer_that_nobody_answers_is_missed_and_two_of_them_make_away() -> None:
    told: list[tuple[str, int]] = []
    nobody = Simulation([always("ada", Profile("desk"))], lambda it, agent, offer: Reaction("miss"))
    nobody.run(
        [case(0)], START, START + 3 * MINUTE, lambda it, of: told.append((it.e, (it.t - START) // 1_000))
    )
    asked = [it for it in told if it[0] in ("offered", "missed", "rescinded", "presence")]
    assert asked == [
        ("presence", 0), ("offered", 0), ("missed", 20), ("offered", 80), ("missed", 100), ("presence", 100),
    ]  # fmt: skip
