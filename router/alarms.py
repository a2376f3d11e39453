"""Instants at which the ledger tells us something: kept in the store, told once by whichever process ticks.

They ride on the queue's edges of services: a name of ours is no service's, since those have no colon.
"""

from __future__ import annotations

from ..queue.engine import Queue
from ..queue.state import Event
from .look import more

RANG = "service.edge"
_OURS = "alarm:"


async def set_alarm(queue: Queue, name: str, at: int | None) -> None:
    """`name` rings at the instant `at` (ms), and at no other; None: not at all."""
    await queue.service_edge(f"{_OURS}{name}", at)


def alarm(event: Event) -> str:
    """The name of the alarm that an event tells of, "" when it tells of none."""
    if event.e != RANG:
        return ""
    name = str(more(event).get("service") or "")
    return name.removeprefix(_OURS) if name.startswith(_OURS) else ""
