"""docs/performance.md and its pictures, written from `bench/results.json`: `python -m tierline.bench.report`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import plot
from .peers.work import SINGLE
from .pick_bars import OURS
from .results import RESULTS

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
OWN = "tierline"
Row = Mapping[str, Any]

BEGINNING = """# Performance

Written by `make bench` on {day} from what it measured in {minutes} minutes; no figure here is typed by hand.

{machine}

**How it is measured.** On shared cores the same thing takes twice as long a minute later, so an absolute figure is worth little. Whatever is compared is measured in one run, in short slices in turn; a ratio is the fastest slice against the fastest slice, with the smallest and largest ratio of neighbouring slices beside it and how many there were. *Server time* is the time that the store itself counts for its function calls. A figure without a limit is told, not judged.

**To repeat it:** `make bench` (about twelve minutes on two quiet cores, then this page is new), `make bench ARGS=--quick` (two minutes, smaller crowds, leaves this page alone), `make bench ARGS="--only backlog"` (one group). BullMQ is fetched by npm where Node.js is installed. PostgreSQL is the server that `TIERLINE_TEST_DATABASE_URL` names, or one that the bench starts for itself.

## The bars

![Each bar as a share of its limit](performance-bars.svg)

{bars}

{missed}
The relay is what one would write oneself in an afternoon ([bench/peers/relay.py](../bench/peers/relay.py)): it checks Twilio's signature, writes the text to a stream on disk, and a consumer posts it to a Slack channel. Both are asked over sixteen connections at the same moment, one text each, with the stand-ins' limits off. What Tierline has done by then besides: found or made the customer, looked whether the text belongs to an open contact, applied the plan, ranked, chosen the agent, and asked that one person with buttons and a deadline.

"""
QUEUES = """## Other queues on the same work

{jobs} jobs of 190 bytes: pushed by 16 tasks, then taken and finished by ten workers in one process; then {single} single jobs, 5 ms apart, into the idle queue. Every queue has a fresh server with the same promise, `appendfsync always`: what is confirmed is on disk. (Most people run these queues with less; all of them are then faster, Tierline too.) For Tierline a job is a contact: it is matched by skill, tier and rank, *offered* to one of ten agents, accepted, read, completed, and every step is in the ledger.

![Jobs pushed a second](performance-push.svg)
![Jobs taken and finished a second](performance-take.svg)

{table}

**What these don't do.** {lacks}

{wins}
"""
LACKS = {
    "BLMOVE": "plain lists give the oldest job to whoever asks first: no skills, no ranks, no capacity, no offers; what a dead worker held, you sweep yourself",
    "Streams": "a consumer group hands out entries in batches and remembers who has what; no skills, no ranks, no choice of worker; reclaiming is yours",
    "taskiq-redis": "a task framework: routing by task name, retries, schedules; no skills of workers, no ranks, no capacity but a number of tasks",
    "saq": "retries, timeouts, a sweep, schedules and a page; no skills of workers, and a priority is a queue of its own",
    "BullMQ": "priorities, delays, rate limits, flows; no skills or levels of workers, no capacity in units, no person to be asked",
}
PICKS = """## One assignment, by how much waits

An agent is free: find the contact due earliest among everything they may take, make it theirs, on disk. 100 classes, 50 kinds of agents who each serve 20; half of what waits belongs to a class that nobody serves and is due earliest, as after a night. One caller; ms, the best of the slices' medians. For Tierline it is two calls (the contact before is completed, which makes the offer; the offer is accepted) and a look into the ledger between them.

![One assignment by backlog](performance-picks.svg)

{table}

**What these don't do.** *Loop in the program* loads what waits and looks at it in order, as helpdesks do. *class IN / ANY* is one query over the agent's classes. *A probe for each class* is what an expert would write. All of them answer one agent's question; none chooses among several who are free, counts capacity by channel, has offers that can be declined or missed, excludes anybody, wakes up at a date, or writes down why.

{wins}
"""
ABSENT = "**Not measured here:** {}\n"


def main() -> int:
    """Write the page again from the figures that are there."""
    if not RESULTS.exists():
        print("bench/results.json isn't there: `make bench` writes it.", file=sys.stderr)
        return 1
    write(json.loads(RESULTS.read_text()))
    return 0


def write(found: Mapping[str, Any], page: Path = PAGE) -> None:
    """The page and its pictures, which lie beside it."""
    every = [row for rows in found["groups"].values() for row in rows]
    bars = [row for row in every if "bar" in row]
    peers = [row for row in every if "table" in row]
    absent = [row for row in every if "why" in row]
    text = BEGINNING.format(
        day=found["day"], minutes=max(1, round(found["seconds"] / 60)), machine=_machine(found["machine"]),
        bars=_bars(bars), missed=_missed(bars),
    )  # fmt: skip
    jobs = [row for row in peers if row["table"] != "one assignment"]
    picks = [row for row in peers if row["table"] == "one assignment"]
    if jobs:
        text += _queues(jobs)
    if picks:
        text += PICKS.format(table=_matrix(picks, "ms"), wins=_pick_wins(picks))
    if absent:
        text += ABSENT.format("; ".join(f"{row['who']} ({row['why']})" for row in absent))
    page.write_text(text.rstrip() + "\n")
    for name, picture in _pictures(bars, jobs, picks):
        page.with_name(f"performance-{name}.svg").write_text(picture)


def _machine(about: Mapping[str, str]) -> str:
    return "| | |\n|---|---|\n" + "\n".join(f"| {k} | {v} |" for k, v in about.items())


def _number(value: float | None) -> str:
    return "∞" if value is None else plot.number(value) if value else "0"


def _bars(bars: Sequence[Row]) -> str:
    lines = ["| | bar | figure | limit | smallest–largest | n | |", "|---|---|---|---|---|---|---|"]
    for row in bars:
        low, high = row["spread"]
        limit = (
            "" if row["limit"] is None else f"{'≤' if row['sense'] == 'at most' else '≥'} {row['limit']:g}"
        )
        mark = "" if row["limit"] is None else "✓" if row["pass"] else "✗"
        figure, unit = _number(row["value"]), row["unit"]
        lines.append(
            f"| {mark} | {row['bar']} | **{figure}** {unit} | {limit} | {_number(low)}–{_number(high)} | {row['n']} | {row['note']} |"
        )
    return "\n".join(lines)


def _missed(bars: Sequence[Row]) -> str:
    gone = [row for row in bars if not row["pass"]]
    if not gone:
        return "All bars hold in this run.\n"
    return "**Missed in this run:** " + "; ".join(
        f"{row['bar']}: {_number(row['value'])} {row['unit']} instead of {row['limit']:g}" for row in gone
    ) + ".\n"  # fmt: skip


def _order(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(row[key] for row in rows))


def _matrix(rows: Sequence[Row], unit: str) -> str:
    """Who down, case across; the spread in parentheses."""
    cases, cells = _order(rows, "case"), {(row["who"], row["case"]): row for row in rows}
    lines = [f"| {unit} | " + " | ".join(cases) + " |", "|---" * (len(cases) + 1) + "|"]
    for who in _order(rows, "who"):
        line = []
        for case in cases:
            row = cells.get((who, case))
            line.append(
                "" if row is None else f"{_number(row['value'])} ({'–'.join(map(_number, row['spread']))})"
            )
        name = f"**{who}**" if who in (OWN, OURS) else who
        lines.append(f"| {name} | " + " | ".join(line) + " |")
    return "\n".join(lines)


def _queues(jobs: Sequence[Row]) -> str:
    there = _order(jobs, "who")
    lacks = "; ".join(f"**{who}**: {words}" for who, words in LACKS.items() if who in there) + "."
    count = next(row["table"].partition(" ")[0] for row in jobs if row["unit"] == "/s")
    return QUEUES.format(
        jobs=count,
        single=SINGLE,
        table=_matrix(jobs, "best of the rounds (all)"),
        lacks=lacks,
        wins=_wins(jobs),
    )


def _wins(jobs: Sequence[Row]) -> str:
    """In plain words, case by case."""
    lines = ["**Who wins.**"]
    for case in _order(jobs, "case"):
        rows = [row for row in jobs if row["case"] == case]
        own = next((row for row in rows if row["who"] == OWN), None)
        if own is None:
            continue
        rate = own["unit"] == "/s"
        ahead = [
            row for row in rows if (row["value"] > own["value"]) == rate and row["value"] != own["value"]
        ]
        ahead.sort(key=lambda row: row["value"], reverse=rate)
        words = ", ".join(f"{it['who']} ({_times(it['value'], own['value'])})" for it in ahead)
        beyond = f"faster than Tierline: {words}" if ahead else "nobody here is faster than Tierline"
        lines.append(f"*{case[:1].upper()}{case[1:]}*: {beyond}.")
    lines.append(
        "If jobs are all alike and any worker will do, take one of the faster ones: what Tierline spends more it spends on"
        " deciding who is asked, and on being able to say why."
    )
    return " ".join(lines)


def _pick_wins(picks: Sequence[Row]) -> str:
    lines = ["**Who wins.**"]
    for case in _order(picks, "case"):
        rows = [row for row in picks if row["case"] == case]
        own = next(row["value"] for row in rows if row["who"] == OURS)
        ahead = sorted((row for row in rows if row["value"] < own), key=lambda row: float(row["value"]))
        behind = sorted((row for row in rows if row["value"] > own), key=lambda row: float(row["value"]))
        words = (
            f"faster than Tierline: {', '.join(row['who'] for row in ahead)}" if ahead else "nobody is faster"
        )
        if behind:
            words += f"; slowest: {behind[-1]['who']}, {_times(behind[-1]['value'], own)}"
        lines.append(f"*{case}*: {words}.")
    lines.append(
        "For a small backlog a database that is there anyway does this as well; a probe for each class also stays flat."
        " What loads or sorts everything that waits gets slower with every contact that waits."
    )
    return " ".join(lines)


def _times(one: float, other: float) -> str:
    return f"{max(one, other) / max(1e-9, min(one, other)):.2g}×"


def _pictures(bars: Sequence[Row], jobs: Sequence[Row], picks: Sequence[Row]) -> Iterator[tuple[str, str]]:
    judged = [row for row in bars if row["limit"] and row["value"] is not None]
    shares = [
        (
            row["bar"],
            row["value"] / row["limit"] if row["sense"] == "at most" else row["limit"] / row["value"],
        )
        for row in judged
    ]
    yield "bars", plot.shares("Each bar as a share of its limit", shares)
    for name, start in (("push", "pushed"), ("take", "taken")):
        values = [(row["who"], float(row["value"])) for row in jobs if row["case"].startswith(start)]
        if values:
            title = next(row["case"] for row in jobs if row["case"].startswith(start))
            yield name, plot.rows(f"Jobs {title}", sorted(values, key=lambda it: -it[1]), "a second", OWN)
    if picks:
        series: dict[str, list[tuple[float, float]]] = {}
        for row in picks:
            size = float(row["case"].partition(" ")[0].replace(",", ""))
            series.setdefault(row["who"], []).append((size, float(row["value"])))
        yield "picks", plot.lines("One assignment, ms, by how many wait", series, OURS)


if __name__ == "__main__":
    sys.exit(main())
