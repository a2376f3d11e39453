"""The reference model's memory: contacts, agents, timers and the ledger as plain Python objects.

Nothing here decides anything; `model_match.py` and `model.py` do. Instants are milliseconds.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections import Counter
from dataclasses import dataclass, field
from heapq import heappop, heappush

from ..skills.skill import CHANNELS, LIVE, Capacity, Channel, Need, Profile, refusal
from .contact import Decision, Preference, Route, Step
from .state import (
    BITS,
    ENDED,
    AgentView,
    ContactState,
    ContactView,
    Event,
    MessageView,
    OfferView,
    Presence,
    State,
)

Key = tuple[int, str]  # (rank, id): the one order in which contacts are served


@dataclass(slots=True)
class Offer:
    """A live offer; `due` is the end of the time for delivery, once delivered the agent's deadline."""

    number: int
    agent: str
    created: int
    due: int
    delivered: bool = False
    place: str = ""


@dataclass(slots=True)
class Contact:
    """One contact as the model keeps it; `prefer` is dropped for good once it no longer holds."""

    id: str
    number: int
    route: Route
    rank: int
    arrived: int
    base: int
    thread: str
    deadlines: tuple[int, ...] = ()
    prefer: Preference | None = None
    facts: str = "{}"
    previous: str = ""
    state: ContactState = "waiting"
    step: int = 0
    owner: str = ""
    classes: tuple[int, ...] = ()  # the numbers of its steps' classes
    taken: int = 0  # the number of the accepted offer
    offered: int = 0  # how many offers there ever were
    offers: dict[str, Offer] = field(default_factory=dict)
    pairs: set[str] = field(default_factory=set)
    personal: str = ""
    drainer: str = ""
    wake: int | None = None
    wrap_until: int | None = None
    outcome: str = ""
    lift_at: int | None = None
    told: int = -1  # the step in which `exhausted` was told
    messages: list[MessageView] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Its place in the one order."""
        return (self.rank, self.id)

    @property
    def now_step(self) -> Step:
        """The step it is in."""
        return self.route.steps[self.step]

    @property
    def klass(self) -> int:
        """The class it is in."""
        return self.classes[self.step]

    @property
    def open(self) -> bool:
        """Whether its class may be asked: in the queue, meant for nobody in person, too few live offers."""
        queued = self.state in ("waiting", "offered")
        return queued and not self.personal and len(self.offers) < self.now_step.offer_to


@dataclass(slots=True)
class Agent:
    """One agent as the model keeps them; `holds` are their offers, assignments and wrap-ups by contact."""

    name: str
    profile: Profile
    capacity: Capacity
    channels: int
    shift: bool
    edges: tuple[tuple[int, bool], ...] = ()
    presence: Presence = "offline"
    why: str = ""
    overtime: int | None = None
    since: int = 0
    last_offered: int = 0
    misses: int = 0
    missed_at: int = 0
    draining: str = ""
    holds: dict[str, Channel] = field(default_factory=dict)
    offers: set[str] = field(default_factory=set)
    counts: Counter[Channel] = field(default_factory=Counter)
    costs: dict[Channel, int] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    can: set[int] = field(default_factory=set)  # the classes that the profile is admitted to
    rooms: dict[Channel, bool | None] = field(default_factory=dict)  # `room`, until something moves

    @property
    def on_shift(self) -> bool:
        """The flag, or overtime."""
        return self.shift or self.overtime is not None

    @property
    def ready(self) -> bool:
        """Available and on shift."""
        return self.presence == "available" and self.on_shift

    @property
    def counted(self) -> bool:
        """On shift in the sense of *nobody on shift could serve it*: away and full count, offline doesn't."""
        return self.presence != "offline" and self.on_shift

    def load(self, live: bool) -> int:
        """The cost of all live or all deferred work, interrupted work in full."""
        return sum(n * self.costs[ch] for ch, n in self.counts.items() if (ch in LIVE) == live)

    @property
    def permille(self) -> int:
        """Load against the budget, at most twice it."""
        return min(2000, (self.load(True) + self.load(False)) * 1000 // max(1, self.capacity.budget))

    def room(self, channel: Channel) -> bool | None:
        """Whether one more contact fits: True, False, or None when the budget alone is in the way."""
        if channel not in self.rooms:
            self.rooms[channel] = self._room(channel)
        return self.rooms[channel]

    def _room(self, channel: Channel) -> bool | None:
        cost, budget, counts = self.costs[channel], self.capacity.budget, self.counts
        if cost > budget or counts[channel] >= self.caps.get(channel, 1 << 30):
            return False
        if len(self.offers) >= self.capacity.offers and not (
            channel == "voice" and not any(self.holds[it] in LIVE for it in self.offers)
        ):
            return False
        if channel not in LIVE and counts["voice"]:
            return False
        live = self.load(True)
        fits = live == 0 if channel == "voice" else cost <= budget - live - self.load(False)
        return fits or None

    @property
    def mask(self) -> int:
        """The channels that they can take now, as bits."""
        if not self.ready:
            return 0
        return sum(BITS[ch] for ch in CHANNELS if self.channels & BITS[ch] and self.room(ch))


class Due(dict[str, int]):
    """Timers: member → instant; a heap beside it finds the earliest."""

    def __init__(self) -> None:
        super().__init__()
        self._heap: list[tuple[int, str]] = []

    def __setitem__(self, member: str, at: int) -> None:
        super().__setitem__(member, at)
        heappush(self._heap, (at, member))

    def first(self) -> tuple[int, str] | None:
        """The earliest (instant, member)."""
        heap = self._heap
        while heap and self.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0] if heap else None


class Memory:
    """Everything the model remembers, and the small moves that keep its parts consistent."""

    def __init__(self) -> None:
        self.now = 0
        self.desk_up = True
        self.contacts: dict[str, Contact] = {}
        self.agents: dict[str, Agent] = {}
        self.due = Due()
        self.events: list[Event] = []
        self.queue: dict[Channel, list[Key]] = {channel: [] for channel in CHANNELS}
        self.personal: dict[str, list[Key]] = {}
        self.counter = 1000
        self.threads: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.ready: dict[str, Agent] = {}  # those available and on shift
        self.classes: dict[Need, int] = {}
        self.numbered: dict[Route, tuple[int, ...]] = {}
        self.midnights: tuple[int, ...] = ()
        self.accepted: Counter[tuple[int, str, str]] = Counter()
        self.alerts: dict[str, str] = {}
        self.opted: set[str] = set()

    def tell(self, kind: str, contact: str = "", agent: str = "", n: int = 0, /, **rest: object) -> None:
        """Append to the ledger."""
        x = json.dumps(rest, separators=(",", ":"), ensure_ascii=False, default=_recorded) if rest else "{}"
        self.events.append(Event(self.now, kind, contact, agent, n, x))

    def alive(self, number: int) -> bool:
        """Whether anybody on shift could ever serve the class."""
        return any(number in it.can and it.counted for it in self.agents.values())

    def intern(self, route: Route) -> tuple[int, ...]:
        """The numbers of the route's classes; new ones in the order of its steps."""
        if route not in self.numbered:
            for step in route.steps:
                if step.need not in self.classes:
                    number = self.classes[step.need] = len(self.classes) + 1
                    for agent in self.agents.values():
                        if refusal(step.need, agent.profile) is None:
                            agent.can.add(number)
                    self.tell("class", "", "", number, need=step.need.text)
            self.numbered[route] = tuple(self.classes[step.need] for step in route.steps)
        return self.numbered[route]

    def list_in(self, contact: Contact) -> None:
        """Put it into the set in which it is looked for, if it is looked for at all."""
        if contact.open:
            insort(self.queue[contact.route.channel], contact.key)
        elif contact.personal and contact.state == "waiting":
            insort(self.personal.setdefault(contact.personal, []), contact.key)

    def list_out(self, contact: Contact) -> None:
        """Take it out of the set it is in."""
        for among in (self.queue[contact.route.channel], self.personal.get(contact.personal, [])):
            at = bisect_left(among, contact.key)
            if at < len(among) and among[at] == contact.key:
                del among[at]

    def hold(self, agent: Agent, contact: Contact) -> None:
        """From now on the contact costs the agent."""
        agent.holds[contact.id] = contact.route.channel
        agent.counts[contact.route.channel] += 1
        agent.rooms.clear()

    def release(self, agent: Agent, contact: Contact) -> None:
        """The contact no longer costs the agent."""
        del agent.holds[contact.id]
        agent.counts[contact.route.channel] -= 1
        agent.rooms.clear()

    def end_offer(self, contact: Contact, offer: Offer, kind: str, reason: str = "") -> None:
        """One live offer ends other than by being accepted; the contact isn't entered again here."""
        agent = self.agents[offer.agent]
        del contact.offers[offer.agent]
        agent.offers.discard(contact.id)
        self.release(agent, contact)
        self.due.pop(f"o:{contact.id}:{offer.number}", None)
        if not contact.offers and contact.state == "offered":
            contact.state = "waiting"
        rest = {"reason": reason} if reason else {}
        self.tell(kind, contact.id, agent.name, offer.number, **rest, place=offer.place, agent=agent.name)

    def forget_pairs(self, contact: Contact) -> None:
        """Everybody may be asked again."""
        for name in contact.pairs:
            self.due.pop(f"e:{contact.id}:{name}", None)
        contact.pairs.clear()

    def count_accepted(self, service: str, team: str) -> None:
        """One more of today's contacts of the service went to the team."""
        self.accepted[(self.today(), service, team)] += 1

    def today(self) -> int:
        """The last midnight of the site, 0 before the first that is known."""
        return max((it for it in self.midnights if it <= self.now), default=0)

    def snapshot(self) -> State:
        """Everything, as values."""
        return State(
            {it.id: _contact(it) for it in self.contacts.values()},
            {it.name: _agent(it) for it in self.agents.values()},
            dict(self.due),
            self.desk_up,
            dict(self.alerts),
            frozenset(self.opted),
        )


def _recorded(value: object) -> object:
    if isinstance(value, Decision):
        return value.record()
    raise TypeError(f"not for the ledger: {type(value).__name__}")


def _contact(it: Contact) -> ContactView:
    offers = sorted(it.offers.values(), key=lambda offer: offer.number)
    return ContactView(
        id=it.id,
        state=it.state,
        route=it.route,
        step=it.step,
        rank=it.rank,
        arrived=it.arrived,
        base=it.base,
        thread=it.thread,
        messages=len(it.messages),
        owner="" if it.state in ENDED else it.owner,
        offers=tuple(OfferView(o.number, o.agent, o.delivered, o.due, o.place) for o in offers),
        excluded=frozenset(it.pairs),
        personal=it.personal,
        wake=it.wake,
        wrap_until=it.wrap_until,
        drainer=it.drainer,
        facts=it.facts,
        previous=it.previous,
        deadlines=it.deadlines,
    )


def _agent(it: Agent) -> AgentView:
    return AgentView(
        name=it.name,
        profile=it.profile,
        capacity=it.capacity,
        channels=it.channels,
        presence=it.presence,
        shift=it.shift,
        on_shift=it.on_shift,
        overtime=it.overtime,
        live=it.load(True),
        deferred=it.load(False),
        offers=len(it.offers),
        mask=it.mask,
        since=it.since,
        last_offered=it.last_offered,
        misses=it.misses,
        draining=it.draining,
        contacts=frozenset(it.holds),
        why=it.why,
    )
