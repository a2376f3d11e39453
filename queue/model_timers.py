"""The reference model's timers: what is due is carried out entry by entry, each in its own small way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .model_match import MISSED_PAIR, Bounds
from .model_moves import Moves
from .model_people import MISSES
from .model_records import Contact, Offer
from .replies import Ticked

GAP = 2_000  # between two ticks; deadlines inside a longer one are nobody's fault


class Timers(Moves):
    """`tick`, and what each kind of entry means."""

    __slots__ = ("gap", "ticked")

    def __init__(self, bounds: Bounds) -> None:
        super().__init__(bounds)
        self.ticked: int | None = None
        self.gap = (0, 0)

    def tick(self, limit: int | None = None, *, offers_count: bool = True) -> Ticked:
        """Carry out what is due, and say when to look again."""
        fired = self.carry_out_due(self.bounds.tick if limit is None else limit, offers_count)
        first = self.due.first()
        next_due = first[0] if first else None
        return Ticked(self.now, fired, next_due is not None and next_due <= self.now, next_due)

    def carry_out_due(self, most: int, offers_count: bool = True) -> int:
        """What is due, one entry at a time, earliest (instant, member) first, until `most` is reached; how many entries.

        Each entry counts, and each offer made, unless not `offers_count` (as it was when ticks told no `work`).
        """
        before, self.ticked = self.ticked, self.now
        if before is not None and self.now - before > GAP:
            first = self.due.first()
            unfinished = first is not None and first[0] <= self.gap[1]
            self.gap = (self.gap[0] if unfinished else before, self.now)
        made, fired = self.made, 0
        while fired + (self.made - made) * offers_count < most and (due := self.due.take(self.now)):
            if not fired:
                self.tell("tick", before=before, work=most, sweep=self.bounds.sweep)
            at, member = due
            kind, _, rest = member.partition(":")
            FIRES[kind](self, rest, at)
            self.work()
            fired += 1
        return fired

    def _offer_due(self, rest: str, at: int) -> None:
        it, live = self.live(rest.split(":")[0], int(rest.split(":")[1]))
        if it is None or live is None:
            return
        in_gap = self.gap[0] < at <= self.gap[1]
        if in_gap or not live.delivered:
            self.rescinded(it, live, "gap" if in_gap else "not delivered")
        else:
            self.missed(it, live)

    def missed(self, it: Contact, live: Offer, why: str = "") -> None:
        """Nobody answered: not them for a while, and after two in a row they are away."""
        who = self.agents[live.agent]
        self.list_out(it)
        self.end_offer(it, live, "missed", why)
        it.pairs |= {who.name}
        it.paused -= {who.name}
        self.due[f"e:{it.id}:{who.name}"] = self.now + MISSED_PAIR
        who.since = self.now
        if live.created >= who.missed_at:
            who.misses, who.missed_at = who.misses + 1, self.now
        self.after_offer(it, "missed")
        leaves = who.misses >= MISSES and who.presence == "available"
        if not leaves:
            self.roomy.append(who)  # first: what a call displaces passes nobody who waits for this room
        self.work()
        if leaves:
            self.set_presence(who, "away", None, "missed two offers")

    def _step_due(self, rest: str, at: int) -> None:
        self.freed.append(self.contacts[rest])

    def _pair_due(self, rest: str, at: int) -> None:
        contact, _, agent = rest.partition(":")
        self.contacts[contact].pairs -= {agent}
        self.contacts[contact].paused -= {agent}
        self.freed.append(self.contacts[contact])

    def _lift_due(self, rest: str, at: int) -> None:
        it = self.contacts[rest]
        if it.lift_at is not None and it.lift_at <= self.now and self.exhausted(it):
            self.forget_pairs(it)
            self.tell("lifted", it.id)
        self.freed.append(it)

    def _wrap_due(self, rest: str, at: int) -> None:
        self.close(self.contacts[rest])

    def _wake_due(self, rest: str, at: int) -> None:
        self.woken(self.contacts[rest], "woken", "date")

    def _grace_over(self, rest: str, at: int) -> None:
        agent = self.agents[rest]
        if agent.removing:
            self.remove(agent, self.bounds.sweep, patient=True)
        else:
            self.grace_over(agent)

    def _edge_due(self, rest: str, at: int) -> None:
        agent = self.agents[rest]
        with self.changing(agent, "off shift"):
            while agent.edges and agent.edges[0][0] <= self.now:
                agent.shift, agent.edges = agent.edges[0][1], agent.edges[1:]
            if agent.edges:
                self.due[f"h:{rest}"] = agent.edges[0][0]
        if len(agent.edges) <= 1:
            self.tell("edges", "", rest)

    def _overtime_due(self, rest: str, at: int) -> None:
        with self.changing(self.agents[rest], "off shift"):
            self.agents[rest].overtime = None

    def _away_over(self, rest: str, at: int) -> None:
        self.tell("away_over", "", rest)

    def _service_edge(self, rest: str, at: int) -> None:
        self.tell("service.edge", service=rest)

    def _fill_on(self, rest: str, at: int) -> None:
        self.end_personal(self.agents[rest])
        self.roomy.append(self.agents[rest])

    def _class_died(self, rest: str, at: int) -> None:
        if self.alive(int(rest)):
            return
        waiting = sorted(it.key for it in self.contacts.values() if it.open and it.klass == int(rest))
        steps = ((key, self.contacts[key[1]]) for key in waiting)
        stuck = [key for key, it in steps if it.step < len(it.route.steps) - 1]
        self.freed += [self.contacts[id] for _, id in waiting[:1] + stuck[: self.bounds.sweep]]
        if len(stuck) > self.bounds.sweep:
            self.due[f"k:{rest}"] = self.now

    def live(self, contact: str, offer: int, agent: str = "") -> tuple[Contact | None, Offer | None]:
        """The contact, if known, and its live offer of that number, if it is that agent's."""
        it = self.contacts.get(contact)
        for live in it.offers.values() if it else ():
            if live.number == offer and agent in ("", live.agent):
                return it, live
        return it, None

    def rescinded(self, contact: Contact, live: Offer, reason: str, pause: int = 0) -> None:
        """A live offer is taken back; contact and agent go on, but not with each other for `pause` ms."""
        self.list_out(contact)
        self.end_offer(contact, live, "rescinded", reason, pause)
        if pause:
            contact.pairs |= {live.agent}
            contact.paused |= {live.agent}
            self.due[f"e:{contact.id}:{live.agent}"] = self.now + pause
        if reason == "gap":
            self.freed.append(contact)
        else:
            self.after_offer(contact, reason)
        self.roomy.append(self.agents[live.agent])

    def woken(self, contact: Contact, kind: str, why: str = "woken") -> None:
        """Parked, snoozed or ended no longer."""
        self.due.pop(f"p:{contact.id}", None)
        self.tell(kind, contact.id)
        if contact.state == "snoozed":
            self.come_back(contact, why)
        else:
            contact.state, contact.wake, contact.closed_at = "waiting", None, None
            self.freed.append(contact)


FIRES: Mapping[str, Callable[[Timers, str, int], None]] = {
    "o": Timers._offer_due, "s": Timers._step_due, "e": Timers._pair_due, "E": Timers._lift_due,
    "w": Timers._wrap_due, "p": Timers._wake_due, "h": Timers._edge_due, "v": Timers._overtime_due,
    "b": Timers._away_over, "d": Timers._fill_on, "k": Timers._class_died, "r": Timers._reply_due,
    "q": Timers._quiet, "n": Timers._silent, "l": Timers._grace_over, "g": Timers._service_edge,
}  # fmt: skip
"""Kind of what is due → what is done."""
