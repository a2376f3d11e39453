"""docs/performance.md and its pictures, written from `bench/measured.json`: `python -m tierline.bench.report`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import plot
from .peers.job import SINGLE
from .pick_bars import OURS
from .results import MEASURED
from .words import ABSENT, ALIKE, BEGINNING, LACKS, PICKS, QUEUES, SMALL

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
OWN = "tierline"
Row = Mapping[str, Any]


def main() -> int:
    """Write the page again from the figures that are there."""
    if not MEASURED.exists():
        print("bench/measured.json isn't there: `make bench` writes it.", file=sys.stderr)
        return 1
    write(json.loads(MEASURED.read_text()))
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
        spread = f"{_number(low)}–{_number(high)} | {row['n']}"
        lines.append(f"| {mark} | {row['bar']} | **{figure}** {unit} | {limit} | {spread} | {row['note']} |")
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
    lines.append(ALIKE)
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
    lines.append(SMALL)
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
