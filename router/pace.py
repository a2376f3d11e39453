"""How fast a line of callers moves: from those who waited and were taken in the last half hour, and who is there now.

While somebody waited, one was taken every (time in which anybody waited) / (how many were taken then). Who is taken at
once says nothing about a line. The line that stands now counts as well, so a line that has stopped gets slower.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..queue.history.records import Taken

HALF_HOUR = 1_800_000
FEW = 3
"""Calls taken from a line, below which nothing is said of minutes."""
AT_ONCE = 3_000
"""ms within which somebody is taken who hasn't waited in a line."""


def pace(taken: Sequence[Taken], since: int | None, now: int, agents: int) -> int | None:
    """ms until the next one of the line is taken, None where nobody can say.

    `taken` of one service; `since` when the first of those who wait now arrived, None for nobody; `agents` on duty now
    who may take its calls. Fewer of them than took the calls before: it takes as much longer.
    """
    begun = now - HALF_HOUR
    waited = [it for it in taken if it.accepted > begun and it.accepted - it.arrived > AT_ONCE]
    if len(waited) < FEW or agents <= 0:
        return None
    spans = [(max(it.arrived, begun), it.accepted) for it in waited]
    if since is not None:
        spans.append((max(since, begun), now))
    before = len({it.owner for it in waited})
    return round(_covered(spans) / len(waited) * max(1.0, before / agents))


def minutes(pace: int | None, place: int) -> int | None:
    """The whole minutes that are told at `place` (from 1); never none at all."""
    return max(1, round(pace * place / 60_000)) if pace is not None and place > 0 else None


def _covered(spans: Sequence[tuple[int, int]]) -> int:
    """The length of all spans together, where they overlap counted once."""
    total, end = 0, 0
    for begin, until in sorted(spans):
        total += max(0, until - max(begin, end))
        end = max(end, until)
    return total
