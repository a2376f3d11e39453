"""One chaos run: crowd and faults side by side, then the dust settles, then the checker."""

from __future__ import annotations

import asyncio
import random
import resource
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .archive import open_contacts
from .check import check
from .collect import collect, left, quiet
from .crowd import Crowd
from .faults import Hands, schedule
from .seen import Seen, Violation
from .stage import SMALL, Stage, open_stage

RATE = 115.0
"""Conversations a second where there are many: 20,000 in three minutes, which leaves two for the rest of five."""

FEW = 300
"""Conversations up to which all that come are meant to live to their end; of more, as many as twelve agents manage."""
SETTLE = 80.0
"""Seconds that the dust may take: a delivery that failed again and again is tried every 30 s."""


@dataclass(frozen=True, slots=True)
class Form:
    """How much, for how long, with which faults. `kinds` empty: every kind."""

    seed: int = 1
    contacts: int = 200
    faults: int = 10
    seconds: float = 0.0
    agents: int = 0
    kinds: tuple[str, ...] = ()
    drain: float = 0.0
    tree: Path | None = None
    lives: float = 1.0
    declines: float = 0.07
    ignores: float = 0.08
    absent: int = 0
    favoured: tuple[str, ...] = ()
    settle: float = SETTLE
    plans: int = 3
    supervised: bool = True
    home: Path | None = None
    """A new directory that stays, with every process's log; else one that is removed."""

    @property
    def lasts(self) -> float:
        """Seconds of crowd and faults."""
        return self.seconds or max(15.0, self.contacts / RATE, self.faults * 0.9)

    @property
    def finishing(self) -> float:
        """Seconds in which the agents may finish what there is: everything where that is little."""
        return self.drain or (60.0 if self.contacts <= FEW else 15.0)

    @property
    def people(self) -> int:
        """How many agents there are.

        Each ends about one contact a second. A full life costs 0.08 s of processor time of everybody together, an
        arrival 5 ms, a process that starts anew 2 s: more agents than these would only be slower on two cores.
        """
        return self.agents or 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed."""

    seen: Seen
    violations: tuple[Violation, ...]
    faults: dict[str, int]
    trouble: tuple[str, ...]
    settled: bool
    seconds: dict[str, float] = field(default_factory=dict)
    open: int = 0
    cpu: tuple[float, float] = (0.0, 0.0)
    """Seconds of processor time: of crowd, proxy and checker; of the product, its store and the stand-ins."""


async def chaos(form: Form, tell: bool = True) -> Outcome:
    """Run it in a directory of its own, which is removed."""
    if form.home is not None:
        form.home.mkdir(parents=True)
        return await _run(form, form.home, tell)
    with tempfile.TemporaryDirectory(prefix="tierline-chaos-") as home:
        return await _run(form, Path(home), tell)


async def _run(form: Form, home: Path, tell: bool) -> Outcome:
    rng, took, begun, spent = random.Random(form.seed), {}, time.monotonic(), _spent()
    async with open_stage(home, form.people, tree=form.tree) as stage:
        crowd = Crowd(stage, random.Random(rng.random()), form.lives, form.declines)
        crowd.ignores, crowd.absent = form.ignores, form.absent
        crowd.hands.favoured = form.favoured
        hands = Hands(stage, random.Random(rng.random()))
        crowd.start(form.supervised)
        await crowd.everybody("available")
        took["start"] = time.monotonic() - begun
        faults = schedule(rng, form.faults, form.lasts, form.kinds)
        watching = asyncio.create_task(_progress(crowd, hands, form)) if tell else None
        publishing = asyncio.create_task(_publish(crowd, home, form))
        try:
            await asyncio.gather(crowd.customers(form.contacts, form.lasts), hands.run(faults))
            await hands.mend()
        finally:
            for task in (watching, publishing):
                if task is not None:
                    task.cancel()
        took["crowd and faults"] = time.monotonic() - begun - sum(took.values())
        crowd.be_kind()
        await crowd.announced()
        still = await _drain(stage, crowd, form.finishing)
        await crowd.leave()
        settled = await quiet(stage, crowd, form.settle)
        took["dust"] = time.monotonic() - begun - sum(took.values())
        seen = await collect(stage, crowd, hands, form.people)
        await crowd.stop()
        trouble = tuple(crowd.trouble + hands.trouble)
    violations = check(seen)
    took["check"] = time.monotonic() - begun - sum(took.values())
    ours, theirs = (now - before for now, before in zip(_spent(), spent, strict=True))
    return Outcome(seen, tuple(violations), hands.done, trouble, settled, took, still, (ours, theirs))


def _spent() -> tuple[float, float]:
    """Processor time so far: this process's, and that of those it started and saw end."""
    each = (resource.getrusage(it) for it in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ours, theirs = (it.ru_utime + it.ru_stime for it in each)
    return ours, theirs


async def _drain(stage: Stage, crowd: Crowd, within: float) -> int:
    """Let the agents finish what there is; how much was left."""
    end = time.monotonic() + within
    while True:
        open_now = await asyncio.to_thread(open_contacts, stage.history)
        if time.monotonic() > end or not (open_now or await left(stage, crowd)):
            return open_now
        await asyncio.sleep(0.5)


async def _publish(crowd: Crowd, home: Path, form: Form) -> None:
    """The same rules with a remark, or the small service in a hurry, which moves those who wait for it; in turn."""
    source = (home / "plan.yaml").read_text()
    slow, fast = (f"{SMALL}: {{schedule: always, answer_within: {within}," for within in ("10m", "2m"))
    assert source.count(slow) == 1
    for i in range(form.plans):
        await asyncio.sleep(form.lasts / (form.plans + 1))
        hurried = source.replace(slow, fast) if i % 2 == 0 else source
        await crowd.publish(f"{hurried}# {i}\n", "reevaluate" if form.supervised else "new")


async def _progress(crowd: Crowd, hands: Hands, form: Form) -> None:
    while True:
        await asyncio.sleep(10)
        print(
            f"  {len(crowd.texted)} texts, {len(crowd.eyes.heads)} taken, {len(crowd.hands.typed)} replies typed,"
            f" {sum(hands.done.values())} of {form.faults} faults, wire {crowd.eyes.wire}",
            flush=True,
        )
