"""Every function of the library has a typed wrapper, and every wrapper a function."""

from __future__ import annotations

import re
from pathlib import Path

import tierline
from tierline.queue import library

QUEUE = Path(tierline.__file__).parent / "queue"


def test_every_lua_function_is_called_from_python_and_the_reverse() -> None:
    offered = {name.removeprefix(f"{library.NAME}_") for name in library.functions()}
    called = set()
    for file in QUEUE.glob("*.py"):
        called |= set(re.findall(r'\.(?:do|ask|ask_once)\(\s*"(\w+)"', file.read_text(encoding="utf-8")))
    assert offered == called


def test_every_function_name_carries_the_contracts_version() -> None:
    assert all(name.startswith(f"{library.NAME}_") for name in library.functions())


def test_every_bound_is_lowered_by_a_directed_test() -> None:
    """BOUND_MEMO and BOUND_KEPT only limit what is remembered between calls."""
    bounds = set(re.findall(r"(?m)^local (BOUND_\w+)", library.source())) - {"BOUND_MEMO", "BOUND_KEPT"}
    directed = Path(__file__).parent.parent / "store" / "test_engine_bounds.py"
    assert bounds == set(re.findall(r'"(BOUND_\w+)"', directed.read_text(encoding="utf-8")))
