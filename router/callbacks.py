"""Customers who are called: back when it is their turn, or because the agent who has them wants to talk to them.

accepted (kind callback) ─▶ ring the customer ─▶ answered: conference
                                 └▶ not reached, or nobody put through (`called_back.py`)
                                       └▶ back into the queue, parked until the next try ─▶ … ─▶ closed
the agent asks for it   ─▶ ring the agent ─▶ key 1 ─▶ ring the customer
customer_first: offered ─▶ ring the customer ─▶ answered: they wait as every caller does ─▶ ring the agent
                                 └▶ not reached ─▶ the offer is taken back, parked until the next try
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ..channels.channel import NotDelivered
from ..channels.phone import LegView, Phones, Ring
from ..queue.engine import Queue
from ..queue.state import ContactView, Event, Leg
from .after_calls import HUNG_UP
from .called_back import THERE, in_vain, screened
from .facts import Facts
from .lanes import Job, Try
from .look import more, spec_of
from .rulebook import Rulebook, instant, span
from .spending import Guard
from .standing import by_phone
from .watch import reopening

RINGS = 30
"""Seconds for which a customer's phone rings, and that of the agent who asked for it."""
MOST_LEGS = 10_000
"""Live legs that are compared with one that may have been made."""
KEPT_FOR = 45_000
"""ms for which an offer stands while its customer is rung first: longer than they are."""
NOT_REACHED = "not reached"
"""The disposition of a callback whose tries are used up."""
RINGING = ("initiated", "ringing", "answered")
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
    """`calls` says whether a contact may be a call, as far as known; `offer` rings the agent of an offer."""

    queue: Queue
    phones: Phones | None
    book: Callable[[], Rulebook]
    calls: Callable[[str], bool]
    guard: Guard
    offer: Callable[[Event, Try], Awaitable[None]]

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
            case "leg", _ if said.get("b") and said.get("state") == "completed":
                return [Job(lane, "in vain", lambda t: self._in_vain(phones, event, t))]
            case "leg", _ if said.get("f") and said.get("state") in RINGING:
                return [Job(lane, "customer first", lambda t: self._goes_on(event, False, t))]
            case "call", what if what == THERE:
                return [Job(lane, "customer first", lambda t: self._goes_on(event, True, t))]
            case "leg", _ if said.get("r") == "customer" and said.get("state") == "completed":
                return [Job(lane, "gone on the way", lambda t: self._gone_on_the_way(phones, event, t))]
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
        detect = self._detects() and screened(await self.queue.jots(event.c))
        ring = Ring(f"{event.c}.{key}", facts.address, facts.recipient, "back", about, RINGS, event.t, detect)
        leg = await made(self.queue, phones, ring, legs, t)
        await self.queue.leg(event.c, leg.sid, leg.state, about)

    async def _gone_on_the_way(self, phones: Phones, event: Event, t: Try) -> None:
        """Who asked for a callback has hung up before they met the agent who has them, and waits: called now.

        Who wanted to leave a message and left none has hung up, and nobody waits for them.
        """
        view, legs = await self.queue.contact(event.c), await self.queue.legs(event.c)
        jots = await self.queue.jots(event.c)
        if view is None or view.state != "active" or not jots.get("kind"):
            return
        theirs = [it for it in legs if it.about.get("r") == "customer"]
        sid = more(event).get("sid")
        since = (it for it in theirs if it.at >= event.t and it.sid != sid)
        called = any(it.about.get("b") for it in since)  # by now, or by us a moment ago
        waits = any(it.live and it.about.get("a") == view.owner and by_phone(it, jots) for it in legs)
        if not waits or called or any(it.live for it in theirs):
            return
        if jots["kind"] == "callback":
            await self.ring(phones, event, t)
        elif not jots.get("message"):
            await self.queue.complete(event.c, "", HUNG_UP)

    async def _not_called(self, phones: Phones, event: Event, legs: tuple[Leg, ...], why: str) -> None:
        """The plan's safety lets nobody call there: the thread says why, and the agent isn't kept waiting."""
        about = {"of": "callback", "why": why}
        await self.queue.happen(event.c, "refused", {"trouble": f"callback: {event.id}"}, about=about)
        for leg in legs:
            if leg.live and leg.about.get("r") == "agent":
                await phones.hang_up(leg.sid)

    # ---- the customer first --------------------------------------------------------------------------------------

    async def customer_first(
        self, phones: Phones, event: Event, view: ContactView, legs: tuple[Leg, ...], t: Try
    ) -> bool:
        """Whether the agent of an offer is rung only when the customer is there; they are being rung by now."""
        if self.book().plan.voice.callback != "customer_first":
            return False
        if not screened(await self.queue.jots(event.c)):
            return False  # also when they are there by now
        calling, key = next((it for it in legs if it.of_customer), None), f"{event.id}.{event.n}"
        await self.queue.prolong(event.c, event.n, event.a, await self.queue.now() + KEPT_FOR)
        if calling is not None or any(it.about.get("b") == key for it in legs):
            return True
        facts = Facts.parse(view.facts)
        if why := await self.guard.refusal(f"call {event.c}.{key}", event.c, facts):
            await self._not_called(phones, event, legs, why)
            await self._unreached(event.c, key, "refused", event.t)
            return True
        about = {"c": event.c, "r": "customer", "b": key, "f": "1"}
        detect = self._detects()
        ring = Ring(f"{event.c}.{key}", facts.address, facts.recipient, "back", about, RINGS, event.t, detect)
        try:
            leg = await made(self.queue, phones, ring, legs, t)
        except NotDelivered as error:
            if not error.permanent:
                raise
            await self._unreached(event.c, key, error.code or "refused", event.t)
            return True
        await self.queue.leg(event.c, leg.sid, leg.state, about)
        return True

    async def _goes_on(self, event: Event, there: bool, t: Try) -> None:
        """Whoever is asked is kept for the customer; once they are there, and wait, their phone rings."""
        view, now = await self.queue.contact(event.c), await self.queue.now()
        for it in view.offers if view is not None else ():
            await self.queue.prolong(event.c, it.number, it.agent, now + KEPT_FOR)
            if there:
                await self.offer(replace(event, e="offered", a=it.agent, n=it.number), t)

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

    async def _in_vain(self, phones: Phones, event: Event, t: Try) -> None:
        """The leg of a customer whom we called has ended: was anybody put through, or did they choose another call?"""
        sid = str(more(event).get("sid"))
        if why := in_vain(await self.queue.jots(event.c), sid):
            await self._unreached(event.c, sid, why, event.t)
        else:
            await self._gone_on_the_way(phones, event, t)

    def _detects(self) -> bool:
        return self.book().plan.voice.callback_answer == "detect"

    async def _again(self, event: Event) -> None:
        """The customer wasn't reached: tried again at the plan's times, and then not any more."""
        said = more(event)
        if said.get("r") == "customer":
            await self._unreached(event.c, str(said.get("sid")), str(said.get("state")), event.t)

    async def _unreached(self, contact: str, sid: str, state: str, at: int) -> None:
        view, facts = await self.queue.contact(contact), await self.queue.jots(contact)
        if view is None or facts.get("kind") != "callback":
            return
        tries = int(facts.get("tries") or 0)
        if facts.get("tried") != sid:
            tries += 1
            known = {"tried": sid, "tries": str(tries)}
            await self.queue.happen(contact, "not reached", known, about={"state": state})
        pauses = self.book().plan.voice.callback_again
        if tries > len(pauses):
            await self._given_up(view)
            return
        if view.owner:
            await self.queue.release(contact, "", "not reached", exclude=False)
        again, book = at + span(pauses[tries - 1]), self.book()
        if not book.hours(view.service).is_open(instant(again)):
            again = reopening(book, view.service, again)  # there is nobody to call before
        await self.queue.park(contact, again, "callback")

    async def _given_up(self, view: ContactView) -> None:
        """Whoever has it is through with it; what nobody has ends as it is."""
        outcome = f'{{"disposition":"{NOT_REACHED}","by":"Tierline"}}'
        if view.owner:
            await self.queue.complete(view.id, "", outcome)
        else:
            await self.queue.discard(view.id, "", outcome)
