"""Handle time, as contact centres count it: talk, hold and wrap-up. What an agent had in hand and wasn't asleep. Pure.

accepted ─▶ in hand … on hold … ─▶ wrap-up ─▶ closed        snoozed, parked, given back, somebody else's: doesn't count
"""

from __future__ import annotations

from collections.abc import Sequence

from ..state import Event
from .fold import ContactRow, Tale, fold

TURNS = (
    "accepted", "reached", "returned", "snoozed", "queued", "woken", "revived", "reopened", "parked", "wrapping",
    "closed", "abandoned", "dead",
)  # fmt: skip
"""Events by which a contact comes into somebody's hands, or out of them."""
IN_HAND = frozenset({"active", "wrapping"})


def handle_time(told: Sequence[Event], agent: str) -> int:
    """For how long (ms) `agent` (the queue's id) had one contact in hand, by its `TURNS` in the ledger's order."""
    tale, total, since = Tale(ContactRow("")), 0, None
    for event in told:
        fold(tale, event, (event.t, 0, 0))
        holds = tale.contact.owner == agent and tale.contact.state in IN_HAND
        if since is not None and not holds:
            total, since = total + event.t - since, None
        elif since is None and holds:
            since = event.t
    return total
