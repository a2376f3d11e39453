"""Model and scripts do the same in every random history: replies, events, and state after every step."""

import asyncio
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


BLOCK = 150
"""Histories of one test: each of the long check ends within minutes, and two workers share a kind."""
PARTS = [(kind, n) for kind in KINDS for n in range(10)] if LONG else [(kind, 0) for kind in KINDS]
ONE = 120
"""Seconds that one history may take, a hundred times what it does: else its seed is told."""


@pytest.mark.promise("queue-right")
@pytest.mark.timeout(1800 if LONG else 300)
@pytest.mark.parametrize(("kind", "part"), PARTS, ids=[f"{kind}-{n}" if LONG else kind for kind, n in PARTS])
async def test_model_and_scripts_agree_after_every_step(kind, part, tmp_path):
    first = int(os.environ.get("TIERLINE_SEED", "0")) + part * BLOCK
    async with memory_server(tmp_path) as client:
        await agree(kind, client, range(first, first + (BLOCK if LONG else SAMPLE[kind])))


@pytest.mark.promise("queue-right")
async def test_who_is_not_admitted_any_more_gets_nothing_that_still_waits_for_them(tmp_path):
    """More waited for an edited agent than one script rechecks, and one was offered to them: the long check found it."""
    async with memory_server(tmp_path) as client:
        await agree("leaving", client, [1068])


@pytest.mark.promise("queue-right")
async def test_what_has_ended_is_identified_by_nobody_else(tmp_path):
    """The model named the last owner of an ended contact in its refusal: the long check found it."""
    async with memory_server(tmp_path) as client:
        await agree("leaving", client, [88, 107])


@pytest.mark.promise("queue-right")
async def test_what_a_call_displaced_goes_on_waiting_where_it_may_be_offered_to_more(tmp_path):
    """The model let a call be offered to a second agent before an earlier text, which the first one's call had freed."""
    async with memory_server(tmp_path) as client:
        await agree("leaving", client, [1160])


@pytest.mark.promise("queue-right")
async def test_who_waited_for_an_agent_removed_and_written_down_again_waits_for_them_no_more(tmp_path):
    """The scripts forgot, with the agent, that more waited for them than one script lets go: the long check found it."""
    async with memory_server(tmp_path) as client:
        await agree("leaving", client, [1168])


@pytest.mark.promise("queue-right")
async def test_who_missed_a_call_is_filled_by_rank_with_what_it_displaces(tmp_path):
    """What the call displaced came before an earlier text that waited for the same room: the long check found it."""
    async with memory_server(tmp_path) as client:
        await agree("ringing", client, [1347])


async def agree(kind, client, seeds):
    site = "core"
    name = await load(client, f"core_{kind}", BOUND.get(kind))
    for seed in seeds:
        rng = random.Random(f"{kind}{seed}")
        world = KINDS[kind](rng)
        steps = moves(rng, 100, world)
        try:
            async with asyncio.timeout(ONE):
                differs = await Both(client, site, world, name).run(steps)
        except TimeoutError:
            pytest.fail(f"{kind} {seed} doesn't end")
        if differs:
            found = await shortened(client, site, world, steps, name)
            pytest.fail(f"{kind} {seed}: {found}")
        await clear(client, site)
