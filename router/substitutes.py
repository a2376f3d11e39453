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
from .moves import Moves, Outcome, Who
from .newcomers import stranger
from .parts import Silent
from .plan.model import AgentSpec
from .rights import boss
from .rulebook import Rulebook, agent_id, span
from .stand_in import stand_in
from .texts import spoken

ANEW = frozenset({"owner away", "owner left"})
"""Why a contact that had an owner is in the queue (the queue's words) who may have a substitute."""

AT_ONCE = 5_000
"""ms within which an offer to somebody else is taken back: it has hardly been seen."""
LONG = 8 * 3_600_000
"""ms from which an absence reaches into the next day of whoever stands in."""
TOLD = 7 * 86_400_000
"""ms for which it is known who was told of which absence."""


def hand_button(name: str) -> Button:
    """Everything of theirs to one colleague."""
    return Button("agent.handover", f"Hand them to {name}", name)


def give_buttons(agent: str, name: str) -> tuple[Button, ...]:
    """For a supervisor: everything of `agent` (the queue's id) to `name`, where anybody stands in, or to others."""
    to = (Button("agent.give", f"Hand them to {name}", f"{agent} {name}"),) if name else ()
    return (*to, Button("agent.give", "Ask others", agent))


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
        """*Hand them to Ben*, of one's own or, as a supervisor, of somebody absent; *Ask others*."""
        if action == "agent.give":
            return await self._give(actor, value)
        if action != "agent.handover":
            return None
        book = self.book()
        who = Who.of(book, actor)
        if who is None or not who.agent:
            return stranger(book.plan.supervisors)
        if book.plan.agent(value) is None:
            return Told(False, "They aren't in the plan any more: nothing was done.")
        me = (await self.queue.agents(who.agent)).get(who.agent)
        return await self._moved(who, me, value, "yours", "You have")

    async def _give(self, actor: Actor, value: str) -> Told:
        """A supervisor sees to what somebody has in hand of whom nothing is heard."""
        book = self.book()
        who = boss(book, actor)
        if isinstance(who, Told):
            return who
        agent, _, name = value.partition(" ")
        if agent not in book.by_id or (name and book.plan.agent(name) is None):
            return Told(False, "They aren't in the plan any more: nothing was done.")
        me = (await self.queue.agents(agent)).get(agent)
        if me is not None and me.presence != "away":
            return Told(False, f"{book.called(agent)} is {me.presence} again: ask them, or use the board.")
        called = book.called(agent)
        return await self._moved(who, me, name, f"{called}'s", f"{called} has")

    async def _moved(self, who: Who, me: AgentView | None, name: str, whose: str, has: str) -> Told:
        """Everything in hand to `name`, "" for the queue; `whose` it is until then."""
        held = [it for it in await in_hand(self.queue, me) if not it.handing]
        if not held:
            return Told(False, f"{has} nothing in hand that isn't handed over already.")
        done = [(it, await self._move(who, it.id, name, _why(me))) for it in held]
        given = ", ".join(it.id for it, answer in done if answer.ok)
        then = (
            f"asked for. Each stays {whose} until it is taken."
            if name
            else "others are asked, with their rank."
        )
        first = f"{given}: {then}" if given else ""
        failed = [f"{it.id}: {answer.text}" for it, answer in done if not answer.ok]
        return Told(bool(given), "\n".join(filter(None, (first, *failed))))

    async def _move(self, who: Who, contact: str, name: str, why: str) -> Outcome:
        if name:
            return await self.moves.transfer(who, contact, f"agent {name}", why)
        return await self.moves.release(who, contact, why)

    # ---- what the ledger tells ----------------------------------------------------------------------------------

    def jobs(self, event: Event) -> list[Job]:
        """Who stands in hears of it, and is asked first for what loses its absent owner."""
        if event.e in ("presence", "presence.renewed") and more(event).get("presence") == "away":
            return [Job(f"agent:{event.a}", "stands in", lambda t: self._tell(event, t))]
        if event.e == "queued" and more(event).get("from") and more(event).get("why") in ANEW:
            return [Job(f"hours:{event.c}", "substitute first", lambda t: self._first(event))]
        return []

    async def _tell(self, event: Event, t: Try) -> None:
        """Whoever was named for this absence; whom the plan names only if it concerns them: not of a break at night."""
        book, about = self.book(), more(event)
        spec = spec_of(book, event.a)
        absence = kept(book, spec, str(about.get("why") or "")) if spec is not None else None
        other = (
            book.plan.agent(named(book, spec, absence.name))
            if spec is not None and absence is not None
            else None
        )
        if spec is None or absence is None or other is None:
            return
        agents = await self.queue.agents(event.a, agent_id(other.name))
        me, they = agents.get(event.a), agents.get(agent_id(other.name))
        until = int(str(about.get("until") or 0))
        if me is None or me.presence != "away":
            return
        brief = bool(until) and until - event.t < LONG
        if not absence.name and (they is None or not is_there(they)) and brief:
            return
        if (
            not await self.queue.once(f"stands:{event.a}:{agent_id(other.name)}:{until or event.id}", TOLD)
            and not t.again
        ):
            return  # the same absence, said in other words
        when = f" until {spoken(until, event.t, book.plan.timezone, 'en')}" if until else ""
        why = f" ({absence.why})" if absence.why else ""
        by = "" if absence.name else ", as the plan says"
        text = (
            f"You stand in for {spec.name}, who is away{when}{why}{by}: customers who come back to {spec.name}, and what "
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
