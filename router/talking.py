"""What goes on in a call once its customer has met somebody: the provider is brought to what must hold (`standing.py`).

    a fact or an event of the call ─▶ arrange: look, work out what must hold, do what differs, note what is done
    invite, listen, whisper, barge ─▶ that phone rings; who is in the call already is only heard otherwise

Everything may be done twice. What the provider refuses for good is noted in the call: its thread says so in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from ..channels.channel import DeliveryError, NotDelivered
from ..channels.phone import Go, Phones, Ring
from ..queue.contact import OVER, RANKS
from ..queue.engine import Queue
from ..queue.engine_phone import NOTHING
from ..queue.state import ENDED, Event, Leg
from .callbacks import made
from .facts import Facts
from .lanes import Job, Try
from .look import more, spec_of
from .rulebook import Rulebook
from .standing import Standing, wanted
from .waiting import LATER

log = structlog.get_logger()

CONSULT = 60_000
"""ms for which an offer stands on while its agent is consulted; renewed at each look."""
RINGS = 30
"""Seconds for which a phone rings that was asked to join."""
OURS = ("transferring", "kept", "accepted", "queued", "call")
"""Events after which something else may have to hold."""
SUPERVISES = ("listen", "whisper", "barge")


async def standing(queue: Queue, contact: str) -> Standing | None:
    """The call as it is known now; None when the contact is gone or none.

    Who has it is looked at last: else whoever took it meanwhile would be in it and not have it, and be shown out.
    """
    facts = await queue.jots(contact)
    legs = await queue.legs(contact)
    view = await queue.contact(contact)
    return Standing(view, legs, facts) if view is not None and view.channel == "voice" else None


@dataclass(slots=True)
class Talking:
    """`calls` says whether a contact may be a call, as far as known."""

    queue: Queue
    phones: Phones | None
    book: Callable[[], Rulebook]
    calls: Callable[[str], bool]
    left: frozenset[str] = frozenset()
    """Legs that were on the line at the last look though their call was over: their words have been said by now."""

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        if self.phones is None or event.e not in (*OURS, "leg") or not self.calls(event.c):
            return []
        phones, lane, what = self.phones, f"call:{event.c}", str(more(event).get("what") or "")
        if event.e == "call" and (what == "invite" or what in SUPERVISES):
            return [Job(lane, what, lambda t: self._bring_in(phones, event, what, t))]
        if event.e == "queued" and not more(event).get("from"):
            return []  # it has just arrived
        if event.e == "leg":
            return [Job(lane, "leg ended", lambda t: self._ended(phones, event))] if _over(event) else []
        return [Job(lane, "arrange", lambda t: self.arrange(phones, event.c))]

    async def look_round(self) -> None:
        """Look at every call that goes on: whoever is consulted stays reserved, and what must hold holds.

        So what was lost, or refused for a while, is made good.
        """
        phones, left = self.phones, set[str]()
        if phones is None:
            return
        for contact in await self.queue.calling():
            it = await standing(self.queue, contact)
            if it is None:
                continue
            if it.view.state == "wrapping" or it.view.state in ENDED:
                left |= await self._left_over(phones, it)
                continue
            if it.second is not None and it.offer:
                until = await self.queue.now() + CONSULT
                await self.queue.prolong(contact, it.offer, it.facts["warm"], until)
            try:
                await self.arrange(phones, contact)
            except DeliveryError as error:
                log.warning("call.not_arranged", contact=contact, error=type(error).__name__)
        self.left = frozenset(left)

    async def _left_over(self, phones: Phones, it: Standing) -> set[str]:
        """Legs of a call that is over: those that were here at the last look, too, are ended. The others' sids."""
        live = [leg.sid for leg in it.legs if leg.live and not leg.of_customer]
        for sid in self.left.intersection(live):
            try:
                await phones.hang_up(sid)
            except DeliveryError as error:
                log.warning("leg.not_ended", contact=it.view.id, error=type(error).__name__)
        return set(live)

    # ---- what must hold -----------------------------------------------------------------------------------------

    async def arrange(self, phones: Phones, contact: str) -> None:
        """Bring the provider to what must hold. Raises NotDelivered or OutcomeUnknown: it is tried again."""
        it = await standing(self.queue, contact)
        if it is None or it.view.state in ENDED:
            return
        must = wanted(it)
        if must.hold is not None:
            await self._hold(phones, it, must.hold)
        if must.mute is not None:
            await self._mute(phones, it, must.mute)
        await self._record(phones, it, must.record)
        await self._coach(phones, it)
        for leg in must.ends:
            about = {"c": contact, "r": "agent", "w": "taken"}
            if not await phones.move(leg.sid, Go("done", about)):
                await self.queue.jot(contact, f"in.{leg.sid}", "")
        for leg in it.called_beside:
            await phones.hang_up(leg.sid)
        await self._then(phones, it, must.then)

    async def _ended(self, phones: Phones, event: Event) -> None:
        """A leg has ended. The owner's, while the customer is only being called: nobody needs to answer any more."""
        await self.arrange(phones, event.c)
        it, said = await standing(self.queue, event.c), more(event)
        if it is None or it.customer is not None or it.view.state != "active" or it.owners:
            return
        if it.facts.get("kind") == "voicemail":
            return  # there is a message to be answered, whoever was reached
        if said.get("r") == "agent" and said.get("was") == "answered" and it.view.owner == event.a:
            met = any(leg.sid == it.facts.get("met") and not leg.live for leg in it.legs)
            by = "the customer" if met else "the agent"
            await self.queue.complete(event.c, "", f'{{"by":"{by} hung up"}}')

    async def _hold(self, phones: Phones, it: Standing, on: bool) -> None:
        leg, conference = it.customer, it.facts.get("conference", "")
        known = leg is not None and it.facts.get("held") == leg.sid
        if leg is None or not conference or on == known:
            return
        contact = it.view.id
        try:
            there = await phones.hold(conference, leg.sid, on, Go("held", {"c": contact}))
        except NotDelivered as no:
            # Given up, so that the customer isn't put on hold when nobody thinks of it any more; a hold must end.
            off = {"hold": f"-{it.view.owner}" if it.view.handing else ""}
            await self._refused(contact, "hold" if on else "unhold", no, off if on else {})
            return
        if there:
            what, sid = ("hold", leg.sid) if on else ("unhold", "")
            since = "" if on else str(await self.queue.now())
            await self.queue.happen(contact, what, {"held": sid, "unheld": since, "trouble": ""})

    async def _mute(self, phones: Phones, it: Standing, on: bool) -> None:
        leg, conference = it.owner, it.facts.get("conference", "")
        known = leg is not None and it.facts.get("muted") == leg.sid
        if leg is None or not conference or on == known:
            return
        contact = it.view.id
        try:
            there = await phones.mute(conference, leg.sid, on)
        except NotDelivered as no:
            await self._refused(contact, "mute" if on else "unmute", no, {"mute": ""} if on else {})
            return
        if there:
            what, sid = ("mute", leg.sid) if on else ("unmute", "")
            await self.queue.happen(contact, what, {"muted": sid, "trouble": ""}, it.view.owner)

    async def _record(self, phones: Phones, it: Standing, on: bool) -> None:
        conference, recorded = it.facts.get("conference", ""), self.book().plan.voice.recording
        if recorded is None or not conference or not it.met or on == (it.facts.get("taped") != "paused"):
            return
        try:
            runs = await phones.record(conference, on)
        except NotDelivered as no:
            await self._refused(it.view.id, "record" if on else "pause", no)
            return
        if runs:
            facts = {"taped": "" if on else "paused", "trouble": ""}
            await self.queue.happen(it.view.id, "record" if on else "pause", facts)

    async def _refused(
        self, contact: str, what: str, no: NotDelivered, given_up: Mapping[str, str] = NOTHING
    ) -> None:
        """What the provider refuses for good is said once, and what was wished is `given_up`; what passes is raised."""
        if not no.permanent:
            raise no
        facts = {**given_up, "trouble": f"{what}: {no.code}"}
        await self.queue.happen(contact, "refused", facts, about={"of": what, "why": no.reason})

    async def _then(self, phones: Phones, it: Standing, then: str) -> None:
        view = it.view
        over = then in ("over", "queue") and it.facts.get("kind") not in LATER
        if over and it.customer is not None and await self._went(phones, it.customer):
            await self.queue.complete(view.id, view.owner, '{"by":"the customer hung up"}')
            return
        match then:
            case "over":
                await self.queue.complete(view.id, view.owner, '{"by":"the agent hung up"}')
            case "queue":
                await self.queue.release(view.id, view.owner, "line lost", exclude=False)
            case "take":
                await self.queue.accept(view.id, it.offer, it.facts["warm"])
            case "leave" if it.customer is not None:
                await self.queue.jot(view.id, "leave", "closed")
                await phones.move(it.customer.sid, Go("left", {"c": view.id}))

    async def _went(self, phones: Phones, customer: Leg) -> bool:
        """Whether the customer has hung up: the conference ends with them, and of the agent we may hear first."""
        found = await phones.look(customer.sid)
        return found is None or RANKS[found.state] == OVER

    # ---- others join --------------------------------------------------------------------------------------------

    async def _bring_in(self, phones: Phones, event: Event, what: str, t: Try) -> None:
        """A colleague who was asked to join, or a supervisor: rung, or, already in the call, heard otherwise."""
        it, spec = await standing(self.queue, event.c), spec_of(self.book(), event.a)
        if it is None or spec is None or not spec.phone or it.view.state != "active":
            return
        role = "guest" if what == "invite" else "boss"
        theirs = [leg for leg in it.legs if leg.about.get("a") == event.a and leg.about.get("r") == role]
        if any(leg.about.get("k") == event.id for leg in theirs):
            return  # done before
        there = [leg for leg in theirs if leg in it.inside("guest", "boss")]
        if there:
            await self._heard_otherwise(phones, it, there[-1], what)
            return
        about = {"c": event.c, "a": event.a, "r": role, "k": event.id, "w": what}
        sender = Facts.parse(it.view.facts).recipient
        ring = Ring(f"{event.c}.{event.id}", spec.phone, sender, "agent", about, RINGS, event.t)
        try:
            leg = await made(self.queue, phones, ring, it.legs, t)
        except NotDelivered as no:
            await self._refused(event.c, "ring", no)
            return
        await self.queue.leg(event.c, leg.sid, leg.state, about)

    async def _heard_otherwise(self, phones: Phones, it: Standing, leg: Leg, what: str) -> None:
        conference = it.facts.get("conference", "")
        if what == "whisper":
            await self._coach(phones, it)
            await phones.mute(conference, leg.sid, False)
            return
        if what == "listen":
            await phones.mute(conference, leg.sid, True)
        await phones.coach(conference, leg.sid, "")
        if what == "barge":
            await phones.mute(conference, leg.sid, False)
        await self.queue.jot(it.view.id, "coached", "")

    async def _coach(self, phones: Phones, it: Standing) -> None:
        """Who whispers is heard by whoever has the call now."""
        boss, owner, conference = it.whispers, it.owner, it.facts.get("conference", "")
        if boss is None or owner is None or not conference or it.facts.get("coached") == owner.sid:
            return
        if await phones.coach(conference, boss.sid, owner.sid):
            await self.queue.jot(it.view.id, "coached", owner.sid)


def _over(event: Event) -> bool:
    return str(more(event).get("state")) in ("completed", "busy", "failed", "no-answer", "canceled")
