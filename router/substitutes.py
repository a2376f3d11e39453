"""While an agent is absent whoever stands in for them is asked: for returning customers, consults, what is handed over.

What they own stays theirs: it is handed over by a button, one by one, and each stays until it is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.channel import Button, Desk
from ..channels.house import Actor, Told
from ..queue.contact import Decision, Preference
from ..queue.engine import Queue
from ..queue.state import BITS, QUEUED, AgentView, ContactView, Event
from .absence import NOBODY, is_there, kept
from .lanes import Job, Try
from .look import more, spec_of
from .moves import Moves, Who
from .newcomers import stranger
from .parts import Silent
from .plan.model import AgentSpec
from .rulebook import Rulebook, span
from .stand_in import stand_in
from .texts import spoken

ANEW = frozenset({"owner away", "owner left"})
"""Why a contact that had an owner is in the queue (the queue's words) who may have a substitute."""

AT_ONCE = 5_000
"""ms within which an offer to somebody else is taken back: it has hardly been seen."""


def hand_button(name: str) -> Button:
    """Everything of theirs to one colleague."""
    return Button("agent.handover", f"Hand them to {name}", name)


async def in_hand(queue: Queue, me: AgentView | None) -> tuple[ContactView, ...]:
    """What they own and haven't ended, asleep or not; no call: whoever is on the phone is there."""
    held = await queue.several(sorted(me.contacts | me.snoozed)) if me is not None else []
    mine = [it for it in held if me is not None and it.owner == me.name and it.channel != "voice"]
    return tuple(it for it in mine if it.state == "active")


@dataclass(slots=True)
class Substitutes(Silent):
    """The button that hands over, and what the ledger causes."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    moves: Moves

    # ---- what people do -----------------------------------------------------------------------------------------

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Hand them to Ben*."""
        if action != "agent.handover":
            return None
        book = self.book()
        who = Who.of(book, actor)
        if who is None or not who.agent:
            return stranger(book.plan.supervisors)
        if book.plan.agent(value) is None:
            return Told(False, "They aren't in the plan any more: nothing was done.")
        me = (await self.queue.agents(who.agent)).get(who.agent)
        held = [it for it in await in_hand(self.queue, me) if not it.handing]
        if not held:
            return Told(False, "You have nothing in hand that isn't handed over already.")
        done = [(it, await self.moves.transfer(who, it.id, f"agent {value}", _why(me))) for it in held]
        given = [it.id for it, answer in done if answer.ok]
        first = f"{', '.join(given)}: asked for. Each stays yours until it is taken." if given else ""
        failed = [f"{it.id}: {answer.text}" for it, answer in done if not answer.ok]
        return Told(bool(given), "\n".join(filter(None, (first, *failed))))

    # ---- what the ledger tells ----------------------------------------------------------------------------------

    def jobs(self, event: Event) -> list[Job]:
        """Who stands in hears of it, and is asked first for what loses its absent owner."""
        if event.e == "presence" and more(event).get("presence") == "away":
            return [Job(f"agent:{event.a}", "stands in", lambda t: self._tell(event, t))]
        if event.e == "queued" and more(event).get("from") and more(event).get("why") in ANEW:
            return [Job(f"hours:{event.c}", "substitute first", lambda t: self._first(event))]
        return []

    async def _tell(self, event: Event, t: Try) -> None:
        """Only whoever was named for this absence: those whom the plan names know it from there."""
        book, about = self.book(), more(event)
        spec = spec_of(book, event.a)
        absence = kept(book, spec, str(about.get("why") or "")) if spec is not None else None
        other = book.plan.agent(absence.name) if absence is not None and absence.name != NOBODY else None
        me = (await self.queue.agents(event.a)).get(event.a)
        if spec is None or absence is None or other is None or me is None or me.presence != "away":
            return
        until = about.get("until")
        when = f" until {spoken(int(str(until)), event.t, book.plan.timezone, 'en')}" if until else ""
        why = f" ({absence.why})" if absence.why else ""
        text = (
            f"You stand in for {spec.name}, who is away{when}{why}: customers who come back to {spec.name}, and what "
            f"colleagues ask or hand over, come to you first. What {spec.name} has in hand stays theirs."
        )
        await self.desk.tell(other.slack, text, key=f"{event.id}.stands.{event.a}", again=t.again)

    async def _first(self, event: Event) -> None:
        """It lost its owner without a word from the customer: their substitute alone is asked for a while."""
        former, book = str(more(event)["from"]), self.book()
        who = await stand_in(self.queue, book, former)
        contact = await self.queue.contact(event.c)
        if (
            who == former
            or contact is None
            or contact.owner
            or contact.personal
            or contact.state not in QUEUED
        ):
            return
        until = event.t + span(book.plan.channels.of(contact.channel).preferred)
        other = (await self.queue.agents(who)).get(who)
        if other is None or not is_there(other) or not other.mask & BITS[contact.channel]:
            return  # whoever has room is asked
        now = await self.queue.now()
        if now >= until or (contact.offers and now - event.t > AT_ONCE):
            return  # too late, or somebody looks at it already
        prefer = Preference(who, "preferred", until)
        rank, ends = contact.rank // 1000, contact.deadlines
        decision = Decision(contact.route, rank, None, ends, prefer, contact.facts)
        if not (await self.queue.reroute(contact.id, decision, contact.route)).done:
            return
        for offer in contact.offers:
            if offer.agent != who:
                await self.queue.rescind(contact.id, offer.number, "rerouted")


def _why(me: AgentView | None) -> str:
    return f"away: {me.why}" if me is not None and me.presence == "away" and me.why else "absent"


def named(book: Rulebook, spec: AgentSpec, name: str) -> str:
    """Who stands in by what was said or by the plan, "" for nobody."""
    chosen = name or spec.substitute or ""
    return chosen if chosen != NOBODY and book.plan.agent(chosen) is not None else ""
