"""The reference model's quiet: contacts that are snoozed, how they come back, and owners who don't answer."""

from __future__ import annotations

from dataclasses import replace

from .contact import Decision, Preference
from .model_people import People
from .model_records import Agent, Contact
from .model_texts import Texts
from .replies import Answer
from .state import BITS

OWNER_FIRST = 120_000  # so long the owner of a snoozed text, chat or call alone is asked when its date comes
OWNER_FIRST_MAIL = 1_800_000


class Quiet(People, Texts):
    """Snoozing, coming back, and what a customer's message means to a contact that is there already."""

    __slots__ = ()

    def snooze(self, contact: str, agent: str, wake: int | None = None, why: str = "") -> Answer:
        """Nothing to do until the customer writes, or until `wake`; it stays its owner's and costs nothing.

        What sleeps already gets another date.
        """
        it = self.contacts.get(contact)
        if it is None or it.state not in (("active",) if wake is None else ("active", "snoozed")):
            return self.too_late(it, "stale")
        if agent and agent != it.owner:
            return Answer("not_owner", it.owner, it.state)
        if it.handing:
            self.keep_back(it, "snoozed")
        self.to_sleep(it, wake, why)
        self.work()
        return Answer("ok", state=it.state)

    def release_reply(self, contact: str, n: int) -> Answer:
        """Sent without waiting any longer."""
        answer = super().release_reply(contact, n)
        self.work()
        return answer

    def answered(self, contact: Contact) -> None:
        """The quiet time begins; where it is none the contact is snoozed at once."""
        super().answered(contact)
        quiet = contact.quiet
        if quiet is None or contact.state != "active" or contact.handing:
            return
        self.due[f"q:{contact.id}"] = self.now + quiet
        if quiet == 0:
            self.to_sleep(contact, None, "quiet")

    def _quiet(self, rest: str, at: int) -> None:
        it = self.contacts[rest]
        if it.state == "active" and not it.handing and not it.owed:
            self.to_sleep(it, None, "quiet")

    def _silent(self, rest: str, at: int) -> None:
        """The owner is reminded once; then somebody else is asked."""
        it = self.contacts[rest]
        if it.state != "active" or it.handing or not it.owed:
            return
        if it.nudged:
            self.disown(it, "owner silent", exclude=True)
        else:
            it.nudged = True
            self.tell("nudged", it.id, it.owner)
            self.remind(it)

    # -- the customer again --------------------------------------------------------------------------------

    def heard(self, it: Contact, decision: Decision, again: Decision | None) -> None:
        """The customer has written again, to an open contact or to one that has just ended.

        What was owed an answer before keeps its rank: a customer's further messages never move it backward.
        """
        rank = it.rank if it.owed else (again or decision).rank * 1000 + it.number % 1000
        self.owe(it)
        if it.state == "snoozed":
            self.come_back(it, "message", again, rank)
        elif it.state in ("closed", "wrapping"):
            self.lead(it)
            self.tell("reopened", it.id, by="")
            if it.state == "closed":
                self.come_back(it, "reopened", again, rank)
            else:
                self._resume(it)

    def owe(self, it: Contact) -> None:
        """The customer waits for an answer."""
        it.owed = True
        if it.handover:
            it.handover = replace(it.handover, asleep=False)
        self.due.pop(f"q:{it.id}", None)
        self.remind(it)

    def reopenable(self, thread: str, reopen: int) -> Contact | None:
        """The conversation's last contact, if it is in wrap-up or ended less than `reopen` ms ago."""
        if not reopen or thread in self.threads:
            return None
        it = self.contacts.get(self.last.get(thread, ""))
        if it is None:
            return None
        recent = it.closed_at is not None and it.closed_at + reopen > self.now
        return it if it.state == "wrapping" or (it.state == "closed" and recent) else None

    def _resume(self, it: Contact) -> None:
        it.state, it.wrap_until = "active", None
        self.due.pop(f"w:{it.id}", None)
        self.tell("returned", it.id, it.owner, why="reopened")
        self.remind(it)
        if not self.agents[it.owner].counted:
            self.leave(self.agents[it.owner])

    def come_back(
        self, it: Contact, why: str, again: Decision | None = None, rank: int | None = None
    ) -> None:
        """Straight back to its owner, if they can take it now; else to the queue, its owner perhaps first."""
        rank, owner = it.rank if rank is None else rank, self.agents.get(it.owner)
        missing = self.missing(it, owner, rank)
        if owner:
            owner.snoozed.discard(it.id)
        self.due.pop(f"p:{it.id}", None)
        it.wake = it.closed_at = None
        if owner and not missing:
            it.state = "active"
            self.hold(owner, it)
            self.tell("returned", it.id, owner.name, why=why)
            self.remind(it)
            return
        first = None
        if why in ("date", "woken"):
            window = OWNER_FIRST_MAIL if it.route.channel == "email" else OWNER_FIRST
            first = Preference(it.owner, "preferred", self.now + window)
        fits = again is not None and again.route.channel == it.route.channel
        self.queue_again(it, missing, again if fits else None, rank)
        it.prefer = first or it.prefer

    def rouse(self, it: Contact, missing: str) -> None:
        """Handed over in its sleep: from its owner's hands, or, when they can't have it now, from the queue."""
        owner = self.agents[it.owner]
        owner.snoozed.discard(it.id)
        self.due.pop(f"p:{it.id}", None)
        it.wake = None
        if missing:
            it.owner, it.handover, it.state = "", None, "waiting"
            self.tell("queued", it.id, why=missing, rank=it.rank, **{"from": owner.name})
            return
        it.state = "active"
        self.hold(owner, it)
        self.tell("returned", it.id, owner.name, why="transfer")

    def missing(self, it: Contact, owner: Agent | None, rank: int) -> str:
        """Why it can't go straight back, "" if it can. Nobody asks whether the need admits the owner."""
        channel = it.route.channel
        if owner is None or not owner.ready or not owner.channels & BITS[channel]:
            return "owner away"
        if not owner.mask & BITS[channel]:
            return "owner full"
        if owner.draining and self.contacts[owner.draining].key < (rank, it.id):
            return "owner draining"
        return ""

    def too_late(self, it: Contact | None, outcome: str = "") -> Answer:
        """What came before: nothing is there any more, or somebody has it."""
        if it is None:
            return Answer("gone")
        owner = it.owner if it.state in ("active", "wrapping", "snoozed") else ""
        return Answer("taken" if owner and not outcome else "stale", owner, it.state)
