"""Many scenes on one store, several side by side."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ...queue.client import Client
from .people import People
from .rule import NOTHING
from .scene import Scene

LONG = 250
"""Steps of one scene."""
TOGETHER = 24
BATCH = 120
"""Scenes after which the store is emptied."""


@dataclass
class Verdict:
    """What became of one scene."""

    seed: int
    steps: int = 0
    turns: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


async def one(seed: int, client: Client, steps: int = LONG) -> Verdict:
    """Play and judge one seed."""
    scene = Scene(seed, client, steps)
    people = People(scene)
    await scene.play(people)
    rule, found = scene.rule, Verdict(seed, scene.steps, scene.turns)
    found.seen, found.log = rule.seen, scene.loom.log
    found.seen["words that stayed inside"] = sum(not rule.held_of[it] for it in rule.written)
    found.seen["undone in time"] = len(rule.undone)
    found.seen["taken back by editing or deleting"] = sum(
        NOTHING in back.told for it in rule.written.values() for back in it.taken_back
    )
    found.wrong = rule.wrong + [("we broke", words) for words in scene.broken]
    found.acts.update(line.partition("→ ")[2].partition(" ")[2] for line in scene.loom.log if "→ " in line)
    return found


async def many(seed: int, steps: int, client: Client, done: Callable[[Verdict], None]) -> None:
    """So many steps from the first seed on, in scenes of `LONG`."""
    seeds = list(range(seed, seed + max(1, -(-steps // LONG))))
    for start in range(0, len(seeds), BATCH):
        batch = iter(seeds[start : start + BATCH])

        async def work(batch: object = batch) -> None:
            for it in batch:  # type: ignore[attr-defined]
                done(await one(it, client))

        await asyncio.gather(*(work() for _ in range(TOGETHER)))
        await client.call("FLUSHALL")
