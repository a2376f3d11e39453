"""The reference model's matching: which step, which agent, which contact, and who is kept free for whom.

Written for reading: every choice is a minimum over everybody or a walk through everything in order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..skills.skill import LIVE
from .model_choice import Choice
from .model_records import Agent, Contact, Key, Offer
from .state import BITS

DELIVERY = 30_000  # how long an offer may take to reach the agent
LIFT = 300_000  # after this long "everybody said no" is asked again in the last step
MISSED_PAIR = 60_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one piece of work may do before it leaves its rest in the due set."""

    tick: int = 8  # entries, and offers made
    fill: int = 16
    sweep: int = 16


class Matching(Choice):
    """Brings contacts and agents together; `work` finishes what a transition began."""

    __slots__ = ("bounds", "freed", "made", "roomy", "unmarked")

    def __init__(self, bounds: Bounds) -> None:
        super().__init__()
        self.bounds = bounds
        self.made = 0  # offers
        self.freed: list[Contact] = []  # to enter again
        self.roomy: list[Agent] = []  # to be filled
        self.unmarked: list[Agent] = []  # to be filled last: no longer kept free

    def work(self) -> None:
        """Freed contacts enter first, then agents with new room are filled."""
        freed, roomy, unmarked = self.freed, self.roomy, self.unmarked
        while freed or roomy or unmarked:
            if freed:
                contact = freed.pop(0)
                if contact.placeable:
                    self.enter(contact)
            else:
                agent = (roomy or unmarked).pop(0)
                if agent.name in self.agents:
                    self.fill(agent)

    # -- steps ---------------------------------------------------------------------------------------------

    def ends(self, contact: Contact, step: int) -> int:
        """When the step ends (never asked of the last one)."""
        if contact.deadlines:
            return contact.deadlines[step]
        return contact.base + (contact.route.steps[step].until or 0)

    def exhausted(self, contact: Contact) -> bool:
        """Whether somebody on shift is admitted, and none of them can be asked any more: declined, or its owner."""
        if not contact.pairs and not contact.handover:
            return False
        out = contact.pairs - contact.paused
        if contact.handover:
            out |= {contact.owner}
        if not out:
            return False
        asked = self.counted(contact.klass)
        return bool(asked) and out >= asked

    def settle(self, contact: Contact) -> None:
        """Move on to the first step that is still open, and that somebody on shift could serve."""
        last, step = len(contact.route.steps) - 1, contact.step
        while step < last and self.ends(contact, step) <= self.now:
            step += 1
        if step != contact.step:
            self._advance(contact, step, "age")
        while contact.step < last:
            if not self.alive(contact.classes[contact.step]):
                self._advance(contact, contact.step + 1, "nobody")
            elif self.exhausted(contact):
                self._tell_exhausted(contact)
                self._advance(contact, contact.step + 1, "exhausted")
            else:
                break
        if contact.step == last and self.exhausted(contact):
            self._tell_exhausted(contact)
            if contact.pairs:
                contact.lift_at = contact.lift_at or self.now + LIFT
                self.due[f"E:{contact.id}"] = contact.lift_at
                return
        self.drop_lift(contact)

    def _advance(self, contact: Contact, step: int, why: str) -> None:
        contact.step = step
        self.tell("step", contact.id, to=step, why=why)

    def _tell_exhausted(self, contact: Contact) -> None:
        if contact.told != contact.step:
            contact.told = contact.step
            self.tell("exhausted", contact.id, step=contact.step)

    def drop_lift(self, contact: Contact) -> None:
        """Nothing to lift any more."""
        contact.lift_at = None
        self.due.pop(f"E:{contact.id}", None)

    # -- a contact looks for agents ------------------------------------------------------------------------

    def enter(self, contact: Contact) -> None:
        """(Re-)enter the queue: settle the step, ask whoever may take it now, wait for the rest."""
        self.list_out(contact)
        self.settle(contact)
        self.place(contact)

    def place(self, contact: Contact) -> None:
        """Offer it as often as its step says, and put it where it is looked for."""
        if contact.drainer:
            self.check_mark(contact)
        prefer = contact.prefer
        wanted = self.wanted(contact) if prefer else None
        contact.personal = wanted.name if wanted else ""
        if not wanted and contact.handover and contact.handover.only:
            late = prefer and prefer.until is not None and prefer.until <= self.now
            self.keep_back(contact, "too late" if late else "unavailable")
            return
        if wanted:
            self.unmark(contact)
            if not contact.offers and self.may_take(wanted, contact) and self.is_next(wanted, contact):
                self.offer(contact, wanted)
        else:
            while contact.wanting:
                agent = self.agent_for(contact)
                if agent is None:
                    break
                self.offer(contact, agent)
        self.list_in(contact)
        last = contact.step == len(contact.route.steps) - 1
        if last and not contact.offers:
            self._tell_nobody(contact)
        self._time_step(contact, last)

    def _tell_nobody(self, contact: Contact) -> None:
        """It waits for anybody in its last step, and nobody on shift could ever serve it."""
        number = contact.klass
        if not self.alive(number) and contact.alone != number and contact.open:
            contact.alone = number
            self.tell("nobody", contact.id, step=contact.step)

    def _time_step(self, contact: Contact, last: bool) -> None:
        ends = None if last else self.ends(contact, contact.step)
        prefer = contact.prefer
        if prefer and contact.personal and prefer.until is not None:
            ends = prefer.until if ends is None else min(ends, prefer.until)
        if ends is None:
            self.due.pop(f"s:{contact.id}", None)
        else:
            self.due[f"s:{contact.id}"] = ends

    def wanted(self, contact: Contact) -> Agent | None:
        """The agent who alone is asked; the preference is dropped for good once it doesn't hold."""
        if contact.prefer is None:
            return None
        agent, until = self.agents.get(contact.prefer.agent), contact.prefer.until
        if agent and (until is None or until > self.now) and self.could(agent, contact):
            return agent
        contact.prefer = None
        return None

    def could(self, agent: Agent, contact: Contact) -> bool:
        """Available, on shift, admitted, channel on, not excluded, not its owner: all but room and offers."""
        return (
            agent.ready
            and contact.klass in agent.can
            and bool(agent.channels & BITS[contact.route.channel])
            and agent.name not in contact.pairs
            and agent.name != contact.owner
        )

    def may_take(self, agent: Agent, contact: Contact) -> bool:
        """*May take it now*, but for draining."""
        return (
            self.desk_up
            and self.could(agent, contact)
            and contact.personal in ("", agent.name)
            and agent.name not in contact.offers
            and bool(agent.mask & BITS[contact.route.channel])
        )

    def agent_for(self, contact: Contact) -> Agent | None:
        """The first in the order of choice who may take it and isn't kept free for an earlier one."""
        if self.desk_up and self.room[contact.route.channel]:
            for agent in self.who_may_take(contact):
                if self.is_next(agent, contact):
                    return agent
        return None

    def is_next(self, agent: Agent, contact: Contact) -> bool:
        """Whether the agent needn't be kept free for an earlier one, nor has yet to be filled with an earlier one."""
        if self.held_back(agent, contact):
            return False
        unfilled = agent in self.roomy or agent in self.unmarked or f"d:{agent.name}" in self.due
        first = self.first_for(agent) if unfilled else None
        return first is None or contact.key <= first.key

    def who_may_take(self, contact: Contact) -> Iterator[Agent]:
        """In the order of choice, everybody who may take it while the desk is up; it is meant for nobody in person."""
        bit = BITS[contact.route.channel]
        for tier in self.admitted(contact.klass):
            able = [it for it in tier if it.mask & bit]
            if able and (contact.pairs or contact.offers or contact.owner):
                out = {contact.owner, *contact.pairs, *contact.offers}
                able = [it for it in able if it.name not in out]
            if able:
                order = self.order(contact)
                first = min(able, key=order)  # hardly ever is a second one asked for
                yield first
                able.remove(first)
                yield from sorted(able, key=order)

    # -- an agent looks for contacts -----------------------------------------------------------------------

    def fill(self, agent: Agent) -> None:
        """Offer the agent the earliest contacts that they may take, until nothing is left or the bound."""
        for _ in range(self.bounds.fill):
            contact = self.contact_for(agent)
            if contact is None:
                return
            self.list_out(contact)
            self.offer(contact, agent)
            self.list_in(contact)
        self.due[f"d:{agent.name}"] = self.now

    def contact_for(self, agent: Agent) -> Contact | None:
        """The earliest contact that the agent may take, unless they are kept free for an earlier one."""
        best = self.first_for(agent)
        return None if best is None or self.held_back(agent, best) else best

    def first_for(self, agent: Agent) -> Contact | None:
        """The earliest contact that waits and that the agent may take, kept free or not."""
        mask = agent.mask
        if not mask or not self.desk_up:
            return None
        meant = self.personal.get(agent.name)
        best = self._earliest(agent, meant, None) if meant else None
        can = agent.can
        for channel, heads in self.heads.items():
            if mask & BITS[channel]:
                for rank, id, number in heads:
                    if best is not None and best.key < (rank, id):
                        break
                    if number in can:
                        best = self._earliest(agent, self.queue[channel][number], best)
        return best

    def _earliest(self, agent: Agent, keys: Sequence[Key], best: Contact | None) -> Contact | None:
        """`best`, unless they may take one of `keys` that is earlier."""
        for key in keys:
            if best is not None and best.key < key:
                return best
            contact = self.contacts[key[1]]
            if self.may_take(agent, contact):
                return contact
        return best

    # -- draining ------------------------------------------------------------------------------------------

    def held_back(self, agent: Agent, contact: Contact) -> bool:
        """Whether the agent is kept free for an earlier contact that doesn't fit beside their load yet."""
        if agent.draining:
            return self.contacts[agent.draining].key < contact.key
        tight = agent.tight
        if not tight:
            return False
        earlier: list[Key] = []
        for channel, classes in self.queue.items():
            if tight & BITS[channel]:
                for number, keys in classes.items():
                    if number in agent.can:
                        earlier += keys[: bisect_left(keys, contact.key)]
        for _, id in sorted(earlier):
            waiting = self.contacts[id]
            if waiting.offers or waiting.drainer or not self.could(agent, waiting):
                continue
            free = [it for it in self.ready.values() if not it.draining and self._could_drain(it, waiting)]
            if not free:
                continue
            chosen = min(free, key=lambda it: (it.permille, it.since, it.name))
            waiting.drainer, chosen.draining = chosen.name, waiting.id
            self.tell("draining", waiting.id, chosen.name)
            if chosen is agent:
                return True
        return False

    def _could_drain(self, agent: Agent, contact: Contact) -> bool:
        return self.could(agent, contact) and agent.costs[contact.route.channel] <= agent.capacity.budget

    def check_mark(self, contact: Contact) -> None:
        """The mark goes when its agent can't become the one who takes it."""
        if contact.drainer and not self._could_drain(self.agents[contact.drainer], contact):
            self.unmark(contact)

    def unmark(self, contact: Contact) -> None:
        """Nobody is kept free for it; whoever was is filled when everything else is done."""
        if contact.drainer:
            agent = self.agents[contact.drainer]
            contact.drainer = agent.draining = ""
            self.unmarked.append(agent)

    # -- offers --------------------------------------------------------------------------------------------

    def offer(self, contact: Contact, agent: Agent) -> None:
        """Reserve the contact for the agent; a call takes the place of their deferred offers."""
        if contact.route.channel == "voice":
            rung = [self.contacts[id] for id in agent.offers if agent.holds[id] not in LIVE]
            self.free(rung, agent, "call")
            if (
                rung
            ):  # fewer live offers than before: beside a call that isn't their whole budget a chat may fit
                self.roomy.append(agent)
        self.unmark(contact)
        self.made += 1
        contact.offered += 1
        contact.alone = 0
        offer = Offer(contact.offered, agent.name, self.now, self.now + DELIVERY)
        contact.offers[agent.name] = offer
        contact.state = contact.state if contact.handover else "offered"
        agent.offers.add(contact.id)
        agent.last_offered = self.now
        self.hold(agent, contact)
        self.due[f"o:{contact.id}:{offer.number}"] = offer.due
        self.tell("offered", contact.id, agent.name, offer.number, step=contact.step, rank=contact.rank)

    def free(self, contacts: Iterable[Contact], agent: Agent, reason: str) -> None:
        """Rescind the agent's live offers of these contacts, which enter again when `work` comes to them.

        Whatever waited for more than that agent goes on waiting meanwhile."""
        contacts = sorted(contacts, key=lambda it: it.key)
        for contact in contacts:
            self.end_offer(contact, contact.offers[agent.name], "rescinded", reason)
        self.freed += contacts

    def after_offer(self, contact: Contact, why: str) -> None:
        """An offer ended, and its agent won't take it: somebody else is asked, or the owner keeps it."""
        if contact.handover and contact.handover.only:
            self.keep_back(contact, why)
        else:
            self.freed.append(contact)

    def keep_back(self, contact: Contact, why: str) -> None:
        """It isn't handed over after all: everything is as before."""
        before = contact.handover
        assert before is not None
        self.withdraw(contact, "kept")
        self.forget_pairs(contact)
        contact.personal, contact.prefer, contact.handover, contact.told = "", None, None, -1
        contact.route, contact.classes, contact.step = before.route, before.classes, before.step
        contact.base, contact.deadlines, contact.facts = before.base, before.deadlines, before.facts
        told = {"why": why, "service": contact.route.service, "facts": contact.facts}
        self.tell("kept", contact.id, contact.owner, **told)
        if before.asleep and why not in ("snoozed", "completed"):
            self.to_sleep(contact, before.wake, "kept")
            return
        self.remind(contact)
        if not contact.owed and contact.quiet is not None:
            self.due[f"q:{contact.id}"] = self.now + contact.quiet

    def to_sleep(self, it: Contact, wake: int | None, why: str) -> None:
        """It stays its owner's, costs them nothing, and comes back by itself."""
        agent = self.agents[it.owner]
        self.calm(it)
        if it.id in agent.holds:
            self.unhold(agent, it)
        agent.snoozed.add(it.id)
        it.state, it.wake = "snoozed", wake
        if wake is not None:
            self.due[f"p:{it.id}"] = wake
        self.tell("snoozed", it.id, agent.name, wake=wake, why=why)
        self.roomy.append(agent)

    def rescind_all(self, contact: Contact, reason: str) -> None:
        """Rescind all live offers of a contact; their agents are filled when `work` comes to them."""
        for offer in sorted(contact.offers.values(), key=lambda it: it.number):
            self.end_offer(contact, offer, "rescinded", reason)
            self.roomy.append(self.agents[offer.agent])

    def withdraw(self, contact: Contact, reason: str) -> None:
        """Out of the queue altogether: offers, sets, mark, step timer."""
        self.list_out(contact)
        self.unmark(contact)
        if contact.offers:
            self.rescind_all(contact, reason)
        self.due.pop(f"s:{contact.id}", None)
        self.drop_lift(contact)
