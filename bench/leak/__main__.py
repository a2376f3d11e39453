"""`make leak SEED=1 N=100000`: whatever people do at the desk, only what the rule releases reaches a customer.

Exit 1 on any violation. `ARGS=--bugs` proves the checker, `ARGS="--show 17"` plays one seed and prints all of it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter

from ..races.run import arena, silent
from .bugs import prove
from .run import Verdict, many, one

SHOWN = 4
BUGGED = 2_000
"""Steps in which a seeded bug must show; tried three times."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make leak", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("-n", type=int, default=10_000, help="steps")
    parser.add_argument(
        "--bugs", action="store_true", help="prove that seeded bugs are found, in 2,000 steps each"
    )
    parser.add_argument("--show", type=int, help="play this seed alone, and tell all of it")
    args = parser.parse_args()
    if args.bugs:
        return prove(args.seed, BUGGED)
    silent()
    begun = time.monotonic()
    verdicts = _loop(
        args.show if args.show is not None else args.seed, 1 if args.show is not None else args.n
    )
    if args.show is not None:
        print("\n".join(verdicts[0].log))
    report(verdicts, time.monotonic() - begun)
    return 1 if any(it.wrong for it in verdicts) else 0


def _loop(seed: int, n: int) -> list[Verdict]:
    if sys.platform != "win32":
        import uvloop

        return uvloop.run(_many(seed, n))
    return asyncio.run(_many(seed, n))


async def _many(seed: int, n: int) -> list[Verdict]:
    found: list[Verdict] = []

    def done(it: Verdict) -> None:
        if n > 1:
            it.log = []
        found.append(it)
        if len(found) % 40 == 0:
            wrong = sum(bool(it.wrong) for it in found)
            print(
                f"  {sum(it.steps for it in found)} of {n} steps, {wrong} scenes wrong",
                file=sys.stderr,
                flush=True,
            )

    async with arena() as client:
        if n == 1:
            done(await one(seed, client))
        else:
            await many(seed, n, client, done)
    return sorted(found, key=lambda it: it.seed)


def report(verdicts: list[Verdict], took: float) -> None:
    """What was done, what arrived, and violations with seeds to play again."""
    acts, seen, wrong = Counter[str](), Counter[str](), Counter[str]()
    for it in verdicts:
        acts += it.acts
        seen += it.seen
        wrong.update({what for what, _ in it.wrong})
    print("steps: " + ", ".join(f"{name} {often}" for name, often in acts.most_common()))
    print("at the end: " + ", ".join(f"{name} {often}" for name, often in seen.most_common()))
    steps, turns = sum(it.steps for it in verdicts), sum(it.turns for it in verdicts)
    print(f"{len(verdicts)} scenes, {steps} steps, {turns} turns, {took:.0f} s")
    print(f"violations: {sum(wrong.values())}")
    for what, often in wrong.most_common():
        print(f"  {often:6} × {what}")
        for it in [it for it in verdicts if any(w == what for w, _ in it.wrong)][:SHOWN]:
            print(f"           seed {it.seed}: {next(about for w, about in it.wrong if w == what)}")


if __name__ == "__main__":
    sys.exit(main())
