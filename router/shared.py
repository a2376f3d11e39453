"""What is said in channels that customers share, beside their own messages: answers given there, edits, colleagues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.house import Actor
from ..channels.shared import SharedPlace
from ..queue.engine import Queue
from .body import Body
from .people import agent_of
from .plan.model import Plan
from .rulebook import Rulebook, agent_id

GIVEN = "given:"
"""Before the place of an answer that its agent gave in the customer's own thread: it is there already."""
KEPT = 600_000
"""ms for which such an answer would be held; it is released at once."""
TOLD = 48 * 3_600_000
"""ms for which an event that was noted isn't noted again."""


def shared_places(plan: Plan) -> tuple[SharedPlace, ...]:
    """The plan's doors in Slack."""
    return tuple(
        SharedPlace(it.to, it.shared.reaction or "", it.shared.customer or "", it.language or "")
        for it in plan.entry
        if it.shared is not None and it.to
    )


@dataclass(slots=True)
class SharedTalk:
    """The door's ears beside intake."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]

    def ours(self, actor: Actor) -> bool:
        """Whether the plan names them as an agent."""
        return agent_of(self.book().plan, actor) is not None

    async def known(self, thread: str) -> bool:
        """Whether there is, or was, a contact in that conversation."""
        return await self.queue().open_in(thread) is not None

    async def given(self, thread: str, actor: Actor, text: str, place: str) -> None:
        """The owner's words are a reply that has left; anybody else's are a note."""
        contact = await self._contact(thread)
        view = await self.queue().contact(contact) if contact else None
        spec = agent_of(self.book().plan, actor)
        if view is None or spec is None:
            return
        source = f"{GIVEN}{place}"
        body = Body(text, by=spec.name, source=source).to_json()
        held = await self.queue().hold_reply(view.id, agent_id(spec.name), body, source=source, ms=KEPT)
        if held.done:
            await self.queue().release_reply(view.id, held.n)
        else:
            await self.noted(thread, spec.name, f"answered the customer there: {text}", place)

    async def noted(self, thread: str, name: str, what: str, event: str) -> None:
        """Kept inside, where the conversation has a contact."""
        contact = await self._contact(thread)
        if contact and await self.queue().once(f"shared:{event}", TOLD):
            await self.queue().append(contact, Body(f"{name} {what}", by=name).to_json())

    async def _contact(self, thread: str) -> str:
        """The contact of a conversation, open or the last one; "" for none."""
        return (await self.queue().open_in(thread) or "").removeprefix("-")


def given_at(body: Body) -> str:
    """The place of an answer that was given by its agent themselves, "" for what is still to be sent."""
    return body.source.removeprefix(GIVEN) if body.source.startswith(GIVEN) else ""
