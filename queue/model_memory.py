"""The reference model's memory: contacts, agents, timers and the ledger as plain Python objects.

Nothing here decides anything; `model_match.py` and `model.py` do. Instants are milliseconds.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from ..skills.skill import CHANNELS, Channel, Need, Profile, refusal
from .contact import Decision, Route
from .model_records import Agent, Contact, Key, Offer, agent_view, contact_view
from .state import BITS, Event, State

OF_MASK = [[channel for channel, bit in BITS.items() if mask & bit] for mask in range(1 << len(BITS))]
"""Channels as bits → the same by name."""
MET = 10_000  # routes known by identity; a plan has some dozens


class Due(dict[str, int]):
    """Timers: member → instant; small heaps beside it find the earliest, one for each second in which any is due.

    Most are void before they are due: they stay in their heap until its second comes.
    """

    __slots__ = ("_heaps", "_seconds")

    def __init__(self) -> None:
        super().__init__()
        self._heaps: dict[int, list[tuple[int, str]]] = {}  # by second
        self._seconds: list[int] = []  # a heap of these

    def __setitem__(self, member: str, at: int) -> None:
        dict.__setitem__(self, member, at)
        second = at // 1000
        heap = self._heaps.get(second)
        if heap is None:
            heap = self._heaps[second] = []
            heappush(self._seconds, second)
        heappush(heap, (at, member))

    def first(self) -> tuple[int, str] | None:
        """The earliest (instant, member)."""
        heaps, seconds = self._heaps, self._seconds
        while seconds:
            heap = heaps[seconds[0]]
            while heap:
                first = heap[0]
                if self.get(first[1]) == first[0]:
                    return first
                heappop(heap)
            del heaps[heappop(seconds)]
        return None

    def take(self, now: int) -> tuple[int, str] | None:
        """The earliest (instant, member) that is due by `now`, which it is no longer."""
        heaps, seconds = self._heaps, self._seconds
        while seconds:
            heap = heaps[seconds[0]]
            while heap:
                if heap[0][0] > now:
                    return None
                first = heappop(heap)
                if self.get(first[1]) == first[0]:
                    del self[first[1]]
                    return first
            del heaps[heappop(seconds)]
        return None


@dataclass(slots=True, eq=False, repr=False)
class Memory:
    """Everything the model remembers, and the small moves that keep its parts consistent.

    Every class of the model has slots: without, Python is slow to find the methods of an object of so many attributes.
    """

    now: int = 0
    desk_up: bool = True
    contacts: dict[str, Contact] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    due: Due = field(default_factory=Due)
    events: list[Event] = field(default_factory=list)
    queue: dict[Channel, dict[int, list[Key]]] = field(default_factory=lambda: {ch: {} for ch in CHANNELS})
    """By class."""
    heads: dict[Channel, list[tuple[int, str, int]]] = field(
        default_factory=lambda: {ch: [] for ch in CHANNELS}
    )
    """Of each class the first, in order: the key's rank and id, and the class."""
    personal: dict[str, list[Key]] = field(default_factory=dict)  # by agent
    counter: int = 1000
    begun: dict[str, tuple[int, str]] = field(default_factory=dict)  # calls, texts: key → when, number
    threads: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    ready: dict[str, Agent] = field(default_factory=dict)  # those available and on shift
    here: dict[int, frozenset[str]] = field(default_factory=dict)  # `counted`, until somebody moves
    able: dict[int, list[list[Agent]]] = field(default_factory=dict)  # `admitted`, until somebody moves
    room: dict[Channel, set[str]] = field(default_factory=lambda: {ch: set() for ch in CHANNELS})
    """Who has some."""
    classes: dict[Need, int] = field(default_factory=dict)
    numbered: dict[Route, tuple[int, ...]] = field(default_factory=dict)
    met: dict[int, tuple[Route, tuple[int, ...]]] = field(default_factory=dict)
    """The same by identity: a route is long to hash."""
    midnights: tuple[int, ...] = ()
    accepted: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    alerts: dict[str, str] = field(default_factory=dict)
    opted: set[str] = field(default_factory=set)
    sources: dict[tuple[str, str], int] = field(default_factory=dict)  # contact, a reply's source → its n
    unasked: dict[str, int] = field(default_factory=dict)  # conversation → until when no unasked text
    providers: dict[str, tuple[int, str, int]] = field(default_factory=dict)  # id → until, contact, n
    situation: int = 0  # goes up with each trouble that begins or ends

    def tell(self, kind: str, contact: str = "", agent: str = "", n: int = 0, /, **rest: object) -> None:
        """Append to the ledger."""
        x = json.dumps(rest, separators=(",", ":"), ensure_ascii=False, default=_recorded) if rest else "{}"
        self.events.append(Event(self.now, kind, contact, agent, n, x))

    def alive(self, number: int) -> bool:
        """Whether anybody on shift could ever serve the class."""
        return bool(self.counted(number))

    def counted(self, number: int) -> frozenset[str]:
        """Those on shift whom the class admits, away and full ones too."""
        if number not in self.here:
            admitted = (it for it in self.agents.values() if number in it.can)
            self.here[number] = frozenset(it.name for it in admitted if it.counted)
        return self.here[number]

    def admitted(self, number: int) -> list[list[Agent]]:
        """Those available and on shift whom the class admits, tier by tier in the order in which they are asked."""
        if number not in self.able:
            tiers: dict[int, list[Agent]] = {}
            for agent in self.ready.values():
                if number in agent.can:
                    tiers.setdefault(agent.can[number], []).append(agent)
            self.able[number] = [tiers[place] for place in sorted(tiers)]
        return self.able[number]

    def intern(self, route: Route) -> tuple[int, ...]:
        """The numbers of the route's classes; new ones in the order of its steps."""
        known = self.met.get(id(route))
        if known and known[0] is route:
            return known[1]
        if route not in self.numbered:
            for step in route.steps:
                if step.need not in self.classes:
                    number = self.classes[step.need] = len(self.classes) + 1
                    for agent in self.agents.values():
                        agent.can.update(place_in({step.need: number}, agent.profile))
                    self.tell("class", "", "", number, need=step.need.text)
            self.numbered[route] = tuple(self.classes[step.need] for step in route.steps)
        if len(self.met) >= MET:
            self.met.clear()
        self.met[id(route)] = route, self.numbered[route]
        return self.numbered[route]

    def list_in(self, contact: Contact) -> None:
        """Put it into the set in which it is looked for, if it is looked for at all."""
        channel = contact.route.channel
        if contact.open:
            key, number = contact.key, contact.classes[contact.step]
            contact.listed = number
            among = self.queue[channel].setdefault(number, [])
            if among and among[-1] > key:
                insort(among, key)
            else:  # mostly
                among.append(key)
            if among[0] is key:
                self._new_head(channel, number, among[1] if len(among) > 1 else None, key)
        elif contact.personal and contact.placeable and not contact.offers:
            contact.listed = contact.personal
            insort(self.personal.setdefault(contact.personal, []), contact.key)

    def list_out(self, contact: Contact) -> None:
        """Take it out of the set it is in."""
        where, key = contact.listed, contact.key
        if where is None:
            return
        contact.listed, channel = None, contact.route.channel
        sets: dict[Any, list[Key]] = self.personal if isinstance(where, str) else self.queue[channel]
        among = sets[where]
        place = 0 if among[0] is key else bisect_left(among, key)
        del among[place]
        if place == 0 and isinstance(where, int):
            self._new_head(channel, where, key, among[0] if among else None)
        if not among:
            del sets[where]

    def _new_head(self, channel: Channel, number: int, before: Key | None, now: Key | None) -> None:
        """The class has another first contact than before, or none."""
        heads = self.heads[channel]
        if before:
            del heads[bisect_left(heads, (*before, number))]
        if now:
            insort(heads, (*now, number))

    def hold(self, agent: Agent, contact: Contact) -> None:
        """From now on the contact costs the agent."""
        agent.holds[contact.id] = contact.route.channel
        agent.counts[contact.route.channel] += 1
        self.measure(agent)

    def unhold(self, agent: Agent, contact: Contact) -> None:
        """The contact no longer costs the agent."""
        del agent.holds[contact.id]
        agent.counts[contact.route.channel] -= 1
        self.measure(agent)

    def measure(self, agent: Agent) -> None:
        """Whenever what they hold, are asked or are has changed: where they have room is as it is now."""
        before = agent.mask
        agent.measure()
        if agent.mask != before:
            room, name = self.room, agent.name
            for channel in OF_MASK[agent.mask & ~before]:
                room[channel].add(name)
            for channel in OF_MASK[before & ~agent.mask]:
                room[channel].discard(name)

    def end_offer(self, contact: Contact, offer: Offer, kind: str, reason: str = "", pause: int = 0) -> None:
        """One live offer ends other than by being accepted; the contact isn't entered again here."""
        agent = self.agents[offer.agent]
        del contact.offers[offer.agent]
        contact.claimed = 0 if contact.claimed == offer.number else contact.claimed
        agent.offers.discard(contact.id)
        self.unhold(agent, contact)
        self.due.pop(f"o:{contact.id}:{offer.number}", None)
        if not contact.offers and contact.state == "offered":
            contact.state = "waiting"
        rest: dict[str, object] = {"reason": reason} if reason else {}
        rest |= {"pause": pause} if pause else {}
        self.tell(kind, contact.id, agent.name, offer.number, **rest, place=offer.place, agent=agent.name)

    def forget_pairs(self, contact: Contact) -> None:
        """Everybody may be asked again."""
        if contact.pairs:
            for name in contact.pairs:
                self.due.pop(f"e:{contact.id}:{name}", None)
            contact.pairs = contact.paused = frozenset()

    def remind(self, contact: Contact) -> None:
        """The owner owes an answer: after a while they are reminded, unless that runs already."""
        if contact.state != "active" or contact.handover or not contact.owed:
            return
        nudge, member = contact.nudge, f"n:{contact.id}"
        if nudge is not None and member not in self.due:
            self.due[member] = self.now + nudge

    def calm(self, contact: Contact) -> None:
        """Neither falls quiet nor has an owner to be reminded."""
        contact.nudged = False
        self.due.pop(f"q:{contact.id}", None)
        self.due.pop(f"n:{contact.id}", None)

    def lead(self, contact: Contact) -> None:
        """The conversations that lead to no open contact lead to this one."""
        for thread in contact.conversations:
            if thread not in self.threads:
                self.threads[thread] = self.last[thread] = contact.id

    def goes_on_in(self, contact: Contact) -> str:
        """The other contact in which one of its conversations is open by now, "" if there is none."""
        found = (self.threads.get(thread, "") for thread in contact.conversations)
        return next((it for it in found if it and it != contact.id), "")

    def count_accepted(self, service: str, team: str) -> None:
        """One more of today's contacts of the service went to the team."""
        self.accepted[(self.today(), service, team)] += 1

    def today(self) -> int:
        """The last midnight of the site, 0 before the first that is known."""
        passed = bisect_right(self.midnights, self.now)
        return self.midnights[passed - 1] if passed else 0

    def snapshot(self) -> State:
        """Everything, as values."""
        return State(
            {it.id: contact_view(it) for it in self.contacts.values()},
            {it.name: agent_view(it, self.due.get(f"l:{it.name}")) for it in self.agents.values()},
            dict(self.due),
            self.desk_up,
            dict(self.alerts),
            frozenset(self.opted),
        )


def place_in(classes: dict[Need, int], profile: Profile) -> dict[int, int]:
    """Those of the classes that admit the profile → the place of its tier in the order in which they are asked."""
    return {
        number: need.tiers.index(profile.tier_in(need.service))
        for need, number in classes.items()
        if refusal(need, profile) is None
    }


def _recorded(value: object) -> object:
    if isinstance(value, Decision):
        return value.record()
    raise TypeError(f"not for the ledger: {type(value).__name__}")
