"""Those who work on a contact together: who is asked to help is told in person, who gave it away learns how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..channels.channel import Button, Desk
from ..queue.engine import Queue
from ..queue.state import ContactView, Event
from .body import line
from .cards import customer_line
from .facts import Facts, Moved
from .helping import HELPS, fact, team_fact
from .lanes import Job, Try
from .look import ended_so, more, spec_of
from .plan.model import AgentSpec
from .rulebook import Rulebook, agent_id
from .wrapup import how

LINES, LONGEST = 5, 500
"""How many of the latest messages somebody who is asked is shown, and how much of each."""
Refresh = Callable[[Event, ContactView], Awaitable[None]]


@dataclass(slots=True)
class Together:
    """Jobs for the events that concern more than a contact's owner; `refresh` draws its thread's first message anew."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    refresh: Refresh
    line: Callable[[Event, Try, str], Awaitable[None]]

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event, behind its thread's own."""
        lane = f"contact:{event.c}"
        match event.e:
            case "call" if more(event).get("what") == HELPS:
                return [Job(lane, HELPS, lambda t: self._helps(event, t))]
            case "consult":
                return [Job(lane, "consult", lambda t: self._consulted(event, t))]
            case "closed" | "outcome":
                return [Job(lane, "how it ended", lambda t: self._ended(event, t))]
            case _:
                return []

    # ---- asked -----------------------------------------------------------------------------------------------------

    async def _helps(self, event: Event, t: Try) -> None:
        contact, spec = await self.queue.contact(event.c), spec_of(self.book(), event.a)
        if contact is None or spec is None:
            return
        by = str(more(event).get("by") or "A colleague")
        owner = self.book().called(contact.owner) if contact.owner else "nobody yet"
        what = f"{by} asks for your help with {contact.id}, {self._about(contact)}."
        text = f"{what} It is with {owner}; what you write there stays inside."
        await self._tell(spec.slack, text, contact, f"{event.id}.{HELPS}.{event.a}", t)
        await self.refresh(event, contact)

    async def _consulted(self, event: Event, t: Try) -> None:
        said, contact = more(event), await self.queue.contact(event.c)
        kind, _, name = str(said.get("asked") or "").partition(":")
        question, owner = str(said.get("question") or ""), self.book().called(event.a)
        await self.line(event, t, f"{owner} asks {name}: {question}")
        team, spec = self.book().plan.team(name), self.book().plan.agent(name)
        to = (
            team.channels[0]
            if kind == "team" and team is not None
            else spec.slack
            if spec is not None
            else ""
        )
        if contact is None or not to:
            return
        text = (
            f"{owner} asks about {contact.id}: {question}\n"
            f"It is {self._about(contact)}. Answer in its thread; {owner} goes on talking to the customer."
        )
        await self._tell(to, text, contact, f"{event.id}.consult", t)
        asked = fact(agent_id(spec.name)) if kind == "agent" and spec is not None else team_fact(name)
        await self.queue.jot(event.c, asked, event.id)
        await self.refresh(event, contact)

    def _about(self, contact: ContactView) -> str:
        return f"{contact.service} for {customer_line(Facts.parse(contact.facts))}"

    async def _tell(self, to: str, text: str, contact: ContactView, key: str, t: Try) -> None:
        """With the latest lines, and the way to the thread."""
        customer = customer_line(Facts.parse(contact.facts))
        said = [line(contact.id, it, customer) for it in (await self.queue.messages(contact.id))[-LINES:]]
        quotes = tuple(f"{it.author}: {it.text[:LONGEST]}" for it in said)
        await self.desk.tell(to, text, await self._way(contact.id), key=key, again=t.again, quotes=quotes)

    async def _way(self, contact: str) -> tuple[Button, ...]:
        places = await self.queue.places(contact)
        link = await self.desk.link(places[-1]) if places else ""
        return (Button("link.open", "Go to the thread", url=link),) if link else ()

    # ---- given away ------------------------------------------------------------------------------------------------

    async def _ended(self, event: Event, t: Try) -> None:
        """Whoever handed it over hears how it ended, also when that is said later."""
        contact = await self.queue.contact(event.c)
        if contact is None or event.e == "outcome" and not how(event):
            return
        last = contact.last_owner or contact.owner or event.a
        for spec, move in givers(self.book(), Facts.parse(contact.facts), last):
            text = how_it_ended(event, move, self.book().called(last) if last else "")
            key = f"{event.id}.{event.e}.{agent_id(spec.name)}"
            await self.desk.tell(spec.slack, text, await self._way(event.c), key=key, again=t.again)


# ---- pure ----------------------------------------------------------------------------------------------------------


def givers(book: Rulebook, facts: Facts, last: str) -> list[tuple[AgentSpec, Moved]]:
    """Who handed it over, each with their last handover; not who (`last`, the queue's id) had it at the end."""
    found = {it.owner: it for it in facts.moves if it.owner}
    specs = ((book.plan.agent(name), move) for name, move in found.items())
    return [(spec, move) for spec, move in specs if spec is not None and agent_id(spec.name) != last]


def how_it_ended(event: Event, move: Moved, last: str) -> str:
    """What a giver reads."""
    about = f"{event.c} ({move.service}), which went from you to {move.to}"
    if into := ended_so(event).get("merged"):
        return f"{about}, is part of {into} now."
    told = how(event) or "nothing was said of how"
    return f"{about}, has ended: {told}." + (f" {last} had it last." if last else "")
