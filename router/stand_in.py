"""Whoever stands in for an agent just now: reads who is there, along the chain of substitutes."""

from __future__ import annotations

from dataclasses import replace

from ..queue.contact import Decision
from ..queue.engine import Queue
from .absence import is_there, substitute_of
from .handover import Aim, aim
from .rulebook import Rulebook, agent_id

FURTHEST = 5
"""Substitutes of substitutes that are looked at."""


async def stand_in(queue: Queue, book: Rulebook, agent: str) -> str:
    """The first who is there of `agent` (the queue's id), their substitute, whose substitute …; else `agent`."""
    asked, now = [agent], agent
    while len(asked) <= FURTHEST:
        me = (await queue.agents(now)).get(now)
        if me is None:
            return agent
        if is_there(me):
            return now
        now = substitute_of(book, me)
        if not now or now in asked:
            return agent
        asked.append(now)
    return agent


async def instead(queue: Queue, book: Rulebook, decision: Decision) -> Decision:
    """The decision, with whoever stands in for the agent who was to be asked first, should they be absent."""
    if decision.prefer is None:
        return decision
    who = await stand_in(queue, book, decision.prefer.agent)
    return replace(decision, prefer=replace(decision.prefer, agent=who))


async def aimed(queue: Queue, book: Rulebook, owner: str, words: str) -> tuple[Aim, str]:
    """Whom `words` name, and the rest. Raises NoSuch.

    For an absent colleague it is whoever stands in for them, unless that is the contact's owner.
    """
    to, rest = aim(book, words)
    if to.kind != "agent":
        return to, rest
    who = await stand_in(queue, book, agent_id(to.name))
    return (
        to if who in (agent_id(to.name), owner) else Aim("agent", book.called(who), instead=to.name)
    ), rest
