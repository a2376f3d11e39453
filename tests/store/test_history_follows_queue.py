"""What the history makes of the ledger is what the queue itself says of every contact, at any point of any history."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable

import pytest
from core_histories import KINDS, Call, History, moves, on_model

from tierline.queue.history.fold import LIVE, ContactRow, Tale, fold
from tierline.queue.history.projections import numbered
from tierline.queue.model import Model
from tierline.queue.state import ENDED, Event

SEEDS = 300 if os.environ.get("TIERLINE_LONG") else 6


def follow(model: Model, tales: dict[str, Tale], seen: int) -> None:
    """Fold one call's events, which are one entry of the ledger."""
    new = [Event(it.t, it.e, it.c, it.a, it.n, it.x, id=f"{seen}-0") for it in model.events[seen:]]
    for position, event in numbered(new):
        if event.c:
            fold(tales.setdefault(event.c, Tale(ContactRow(event.c))), event, position)


def same(model: Model, tales: dict[str, Tale]) -> None:
    state = model.snapshot()
    assert set(state.contacts) <= set(tales)
    for name, view in state.contacts.items():
        row = tales[name].contact
        told = {it.n: it.agent for it in tales[name].offers.values() if it.state in LIVE}
        assert (row.state, row.service, row.channel, row.arrived, row.wake) == (
            view.state, view.service, view.channel, view.arrived, view.wake,
        ), name  # fmt: skip
        assert (row.ended is not None) == (view.state in ENDED), name
        assert told == {it.number: it.agent for it in view.offers}, name
        if view.state not in ENDED:
            assert row.owner == view.owner, name
        lines = tales[name].messages
        for message in model.contacts[name].messages:
            if not message.kind:
                continue  # said before the contact was called back: the history has it, the model hasn't
            line = lines[message.n]
            assert (line.kind, line.status, line.at, line.agent) == (
                message.kind, message.status, message.at, message.agent,
            ), (name, message.n)  # fmt: skip
            assert line.body == message.body or message.status in ("held", "undone")


@pytest.mark.parametrize("kind", KINDS)
def test_the_history_tells_of_every_contact_what_the_queue_says(kind: str) -> None:
    folded = 0
    for seed in range(SEEDS):
        rng = random.Random(f"history{kind}{seed}")
        world = KINDS[kind](rng)
        model = Model(world.bounds)
        history, tales = History(world, model), dict[str, Tale]()

        def carry_out(calls: Iterable[Call], model: Model = model, tales: dict[str, Tale] = tales) -> None:
            for call in calls:
                seen = len(model.events)
                on_model(model, call)
                follow(model, tales, seen)
            same(model, tales)

        carry_out(history.opening())
        for step in moves(rng, 120, world):
            carry_out(history.resolve(step))
        folded += len(model.events)
    assert folded > 100
