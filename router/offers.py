"""Accept under an offer: a text is the agent's at once; of a call the button only says that they will take it."""

from __future__ import annotations

from ..channels.house import Told
from ..queue.engine import Queue
from ..queue.replies import Answer
from .plan.model import AgentSpec
from .rulebook import Rulebook, agent_id

CLAIM = 30_000
"""ms that an agent has for their phone after pressing the button."""


async def accept(queue: Queue, book: Rulebook, spec: AgentSpec, contact: str, offer: int) -> Told:
    """Take an offer, or hear who has it. No mailbox gets a customer: a call is accepted by a key on the phone alone."""
    agent = agent_id(spec.name)
    if await _rings(queue, contact):
        answer = await queue.claim(contact, offer, agent, CLAIM)
        if answer.done:
            told = f"Take {contact} on your phone: answer it and press 1. Nobody else is rung meanwhile."
            return Told(True, told)
    else:
        answer = await queue.accept(contact, offer, agent)
    return _said(book, contact, answer)


async def _rings(queue: Queue, contact: str) -> bool:
    """Whether the agent's phone rings for it: its customer is on the line, or is to be called back."""
    view = await queue.contact(contact)
    if view is None or view.channel != "voice":
        return False
    return (await queue.jots(contact)).get("kind") != "voicemail"


def _said(book: Rulebook, contact: str, answer: Answer) -> Told:
    match answer.outcome:
        case "accepted" | "ok":
            return Told(True, f"{contact} is yours. Answer in its thread.")
        case "taken":
            return Told(False, f"{contact} was taken by {book.called(answer.by)} a moment ago.")
        case "gone":
            return Told(False, f"{contact} is not in the queue any more.")
        case _:
            state = answer.state or "ended"
            return Told(False, f"This offer of {contact} isn't live any more ({state}): nothing was done.")
