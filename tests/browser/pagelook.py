"""One open page as the tests look at it, and the made-up stage behind it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from stagefake import StageFake


@dataclass(kw_only=True)
class Seen:
    """One open page."""

    page: Any
    url: str
    errors: list[str] = field(default_factory=list)

    async def until(self, expression: str, timeout: float = 30_000) -> None:
        """Wait until a JavaScript expression holds in the page (asked from here: its policy forbids eval)."""
        end = time.monotonic() + timeout / 1000
        while not await self.page.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never became true: {expression}"
            await self.page.wait_for_timeout(30)

    async def focused(self, selector: str) -> None:
        """Wait until the focus is on what `selector` names."""
        await self.until(f"document.activeElement?.matches({selector!r})")


@dataclass(kw_only=True)
class Look(Seen):
    """One open page and the stage behind it."""

    stage: StageFake
