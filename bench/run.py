"""`make bench`: measure the bars, print them, write `bench/results.json`; exit 1 when one is missed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from .bars import Bar
from .offer_bar import offers
from .queue_bars import agents, backlog, classes, memory, noops
from .replay_bar import replay
from .start_bar import start

RESULTS = Path(__file__).parent / "results.json"
BARS: dict[str, Callable[[bool], Awaitable[list[Bar]]]] = {
    "backlog": backlog,
    "classes": classes,
    "agents": agents,
    "noops": noops,
    "memory": memory,
    "offers": offers,
    "replay": replay,
    "start": start,
}


async def measure(names: list[str], quick: bool) -> list[Bar]:
    """Measure the named bars, one after the other, each printed as soon as it is known."""
    found: list[Bar] = []
    for name in names:
        for bar in await BARS[name](quick):
            print(bar.line(), flush=True)
            found.append(bar)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller crowds, fewer slices")
    parser.add_argument("--only", choices=sorted(BARS), action="append", help="measure this bar alone")
    args = parser.parse_args()
    bars = asyncio.run(measure(args.only or list(BARS), args.quick))
    RESULTS.write_text(json.dumps([bar.to_json() for bar in bars], indent=1) + "\n")
    return 0 if all(bar.passed for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
