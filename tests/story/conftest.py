"""Whole processes on real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_stage import Stage, open_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The product in a process of its own, against the stand-ins."""
    async with open_stage(tmp_path) as it:
        yield it
