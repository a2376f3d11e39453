"""A contact that has left the store is called back into it, as it ended: something of it comes later than that."""

from __future__ import annotations

from typing import cast

from ..queue.contact import Decision, Route, Step
from ..queue.engine import Queue
from ..queue.history.records import Told
from ..skills.skill import Channel, Need

OFFER = 60_000


async def call_back(queue: Queue, it: Told, rank: int) -> None:
    """As the history has it; nothing is done where it is there by now. `rank` in ms."""
    if await queue.contact(it.id) is not None:
        return
    channel = cast(Channel, it.channel)
    route = Route(it.service, channel, (Step(Need(it.service, channel)),), OFFER, 0)
    decision = Decision(route, rank, facts=it.facts)
    await queue.recall(it.id, it.thread, it.messages, decision, it.state, it.arrived, it.owner)
