"""The reference model's moves: contacts that are handed over, given back, merged, split, opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from .contact import Decision
from .model_quiet import Quiet
from .model_records import Contact, Handover
from .replies import Answer, Arrival
from .state import ENDED

LONGER, MORE = 2, 600_000
"""Times that a wrap-up may be made longer, and by how many ms at most."""
OPEN = ("waiting", "offered", "active", "snoozed", "parked")


class Moves(Quiet):
    """Every method is one transition at the instant `now`."""

    __slots__ = ()

    # -- from one agent to another -------------------------------------------------------------------------

    def transfer(
        self,
        contact: str,
        by: str,
        decision: Decision,
        to: str = "",
        reason: str = "",
        only: bool = False,
    ) -> Answer:
        """Others are asked, with the rank it has, while its owner keeps it; `only`: the preferred agent alone.

        `by` "" is a supervisor. The decision's rank and wake don't count.
        """
        it = self.contacts.get(contact)
        self.intern(decision.route)
        if it is None or it.state not in ("active", "snoozed"):
            return self.too_late(it, "stale")
        if by and by != it.owner:
            return Answer("not_owner", it.owner, it.state)
        same_channel(it, decision)
        self.list_out(it)
        self.unmark(it)
        self.calm(it)
        asleep = it.state == "snoozed"
        before = it.handover or Handover(
            it.route, it.classes, it.step, it.base, it.deadlines, it.facts, only, asleep, it.wake
        )
        if decision.route.service != it.route.service:
            it.base = self.now
        self.follow(it, decision)
        it.handover = replace(before, only=only)
        it.step, it.told, it.personal = 0, -1, ""
        self.drop_lift(it)
        missing = self.missing(it, self.agents.get(it.owner), it.rank) if asleep else ""
        self.tell(
            "transferring", it.id, it.owner,
            by=by, to=to, reason=reason, service=it.route.service, facts=it.facts,
            only=only, decision=decision, **({"queued": missing} if missing else {}),
        )  # fmt: skip
        if asleep:
            self.rouse(it, missing)
        self.settle_anew(it)
        self.work()
        return Answer("ok", state=it.state)

    def settle_anew(self, contact: Contact) -> None:
        """Under another route: whom its step doesn't admit is asked no longer, whom it admits still is."""
        self.settle(contact)
        alone = contact.prefer.agent if contact.prefer else ""
        for offer in sorted(contact.offers.values(), key=lambda it: it.number):
            others = contact.handover is not None and contact.handover.only and offer.agent != alone
            if contact.klass not in self.agents[offer.agent].can or others:
                self.end_offer(contact, offer, "rescinded", "rerouted")
                self.roomy.append(self.agents[offer.agent])
        self.place(contact)

    def keep(self, contact: str, agent: str, why: str = "cancelled") -> Answer:
        """The owner hands it over no longer."""
        it = self.contacts.get(contact)
        if it is None or it.state != "active" or not it.handing:
            return self.too_late(it, "stale")
        if agent and agent != it.owner:
            return Answer("not_owner", it.owner, it.state)
        self.keep_back(it, why)
        self.work()
        return Answer("ok", state=it.state)

    def release(self, contact: str, agent: str, reason: str = "", exclude: bool = True) -> Answer:
        """The owner gives it back: it is queued with its rank, for others first (`exclude`) or for everybody."""
        it = self.contacts.get(contact)
        if it is None or it.state not in ("active", "snoozed"):
            return self.too_late(it, "stale")
        if agent and agent != it.owner:
            return Answer("not_owner", it.owner, it.state)
        self.disown(it, reason or "given back", exclude)
        self.work()
        return Answer("ok", state=it.state)

    def rerank(self, contact: str, rank: int, by: str = "", why: str = "") -> Answer:
        """A supervisor's other opinion of how soon: `rank` in ms."""
        it = self.contacts.get(contact)
        if it is None or it.state in ENDED:
            return self.too_late(it, "stale")
        self._place_anew(it, rank, by, why)
        self.work()
        return Answer("ok", state=it.state)

    def _place_anew(self, it: Contact, rank: int, by: str, why: str) -> None:
        self.list_out(it)
        it.rank = rank * 1000 + it.number % 1000
        self.unmark(it)
        self.tell("reranked", it.id, rank=it.rank, by=by, why=why)
        self.freed.append(it)

    def consult(self, contact: str, by: str, asked: str, question: str) -> Answer:
        """The owner asks a colleague; nobody else is answerable for it."""
        it = self.contacts.get(contact)
        if it is None or it.state not in ("active", "snoozed"):
            return self.too_late(it, "stale")
        if by != it.owner:
            return Answer("not_owner", it.owner, it.state)
        self.tell("consult", it.id, by, asked=asked, question=question, by=by)
        return Answer("ok", state=it.state)

    def identify(self, contact: str, agent: str, judged: str, facts: str, about: Mapping[str, str]) -> Answer:
        """Somebody has made sure whose it is; who may be asked, and when, doesn't follow from that."""
        it = self.contacts.get(contact)
        if it is None:
            return Answer("gone")
        if it.facts != judged or it.handing:
            return Answer("stale", "" if it.state in ENDED else it.owner, it.state)
        it.facts = facts
        self.tell("identified", it.id, agent, facts=facts, **about)
        return Answer("ok", state=it.state)

    # -- one contact or two --------------------------------------------------------------------------------

    def discard(self, contact: str, by: str, outcome: str = "{}") -> Answer:
        """It ends at once, whatever it was doing: spam, withdrawn."""
        it = self.contacts.get(contact)
        if it is None or it.state in ENDED:
            return self.too_late(it, "stale")
        if by and by != it.owner:
            return Answer("not_owner", it.owner, it.state)
        self._end_now(it, outcome)
        self.work()
        return Answer("ok", state=it.state)

    def _end_now(self, it: Contact, outcome: str) -> None:
        owner = self.agents.get(it.owner)
        if owner and it.id in owner.holds:
            self.unhold(owner, it)
            self.roomy.append(owner)
        self.withdraw(it, "gone")
        self.forget_pairs(it)
        it.handover, it.prefer, it.personal, it.outcome = None, None, "", outcome
        self.free_threads(it)
        self.close(it)

    def wrap_on(self, contact: str, agent: str, ms: int) -> Answer:
        """The wrap-up ends later, twice at most."""
        it = self.contacts.get(contact)
        if it is None or it.state != "wrapping":
            return self.too_late(it, "stale")
        if agent and agent != it.owner:
            return Answer("not_owner", it.owner, it.state)
        ends, more = it.wrap_until or self.now, max(0, min(ms, MORE))
        if it.longer >= LONGER:
            return Answer("too_late", it.owner, it.state, it.longer, ends)
        it.longer, it.wrap_until = it.longer + 1, ends + more
        self.due[f"w:{it.id}"] = it.wrap_until
        self.tell("wrap.longer", it.id, it.owner, it.longer, until=it.wrap_until, ms=more)
        return Answer("ok", state=it.state, n=it.longer, due=it.wrap_until)

    def remark(self, contact: str, agent: str, outcome: str) -> Answer:
        """Something that belongs to its outcome, told; whether it is here still doesn't matter."""
        it, number = self.contacts.get(contact), contact[1:]
        if it is None and not (number.isdigit() and 1000 < int(number) <= self.counter):
            return Answer("gone")
        self.tell("outcome", contact, agent, outcome=outcome)
        return Answer("ok", state=it.state if it else "")

    def merge(self, contact: str, into: str) -> Answer:
        """Two contacts are one matter: the first ends, and what its customer says leads to the other."""
        it, other = self.contacts.get(contact), self.contacts.get(into)
        if it is None or other is None:
            return Answer("gone")
        if it is other or it.state in ENDED or other.state not in OPEN:
            return self.too_late(it, "stale")
        self.tell("merged", it.id, into=other.id)
        self._end_now(it, f'{{"merged":"{other.id}"}}')
        free = [thread for thread in it.conversations if thread not in self.threads]
        other.absorbed, it.absorbed = (*other.absorbed, *free), ()
        for thread in free:
            self.threads[thread] = self.last[thread] = other.id
        self.tell("absorbed", other.id, **{"from": it.id})
        # Both are one by now: it has the place of whoever has waited longer.
        answered, rank = other.state == "snoozed" and not other.owed, it.rank // 1000
        if it.owed and (rank < other.rank // 1000 or answered):
            self._place_anew(other, rank, "", "merged")
        if other.state == "snoozed":
            self.owe(other)
            self.come_back(other, "message")
        elif it.owed:
            self.owe(other)
        self.work()
        return Answer("ok", state=other.state)

    def split(self, contact: str, numbers: Sequence[int], decision: Decision) -> Arrival | Answer:
        """Some of a customer's messages are another matter: copies of them make a contact of their own."""
        it = self.contacts.get(contact)
        self.intern(decision.route)
        if it is None:
            return Answer("gone")
        said = {message.n: message for message in it.messages if message.kind == "in"}
        if not numbers or not said.keys() >= set(numbers):
            return self.too_late(it, "stale")
        same_channel(it, decision)
        chosen = [said[n] for n in sorted(set(numbers))]
        self.tell("split", it.id, to=f"C{self.counter + 1}", numbers=[message.n for message in chosen])
        new = self.open_contact(chosen[0].body, "", decision, {"split_from": it.id, "at": chosen[0].at})
        new.messages = [message._replace(n=n) for n, message in enumerate(chosen, 1)]
        for message in new.messages[1:]:
            self.tell("message", new.id, "", message.n, kind="in", body=message.body, at=message.at)
        self.begin(new, decision)
        self.work()
        return Arrival("new", new.id, len(chosen))

    # -- the beginning, and after the end ------------------------------------------------------------------

    def open_contact(
        self, body: str, thread: str, decision: Decision, split: dict[str, str | int] | None = None
    ) -> Contact:
        """A new contact, queued or laid aside."""
        self.counter += 1
        id = f"C{self.counter}"
        key = (decision.rank * 1000 + self.counter % 1000, id)
        contact = Contact(id, self.counter, decision.route, key, self.now, self.now, thread)
        self.follow(contact, decision)
        contact.previous = str(split["split_from"]) if split else self.last.get(thread, "")
        self.contacts[id] = contact
        if thread:
            self.threads[thread] = self.last[thread] = contact.id
        self.say(contact, "in", body)
        parked = decision.wake is not None and decision.wake > self.now
        tell = partial(self.tell, **split) if split else self.tell
        tell(
            "arrived", id, "", 1, service=decision.route.service, thread=thread, facts=decision.facts,
            parked=parked, body=body, previous=contact.previous, decision=decision,
        )  # fmt: skip
        return contact

    def reach(self, agent: str, thread: str, decision: Decision, about: str = "") -> Arrival | Answer:
        """A contact begins with us, in the hands of whoever begins it: nobody is asked, and no answer is owed."""
        self.intern(decision.route)
        who = self.agents.get(agent)
        if who is None:
            return Answer("gone")
        if thread in self.threads:
            it = self.contacts[self.threads[thread]]
            return Answer("elsewhere", it.id, it.state)
        number = self.counter + 1
        new = Contact(
            id=f"C{number}", number=number, route=decision.route, classes=self.intern(decision.route),
            key=(decision.rank * 1000 + number % 1000, f"C{number}"), arrived=self.now, base=self.now, thread=thread,
            deadlines=(), prefer=None, facts=decision.facts, previous=about or self.last.get(thread, ""),
        )  # fmt: skip
        if why := self.missing(new, who, new.rank):
            return Answer("taken", why)
        self.counter, self.contacts[new.id] = number, new
        self.threads[thread] = self.last[thread] = new.id
        self.tell(
            "reached", new.id, agent, service=decision.route.service, thread=thread, facts=decision.facts,
            previous=new.previous, decision=decision,
        )  # fmt: skip
        new.owner, new.state, new.owed = agent, "active", False
        self.hold(who, new)
        self.tell("returned", new.id, agent, why="reached")
        self.work()
        return Arrival("new", new.id, 0)

    def begin(self, contact: Contact, decision: Decision) -> None:
        """It is queued, or laid aside until its date."""
        if decision.wake is not None and decision.wake > self.now:
            self.lay_aside(contact, decision.wake, "")
        else:
            self.tell("queued", contact.id, rank=contact.rank)
            self.freed.append(contact)

    def reopen(self, contact: str, agent: str, decision: Decision) -> Answer:
        """An ended contact is worked on again: by `agent` (at once, or snoozed), or by whoever is next.

        An agent who re-opens it is about to write; the decision counts only when it is queued.
        """
        it = self.contacts.get(contact)
        self.intern(decision.route)
        if it is None or it.state not in ENDED:
            return self.too_late(it, "stale")
        if agent and agent not in self.agents:
            return Answer("gone")
        if not agent:
            same_channel(it, decision)
        if it.recalled:
            return Answer("gone")
        if newer := self.goes_on_in(it):
            return Answer("elsewhere", newer, it.state)
        self.lead(it)
        it.closed_at, it.taken, it.owed = None, 0, not agent
        rest = {} if agent else {"decision": decision, "facts": decision.facts}
        self.tell("reopened", it.id, agent, by=agent, **rest)
        if agent:
            self._take_up(it, agent)
        else:
            it.owner = ""
            self.queue_again(it, "reopened", decision, decision.rank * 1000 + it.number % 1000)
        self.work()
        return Answer("ok", state=it.state)

    def _take_up(self, it: Contact, name: str) -> None:
        agent = self.agents[name]
        it.owner = name
        if self.missing(it, agent, it.rank):
            agent.snoozed.add(it.id)
            it.state = "snoozed"
            self.tell("snoozed", it.id, name, wake=None, why="reopened")
        else:
            it.state = "active"
            self.hold(agent, it)
            self.tell("returned", it.id, name, why="reopened")


def same_channel(contact: Contact, decision: Decision) -> None:
    """Raises ValueError when the decision is for another channel."""
    if decision.route.channel != contact.route.channel:
        raise ValueError("a contact can't change its channel")
