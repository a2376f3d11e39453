"""What the ledger causes on the phone: agents are rung, their phones fall silent, caller and agent are brought together.

    offered ─▶ ring the agent          declined, missed, rescinded ─▶ that phone falls silent
    accepted ─▶ the customer joins (or is called back)       what goes on then: `talking.py`
    wrapping, closed, abandoned ─▶ whatever leg is left ends

All of it may be done twice: a leg that may have been made is looked for first, one that has ended is ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from ..channels.channel import NotDelivered, OutcomeUnknown
from ..channels.phone import Go, LegNews, Phones, Ring
from ..queue.contact import OVER, RANKS
from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView, Event, Leg
from .after_calls import HUNG_UP
from .alerts import Alerts
from .callbacks import Callbacks, made
from .called_back import THERE, screened
from .facts import Facts
from .lanes import Job, Try
from .look import spec_of
from .rulebook import Rulebook
from .spending import Guard
from .standing import by_phone
from .talking import Talking

log = structlog.get_logger()

ENDS = tuple(state for state, rank in RANKS.items() if rank == OVER)
SHORTEST, LONGEST = 10, 60
"""Seconds that a phone rings at least and at most: five seconds are one ring."""
REMEMBERED = 10_000
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
    guard: Guard
    channels: dict[str, str] = field(default_factory=dict)  # contact → channel, as far as known
    recordings: Callable[[Event], list[Job]] = lambda event: []
    talking: Talking = field(init=False)
    callbacks: Callbacks = field(init=False)

    def __post_init__(self) -> None:
        self.talking = Talking(self.queue, self.phones, self.book, self.may_be)
        self.callbacks = Callbacks(self.queue, self.phones, self.book, self.may_be, self.guard, self.offer)

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        return [*self._jobs(event), *self.callbacks.jobs(event), *self.talking.jobs(event)]

    def _jobs(self, event: Event) -> list[Job]:
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
            case "wrapping" | "closed" | "abandoned":
                return [Job(call, "call ended", lambda t: self._end(phones, event))]
            case _:
                return []

    def know(self, view: ContactView) -> None:
        """Remember the channel of a contact; the oldest are forgotten."""
        self.channels[view.id] = view.channel
        while len(self.channels) > REMEMBERED:
            del self.channels[next(iter(self.channels))]

    def may_be(self, contact: str) -> bool:
        """Whether it may be a call, as far as is remembered."""
        return self.channels.get(contact, "voice") == "voice"

    async def _call(self, contact: str) -> ContactView | None:
        """The contact, if it is a call."""
        if not self.may_be(contact):
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
        if await self.callbacks.customer_first(phones, event, view, legs, t):
            return
        about = {"c": event.c, "o": str(event.n), "a": event.a, "r": "agent"}
        seconds = min(max(view.route.offer // 1000, SHORTEST), LONGEST)
        sender = Facts.parse(view.facts).recipient
        ring = Ring(
            f"{event.c}.{event.n}", spec.phone or "", sender, "agent", about, seconds, event.t, detect=True
        )
        try:
            leg = await made(self.queue, phones, ring, legs, t)
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
            await self._silence(phones, event)  # it ended while we dialled

    async def _silence(self, phones: Phones, event: Event) -> None:
        """The offer is over: its phone doesn't ring any more, and who has answered it hears why."""
        if await self._call(event.c) is None:
            return
        legs, jots = await self.queue.legs(event.c), await self.queue.jots(event.c)
        for leg in legs:
            if leg.about.get("o") == str(event.n) and leg.live:
                inside = bool(jots.get(f"in.{leg.sid}"))  # was let in: `talking.py` sees to it
                if inside or (leg.state == "answered" and event.e in ("declined", "missed")):
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
        legs = await self.queue.legs(event.c)
        # As late as can be: the customer may be on their way by an earlier try.
        jots = await self.queue.jots(event.c)
        theirs = [it for it in legs if it.about.get("o") == str(event.n) and it.live]
        if jots.get("kind") == "voicemail" and not any(by_phone(it, jots) for it in theirs):
            for leg in theirs:
                await phones.hang_up(leg.sid)
            return
        live = [it for it in legs if it.of_customer]
        if any(it.sid == jots.get("met") for it in live):
            return  # in the conference already: `talking.py` sees to the rest
        asked = all(it.about.get("b") and it.sid != jots.get(THERE) for it in live)
        if live and asked and screened(jots):
            return  # they come by themselves, once it is they who have answered
        about = {"c": event.c, "r": "customer"}
        own = [
            it for it in live if not it.about.get("b")
        ]  # whom we call comes by themselves when they have answered
        for leg in own[-1:] or live[-1:]:
            to, queue = Go("join", about), jots.get("queue", "")
            if await phones.fetch(queue, leg.sid, to):
                return
            # Who has just chosen something else than to wait is taken out of that: somebody is there now.
            if queue and jots.get("leave") and await phones.move(leg.sid, to):
                return
            await self._look(phones, event.c, leg)
        if jots.get("kind") == "callback" or jots.get("message"):
            await self.callbacks.ring(phones, event, t)
        else:
            await self.queue.complete(event.c, "", HUNG_UP)

    async def _look(self, phones: Phones, contact: str, leg: Leg) -> None:
        """A leg isn't where we thought: what has become of it?"""
        found = await phones.look(leg.sid)
        if found is None or found.state in ENDS:
            state = found.state if found else "completed"
            await self.heard(LegNews(leg.sid, state, {**leg.about, "c": contact}))
            return
        raise OutcomeUnknown("the caller is neither gone nor in the queue")

    # ---- apart --------------------------------------------------------------------------------------------------

    async def _end(self, phones: Phones, event: Event) -> None:
        """Whatever leg is left ends; who is left by the other side hears that first."""
        view = await self._call(event.c)
        if view is None or (view.state not in ENDED and view.state != "wrapping"):
            return
        legs = [it for it in await self.queue.legs(event.c) if it.live]
        callers, rating = any(it.of_customer for it in legs), (await self.queue.jots(event.c)).get("rate", "")
        for leg in legs:
            if leg.of_customer and rating == leg.sid:
                continue  # they are asked how it was, and hang up then
            if leg.state == "answered" and not leg.of_customer:
                if leg.about.get("a") not in (view.owner, view.last_owner):
                    continue  # who was only asked: `_silence` tells why not
                to = Go("done", {"c": event.c, "r": "agent", "w": "" if callers else "gone"})
            else:
                to = Go("done", {"c": event.c, "r": "customer"})
            if leg.state != "answered" or not await phones.move(leg.sid, to):
                await phones.hang_up(leg.sid)


def _offered(view: ContactView, event: Event) -> bool:
    return any(it.number == event.n and it.agent == event.a for it in view.offers)
