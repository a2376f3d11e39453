"""The reference model of the queue: the same rules as the scripts, in memory and in plain Python.

It is the oracle of the property tests, the engine of the simulator, and what *why* reads. It was written
from the design, never from the scripts. It has no clock: `at` says what instant it is, and every method
is one transition at that instant. Names and meanings are those of `Queue` in `engine.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar, cast

from .contact import Decision, Route
from .model_match import Bounds
from .model_moves import same_channel
from .model_phone import Phone
from .model_records import Contact
from .replies import Answer, Arrival, Refused
from .state import ContactState, MessageView

OPERATION_KEPT = 600_000
OPERATION_AHEAD = 5_000
EVENT_KEPT = 48 * 3_600_000
WINDOWS = 16

T = TypeVar("T")


class Model(Phone):
    """One site's queue."""

    __slots__ = ("keys", "known_until", "operations", "seen", "windows")

    def __init__(self, bounds: Bounds | None = None) -> None:
        super().__init__(bounds or Bounds())
        self.seen: dict[str, tuple[int, str, int]] = {}  # event → until, contact, number
        self.operations: dict[str, object] = {}
        self.keys: dict[str, int] = {}
        self.windows: dict[str, list[int]] = {}
        self.known_until: dict[str, int] = {}

    def at(self, now: int) -> Model:
        """The instant of what follows."""
        self.now = now
        return self

    def operate(self, op: str, act: Callable[[], T]) -> T:
        """Carry out `act` under an operation id: the same id again gets the same reply, and adds nothing."""
        made = int(op[:13])
        if made < self.now - OPERATION_KEPT or made > self.now + OPERATION_AHEAD:
            raise Refused("expired")
        if op not in self.operations:
            self.operations[op] = act()
        return cast(T, self.operations[op])

    # -- contacts ------------------------------------------------------------------------------------------

    def arrive(
        self,
        arrived: str,
        event: str,
        thread: str,
        decision: Decision,
        again: Decision | None = None,
        reopen: int = 0,
        under: int | None = None,
    ) -> Arrival:
        """One outside event has one effect: a new contact, one more message, or nothing.

        `again`: what was decided for the contact that is there already, should it have to be queued anew;
        `reopen`: so many ms after its end the conversation's last contact is still the one that is meant;
        `under`: the situation in which all this was decided; in another one it is stale.
        """
        self.intern(decision.route)
        if again:
            self.intern(again.route)
        if under not in (None, self.situation):
            return Arrival("stale", "", 0)
        known = self.seen.get(event)
        if known and known[0] > self.now:
            return Arrival("duplicate", known[1], known[2])
        contact = self.contacts.get(self.threads.get(thread, "")) or self.reopenable(thread, reopen)
        outcome: Literal["added", "new"] = "added" if contact else "new"
        if contact:
            number = self.say(contact, "in", arrived)
            needed = again if contact.state in ("snoozed", "closed") else None
            rest = {"again": needed, "facts": needed.facts} if needed else {}
            self.tell(
                "message", contact.id, "", number,
                kind="in", body=arrived, rank=decision.rank, reopen=reopen, **rest,
            )  # fmt: skip
            self.heard(contact, decision, again)
        else:
            contact, number = self.open_contact(arrived, thread, decision), 1
            self.begin(contact, decision)
        self.seen[event] = (self.now + EVENT_KEPT, contact.id, number)
        self.work()
        return Arrival(outcome, contact.id, number)

    def accept(self, contact: str, offer: int, agent: str) -> Answer:
        """The agent takes it, from the queue or from its owner; all its other live offers end."""
        it, live = self.live(contact, offer, agent)
        if it and it.owner == agent and it.taken == offer and it.state in ("active", "wrapping", "snoozed"):
            return Answer("accepted", agent, it.state)
        if it is None or live is None:
            return self.too_late(it)
        who = self.agents[agent]
        self.list_out(it)
        self.due.pop(f"o:{it.id}:{live.number}", None)
        del it.offers[agent]
        it.claimed = 0 if it.claimed == live.number else it.claimed
        who.offers.discard(it.id)
        self.measure(who)
        former = self.agents[it.owner] if it.handover else None
        if former:
            self.unhold(former, it)
        it.state, it.owner, it.taken = "active", agent, offer
        it.prefer, it.personal, it.handover = None, "", None
        rest = {"from": former.name} if former else {}
        self.tell("accepted", it.id, agent, offer, offer=offer, place=live.place, agent=agent, **rest)
        who.since, who.misses, who.missed_at = self.now, 0, 0
        self.count_accepted(it.route.service, who.profile.team)
        self.roomy.append(who)
        self.withdraw(it, "taken")
        self.forget_pairs(it)
        self.calm(it)
        self.remind(it)
        if former:
            self.roomy.append(former)
        self.work()
        return Answer("accepted", agent, it.state)

    def decline(self, contact: str, offer: int, agent: str, reason: str = "") -> Answer:
        """Not this agent, as long as anybody else may be asked."""
        it, live = self.live(contact, offer, agent)
        if it is None or live is None:
            return self.too_late(it)
        who = self.agents[agent]
        who.misses = who.missed_at = 0
        self.list_out(it)
        self.end_offer(it, live, "declined", reason)
        it.pairs |= {agent}
        it.paused -= {agent}
        self.after_offer(it, "declined")
        self.roomy.append(who)
        self.work()
        return Answer("ok", state=it.state)

    def delivered(self, contact: str, offer: int, place: str) -> Answer:
        """The desk has shown it: the deadline starts, the first time only; a place that is still unknown is noted."""
        it, live = self.live(contact, offer)
        if it is None or live is None:
            return self.too_late(it)
        if not live.delivered:
            live.delivered, live.place, live.due = True, place, self.now + it.route.offer
            self.due[f"o:{it.id}:{offer}"] = live.due
            self.tell("delivered", it.id, live.agent, offer, place=place, due=live.due)
        elif place and not live.place:  # a phone rang before
            live.place = place
            self.tell("placed", it.id, live.agent, offer, place=place)
        return Answer("ok", state=it.state, due=live.due)

    def rescind(self, contact: str, offer: int, reason: str, pause: int = 0) -> Answer:
        """Taken back: nobody is to blame; for `pause` ms others are asked for it first."""
        it, live = self.live(contact, offer)
        if it is None or live is None:
            return self.too_late(it)
        self.rescinded(it, live, reason, pause)
        self.work()
        return Answer("ok", state=it.state)

    def complete(self, contact: str, agent: str, outcome: str = "{}") -> Answer:
        """The owner is done; the wrap-up begins, if the route has one and it wasn't snoozed."""
        it = self.contacts.get(contact)
        if it is None or it.state not in ("active", "snoozed"):
            return self.too_late(it, "stale")
        if agent and agent != it.owner:
            return Answer("not_owner", it.owner, it.state)
        if it.handing:
            self.keep_back(it, "completed")
        it.outcome = outcome
        self.free_threads(it)
        self.calm(it)
        if it.route.wrap_up and it.state == "active":
            it.state, it.wrap_until = "wrapping", self.now + it.route.wrap_up
            self.due[f"w:{it.id}"], it.longer = it.wrap_until, 0
            self.tell("wrapping", it.id, it.owner, until=it.wrap_until, outcome=outcome)
        else:
            self.close(it)
        self.work()
        return Answer("ok", state=it.state)

    def finish(self, contact: str, agent: str, outcome: str = "") -> Answer:
        """The wrap-up ends early, with another outcome where one is given."""
        it = self.contacts.get(contact)
        if it is None or it.state != "wrapping":
            return self.too_late(it, "stale")
        if agent and agent != it.owner:
            return Answer("not_owner", it.owner, it.state)
        it.outcome = outcome or it.outcome
        self.close(it)
        self.work()
        return Answer("ok", state=it.state)

    def park(self, contact: str, wake: int, reason: str = "", under: int | None = None) -> Answer:
        """Nobody is asked until `wake`, which was found in the situation `under`: `outdated` in another one."""
        it = self.contacts.get(contact)
        if it is None or it.state not in ("waiting", "offered", "parked"):
            return self.too_late(it, "stale")
        if under not in (None, self.situation):
            return Answer("outdated", state=it.state)
        self.withdraw(it, "parked")
        self.lay_aside(it, wake, reason)
        self.work()
        return Answer("ok", state=it.state)

    def wake(self, contact: str) -> Answer:
        """Parked or snoozed no longer."""
        it = self.contacts.get(contact)
        if it is None or it.state not in ("parked", "snoozed"):
            return self.too_late(it, "stale")
        self.woken(it, "woken")
        self.work()
        return Answer("ok", state=it.state)

    def abandon(self, contact: str, reason: str = "") -> Answer:
        """The customer is gone."""
        return self._end(contact, "abandoned", "abandoned", reason)

    def dead_letter(self, contact: str, reason: str = "") -> Answer:
        """Set aside where a supervisor sees it."""
        return self._end(contact, "dead", "dead", reason)

    def _end(self, contact: str, state: str, kind: str, reason: str) -> Answer:
        it = self.contacts.get(contact)
        if it is None or it.state not in ("waiting", "offered", "parked"):
            return self.too_late(it, "stale")
        self.withdraw(it, "gone")
        self.due.pop(f"p:{it.id}", None)
        self.forget_pairs(it)
        it.wake, it.personal, it.prefer = None, "", None
        it.state, it.closed_at = "abandoned" if state == "abandoned" else "dead", self.now
        self.free_threads(it)
        self.tell(kind, it.id, reason=reason)
        self.work()
        return Answer("ok", state=it.state)

    def revive(self, contact: str) -> Answer:
        """A supervisor brings back what was abandoned or set aside."""
        it = self.contacts.get(contact)
        if it is None or it.state not in ("dead", "abandoned"):
            return self.too_late(it, "stale")
        if it.recalled:
            return Answer("gone")
        if newer := self.goes_on_in(it):
            return Answer("elsewhere", newer, it.state)
        self.lead(it)
        self.woken(it, "revived")
        self.work()
        return Answer("ok", state=it.state)

    def reroute(self, contact: str, decision: Decision, expected: Route | None = None) -> Answer:
        """Another decision for what has no owner; live offers stay where the new step admits their agent.

        `expected`: the route that it must still follow.
        """
        it = self.contacts.get(contact)
        for route in (decision.route, expected):
            if route:
                self.intern(route)
        if it is None or it.state not in ("waiting", "offered", "parked"):
            return self.too_late(it, "stale")
        same_channel(it, decision)
        if expected is not None and it.route != expected:
            return self.too_late(it, "stale")
        self.list_out(it)
        self.unmark(it)
        self.due.pop(f"p:{it.id}", None)
        if decision.route.service != it.route.service:
            it.base = self.now
        self.follow(it, decision)
        it.rank = decision.rank * 1000 + it.number % 1000
        it.step, it.told, it.wake, it.personal = 0, -1, None, ""
        self.drop_lift(it)
        self.tell(
            "rerouted", it.id, service=it.route.service, rank=it.rank, facts=it.facts, decision=decision
        )
        if decision.wake is not None and decision.wake > self.now:
            self.withdraw(it, "rerouted")
            self.lay_aside(it, decision.wake, "")
        else:
            it.state = "offered" if it.offers else "waiting"
            self.settle_anew(it)
        self.work()
        return Answer("ok", state=it.state)

    def retime(self, contact: str, base: int, deadlines: Sequence[int]) -> Answer:
        """The ends of its steps, counted from `base` in open hours; only where it has none since then."""
        it = self.contacts.get(contact)
        if it is None or it.deadlines or it.base != base or not (it.placeable or it.state == "parked"):
            return self.too_late(it, "stale")
        it.deadlines = tuple(deadlines)
        self.tell("retimed", it.id, base=base, deadlines=",".join(map(str, deadlines)))
        self.freed.append(it)
        self.work()
        return Answer("ok", state=it.state)

    def forget(self, contact: str, keep: int = 0) -> bool:
        """Drop a contact that ended at least `keep` ms ago."""
        it = self.contacts.get(contact)
        if it is None or it.state not in ("closed", "abandoned", "dead"):
            return False
        if it.closed_at is not None and it.closed_at + keep > self.now:
            return False
        for thread in it.conversations:
            if self.last.get(thread) == contact:
                del self.last[thread]
        del self.contacts[contact]
        return True

    def recall(
        self, contact: str, thread: str, messages: int, decision: Decision, state: ContactState, arrived: int,
        owner: str,
    ) -> Answer:  # fmt: skip
        """What has left is here again, as if it had just ended; the decision's route and facts are its."""
        number, classes = int(contact[1:]), self.intern(decision.route)
        if contact in self.contacts:
            return Answer("stale", state=self.contacts[contact].state)
        if not 1000 < number <= self.counter:
            return Answer("gone")
        it = Contact(
            id=contact, number=number, route=decision.route, classes=classes,
            key=(decision.rank * 1000 + number % 1000, contact), arrived=arrived, base=arrived, thread=thread,
            facts=decision.facts, state=state, owner=owner, recalled=True, owed=False, closed_at=self.now,
            messages=[MessageView(n, "", "", 0) for n in range(1, messages + 1)],
        )  # fmt: skip
        self.contacts[contact] = it
        rest = {"facts": decision.facts, "state": state, "arrived": arrived, "owner": owner}
        self.tell("recalled", contact, "", messages, thread=thread, decision=decision, **rest)
        return Answer("ok", state=it.state)

    def service_edge(self, service: str, instant: int | None) -> None:
        """When the service opens or closes next; an event is told then."""
        self.due.pop(f"g:{service}", None)
        if instant is not None:
            self.due[f"g:{service}"] = instant

    def once(self, key: str, ms: int) -> bool:
        """True the first time that the key is seen within `ms`; 0: it is forgotten."""
        if ms > 0 and self.keys.get(key, 0) > self.now:
            return False
        self.keys[key] = self.now + ms
        return True

    def window(self, name: str, instant: int, ms: int) -> int:
        """When the window began into which the instant falls."""
        begun = self.windows.setdefault(name, [])
        before = max((it for it in begun if it <= instant), default=None)
        if before is not None and instant - before < ms:
            return before
        begun.append(instant)
        self.windows[name] = sorted(set(begun))[-WINDOWS:]
        return instant

    def seen_until(self, what: str, instant: int) -> int:
        """The latest instant ever given for `what`, 0 before the first."""
        self.known_until[what] = max(instant, self.known_until.get(what, 0))
        return self.known_until[what]

    def calendar(self, midnights: tuple[int, ...]) -> None:
        """The site's midnights, around now: shares are counted from the last one."""
        self.midnights = tuple(sorted(midnights))
