"""What the ledger tells is enough to do everything again: 0 differences, and an altered record is found."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from core_differential import Both, clear, load, memory_server
from core_histories import BOUND, KINDS, START, History, World, moves, on_model
from helpers_desk import HOUR, MINUTE, Desk, asking, route

from tierline.queue.model import Model
from tierline.queue.model_match import Bounds
from tierline.queue.state import Event
from tierline.router.simulate.record import entries
from tierline.router.simulate.reproduce import Again
from tierline.router.simulate.simulation import Virtual

LONG = os.environ.get("TIERLINE_LONG") == "1"
SEEDS = range(1_000 if LONG else 10)
MIDNIGHTS = (START - 40_000_000, START + 46_400_000, START + (1 << 40))


def again(world: World) -> Again:
    return Again(lambda now: MIDNIGHTS, 100 * HOUR, Virtual(world.bounds))


def recorded(world: World, rng: random.Random, count: int) -> Iterator[Event]:
    """The ledger of a random history, from the model alone."""
    world.weights = {**world.weights, "calendar": 0}
    model = Model(world.bounds)
    history = History(world, model)
    seen = 0

    def told() -> Iterator[Event]:
        nonlocal seen
        new, seen = model.events[seen:], len(model.events)
        return (replace(it, id=f"{START}-{seen}") for it in new)

    for call in history.opening():
        on_model(model, call)
        yield from told()
    for move in moves(rng, count, world):
        for call in history.resolve(move):
            on_model(model, call)
            yield from told()


@pytest.mark.parametrize("kind", KINDS)
def test_any_history_is_reproduced_from_its_ledger_alone(kind: str) -> None:
    asked = 0
    for seed in SEEDS:
        rng = random.Random(f"again {kind}{seed}")
        it = again(KINDS[kind](rng))
        it.run(entries(recorded(KINDS[kind](random.Random(f"again {kind}{seed}")), rng, 100)))
        assert it.difference is None, f"{kind} {seed}: {it.difference}"
        asked += it.assignments
    assert asked > len(SEEDS)


@pytest.mark.parametrize(("kind", "seed"), [("handing", 136), ("leaving", 128)])
def test_who_ends_a_contact_that_is_being_handed_over_is_told_apart(kind: str, seed: int) -> None:
    """The owner's end of it keeps it first, anybody else's ends both at once: the thousands of histories found it."""
    rng = random.Random(f"again {kind}{seed}")
    it = again(KINDS[kind](rng))
    it.run(entries(recorded(KINDS[kind](random.Random(f"again {kind}{seed}")), rng, 100)))
    assert it.difference is None, it.difference


@pytest.mark.promise("replay-same")
@pytest.mark.parametrize("how", ["message", "by hand"])
def test_what_is_opened_again_after_days_is_reproduced(how: str) -> None:
    """A plan says for how long (`reopen`), and the store keeps it so long: the thousands of histories found it."""
    desk = Stepping()
    desk.comes("ada")
    contact = desk.owned()
    assert desk.complete(contact, "ada").state == "closed"
    desk.passes(30 * HOUR)
    assert desk.tick().now == desk.now  # others come and go meanwhile
    desk.comes("ben")
    if how == "message":
        assert desk.writes(contact, desk.decided(), reopen=100 * HOUR) == contact
    else:
        assert desk.reopen(contact, "ada", desk.decided()).done
    assert desk.view(contact).owner == "ada"
    assert desk.complete(contact, "ada").state == "closed"
    it = Again(lambda now: MIDNIGHTS, 100 * HOUR, Virtual())
    it.run(entries(replace(it, id=f"{it.t}-0") for it in desk.model.events))
    assert it.difference is None, it.difference


@pytest.mark.parametrize("kind", ["ordinary", "tiny", "handing", "leaving", "calling", "ringing"])
async def test_what_the_scripts_recorded_is_reproduced_by_the_rules(kind: str, tmp_path) -> None:
    async with memory_server(tmp_path) as client:
        name = await load(client, "again", BOUND.get(kind))
        for seed in range(60 if LONG else 3):
            rng = random.Random(f"scripts {kind}{seed}")
            world = KINDS[kind](rng)
            world.weights = {**world.weights, "calendar": 0}
            both = Both(client, "again", world, name)
            for call in both.calls(moves(rng, 150, world)):
                assert not await both.step(call, whole=False)
            told = await both.routers[0].events("0-0", 100_000)
            it = again(world)
            it.run(entries(told))
            assert it.difference is None, f"{kind} {seed}: {it.difference}"
            assert it.events == len(told)
            await clear(client, "again")


@pytest.mark.promise("replay-finds-changes")
def test_an_altered_record_is_found_and_the_first_difference_is_named() -> None:
    world = KINDS["crowded"](random.Random("altered"))
    true = list(recorded(world, random.Random("altered"), 200))
    offers = [i for i, event in enumerate(true) if event.e == "offered"]
    assert len(offers) > 20
    for at in random.Random(1).sample(offers, 12):
        wrong = [*true[:at], replace(true[at], a="somebody"), *true[at + 1 :]]
        it = again(KINDS["crowded"](random.Random("altered")))
        assert not it.run(entries(wrong))
        assert it.difference and it.difference.entry == true[at].id and "somebody" in str(it.difference)
    without = [*true[: offers[3]], *true[offers[3] + 1 :]]
    it = again(KINDS["crowded"](random.Random("altered")))
    assert not it.run(entries(without)) and it.difference


def test_a_record_that_begins_in_the_middle_says_so() -> None:
    world = KINDS["ordinary"](random.Random("middle"))
    told = list(recorded(world, random.Random("middle"), 100))
    it = again(world)
    later = next(i for i, event in enumerate(told) if event.e == "offered")
    assert not it.run(entries(told[later + 1 :]))
    assert it.difference


class Stepping(Desk):
    """Each act has an instant of its own, by which its entry is known."""

    def __getattr__(self, name):
        self.now += 1
        return super().__getattr__(name)


@pytest.mark.parametrize(
    ("limit", "offers_count", "first"),
    [(None, True, 4), (16, True, 8), (16, False, 16)],
    ids=["now", "other", "once"],
)
def test_a_crowded_tick_is_reproduced_by_the_bound_that_it_ran_under(
    limit: int | None, offers_count: bool, first: int
) -> None:
    """Earlier releases counted entries alone, sixteen of them, and their ticks don't tell it."""
    desk = Stepping()
    for n in range(20):
        desk.comes(f"a{n:02}")
    desk.desk(False)
    for _ in range(20):
        desk.arrives()
    desk.desk(True)
    assert desk.tick(limit, offers_count=offers_count).fired == first
    while desk.tick(limit, offers_count=offers_count).more:
        pass
    told = [replace(it, id=f"{it.t}-0") for it in desk.model.events]
    if not offers_count:
        told = [replace(it, x=it.x.replace(',"work":16,"sweep":16', "")) for it in told]
    it = Again(lambda now: MIDNIGHTS, 100 * HOUR, Virtual())
    it.run(entries(told))
    assert it.difference is None, it.difference
    assert it.assignments == 20


@pytest.mark.parametrize("told", [True, False])
def test_a_class_that_died_is_reproduced_by_the_bound_of_its_day(told: bool) -> None:
    """Earlier releases moved 64 at once, and didn't tell it."""
    desk = Stepping(Bounds(tick=16, sweep=64))
    desk.comes("ada")
    desk.desk(False)
    for _ in range(40):
        desk.arrives(route("sms", asking(1, 60 * MINUTE), asking(3)))
    for n in range(46):  # with ada's 47 entries, so that the class is the last of a tick
        desk.comes(f"l{n:02}", tier=3)
    desk.desk(True)
    desk.presence("ada", "offline")
    while desk.tick(16, offers_count=told).more:
        pass
    there = desk.model.events
    if not told:
        there = [replace(it, x=it.x.replace(',"work":16,"sweep":64', "")) for it in there]
    it = Again(lambda now: MIDNIGHTS, 100 * HOUR, Virtual())
    it.run(entries(replace(it, id=f"{it.t}-0") for it in there))
    assert it.difference is None, it.difference
    assert it.assignments == 40
