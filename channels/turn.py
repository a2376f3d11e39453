"""Who only waits for their turn: nothing of theirs is under way, so a stop needn't wait for them.

Slack takes about one message a second into a channel. What waits behind that is safe in the outbox, and the next start
says it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

_waiting: set[asyncio.Task[object]] = set()


@contextmanager
def its_turn() -> Iterator[None]:
    """Around a wait for one's turn, and nothing else: whoever is in it may be cancelled as if they had never begun."""
    task = asyncio.current_task()
    assert task is not None
    _waiting.add(task)
    try:
        yield
    finally:
        _waiting.discard(task)


def only_waits(task: asyncio.Task[None]) -> bool:
    """Whether all that `task` does now is to wait for its turn."""
    return task in _waiting
