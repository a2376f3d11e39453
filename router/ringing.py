"""What the ledger causes on the phone: agents are rung, their phones fall silent, caller and agent are brought together.

    offered ─▶ ring the agent          declined, missed, rescinded ─▶ that phone falls silent
    accepted ─▶ the customer joins (or is called back)       the agent's leg ended ─▶ the customer's ends
    wrapping, closed, abandoned ─▶ whatever leg is left ends

All of it may be done twice: a leg that may have been made is looked for first, one that has ended is ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from ..channels.channel import NotDelivered, OutcomeUnknown
from ..channels.phone import Go, LegNews, LegView, Phones, Ring
from ..queue.contact import OVER, RANKS
from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView, Event, Leg
from .alerts import Alerts
from .facts import Facts
from .lanes import Job, Try
from .look import more, spec_of
from .rulebook import Rulebook
from .waiting import LATER

log = structlog.get_logger()

ENDS = tuple(state for state, rank in RANKS.items() if rank == OVER)
SHORTEST, LONGEST = 10, 60
"""Seconds that a phone rings at least and at most: five seconds are one ring."""
CUSTOMER_RINGS = 30
REMEMBERED = 10_000
MOST_LEGS = 10_000
"""Live legs that are compared with one that may have been made."""
UNRINGABLE = 600_000
"""ms for which others are asked first when an agent's number can't be called."""


@dataclass(slots=True)
class Ringing:
    """`phones` is None while there is no voice door: then nothing rings. `heard` is the switchboard's."""

    queue: Queue
    phones: Phones | None
    book: Callable[[], Rulebook]
    alerts: Alerts
    heard: Callable[[LegNews], Awaitable[None]]
    channels: dict[str, str] = field(default_factory=dict)  # contact → channel, as far as known

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        if self.phones is None:
            return []
        phones, call = self.phones, f"call:{event.c}"
        match event.e:
            case "declined" | "missed" | "rescinded":
                return [
                    Job(f"offer:{event.c}.{event.n}", "fall silent", lambda t: self._silence(phones, event))
                ]
            case "accepted":
                return [Job(call, "bring together", lambda t: self._bring(phones, event, t))]
            case "leg" if str(more(event).get("state")) in ENDS:
                return [Job(call, "leg ended", lambda t: self._left(phones, event))]
            case "wrapping" | "closed" | "abandoned":
                return [Job(call, "call ended", lambda t: self._end(phones, event))]
            case _:
                return []

    def know(self, view: ContactView) -> None:
        """Remember the channel of a contact; the oldest are forgotten."""
        self.channels[view.id] = view.channel
        while len(self.channels) > REMEMBERED:
            del self.channels[next(iter(self.channels))]

    async def _call(self, contact: str) -> ContactView | None:
        """The contact, if it is a call."""
        if self.channels.get(contact, "voice") != "voice":
            return None
        view = await self.queue.contact(contact)
        if view is not None:
            self.know(view)
        return view if view is not None and view.channel == "voice" else None

    # ---- the agent's phone --------------------------------------------------------------------------------------

    async def rings(self, view: ContactView) -> bool:
        """Whether an offer of this contact rings a phone: a caller waits, or is to be called back."""
        if self.phones is None or view.channel != "voice":
            return False
        return (await self.queue.jots(view.id)).get("kind") != "voicemail"

    async def offer(self, event: Event, t: Try) -> None:
        """Ring the agent of an offer. Raises NotDelivered or OutcomeUnknown: it is tried again."""
        phones, view, spec = self.phones, await self.queue.contact(event.c), spec_of(self.book(), event.a)
        if phones is None or view is None or spec is None or not _offered(view, event):
            return
        legs = await self.queue.legs(event.c)
        if any(it.about.get("o") == str(event.n) for it in legs):
            return  # done before
        about = {"c": event.c, "o": str(event.n), "a": event.a, "r": "agent"}
        seconds = min(max(view.route.offer // 1000, SHORTEST), LONGEST)
        sender = Facts.parse(view.facts).recipient
        ring = Ring(
            f"{event.c}.{event.n}", spec.phone or "", sender, "agent", about, seconds, event.t, detect=True
        )
        try:
            leg = await self._made(phones, ring, legs, t)
        except NotDelivered as error:
            if not error.permanent:
                raise
            await self.queue.rescind(event.c, event.n, "unreachable", UNRINGABLE)
            text = f"{spec.name}'s phone cannot be called: {error.reason}"
            await self.alerts.once(f"phone:{event.a}", text)
            return
        await self.queue.leg(event.c, leg.sid, leg.state, about)
        now = await self.queue.contact(event.c)
        if now is None or not (_offered(now, event) or now.owner == event.a):
            await phones.hang_up(leg.sid)  # it ended while we dialled

    async def _made(self, phones: Phones, ring: Ring, legs: tuple[Leg, ...], t: Try) -> LegView:
        """The leg, new or found: there is no idempotency key for calls (F56). One of another contact isn't it."""
        if t.again:
            others = await self.queue.legs_unheard(await self.queue.now() + 1, MOST_LEGS)
            known = frozenset(it.sid for it in legs) | {sid for _, sid in others}
            if found := await phones.find_ring(ring, known):
                return found
        return await phones.ring(ring)

    async def _silence(self, phones: Phones, event: Event) -> None:
        """The offer is over: its phone doesn't ring any more, and who has answered it hears why."""
        if await self._call(event.c) is None:
            return
        for leg in await self.queue.legs(event.c):
            if leg.about.get("o") == str(event.n) and leg.live:
                if leg.state == "answered" and event.e != "rescinded":
                    continue  # they hear why, and we hang up then
                if leg.state == "answered" and await phones.move(leg.sid, Go("agent", leg.about)):
                    continue
                await phones.hang_up(leg.sid)

    # ---- together -----------------------------------------------------------------------------------------------

    async def _bring(self, phones: Phones, event: Event, t: Try) -> None:
        """The agent is in the conference: the customer joins, or is called back.

        A message is taken in Slack: nobody waits in a conference, and a phone that rings for it still falls silent.
        """
        view = await self._call(event.c)
        if view is None or view.owner != event.a or view.state == "wrapping":
            return
        jots, legs = await self.queue.jots(event.c), await self.queue.legs(event.c)
        theirs = [it for it in legs if it.about.get("o") == str(event.n) and it.live]
        if jots.get("kind") == "voicemail" and not any(it.state == "answered" for it in theirs):
            for leg in theirs:
                await phones.hang_up(leg.sid)
            return
        about = {"c": event.c, "r": "customer"}
        for leg in [it for it in legs if it.of_customer][-1:]:
            if jots.get("met") == leg.sid:
                return
            if await phones.fetch(jots.get("queue", ""), leg.sid, Go("join", about)):
                return
            await self._look(phones, event.c, leg)
        if jots.get("kind") in LATER:
            await self._call_back(phones, event, view, legs, t)
        else:
            await self.queue.complete(event.c, "", '{"by":"the customer hung up"}')

    async def _call_back(
        self, phones: Phones, event: Event, view: ContactView, legs: tuple[Leg, ...], t: Try
    ) -> None:
        facts = Facts.parse(view.facts)
        about = {"c": event.c, "r": "customer", "b": "1"}
        ring = Ring(
            f"{event.c}.{event.n}.back",
            facts.address,
            facts.recipient,
            "back",
            about,
            CUSTOMER_RINGS,
            event.t,
        )
        leg = await self._made(phones, ring, legs, t)
        await self.queue.leg(event.c, leg.sid, leg.state, about)

    async def _look(self, phones: Phones, contact: str, leg: Leg) -> None:
        """A leg isn't where we thought: what has become of it?"""
        found = await phones.look(leg.sid)
        if found is None or found.state in ENDS:
            state = found.state if found else "completed"
            await self.heard(LegNews(leg.sid, state, {**leg.about, "c": contact}))
            return
        raise OutcomeUnknown("the caller is neither gone nor in the queue")

    # ---- apart --------------------------------------------------------------------------------------------------

    async def _left(self, phones: Phones, event: Event) -> None:
        """The owner's leg has ended: the call is over. Of those who were only asked some may still hear why not."""
        view = await self._call(event.c)
        said = more(event)
        if view is None or said.get("r") != "agent" or view.owner != event.a or view.handing:
            return
        legs, jots = await self.queue.legs(event.c), await self.queue.jots(event.c)
        talking = [it for it in legs if it.about.get("a") == view.owner and it.state == "answered"]
        if talking or str(said.get("was")) != "answered":
            return
        if jots.get("kind") == "voicemail" and not jots.get("met"):
            return  # a message that was taken in Slack: nobody talks
        by = "the customer" if await self._customer_went(phones, legs) else "the agent"
        await self.queue.complete(event.c, "", f'{{"by":"{by} hung up"}}')

    async def _customer_went(self, phones: Phones, legs: tuple[Leg, ...]) -> bool:
        """Whether the customer's leg has ended: a conference ends with it, and of the agent we may have heard first."""
        for leg in [it for it in legs if it.of_customer]:
            found = await phones.look(leg.sid)
            if found is not None and found.state not in ENDS:
                return False
        return True

    async def _end(self, phones: Phones, event: Event) -> None:
        """Whatever leg is left ends; one that only waits hears a goodbye."""
        view = await self._call(event.c)
        if view is None or (view.state not in ENDED and view.state != "wrapping"):
            return
        for leg in await self.queue.legs(event.c):
            if not leg.live:
                continue
            if leg.about.get("r") == "customer" and leg.state == "answered":
                if await phones.move(leg.sid, Go("done", {"c": event.c, "r": "customer"})):
                    continue
            elif leg.state == "answered" and leg.about.get("a") not in (view.owner, view.last_owner):
                continue  # who was only asked hears why not: `_silence`
            await phones.hang_up(leg.sid)


def _offered(view: ContactView, event: Event) -> bool:
    return any(it.number == event.n and it.agent == event.a for it in view.offers)
