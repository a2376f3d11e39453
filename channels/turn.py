"""Who only waits for their turn, and what may be done behind everything else: how a door tells whoever runs its work.

Slack takes about one message a second into a channel. Whoever waits behind that has nothing under way: a stop needn't
wait for them (the outbox keeps it, and the next start says it), and they need no place among those who work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

_waiting: set[asyncio.Task[object]] = set()
Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Worker:
    """Whoever runs the work of `task`: told when it begins to wait and when it goes on, and takes what may come later.

    `later(lane, work)`: `work` is done behind whatever stands in `lane`, once `task` has succeeded, and as surely.
    `before`: another process may have done it already.
    """

    task: asyncio.Task[Any]
    waits: Callable[[], None]
    goes_on: Callable[[], None]
    later: Callable[[str, Work], None]
    before: bool = False


worker: ContextVar[Worker | None] = ContextVar("worker", default=None)


def _mine() -> Worker | None:
    """The worker of this very task: one that a task began has none, though it inherits the variable."""
    found = worker.get()
    return found if found is not None and found.task is asyncio.current_task() else None


@contextmanager
def its_turn() -> Iterator[None]:
    """Around a wait for one's turn, and nothing else: whoever is in it may be cancelled as if they had never begun."""
    task, told = asyncio.current_task(), _mine()
    assert task is not None
    _waiting.add(task)
    if told is not None:
        told.waits()
    try:
        yield
    finally:
        if told is not None:
            told.goes_on()
        _waiting.discard(task)


def somebody_runs_it() -> bool:
    """Whether this task's work is repeated by whoever runs it, and may wait for as long as it has to."""
    return _mine() is not None


def done_before() -> bool:
    """Whether another process may have done this already, so that it is to be looked for."""
    told = _mine()
    return told is not None and told.before


def only_waits(task: asyncio.Task[None]) -> bool:
    """Whether all that `task` does now is to wait for its turn."""
    return task in _waiting


async def afterwards(lane: str, work: Work) -> None:
    """Do what nobody has to wait for in a lane of its own, as durably as what calls this; at once where there are none.

    A customer's next line needn't wait until an old message has lost its buttons.
    """
    told = _mine()
    if told is None:
        await work()
    else:
        told.later(lane, work)
