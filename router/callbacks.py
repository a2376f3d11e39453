"""Customers who are called: back when it is their turn, or because the agent who has them wants to talk to them.

accepted (kind callback) ─▶ ring the customer ─▶ answered: conference
                                 └▶ not reached ─▶ back into the queue, parked until the next try ─▶ … ─▶ closed
the agent asks for it   ─▶ ring the agent ─▶ key 1 ─▶ ring the customer
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.phone import LegView, Phones, Ring
from ..queue.engine import Queue
from ..queue.state import Event, Leg
from .facts import Facts
from .lanes import Job, Try
from .look import more, spec_of
from .rulebook import Rulebook, instant, span
from .spending import Guard
from .watch import reopening

RINGS = 30
"""Seconds for which a customer's phone rings, and that of the agent who asked for it."""
MOST_LEGS = 10_000
"""Live legs that are compared with one that may have been made."""
UNREACHED = ("busy", "no-answer", "failed", "canceled")


async def made(queue: Queue, phones: Phones, ring: Ring, legs: tuple[Leg, ...], t: Try) -> LegView:
    """The leg, new or found: there is no idempotency key for calls (F56). One of another contact isn't it."""
    if t.again:
        others = await queue.legs_unheard(await queue.now() + 1, MOST_LEGS)
        known = frozenset(it.sid for it in legs) | {sid for _, sid in others}
        if found := await phones.find_ring(ring, known):
            return found
    return await phones.ring(ring)


@dataclass(slots=True)
class Callbacks:
    """`calls` says whether a contact may be a call, as far as known."""

    queue: Queue
    phones: Phones | None
    book: Callable[[], Rulebook]
    calls: Callable[[str], bool]
    guard: Guard

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        if self.phones is None or not self.calls(event.c):
            return []
        phones, lane, said = self.phones, f"call:{event.c}", more(event)
        match event.e, said.get("what"):
            case "call", "call agent":
                return [Job(lane, "call", lambda t: self._ring_agent(phones, event, t))]
            case "call", "call customer":
                return [Job(lane, "call", lambda t: self.ring(phones, event, t))]
            case "leg", _ if said.get("b") and said.get("state") in UNREACHED:
                return [Job(lane, "not reached", lambda t: self._again(event))]
            case _:
                return []

    async def ring(self, phones: Phones, event: Event, t: Try) -> None:
        """Ring the customer of a contact that somebody has, once for each event."""
        view, legs = await self.queue.contact(event.c), await self.queue.legs(event.c)
        key = f"{event.id}.{event.n}"
        if view is None or not view.owner or any(it.about.get("b") == key for it in legs):
            return
        facts = Facts.parse(view.facts)
        if why := await self.guard.refusal(f"call {event.c}.{key}", event.c, facts):
            await self._not_called(phones, event, legs, why)
            return
        about = {"c": event.c, "r": "customer", "b": key}
        ring = Ring(f"{event.c}.{key}", facts.address, facts.recipient, "back", about, RINGS, event.t)
        leg = await made(self.queue, phones, ring, legs, t)
        await self.queue.leg(event.c, leg.sid, leg.state, about)

    async def _not_called(self, phones: Phones, event: Event, legs: tuple[Leg, ...], why: str) -> None:
        """The plan's safety lets nobody call there: the thread says why, and the agent isn't kept waiting."""
        about = {"of": "callback", "why": why}
        await self.queue.happen(event.c, "refused", {"trouble": f"callback: {event.id}"}, about=about)
        for leg in legs:
            if leg.live and leg.about.get("r") == "agent":
                await phones.hang_up(leg.sid)

    async def _ring_agent(self, phones: Phones, event: Event, t: Try) -> None:
        """Ring the agent who wants to call the customer."""
        view, spec = await self.queue.contact(event.c), spec_of(self.book(), event.a)
        legs = await self.queue.legs(event.c)
        if view is None or spec is None or not spec.phone or view.owner != event.a:
            return
        if any(it.about.get("b") == event.id for it in legs):
            return
        about = {"c": event.c, "a": event.a, "r": "agent", "b": event.id}
        sender = Facts.parse(view.facts).recipient
        ring = Ring(f"{event.c}.{event.id}", spec.phone, sender, "agent", about, RINGS, event.t)
        leg = await made(self.queue, phones, ring, legs, t)
        await self.queue.leg(event.c, leg.sid, leg.state, about)

    async def _again(self, event: Event) -> None:
        """The customer wasn't reached: tried again at the plan's times, and then not any more."""
        said, view = more(event), await self.queue.contact(event.c)
        facts = await self.queue.jots(event.c)
        if said.get("r") != "customer" or view is None or facts.get("kind") != "callback":
            return
        sid, tries = str(said.get("sid")), int(facts.get("tries") or 0)
        if facts.get("tried") != sid:
            about = {"state": str(said.get("state"))}
            tries += 1
            await self.queue.happen(event.c, "not reached", {"tried": sid, "tries": str(tries)}, about=about)
        pauses = self.book().plan.voice.callback_again
        if tries > len(pauses):
            await self.queue.complete(event.c, "", '{"disposition":"not reached","by":"Tierline"}')
            return
        if view.owner:
            await self.queue.release(event.c, "", "not reached", exclude=False)
        at, book = event.t + span(pauses[tries - 1]), self.book()
        if not book.hours(view.service).is_open(instant(at)):
            at = reopening(book, view.service, at)  # there is nobody to call before
        await self.queue.park(event.c, at, "callback")
