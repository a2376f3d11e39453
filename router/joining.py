"""Who is asked to join a call, or wants to: a colleague, a supervisor who listens, whispers or speaks.

ring ─▶ answered: for what, asked by whom ─▶ 1: conference   ─▶ 2, nothing: the leg ends, nobody has missed anything
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.phone import Ask, Call, Go, HangUp, Heard, Meet
from ..queue.engine import Queue
from . import spoken
from .rulebook import Rulebook
from .screening import KEY_TIME, Screening, room_of
from .standing import Standing
from .talking import standing


@dataclass(slots=True)
class Joining:
    """What these legs hear. `screening` knows the agents' languages."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    screening: Screening

    async def answered(self, call: Call) -> Heard:
        """Somebody or something has answered: only a key lets it in, so that no mailbox listens."""
        agent = call.about.get("a", "")
        book, language = self.book(), self.screening.agents_language(agent)
        it = await standing(self.queue(), call.about.get("c", ""))
        if it is None or it.view.state != "active":
            return (spoken.line(book, "gone", language), HangUp())
        by = book.called(it.view.owner) if call.about.get("r") == "guest" else ""
        said = spoken.joins(book, it.view.service, by, language)
        return (Ask(said, Go("key", call.about), language, digits=1, timeout=KEY_TIME),)

    async def key(self, call: Call) -> Heard:
        """What was pressed."""
        language = self.screening.agents_language(call.about.get("a", ""))
        if call.digits != "1":
            said = (spoken.line(self.book(), "declined", language),) if call.digits else ()
            return (*said, HangUp())
        it = await standing(self.queue(), call.about.get("c", ""))
        if it is None or it.view.state != "active":
            return (spoken.line(self.book(), "gone", language), HangUp())
        return await self._let_in(call, it)

    async def _let_in(self, call: Call, it: Standing) -> Heard:
        role, agent = call.about.get("r", ""), call.about.get("a", "")
        as_what = it.facts.get("boss", "").partition(" ")[0] if role == "boss" else "invite"
        coach = it.owner.sid if as_what == "whisper" and it.owner is not None else ""
        facts = {f"in.{call.sid}": role, **({"coached": coach} if role == "boss" else {})}
        await self.queue().happen(it.view.id, "joined", facts, agent, {"as": as_what, "sid": call.sid})
        await self._busy(agent, it.view.id)
        muted = as_what == "listen" or (as_what == "whisper" and not coach)
        room = room_of(self.book(), it.view.id)
        return (Meet(room, f"{role}-{agent}", dict(call.about), muted=muted, coach=coach),)

    async def _busy(self, agent: str, contact: str) -> None:
        """Who takes work takes none while they are in somebody's call."""
        them = await self.queue().agent_view(agent)
        if them is not None and them.presence == "available":
            await self.queue().presence(agent, "away", why=_inside(contact))

    async def left(self, agent: str, contact: str) -> None:
        """They are out of the call: available again, unless they have said something else meanwhile."""
        them = await self.queue().agent_view(agent)
        if them is not None and (them.presence, them.why) == ("away", _inside(contact)):
            await self.queue().presence(agent, "available")


def _inside(contact: str) -> str:
    """Why somebody is away who has joined a call."""
    return f"in {contact}"
