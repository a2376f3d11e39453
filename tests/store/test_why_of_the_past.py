"""*Why* at an instant that is over, told from the ledger alone, is what *why* said then."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from core_histories import KINDS, START, History, World, moves, on_model
from helpers_plan import book

from tierline.queue.model import Model
from tierline.queue.state import Event
from tierline.router.account import latest
from tierline.router.past import DUTY, Then
from tierline.router.rulebook import Rulebook
from tierline.router.simulate.record import entries
from tierline.router.simulate.watching import Watching
from tierline.router.why import Why, explain, timers

LONG = os.environ.get("TIERLINE_LONG") == "1"
SEEDS = range(300 if LONG else 4)
MIDNIGHTS = (START - 40_000_000, START + 46_400_000, START + (1 << 40))


class Night(Then):
    """A record whose midnights are those of the random histories, in which what has ended may be opened again for good."""

    def __post_init__(self) -> None:
        Then.__post_init__(self)
        self.again.reopen = 1 << 40

    def _midnights(self, now: int) -> tuple[int, ...]:
        return MIDNIGHTS


def plain(why: Why) -> Why:
    """What both say: only the words *is* and *was* differ."""
    return replace(why, at=None, text=why.text.replace(" was ", " is ", 1))


def live(plan: Rulebook, model: Model, contact: str, now: int, told: list[Event]) -> Why:
    """*Why* asked of the queue itself."""
    state = model.snapshot()
    view = state.contacts[contact]
    due = {member: state.due[member] for member in timers(view, state.agents) if member in state.due}
    since = {(it.a, it.e): it.t for it in told if it.e in DUTY}
    return explain(
        plan, view, state.agents, due, state.desk, now, since | latest(e for e in told if e.c == contact)
    )


def lived(
    world: World, rng: random.Random, plan: Rulebook
) -> Iterator[tuple[list[Event], dict[tuple[int, str], Why]]]:
    """A random history as it goes on: its ledger so far, and what *why* said between two transitions."""
    world.weights = {**world.weights, "calendar": 0}
    model = Model(world.bounds)
    history = History(world, model)
    ledger: list[Event] = []
    said: dict[tuple[int, str], Why] = {}

    def take() -> None:
        new = model.events[len(ledger) :]
        ledger.extend(replace(it, id=f"{START}-{len(model.events)}") for it in new)

    for call in history.opening():
        on_model(model, call)
        take()
    for move in moves(rng, 90, world):
        for call in history.resolve(move):
            if call.now > model.now and rng.random() < 0.4:
                at = rng.randrange(model.now, call.now)
                open_ones = [it for it in model.contacts.values() if it.closed_at is None]
                for it in rng.sample(open_ones, min(3, len(open_ones))):
                    said[at, it.id] = live(plan, model, it.id, at, ledger)
            on_model(model, call)
            take()
    yield ledger, said


@pytest.mark.promise("why-then")
@pytest.mark.parametrize("kind", KINDS)
def test_why_from_the_ledger_is_what_why_said_then(kind: str) -> None:
    plan, asked, reasons = book(), 0, set[str]()
    for seed in SEEDS:
        rng = random.Random(f"past {kind}{seed}")
        world = KINDS[kind](rng)
        for ledger, said in lived(world, rng, plan):
            then, record = Night({0: plan}, model=Watching(world.bounds)), iter(list(entries(ledger)))
            entry = next(record, None)
            for (at, contact), was in sorted(said.items()):
                while entry is not None and entry.t <= at:
                    then.take(entry)
                    assert then.difference is None, str(then.difference)
                    entry = next(record, None)
                now = then.copied() if rng.random() < 0.05 else then
                found = now.why(contact, [e for e in ledger if e.c == contact], at)
                assert found is not None and plain(found) == plain(was), f"{kind} {seed} {contact} at {at}"
                asked += 1
                reasons |= {row.reason for row in found.rows}
    assert asked > 20 * len(SEEDS) and len(reasons) > 8
