"""`make chaos SEED= N=`: real processes and sockets, seeded faults, and a checker that sees what the outside saw."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from .run import Form, Outcome, chaos
from .seen import Seen

SHOWN = 8


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-n", type=int, default=200, help="conversations")
    parser.add_argument(
        "--faults", type=int, help="how many (default: one for each 100 conversations, at least 10)"
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="for how long they are spread")
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--lives", type=float, default=1.0, help="the share of offers that agents answer")
    parser.add_argument("--only", action="append", default=[], help="this kind of fault alone")
    parser.add_argument("--keep", type=Path, help="a new directory for logs and history, which stays")
    parser.add_argument(
        "--bugs", nargs="*", metavar="NAME", help="prove the checker: one seeded bug at a time"
    )
    parser.add_argument("--together", type=int, default=1, help="so many bugs at a time")
    args = parser.parse_args()
    if args.bugs is not None:
        from .prove import prove

        return asyncio.run(prove(args.bugs, args.seed, args.together))
    faults = args.faults if args.faults is not None else max(10, args.n // 100)
    form = Form(
        seed=args.seed, contacts=args.n, faults=faults, seconds=args.seconds, agents=args.agents,
        kinds=tuple(args.only), lives=args.lives, home=args.keep,
    )  # fmt: skip
    begun = time.monotonic()
    print(
        f"chaos: seed {form.seed}, {form.contacts} conversations, {faults} faults, {form.people} agents",
        flush=True,
    )
    outcome = _loop(form)
    report(outcome, time.monotonic() - begun)
    if args.keep:
        lines = (json.dumps([e.entry, e.t, e.e, e.c, e.a, e.n, e.x]) for e in outcome.seen.events)
        (args.keep / "history.txt").write_text("\n".join(lines))
    return 1 if outcome.violations or not outcome.settled or outcome.trouble else 0


def _loop(form: Form) -> Outcome:
    if sys.platform != "win32":
        import uvloop

        return uvloop.run(chaos(form))
    return asyncio.run(chaos(form))


def report(it: Outcome, took: float) -> None:
    """The table, then each kind of violation with examples."""
    seen = it.seen
    print(f"\n{'fault':24} {'count':>5}")
    for kind, often in sorted(it.faults.items()):
        print(f"{kind:24} {often:5}")
    print(f"{'all':24} {sum(it.faults.values()):5}\n")
    count = Counter(e.e for e in seen.events)
    accepted = sum(t.accepted for t in seen.texted)
    print(
        f"contacts {count['arrived']}, texts {len(seen.texted)}, accepted {accepted}, offers {count['offered']},"
        f" taken {count['accepted']}, closed {count['closed']}, open {it.open}"
    )
    print(
        f"replies typed {len(seen.typed)}, texts out {len(seen.sent)}, missed {count['missed']},"
        f" declined {count['declined']}, rescinded {count['rescinded']}, events {len(seen.events)}"
    )
    print(lived(seen))
    print(
        f"processor time: product, store and stand-ins {it.cpu[1]:.0f} s, crowd, proxy and checker {it.cpu[0]:.0f} s"
    )
    print(", ".join(f"{name} {value:.0f} s" for name, value in it.seconds.items()), f"= {took:.0f} s")
    kinds = Counter(v.check for v in it.violations)
    print(
        f"violations: {len(it.violations)}"
        + "".join(f"\n  {n:4} × {kind}" for kind, n in kinds.most_common())
    )
    for kind in kinds:
        for v in [v for v in it.violations if v.check == kind][:SHOWN]:
            print(f"    {v.check}: {v.about}: {v.words}")
    if not it.settled:
        print("the dust never settled: wire or history still move")
    for line in it.trouble[:SHOWN]:
        print(f"trouble of the run itself: {line}")


def lived(seen: Seen) -> str:
    """How far the contacts got."""
    by: defaultdict[str, set[str]] = defaultdict(set)
    for e in seen.events:
        by[e.e].add(e.c)
    full = by["accepted"] & by["closed"]
    answered = {it.contact for it in seen.typed if it.meant == "reply" and "white_check_mark" in it.marks}
    return (
        f"full lives {len(full)} (taken by somebody and closed; {len(full & answered)} with a reply that was delivered),"
        f" handed over {len(by['transferring'])}, snoozed {len(by['snoozed'])}, back from there {len(by['returned'])},"
        f" ended as spam {len(seen.spammed & by['closed'])}"
    )


if __name__ == "__main__":
    sys.exit(main())
