"""What the ledger tells of contacts and agents, and what may be after each step."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass, field
from heapq import heappop

from .seen import Event, Rules, Violation

PATIENCE = 4_000
"""ms for which somebody free beside somebody waiting is borne: what a bounded step left is done at the next tick."""
LATE = 20_000
"""ms by which a timer may be late, faults included."""
ALONE = 300_000
"""ms for which one agent may be asked alone for what was theirs, or was meant for them."""
Tiers = tuple[frozenset[int], ...]


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
    arrived: int = 0
    handing: bool = False
    only: str = ""
    """The one agent it is handed to."""
    route: Tiers | None = None
    """Whom its steps ask since it was handed over; None: as its service says."""
    back: tuple[str, int, Tiers | None] = ("", 0, None)
    meant: str = ""
    """Who may be asked alone until `until`: it was theirs."""
    until: int = 0
    owed: bool = True
    """Whether the customer wrote after the last reply."""
    owed_before: bool = True
    """The same, before their last message."""
    heard: int = 0
    """The number of that."""
    nudged: bool = False

    @property
    def waits(self) -> bool:
        """Whether it may be offered: in the queue, or handed over beside its owner."""
        return self.state == "waiting" or self.handing


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
class Tale:
    """The state between two entries, and what was found."""

    rules: Rules
    gaps: tuple[tuple[int, int], ...]
    spammed: frozenset[str] = frozenset()
    contacts: dict[str, Contact] = field(default_factory=dict)
    agents: defaultdict[str, Agent] = field(default_factory=lambda: defaultdict(lambda: Agent("")))
    desk: bool = True
    found: list[Violation] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    ranks: list[tuple[int, str]] = field(default_factory=list)
    """Who waits for (more) offers, by rank."""
    beside: tuple[str, str] | None = None
    beside_since: int = 0
    made: dict[tuple[str, int], int] = field(default_factory=dict)
    pauses: list[tuple[int, str]] = field(default_factory=list)
    """When somebody may be asked again who isn't now."""

    def tell(self, check: str, about: str, words: str) -> None:
        """A violation was found."""
        self.found.append(Violation(check, about, words))

    def place(self, c: Contact) -> None:
        """Put it where it is looked for, or take it out."""
        if c.waits and len(c.offers) < self.at_once(c):
            if c.id not in self.waiting:
                self.waiting[c.id] = c.rank
                insort(self.ranks, (c.rank, c.id))
        elif (rank := self.waiting.pop(c.id, None)) is not None:
            del self.ranks[bisect_left(self.ranks, (rank, c.id))]

    def at_once(self, c: Contact) -> int:
        """How many offers of it may be live. A step more than its service has is the one of whom it was handed to."""
        steps = self.rules.steps.get(c.service, ())
        alone = c.only or (c.step == 0 and c.route is not None and len(c.route) > len(steps))
        return 1 if alone else self.rules.at_once.get(c.service, 1)

    def most(self, agent: str) -> int:
        """How many contacts they take at once."""
        return self.rules.caps.get(agent, self.rules.most)

    def handed(self, c: Contact, to: str) -> Tiers | None:
        """Whom the steps ask of what is handed over to an agent, a tier, a team or a service."""
        steps = self.rules.steps.get(c.service, ())
        every = frozenset(self.rules.tier.values())
        if to in self.rules.tier:
            return (frozenset({self.rules.tier[to]}), *steps)
        if to.startswith("L"):
            known = frozenset().union(*steps)
            return frozenset({int(to[1:])}), frozenset(n for n in known if n >= int(to[1:]))
        return (every, every) if to.startswith("team ") else None

    def admits(self, c: Contact, agent: str) -> bool:
        if c.only:
            return agent == c.only
        steps = c.route or self.rules.steps.get(c.service)
        tier = self.rules.tier.get(agent)
        return steps is None or tier is None or tier in steps[min(c.step, len(steps) - 1)]

    def may(self, c: Contact, agent: str, now: int) -> bool:
        if agent in (c.owner, *c.offers.values()) or c.out.get(agent, 0) > now or not self.admits(c, agent):
            return False
        return not (c.meant and c.meant != agent and self._holds(c, now))

    def _holds(self, c: Contact, now: int) -> bool:
        """Whether the one it was meant for may still be asked alone. (Once not, never again.)"""
        a = self.agents[c.meant]
        if a.presence != "available" or c.until < now or c.meant in c.out:
            c.meant = ""
        return bool(c.meant)

    def judge_agent(self, a: Agent) -> None:
        load = len(a.offers) + len(a.own)
        if load > self.most(a.name):
            self.tell(
                "over capacity", a.name, f"{load} contacts at once: {sorted(a.own)}, {sorted(a.offers)}"
            )
        if len(a.offers) > 1:
            self.tell("over capacity", a.name, f"{len(a.offers)} live offers: {sorted(a.offers)}")
        if a.offers and a.presence != "available":
            self.tell("off duty", a.name, f"{a.presence}, with live offers {sorted(a.offers)}")
        if a.misses >= 2 and a.presence == "available":
            self.tell("not sent away", a.name, f"{a.misses} misses in a row, and still available")

    def judge_contact(self, c: Contact | None) -> None:
        if c is None:
            return
        if c.owner and c.offers and not c.handing:
            self.tell(
                "two owners", c.id, f"{c.owner} has it, and it is offered to {sorted(c.offers.values())}"
            )
        if len(c.offers) > self.at_once(c):
            self.tell("offered wrongly", c.id, f"{len(c.offers)} offers at once")

    def _is_free(self, a: Agent) -> bool:
        rules = self.rules
        return (
            a.presence == "available"
            and not a.offers
            and len(a.own) < self.most(a.name)
            and a.name in rules.tier
        )

    def conserve(self, now: int, contacts: set[str], agents: set[str], whole: bool) -> None:
        """Nobody waits beside somebody who may take them: not longer than until the next tick.

        `contacts` and `agents` are those that the entry touched; `whole`: anybody may have become free for anybody.
        """
        while self.pauses and self.pauses[0][0] <= now:
            contacts.add(heappop(self.pauses)[1])
        if self.beside and self.desk and self._stands(*self.beside, now):
            return
        whole = whole or self.beside is not None
        pair = self._pair(now, contacts, agents, whole) if self.desk and self.waiting else None
        self.beside, self.beside_since = pair, now

    def _stands(self, contact: str, agent: str, now: int) -> bool:
        """Whether the two could still come together."""
        return (
            contact in self.waiting
            and self._is_free(self.agents[agent])
            and self.may(self.contacts[contact], agent, now)
        )

    def overdue(self, now: int) -> None:
        """Before an entry at `now`: how long has somebody waited beside somebody free?"""
        if self.beside and now - self.beside_since > PATIENCE + self.stood(self.beside_since, now):
            self.tell(
                "waits in vain", self.beside[0], f"{self.beside[1]} was free for {now - self.beside_since} ms"
            )
            self.beside_since = now

    def stood(self, low: int, high: int) -> int:
        return sum(max(0, min(high, b + 3000) - max(low, a)) for a, b in self.gaps)

    def _pair(self, now: int, contacts: set[str], agents: set[str], whole: bool) -> tuple[str, str] | None:
        """The first two: of everybody, or of those where one was touched."""
        free = [a.name for a in self.agents.values() if self._is_free(a)]
        if not free:
            return None
        touched = (
            () if whole else sorted((self.waiting[name], name) for name in contacts if name in self.waiting)
        )
        for who, waiting in (
            (free, touched),
            (free if whole else [a for a in free if a in agents], self.ranks),
        ):
            for _, name in waiting if who else ():
                for a in who:
                    if self.may(self.contacts[name], a, now):
                        return name, a
        return None

    def turn(
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
            fits = presence == "available" and not busy and load < self.most(name) and name != e.a
            if not fits or e.a not in before or not self.admits(c, name):
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
            if c.state == "waiting" and step_ends and not c.route and now - c.arrived > step_ends[0] + LATE:
                self.tell("step for ever", c.id, f"step {c.step} should have ended at {step_ends[0]} ms")
            alone = self.agents[c.only].presence == "available" if c.only else True
            if c.handing and not alone:
                self.tell("handed for ever", c.id, f"to {c.only}, who isn't there")
            if c.state == "wrapping":
                self.tell("wraps for ever", c.id, "its wrap-up never ended")
            if c.state == "new":
                self.tell("nowhere", c.id, "it arrived, and is in no queue")
