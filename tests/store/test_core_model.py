"""The reference model alone keeps every rule in random histories."""

import os
import random

import pytest
from core_histories import KINDS, Call, History, World, moves, on_model

from tierline.queue.checks import claims, over_capacity, violations
from tierline.queue.model import Model

LONG = os.environ.get("TIERLINE_LONG") == "1"


def run(world: World, steps) -> list[Call]:
    model = Model(world.bounds)
    history = History(world, model)

    def check(call: Call) -> None:
        seen = len(model.events)
        on_model(model, call)
        state = model.snapshot()
        found = violations(state, call.now) + over_capacity(state, claims(state, model.events[seen:]))
        assert not found, (found, history.done[-6:])

    for call in history.opening():
        check(call)
    for step in steps:
        for call in history.resolve(step):
            check(call)
    return history.done


@pytest.mark.promise("queue-right")
@pytest.mark.parametrize("kind", KINDS)
def test_the_model_breaks_no_rule_in_any_history(kind):
    for seed in range(2000 if LONG else 2):
        rng = random.Random(f"{kind}{seed}")
        world = KINDS[kind](rng)
        try:
            run(world, moves(rng, 120, world))
        except Exception as error:
            error.add_note(f"seed {kind}{seed}")
            raise
