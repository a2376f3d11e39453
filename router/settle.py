"""Damping: who comes and goes all the time becomes available only when they have stayed for a moment.

Each coming takes one of `FREE` places that are free again after `WITHIN`; without one they settle first, away until then.
"""

from __future__ import annotations

from ..queue.engine import Queue
from ..queue.state import AgentView
from .presence import FREE, SETTLING, WITHIN


async def settle(queue: Queue, me: AgentView, now: int, wait: int | None) -> int | None:
    """They come: available now (None), or at the instant (ms) that is returned: after `wait` ms (None: never so)."""
    if me.presence == "away" and me.why == SETTLING:
        waited = (await queue.due([f"b:{me.name}"])).get(f"b:{me.name}")
        if waited is not None and waited > now:
            return waited
    elif wait and me.presence != "available" and not await _free(queue, me.name):
        await queue.presence(me.name, "away", until=now + wait, why=SETTLING)
        return now + wait
    await queue.presence(me.name, "available")
    return None


async def settled(queue: Queue, me: AgentView) -> bool:
    """Their time is up and they stayed: available. False for anybody who is away for another reason."""
    if me.presence != "away" or me.why != SETTLING:
        return False
    await queue.presence(me.name, "available")
    return True


async def _free(queue: Queue, agent: str) -> bool:
    for place in range(FREE):
        if await queue.once(f"came:{agent}:{place}", WITHIN):
            return True
    return False
