"""The page of figures says what was measured, who was faster, and what was missed; its pictures are whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tierline.bench import report
from tierline.bench.bars import Absent, Bar, Row, best, ratio
from tierline.bench.pick_bars import OURS


def results(**groups: list[Any]) -> dict[str, Any]:
    rows = {name: [it.to_json() for it in found] for name, found in groups.items()}
    return {"quick": False, "day": "2026-11-22", "seconds": 600, "machine": {"cores": "2"}, "groups": rows}


def peers() -> list[Row]:
    rates = {"tierline": 900.0, "Streams": 5_000.0, "saq": 300.0}
    return [
        best("3,000 jobs", case, who, [rate, rate / 2], "/s", high=True)
        for case in ("pushed (16 at a time)", "taken and finished (10 workers)")
        for who, rate in rates.items()
    ]


def picks() -> list[Row]:
    took = {OURS: (1.0, 1.1), "SQLite, loop in the program": (0.5, 60.0)}
    return [
        best("one assignment", f"{size:,} waiting", who, [ms[i]], "ms")
        for i, size in enumerate((1_000, 100_000))
        for who, ms in took.items()
    ]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    bars = [
        ratio("backlog", [1.0, 1.2], [1.0, 1.0], 1.1),
        Bar("relay, p50", 2.0, 1.25, "×", (1.5, 3.0), 9),
        Bar("told", 7.0, None, "ms", (1.0, 9.0), 3),
    ]
    absent = [Absent("BullMQ", "no Node.js here")]
    report.write(
        results(backlog=bars, queues=[*peers(), *absent], picks=picks()), tmp_path / "performance.md"
    )
    return tmp_path / "performance.md"


def test_a_missed_bar_is_said_in_words(page: Path) -> None:
    text = page.read_text()
    assert "Missed in this run:** relay, p50: 2 × instead of 1.25." in text
    assert "| ✓ | backlog | **1** × | ≤ 1.1 |" in text
    assert "|  | told | **7** ms |  |" in text


def test_whoever_is_faster_is_named(page: Path) -> None:
    text = page.read_text()
    assert "*Pushed (16 at a time)*: faster than Tierline: Streams (5.6×)." in text
    assert "*1,000 waiting*: faster than Tierline: SQLite, loop in the program." in text
    assert "*100,000 waiting*: nobody is faster; slowest: SQLite, loop in the program, 55×." in text
    assert "BullMQ (no Node.js here)" in text


def test_every_picture_of_the_page_is_there_and_whole(page: Path) -> None:
    shown = {part.partition(")")[0] for part in page.read_text().split("](") if ".svg)" in part}
    assert shown == {it.name for it in page.parent.glob("*.svg")}
    for name in shown:
        root = ElementTree.parse(page.with_name(name)).getroot()
        assert root.tag.endswith("svg") and "prefers-color-scheme" in page.with_name(name).read_text()


def test_an_endless_figure_is_written_as_such() -> None:
    assert Bar("p99", float("inf"), 100.0, "ms", (0, 0), 0).to_json()["value"] is None
