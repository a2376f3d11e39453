"""docs/faults.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def test_every_test_that_the_table_names_is_there() -> None:
    text = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    assert len(named) > 80
    lost = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (TESTS / file).read_text(encoding="utf-8")
    ]
    assert not lost, lost
    for line in text.splitlines():
        if re.match(r"\| (F|SEC)\d", line):
            shown, missing = line.split("|")[4:6]
            assert "::" in shown or missing.strip(), line
