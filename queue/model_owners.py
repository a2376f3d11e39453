"""The reference model's owners: how a contact loses its owner, who is leaving, and what ends a contact."""

from __future__ import annotations

from .contact import Decision
from .model_match import Matching
from .model_records import Agent, Contact

TALKING = 30_000  # after so long it is looked again whether a call of somebody who has left has ended


class Owners(Matching):
    """The parts of transitions in which somebody stops being answerable for a contact."""

    __slots__ = ()

    def owned(self, agent: Agent, *states: str) -> list[Contact]:
        """What the agent owns in these states, in order."""
        known = (self.contacts[id] for id in agent.holds.keys() | agent.snoozed)
        return sorted((it for it in known if it.owner == agent.name and it.state in states), key=_key)

    def queue_again(
        self,
        contact: Contact,
        why: str,
        decision: Decision | None = None,
        rank: int | None = None,
        exclude: bool = False,
    ) -> None:
        """Without an owner, at the first step of its route (or of the decision's): its age counts from now."""
        former = contact.owner
        self.begin_anew(contact)
        contact.state, contact.wake = "waiting", None
        contact.rank = contact.rank if rank is None else rank
        if decision:
            self.follow(contact, decision)
        decided = {"service": contact.route.service, "facts": contact.facts} if decision else {}
        more = {"exclude": True} if exclude else {}
        if decision and decision.wake is not None and decision.wake > self.now:
            self.lay_aside(contact, decision.wake, why, former, **decided)
            return
        self.tell("queued", contact.id, why=why, rank=contact.rank, **{"from": former}, **decided, **more)
        self.freed.append(contact)

    def begin_anew(self, contact: Contact) -> None:
        """Nobody's, at its first step."""
        contact.owner, contact.step, contact.base, contact.told = "", 0, self.now, -1
        contact.deadlines, contact.prefer, contact.personal = (), None, ""

    def follow(self, contact: Contact, decision: Decision) -> None:
        """What was decided for it, but for rank and date."""
        contact.classes = self.intern(decision.route)
        contact.route, contact.deadlines = decision.route, decision.deadlines
        contact.prefer, contact.facts = decision.prefer, decision.facts

    def lay_aside(
        self, contact: Contact, wake: int | None, reason: str, former: str = "", **more: str
    ) -> None:
        """Nobody is asked until `wake`."""
        contact.state, contact.wake, contact.personal = "parked", wake, ""
        self.due[f"p:{contact.id}"] = wake or self.now
        rest = {"from": former} if former else {}
        self.tell("parked", contact.id, wake=wake, reason=reason, **rest, **more)

    def disown(self, contact: Contact, why: str, exclude: bool = False) -> None:
        """Its owner is answerable no longer: it is queued with its rank, and they are filled afterwards."""
        agent = self.agents[contact.owner]
        self.calm(contact)
        self.due.pop(f"p:{contact.id}", None)
        agent.snoozed.discard(contact.id)
        if contact.id in agent.holds:
            self.unhold(agent, contact)
        if contact.handing:
            contact.handover, contact.owner = None, ""
            contact.state = "offered" if contact.offers else "waiting"
            more = {"exclude": True} if exclude else {}
            self.tell("queued", contact.id, why=why, rank=contact.rank, **{"from": agent.name}, **more)
            self.freed.append(contact)
        else:
            self.queue_again(contact, why, exclude=exclude)
        if exclude:
            contact.pairs |= {agent.name}
            contact.paused -= {agent.name}
        self.roomy.append(agent)

    # -- the end of a contact ------------------------------------------------------------------------------

    def close(self, contact: Contact) -> None:
        """After the wrap-up, or at once where there is none."""
        agent = self.agents.get(contact.owner)
        if agent and contact.id in agent.holds:
            self.unhold(agent, contact)
            self.roomy.append(agent)
        if agent:
            agent.snoozed.discard(contact.id)
        for kind in "wp":
            self.due.pop(f"{kind}:{contact.id}", None)
        self.calm(contact)
        contact.state, contact.closed_at = "closed", self.now
        contact.wrap_until = contact.wake = None
        self.tell("closed", contact.id, contact.owner, outcome=contact.outcome)

    def free_threads(self, contact: Contact) -> None:
        """What the customer says from now on is for another contact."""
        for thread in contact.conversations:
            if self.threads.get(thread) == contact.id:
                del self.threads[thread]

    # -- agents who leave ----------------------------------------------------------------------------------

    def leave(self, agent: Agent) -> None:
        """Unless they come back in time, what they have in hand goes to others."""
        member = f"l:{agent.name}"
        if member not in self.due and self.owned(agent, "active"):
            self.due[member] = self.now + agent.grace

    def stay(self, agent: Agent) -> None:
        """They are back; a change of profile is looked at all the same."""
        if not agent.removing and not agent.reprofiled:
            self.due.pop(f"l:{agent.name}", None)

    def grace_over(self, agent: Agent) -> None:
        """They haven't come back, or some of their work isn't theirs to do any more."""
        held, why = self.owned(agent, "active"), "owner left"
        if agent.counted:
            held, why = (
                [it for it in held if agent.reprofiled and it.klass not in agent.can],
                "profile changed",
            )
        left = [it for it in held if not it.talking]
        for contact in left[: self.bounds.sweep]:
            self.disown(contact, why)
        if len(left) > self.bounds.sweep:
            self.due[f"l:{agent.name}"] = self.now
        elif len(left) < len(held):
            self.due[f"l:{agent.name}"] = self.now + TALKING
        else:
            agent.reprofiled = False


def _key(contact: Contact) -> tuple[int, str]:
    return contact.key
