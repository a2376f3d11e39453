"""The ledger walked entry by entry: owners, capacity, duty, order, turns, timers. Pure.

Events of one entry happened in one step: what a step leaves is judged, not what it passes through.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby

from .seen import Event, Rules, Seen, Violation

PATIENCE = 4_000
"""ms for which somebody free beside somebody waiting is borne: what a bounded step left is done at the next tick."""
LATE = 20_000
"""ms by which a timer may be late, faults included."""
PAUSE = 60_000
"""ms for which a missed offer isn't made again to the same agent."""
DESK_GAP = 2_000


@dataclass
class Contact:
    """A contact as the ledger tells it."""

    id: str
    service: str = ""
    state: str = "new"
    owner: str = ""
    rank: int = 0
    step: int = 0
    offers: dict[int, str] = field(default_factory=dict)
    shown: dict[int, int] = field(default_factory=dict)
    out: dict[str, int] = field(default_factory=dict)
    """Who isn't asked, and until when."""
    since: int = 0
    arrived: int = 0


@dataclass
class Agent:
    """An agent as the ledger tells them."""

    name: str
    presence: str = "offline"
    offers: set[tuple[str, int]] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    since: int = 0
    misses: int = 0
    last_missed: int = 0


@dataclass
class Walk:
    """The state between two entries, and what was found."""

    rules: Rules
    gaps: tuple[tuple[int, int], ...]
    contacts: dict[str, Contact] = field(default_factory=dict)
    agents: defaultdict[str, Agent] = field(default_factory=lambda: defaultdict(lambda: Agent("")))
    desk: bool = True
    found: list[Violation] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    ranks: list[tuple[int, str]] = field(default_factory=list)
    """Who waits for (more) offers, by rank."""
    quiet: bool = True
    now_in: set[str] = field(default_factory=set)
    beside: tuple[str, str] | None = None
    beside_since: int = 0
    made: dict[tuple[str, int], int] = field(default_factory=dict)

    def tell(self, check: str, about: str, words: str) -> None:
        """A violation was found."""
        self.found.append(Violation(check, about, words))

    # ---- one entry ----------------------------------------------------------------------------------------------

    def entry(self, events: list[Event]) -> None:
        """Take in one entry, then judge what it left."""
        offered = [e for e in events if e.e == "offered"]
        if offered and any(e.e == "queued" for e in events):
            before = {name: (a.presence, len(a.offers) + len(a.own), a.since, bool(a.offers))
                      for name, a in self.agents.items()}  # fmt: skip
            self._turn(events, offered, before)
        self.quiet = self.beside is None
        self.now_in = {e.c for e in events if e.e in ("arrived", "queued")}
        for event in events:
            self._take(event)
        touched = {e.a for e in events if e.a} | {a for e in events for a in self._holders(e.c)}
        for name in touched:
            self._judge_agent(self.agents[name])
        for c in {e.c for e in events if e.c}:
            self._judge_contact(self.contacts.get(c))
        self._conserve(events[0].t)

    def _holders(self, contact: str) -> set[str]:
        it = self.contacts.get(contact)
        return set(it.offers.values()) | {it.owner} - {""} if it else set()

    def _take(self, e: Event) -> None:
        handler = getattr(self, f"_on_{e.e.replace('.', '_')}", None)
        if e.e == "presence":
            self._presence(e)
        elif e.e == "desk":
            self.desk = bool(e.x.get("up"))
        elif e.c and handler is not None:
            if e.e != "arrived" and e.c not in self.contacts:
                self.tell("history torn", e.c, f"{e.e} of a contact that never arrived")
                return
            handler(e)

    def _presence(self, e: Event) -> None:
        a = self._agent(e.a)
        now = str(e.x.get("presence"))
        if now == "available" and a.presence != "available":
            a.since, a.misses = max(a.since, e.t), 0
        a.presence = now

    def _agent(self, name: str) -> Agent:
        a = self.agents[name]
        a.name = name
        return a

    # ---- events -------------------------------------------------------------------------------------------------

    def _on_arrived(self, e: Event) -> None:
        self.contacts[e.c] = Contact(e.c, str(e.x.get("service")), since=e.t, arrived=e.t)

    def _on_queued(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.owner:  # taken from whoever had it: silent for too long, or gone
            self._agent(c.owner).own.discard(e.c)
        c.state, c.owner, c.rank, c.since, c.step = "waiting", "", int(e.x.get("rank") or c.rank), e.t, 0
        self._wait(c)

    def _on_reopened(self, e: Event) -> None:
        c = self.contacts[e.c]
        c.state = "wrapping" if c.state == "wrapping" else "reopened"

    def _on_returned(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.owner and c.owner != e.a:
            self.tell("two owners", e.c, f"it went back to {e.a} while {c.owner} had it")
        c.state, c.owner = "active", e.a
        self._agent(e.a).own.add(e.c)
        self._wait(c)

    def _on_snoozed(self, e: Event) -> None:
        c = self.contacts[e.c]
        self._agent(e.a).own.discard(e.c)
        c.state, c.owner = "snoozed", e.a
        self._wait(c)

    def _wait(self, c: Contact) -> None:
        wanted = self.rules.at_once.get(c.service, 1)
        if c.state == "waiting" and len(c.offers) < wanted:
            if c.id not in self.waiting:
                self.waiting[c.id] = c.rank
                insort(self.ranks, (c.rank, c.id))
        elif (rank := self.waiting.pop(c.id, None)) is not None:
            del self.ranks[bisect_left(self.ranks, (rank, c.id))]

    def _on_step(self, e: Event) -> None:
        self.contacts[e.c].step = int(e.x.get("to") or 0)

    def _on_lifted(self, e: Event) -> None:
        self.contacts[e.c].out.clear()

    def _on_offered(self, e: Event) -> None:
        c, a = self.contacts[e.c], self._agent(e.a)
        c.step = int(e.x.get("step") or 0)
        if c.state != "waiting":
            self.tell("offered wrongly", f"{e.c}:{e.n}", f"offered to {e.a} while {c.state}")
        if a.presence != "available":
            self.tell("off duty", f"{e.c}:{e.n}", f"offered to {e.a}, who is {a.presence}")
        if not self._admits(c, e.a):
            self.tell("not admitted", f"{e.c}:{e.n}", f"offered to {e.a} in step {c.step}")
        if c.out.get(e.a, 0) > e.t:
            self.tell("asked again", f"{e.c}:{e.n}", f"{e.a} had declined or missed it")
        if not self.desk:
            self.tell("desk down", f"{e.c}:{e.n}", f"offered to {e.a} while Slack was known to be down")
        if c.rank and int(e.x.get("rank") or c.rank) != c.rank:
            self.tell("rank lost", f"{e.c}:{e.n}", f"{c.rank} became {e.x.get('rank')}")
        self._order(e, c)
        c.offers[e.n] = e.a
        self.made[e.c, e.n] = e.t
        a.offers.add((e.c, e.n))
        self._wait(c)

    def _order(self, e: Event, c: Contact) -> None:
        # Where somebody waited beside somebody free already, the time isn't quiet: what a bounded step left is being
        # made up for, and `overdue` says how long that may take.
        if not c.rank or not self.quiet:
            return
        # A pause that is over counts once a tick has had the time to say so.
        known = e.t - PATIENCE - self._stood(e.t - PAUSE, e.t)
        for _, name in self.ranks[: bisect_left(self.ranks, (c.rank, ""))]:
            w = self.contacts[name]
            if name not in self.now_in and self._may(w, e.a, known):
                self.tell("order", f"{e.c}:{e.n}", f"offered to {e.a} before {w.id}, which comes first")
                return

    def _on_delivered(self, e: Event) -> None:
        self.contacts[e.c].shown[e.n] = e.t

    def _on_accepted(self, e: Event) -> None:
        c, a = self.contacts[e.c], self._agent(e.a)
        if c.owner:
            self.tell("two owners", e.c, f"{e.a} got it while {c.owner} had it")
        if c.offers.get(e.n) != e.a:
            self.tell("two owners", e.c, f"{e.a} accepted an offer that wasn't live")
        self._end_offer(c, e)
        c.state, c.owner = "active", e.a
        c.out.clear()
        a.own.add(e.c)
        a.since, a.misses = e.t, 0
        self._wait(c)

    def _end_offer(self, c: Contact, e: Event) -> Agent:
        name = c.offers.pop(e.n, e.a)
        a = self._agent(name)
        a.offers.discard((e.c, e.n))
        self._wait(c)
        return a

    def _on_declined(self, e: Event) -> None:
        c = self.contacts[e.c]
        self._end_offer(c, e).misses = 0
        c.out[e.a] = 1 << 62

    def _on_rescinded(self, e: Event) -> None:
        self._end_offer(self.contacts[e.c], e)

    def _on_missed(self, e: Event) -> None:
        c, about = self.contacts[e.c], f"{e.c}:{e.n}"
        shown, made = c.shown.get(e.n), self.made.get((e.c, e.n), 0)
        a = self._end_offer(c, e)
        if shown is None:
            self.tell("missed early", about, f"{e.a} never saw it")
        elif e.t - shown < self.rules.offer_ms - 50:
            self.tell("missed early", about, f"{e.a} had {e.t - shown} ms")
        elif any(low + DESK_GAP < shown + self.rules.offer_ms < high - 700 and high - low > DESK_GAP + 900
                 for low, high in self.gaps):  # fmt: skip
            self.tell("missed in a gap", about, f"{e.a} couldn't have answered: nothing of ours was running")
        if shown is not None and e.t - shown > self.rules.offer_ms + LATE // 2 + self._stood(shown, e.t):
            self.tell("missed late", about, f"{e.a} had {e.t - shown} ms")
        if made >= a.last_missed:
            a.misses, a.last_missed = a.misses + 1, e.t
        a.since = e.t
        c.out[e.a] = max(c.out.get(e.a, 0), e.t + PAUSE - 50)

    def _on_reply_held(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.state != "active" or c.owner != e.a:
            self.tell("not the owner", f"{e.c}.{e.n}", f"a reply of {e.a} was taken; the owner is {c.owner}")

    def _on_wrapping(self, e: Event) -> None:
        self.contacts[e.c].state = "wrapping"

    def _on_parked(self, e: Event) -> None:
        c = self.contacts[e.c]
        c.state = "parked"
        self._wait(c)

    def _on_closed(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.state not in ("active", "wrapping", "snoozed"):
            self.tell("closed wrongly", e.c, f"closed while {c.state}")
        self._agent(c.owner).own.discard(e.c)
        c.state, c.owner = "closed", ""
        self._wait(c)

    # ---- judgement ----------------------------------------------------------------------------------------------

    def _admits(self, c: Contact, agent: str) -> bool:
        steps = self.rules.steps.get(c.service)
        tier = self.rules.tier.get(agent)
        return steps is None or tier is None or tier in steps[min(c.step, len(steps) - 1)]

    def _may(self, c: Contact, agent: str, now: int) -> bool:
        return self._admits(c, agent) and c.out.get(agent, 0) <= now and agent not in c.offers.values()

    def _judge_agent(self, a: Agent) -> None:
        load = len(a.offers) + len(a.own)
        if load > self.rules.most:
            self.tell(
                "over capacity", a.name, f"{load} contacts at once: {sorted(a.own)}, {sorted(a.offers)}"
            )
        if len(a.offers) > 1:
            self.tell("over capacity", a.name, f"{len(a.offers)} live offers: {sorted(a.offers)}")
        if a.offers and a.presence != "available":
            self.tell("off duty", a.name, f"{a.presence}, with live offers {sorted(a.offers)}")
        if a.misses >= 2 and a.presence == "available":
            self.tell("not sent away", a.name, f"{a.misses} misses in a row, and still available")

    def _judge_contact(self, c: Contact | None) -> None:
        if c is None:
            return
        if c.owner and c.offers:
            self.tell(
                "two owners", c.id, f"{c.owner} has it, and it is offered to {sorted(c.offers.values())}"
            )
        if len(c.offers) > self.rules.at_once.get(c.service, 1):
            self.tell("offered wrongly", c.id, f"{len(c.offers)} offers at once")

    def _free(self) -> list[Agent]:
        return [
            a
            for a in self.agents.values()
            if a.presence == "available"
            and not a.offers
            and len(a.own) < self.rules.most
            and a.name in self.rules.tier
        ]

    def _conserve(self, now: int) -> None:
        """Nobody waits beside somebody who may take them: not longer than until the next tick."""
        pair = self._pair(now) if self.desk and self.waiting else None
        if pair is None or pair != self.beside:
            self.beside, self.beside_since = pair, now

    def overdue(self, now: int) -> None:
        """Before an entry at `now`: how long has somebody waited beside somebody free?"""
        if self.beside and now - self.beside_since > PATIENCE + self._stood(self.beside_since, now):
            self.tell(
                "waits in vain", self.beside[0], f"{self.beside[1]} was free for {now - self.beside_since} ms"
            )
            self.beside_since = now

    def _stood(self, low: int, high: int) -> int:
        return sum(max(0, min(high, b + 3000) - max(low, a)) for a, b in self.gaps)

    def _pair(self, now: int) -> tuple[str, str] | None:
        free = self._free()
        for _, name in self.ranks if free else ():
            for a in free:
                if self._may(self.contacts[name], a.name, now):
                    return name, a.name
        return None

    def _turn(
        self, events: list[Event], offered: list[Event], before: dict[str, tuple[str, int, int, bool]]
    ) -> None:
        """Of those free in the lowest tier that is asked, whoever has been without work longest."""
        e = offered[0]
        arrived = next((it for it in events if it.e == "arrived" and it.c == e.c), None)
        if arrived is None or len(events) > 3 + len(offered):
            return
        c = Contact(e.c, str(arrived.x.get("service")), step=int(e.x.get("step") or 0))
        mine = self.rules.tier.get(e.a, 0)
        for name, (presence, load, since, busy) in before.items():
            fits = presence == "available" and not busy and load < self.rules.most and name != e.a
            if not fits or e.a not in before or not self._admits(c, name):
                continue
            tier = self.rules.tier.get(name, 9)
            if tier < mine or (tier == mine and since < before[e.a][2] - 5):
                self.tell("turn", f"{e.c}:{e.n}", f"offered to {e.a}, though it was {name}'s turn")
                return

    def end(self, now: int) -> None:
        """After the last entry, when everything had been quiet."""
        for c in self.contacts.values():
            for n, agent in c.offers.items():
                due = c.shown[n] + self.rules.offer_ms if n in c.shown else self.made[c.id, n] + 30_000
                if now - due > LATE:
                    self.tell("offer for ever", f"{c.id}:{n}", f"{agent}'s time was up {now - due} ms ago")
            step_ends = self.rules.until.get(c.service, ())[c.step : c.step + 1]
            if c.state == "waiting" and step_ends and now - c.arrived > step_ends[0] + LATE:
                self.tell("step for ever", c.id, f"step {c.step} should have ended at {step_ends[0]} ms")
            if c.state == "wrapping":
                self.tell("wraps for ever", c.id, "its wrap-up never ended")
            if c.state == "new":
                self.tell("nowhere", c.id, "it arrived, and is in no queue")


def walk(seen: Seen) -> list[Violation]:
    """Everything that the ledger itself shows."""
    it = Walk(seen.rules, seen.gaps)
    last = 0
    for _, together in groupby(seen.events, key=lambda event: event.entry):
        events = list(together)
        it.overdue(events[0].t)
        it.entry(events)
        last = events[0].t
    it.end(max(last, seen.ended))
    return it.found
