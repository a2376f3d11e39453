"""`make races N=10000 SEED=1`: key and button, accept and hang-up, hang-up and join, in any order of callbacks.

Exit 1 on any violation. `ARGS="--show 17"` plays one seed and prints everything that happened in it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter

from .judge import Verdict
from .run import arena, many, one, silent

SHOWN = 6


def main() -> int:
    parser = argparse.ArgumentParser(prog="make races", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("-n", type=int, default=1000, help="scenes")
    parser.add_argument("--show", type=int, help="play this seed alone, and tell all of it")
    args = parser.parse_args()
    silent()
    if args.show is not None:
        found = asyncio.run(_show(args.show))
        return 1 if found.wrong else 0
    begun = time.monotonic()
    verdicts = _loop(args.seed, args.n)
    report(verdicts, time.monotonic() - begun)
    return 1 if any(it.wrong for it in verdicts) else 0


def _loop(seed: int, n: int) -> list[Verdict]:
    if sys.platform != "win32":
        import uvloop

        return uvloop.run(_many(seed, n))
    return asyncio.run(_many(seed, n))


async def _show(seed: int) -> Verdict:
    async with arena() as client:
        found = await one(seed, client)
    print("\n".join(found.log))
    report([found], 0)
    return found


async def _many(seed: int, n: int) -> list[Verdict]:
    found: list[Verdict] = []

    def done(it: Verdict) -> None:
        if not it.wrong:
            it.log = []  # kept where something is to be looked for
        found.append(it)
        if len(found) % 500 == 0:
            print(
                f"  {len(found)} of {n}, {sum(bool(it.wrong) for it in found)} wrong",
                file=sys.stderr,
                flush=True,
            )

    async with arena() as client:
        await many(range(seed, seed + n), client, done)
    return sorted(found, key=lambda it: it.seed)


def report(verdicts: list[Verdict], took: float) -> None:
    """Outcomes and violations, each with seeds to play again."""
    outcomes, events, wrong = Counter[str](), Counter[str](), Counter[str]()
    for it in verdicts:
        outcomes += it.outcomes
        events += it.events
        wrong.update({what for what, _ in it.wrong})
    print(f"\n{'outcome':44} {'count':>7}")
    for name, often in sorted(outcomes.items()):
        print(f"{name:44} {often:7}")
    told = (
        "offered",
        "accepted",
        "claimed",
        "declined",
        "missed",
        "rescinded",
        "abandoned",
        "revived",
        "leg",
    )
    print("\nin the ledger: " + ", ".join(f"{name} {events[name]}" for name in told))
    print(f"{len(verdicts)} scenes, {sum(it.steps for it in verdicts)} steps, {took:.0f} s")
    print(f"violations: {sum(wrong.values())}")
    for what, often in wrong.most_common():
        seeds = [it for it in verdicts if any(w == what for w, _ in it.wrong)]
        print(f"  {often:6} × {what}")
        for it in seeds[:SHOWN]:
            about = next(about for w, about in it.wrong if w == what)
            print(f"           seed {it.seed}: {about}")


if __name__ == "__main__":
    sys.exit(main())
