"""A reply is held for Undo, for its contact's owner: the one way by which somebody's words can leave."""

from __future__ import annotations

from ..channels.house import Actor, Told
from ..queue.contact import Media
from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView
from .body import Body
from .newcomers import stranger
from .people import agent_of, is_supervisor
from .plan.model import AgentSpec
from .rulebook import Rulebook, agent_id, span

HELD = "Held for Undo, then sent."


async def hold(
    queue: Queue,
    book: Rulebook,
    actor: Actor,
    view: ContactView,
    text: str,
    place: str,
    media: tuple[Media, ...] = (),
    rich: str = "",
) -> Told | None:
    """Hold `text`, typed at `place`; what the actor is told, None when it is held. The store checks the owner again."""
    if (no := may_reply(book, actor, view)) is not None:
        return no
    spec = agent_of(book.plan, actor)
    assert spec is not None
    body = Body(text, media, by=spec.name, source=place, rich=rich).to_json()
    wait = span(book.plan.settings.hold_reply)
    answer = await queue.hold_reply(view.id, agent_id(spec.name), body, source=place, ms=wait)
    return None if answer.done else Told(False, f"Not sent: {view.id} is with {named(book, answer.by)}.")


def may_reply(book: Rulebook, actor: Actor, view: ContactView) -> Told | None:
    """Why the actor's words can't go to the contact's customer, as far as that shows beforehand; else None."""
    spec = agent_of(book.plan, actor)
    if view.state in ENDED:
        return Told(False, f"{view.id} has ended: nothing was sent.")
    if view.channel == "voice":
        return Told(False, f"Not sent: {view.id} is a call, and what you say there is said on the phone.")
    if spec is None and is_supervisor(book.plan, actor):
        who = named(book, view.owner) if view.owner else "nobody yet"
        return Told(False, f"Not sent: {view.id} is with {who}. Supervisors close contacts and keep notes.")
    if spec is None:
        return stranger(book.plan.supervisors)
    if view.owner != agent_id(spec.name):
        return Told(False, f"Not sent: {view.id} is with {named(book, view.owner)}.")
    return None


def explicit(book: Rulebook, spec: AgentSpec | None) -> bool:
    """Whether of this agent's words only those in the Reply form are sent."""
    team = book.plan.team(spec.team) if spec else None
    return team is None or team.replies == "explicit"


def named(book: Rulebook, agent: str) -> str:
    """The agent's name, "nobody" where there is none."""
    return book.called(agent) or "nobody"
