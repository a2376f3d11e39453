"""What a service must know: asked with one press in the thread, and the customer's answer is on record.

*Ask: device* ──▶ held for Undo, then sent ──▶ the customer's next words ──▶ "device: My router" in the thread and on top
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..channels.channel import Desk
from ..channels.house import LATE, Actor, Told
from ..queue.engine import Queue
from ..queue.legs import JOTS
from ..queue.state import ContactView, Event
from .active import ActivePlan
from .body import Body, line
from .cards import customer_line
from .facts import Facts
from .guides import ANSWER, ASK, NOTED, answered, put, questions
from .holding import HELD, may_reply, named
from .lanes import Job, Try
from .look import found_message, more
from .newcomers import stranger
from .parts import Silent
from .people import agent_of
from .rulebook import Rulebook, agent_id, span

ROOM = 4
"""Facts that are left to others: a question takes two."""
ANSWERED = "answer"
"""The source of a note that says what the customer answered."""


@dataclass(slots=True)
class AskPart(Silent):
    """The button `ask.send` ("C1001.device"), for the contact's owner alone."""

    queue: Queue
    plan: ActivePlan

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """Put the question, as a reply of the owner's, in the customer's language."""
        if action != "ask.send":
            return None
        contact, _, name = value.partition(".")
        book, view = self.plan(), await self.queue.contact(contact)
        spec = agent_of(book.plan, actor)
        if view is None:
            return LATE if spec else stranger(book.plan.supervisors)
        if (no := may_reply(book, actor, view)) is not None:
            return no
        jots = await self.queue.jots(contact)
        if len(jots) > JOTS - ROOM:
            return Told(False, f"{contact} has too many facts already: ask in words.")
        it = next((one for one in questions(book, view, jots) if one.name == name), None)
        if it is None or spec is None:
            return Told(False, f"“{name}” is asked or answered already.")
        language = Facts.parse(view.facts).language or book.plan.languages[0]
        body = put(it, language, spec.name).to_json()
        wait = span(book.plan.settings.hold_reply)
        held = await self.queue.hold_reply(contact, agent_id(spec.name), body, source="", ms=wait)
        if not held.done:
            return Told(False, f"Not sent: {contact} is with {named(book, held.by)}.")
        await self.queue.jot(contact, f"{ASK}{name}", str(held.n))
        return Told(True, HELD)


@dataclass(slots=True)
class AskJobs:
    """`refresh` draws the thread's first message anew."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    refresh: Callable[[Event, ContactView], Awaitable[None]]

    def jobs(self, event: Event) -> list[Job]:
        """In the contact's own lane, behind whatever shows the words themselves."""
        lane, kind = f"contact:{event.c}", more(event).get("kind")
        if event.e == "reply.undone" and self._asks():
            return [Job(lane, "not asked", lambda t: self._undone(event))]
        if event.e == "reply.held" and self._asks():
            return [Job(lane, "asked", lambda t: self._refresh(event))]
        if event.e == "message" and kind == "in" and self._asks():
            return [Job(lane, "answer", lambda t: self._heard(event))]
        if event.e == "message" and kind == "note":
            said = Body.parse(str(more(event).get("body") or ""))
            if said.source in (NOTED, ANSWERED):
                return [Job(lane, "on record", lambda t: self._show(event, t))]
        return []

    def _asks(self) -> bool:
        return any(it.ask for it in self.book().services.values())

    async def _refresh(self, event: Event) -> None:
        if (view := await self.queue.contact(event.c)) is not None:
            await self.refresh(event, view)

    async def _undone(self, event: Event) -> None:
        """Its question can be asked again."""
        for name, n in (await self.queue.jots(event.c)).items():
            if name.startswith(ASK) and n == str(event.n):
                await self.queue.jot(event.c, name, "")
                await self._refresh(event)

    async def _heard(self, event: Event) -> None:
        view, jots = await self.queue.contact(event.c), await self.queue.jots(event.c)
        if view is None or not any(name.startswith(ASK) for name in jots):
            return
        found = answered(self.book(), view, jots, await self.queue.messages(event.c))
        for name, value in found:
            if await self.queue.jot(event.c, f"{ANSWER}{name}", value):
                continue
            note = Body(f"Answered: {name}: {value}", by="Tierline", source=ANSWERED).to_json()
            await self.queue.append(event.c, note)
        if found:
            await self.refresh(event, view)

    async def _show(self, event: Event, t: Try) -> None:
        """The note in the contact's thread, where it has one."""
        found, places = await found_message(self.queue, event.c, event.n), await self.queue.places(event.c)
        if found is not None and places:
            view, message = found
            said = line(event.c, message, customer_line(Facts.parse(view.facts)))
            await self.desk.post(places[-1], said, t.again)
