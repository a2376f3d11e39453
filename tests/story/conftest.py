"""Whole processes on real sockets."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from story_stage import Stage, open_stage

KILLED = ("ignore:unclosed transport:ResourceWarning", "ignore:unclosed <socket:ResourceWarning")
"""Processes are killed here: a stand-in's server drops such a peer's connection when its loop has gone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Only here nobody closes what a killed peer left behind; everywhere else it is a leak of ours."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for rule in KILLED:
                item.add_marker(pytest.mark.filterwarnings(rule))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What was left behind is collected before another test would be blamed for it."""
    yield
    gc.collect()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The product in a process of its own, against the stand-ins."""
    async with open_stage(tmp_path) as it:
        yield it
