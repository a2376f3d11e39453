"""What every peer is asked to do: jobs of so many bytes, for so many workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

WORKERS, PUSHERS, SINGLE = 10, 16, 100
PAYLOAD = "x" * 190
Taken = Callable[[str], None]


class Peer(Protocol):
    """A queue with its ten workers; `taken` is told each job's name when a worker begins with it."""

    async def open(self, url: str, taken: Taken) -> None:
        """Ready to be pushed to."""

    async def push(self, job: str) -> None:
        """Durably in."""

    async def work(self) -> None:
        """Work until cancelled."""
