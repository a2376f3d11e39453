"""`make bench`: measure the bars and the peers, print them, write `bench/results.json` and docs/performance.md.

About twenty minutes on two quiet cores (`--quick`: two); exit 1 when a bar is missed. A whole run alone writes the
page: figures of smaller crowds would be other figures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence

from . import report
from .bars import Absent, Bar, Finding
from .call_bars import calls
from .chat_bars import chat
from .desk_bars import desk
from .load_bars import client, declined, due, herd
from .mail_bars import mail
from .offer_bar import offers
from .peer_bars import queues
from .pick_bars import picks
from .queue_bars import agents, backlog, classes, memory, noops
from .relay_bar import relay
from .replay_bar import replay
from .replica_bars import replicas
from .results import Results, machine
from .start_bar import start

BARS: dict[str, Callable[[bool], Awaitable[Sequence[Finding]]]] = {
    "backlog": backlog,
    "classes": classes,
    "agents": agents,
    "declined": declined,
    "due": due,
    "herd": herd,
    "noops": noops,
    "client": client,
    "memory": memory,
    "offers": offers,
    "calls": calls,
    "chat": chat,
    "desk": desk,
    "mail": mail,
    "relay": relay,
    "replay": replay,
    "replicas": replicas,
    "start": start,
    "queues": queues,
    "picks": picks,
}
WITHIN = 420.0
"""Seconds for one group: what takes longer is told as not measured, and the run goes on."""
LONGER = {"chat": 1500.0}
"""Of groups with a crowd that must have said all it has to say."""


async def measure(names: list[str], quick: bool) -> Results:
    """Measure the named groups, one after the other, each figure printed as soon as it is known."""
    begun = time.monotonic()
    found = Results(quick, await machine())
    for name in names:
        since, within = time.monotonic(), LONGER.get(name, WITHIN)
        try:
            async with asyncio.timeout(within):
                rows = list(await BARS[name](quick))
        except TimeoutError:
            rows = [Absent(name, f"not done within {within:g} s")]
        except Exception as error:  # the other figures shouldn't be lost with it; the exit status tells
            traceback.print_exc()
            rows = [Absent(name, f"it broke: {type(error).__name__}")]
        for row in rows:
            print(row.line(), flush=True)
        found.groups[name] = rows
        found.seconds = round(time.monotonic() - begun)
        found.save()
        print(f"  {name}: {time.monotonic() - since:.0f} s", file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller crowds, fewer slices")
    parser.add_argument("--only", choices=sorted(BARS), action="append", help="measure this group alone")
    args = parser.parse_args()
    found = asyncio.run(measure(args.only or list(BARS), args.quick))
    missing = [
        name
        for name, rows in found.groups.items()
        if any(isinstance(row, Absent) and row.who == name for row in rows)
    ]
    bars = [row for rows in found.groups.values() for row in rows if isinstance(row, Bar)]
    kept = found.save()
    if not args.quick and set(kept["groups"]) >= set(BARS):
        report.write(kept)
        print(f"wrote {report.PAGE.relative_to(report.ROOT)}", file=sys.stderr)
    return 0 if not missing and all(bar.passed for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
