"""Each seeded bug in the scripts is seen by the comparison with the model."""

import random

import pytest
from core_bugs import BUGS
from core_differential import Both, clear, load, memory_server
from core_histories import BOUND, KINDS, moves

HISTORIES = 25


@pytest.mark.promise("queue-right")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BUGS)
async def test_a_seeded_bug_is_seen(name, tmp_path, record_property):
    bug = BUGS[name]
    async with memory_server(tmp_path) as client:
        await load(client, "seeded", BOUND.get(bug.kind), (bug.passage, bug.instead))
        for tried in range(HISTORIES):
            rng = random.Random(f"{bug.kind}{bug.seed + tried}")
            world = KINDS[bug.kind](rng)
            found = await Both(client, "seeded", world, "seeded").run(moves(rng, 100, world))
            if found:
                record_property("seen", f"history {tried + 1}, call {len(found.calls)}")
                return
            await clear(client, "seeded")
    pytest.fail(f"{name}: not seen in {HISTORIES} histories")
