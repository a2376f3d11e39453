"""The torture set as files: `python tests/mail/torture.py` writes tests/mail/torture/*.eml anew.

They are files so that `make mail DIR=tests/mail/torture` can put them through the door. Bombs that are big are made at
test time only.
"""

from __future__ import annotations

from pathlib import Path

import torture_bodies
import torture_headers
import torture_packs
from torture_kind import Kind

HERE = Path(__file__).parent / "torture"
BIG = 50_000
"""Bytes; whatever is bigger isn't kept as a file."""


def kinds() -> dict[str, Kind]:
    """All of them by name."""
    them = (*torture_headers.KINDS, *torture_bodies.KINDS, *torture_packs.KINDS)
    assert len({it.name for it in them}) == len(them)
    return {it.name: it for it in them}


def files() -> dict[str, bytes]:
    """Those that are kept as files."""
    return {f"{name}.eml": it.raw for name, it in kinds().items() if len(it.raw) <= BIG}


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for old in HERE.glob("*.eml"):
        old.unlink()
    for name, raw in files().items():
        (HERE / name).write_bytes(raw)
