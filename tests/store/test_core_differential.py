"""Model and scripts do the same in every random history: replies, events, and state after every step."""

import os
import random

import pytest
from core_differential import Both, clear, load, memory_server, shortened
from core_histories import BOUND, KINDS, moves

LONG = os.environ.get("TIERLINE_LONG") == "1"
SAMPLE = {
    "ordinary": 9,
    "crowded": 2,
    "busy": 6,
    "refusing": 2,
    "tiny": 7,
    "handing": 9,
    "leaving": 7,
    "calling": 9,
    "ringing": 6,
}


@pytest.mark.promise("queue-right")
@pytest.mark.timeout(3600 if LONG else 300)
@pytest.mark.parametrize("kind", KINDS)
async def test_model_and_scripts_agree_after_every_step(kind, tmp_path):
    async with memory_server(tmp_path) as client:
        await agree(kind, client)


async def agree(kind, client):
    site = "core"
    name = await load(client, f"core_{kind}", BOUND.get(kind))
    first = int(os.environ.get("TIERLINE_SEED", "0"))
    for seed in range(first, first + (1500 if LONG else SAMPLE[kind])):
        rng = random.Random(f"{kind}{seed}")
        world = KINDS[kind](rng)
        steps = moves(rng, 100, world)
        if await Both(client, site, world, name).run(steps):
            found = await shortened(client, site, world, steps, name)
            pytest.fail(f"{kind} {seed}: {found}")
        await clear(client, site)
