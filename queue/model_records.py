"""The reference model's records: one contact, one agent, and how each looks from outside.

Nothing here decides anything. Instants are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..skills.skill import CHANNELS, LIVE, Capacity, Channel, Profile
from .contact import Preference, Route, Step
from .state import BITS, ENDED, AgentView, ContactState, ContactView, Leg, MessageView, OfferView, Presence

GRACE = 300_000  # so long an agent's work stays with them when they leave
NONE = 1 << 30  # as a limit

Key = tuple[int, str]  # (rank, id): the one order in which contacts are served


@dataclass(slots=True, eq=False)
class Offer:
    """A live offer; `due` is the end of the time for delivery, once delivered the agent's deadline."""

    number: int
    agent: str
    created: int
    due: int
    delivered: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """While an owner hands a contact over: what it was before; `only`: for the preferred agent alone."""

    route: Route
    classes: tuple[int, ...]
    step: int
    base: int
    deadlines: tuple[int, ...]
    facts: str
    only: bool
    asleep: bool = False  # it was snoozed, until `wake`, and its customer hasn't written since
    wake: int | None = None


@dataclass(slots=True, eq=False)
class Contact:
    """One contact as the model keeps it; `prefer` is dropped for good once it no longer holds."""

    id: str
    number: int
    route: Route
    key: Key  # its place in the one order
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
    pairs: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()  # of these, whom nobody could reach: they may still be asked
    personal: str = ""
    listed: int | str | None = None  # where it waits: its class's set, or that of the agent it is meant for
    drainer: str = ""
    wake: int | None = None
    wrap_until: int | None = None
    longer: int = 0  # how often its wrap-up was made longer
    outcome: str = ""
    lift_at: int | None = None
    told: int = -1  # the step in which `exhausted` was told
    alone: int = 0  # the class in which `nobody` was told
    messages: list[MessageView] = field(default_factory=list)
    handover: Handover | None = None
    owed: bool = True
    nudged: bool = False
    closed_at: int | None = None
    recalled: bool = False  # it had left: it isn't re-opened
    absorbed: tuple[str, ...] = ()  # conversations of contacts merged into this one
    legs: dict[str, Leg] = field(default_factory=dict)  # by id, in the order of their first news
    heard: dict[str, int] = field(default_factory=dict)  # when anything was last heard of each
    jots: dict[str, str] = field(default_factory=dict)
    claimed: int = 0  # the number of the offer whose agent has said that they take it

    @property
    def rank(self) -> int:
        """The earlier the sooner; what orders it among all others."""
        return self.key[0]

    @rank.setter
    def rank(self, rank: int) -> None:
        self.key = (rank, self.id)

    @property
    def now_step(self) -> Step:
        """The step it is in."""
        return self.route.steps[self.step]

    @property
    def klass(self) -> int:
        """The class it is in."""
        return self.classes[self.step]

    @property
    def handing(self) -> bool:
        """Whether its owner is handing it over."""
        return self.handover is not None

    @property
    def placeable(self) -> bool:
        """Whether it is in the queue, with or without an owner beside it."""
        return self.state == "waiting" or self.state == "offered" or self.handover is not None

    @property
    def open(self) -> bool:
        """Whether its class may be asked: in the queue, meant for nobody in person, too few live offers."""
        return not self.personal and self.placeable and (not self.offers or self.wanting)

    @property
    def wanting(self) -> bool:
        """Whether it may have one more live offer: while somebody has said that they take it, theirs is the only one."""
        if not self.offers:
            return True
        return not self.claimed and len(self.offers) < self.route.steps[self.step].offer_to

    @property
    def is_call(self) -> bool:
        """Whether somebody is on the telephone."""
        return self.route.channel == "voice"

    @property
    def talking(self) -> bool:
        """Whether its customer is on the line: then it is taken from nobody."""
        return self.is_call and any(leg.of_customer for leg in self.legs.values())

    @property
    def quiet(self) -> int | None:
        """The route's; nothing falls quiet on the telephone."""
        return None if self.is_call else self.route.quiet

    @property
    def nudge(self) -> int | None:
        """The route's; nobody on the telephone is reminded of a customer."""
        return None if self.is_call else self.route.nudge

    @property
    def conversations(self) -> list[str]:
        """The keys of the conversations that lead to it; none for what was split off another contact."""
        return [it for it in (self.thread, *self.absorbed) if it]


@dataclass(slots=True, eq=False)
class Agent:
    """One agent as the model keeps them; `holds` are their offers, assignments and wrap-ups by contact.

    `removing`: they leave for good when `l:` fires. `reprofiled`: `l:` looks whether their work still fits.
    `rooms`: what they hold → `mask` and `tight`, until they are edited.
    """

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
    counts: dict[Channel, int] = field(default_factory=lambda: dict.fromkeys(CHANNELS, 0))
    costs: dict[Channel, int] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    can: dict[int, int] = field(
        default_factory=dict
    )  # classes that admit the profile → its tier's place there
    mask: int = 0  # the channels that they can take now, as bits
    tight: int = 0  # the channels of which the budget alone keeps them, as bits
    rooms: dict[tuple[int, ...], tuple[int, int]] = field(default_factory=dict)
    snoozed: set[str] = field(default_factory=set)
    grace: int = GRACE
    removing: bool = False
    reprofiled: bool = False

    @property
    def on_shift(self) -> bool:
        """The flag, or overtime."""
        return self.shift or self.overtime is not None

    @property
    def ready(self) -> bool:
        """Available and on shift."""
        return self.presence == "available" and (self.shift or self.overtime is not None)

    @property
    def counted(self) -> bool:
        """On shift in the sense of *nobody on shift could serve it*: away and full count, offline doesn't."""
        return self.presence != "offline" and self.on_shift

    def load(self, live: bool) -> int:
        """The cost of all live or all deferred work, interrupted work in full."""
        return sum([n * self.costs[ch] for ch, n in self.counts.items() if n and (ch in LIVE) == live])

    @property
    def permille(self) -> int:
        """Load against the budget, at most twice it."""
        return min(2000, (self.load(True) + self.load(False)) * 1000 // max(1, self.capacity.budget))

    def measure(self) -> None:
        """Whenever what they hold, are asked or are has changed: `mask` and `tight` are as they are now."""
        if not self.ready:
            self.mask = self.tight = 0
            return
        counts, asked = self.counts, len(self.offers) >= self.capacity.offers
        lively = counts["voice"] or counts["chat"]
        rung = bool(asked and lively and any([self.holds[it] in LIVE for it in self.offers]))
        held = (asked, rung, *counts.values())
        room = self.rooms.get(held)
        if room is None:
            room = self.rooms[held] = self._room(asked, rung)
        self.mask, self.tight = room

    def _room(self, asked: bool, rung: bool) -> tuple[int, int]:
        mask = tight = 0
        counts, costs, budget = self.counts, self.costs, self.capacity.budget
        live = self.load(True)
        left = budget - live - self.load(False)
        for channel, bit in BITS.items():
            if not self.channels & bit or costs[channel] > budget:
                continue
            if counts[channel] >= self.caps.get(channel, NONE) or (rung if channel == "voice" else asked):
                continue
            if channel not in LIVE and counts["voice"]:
                continue
            if live == 0 if channel == "voice" else costs[channel] <= left:
                mask |= bit
            else:
                tight |= bit
        return mask, tight


def contact_view(it: Contact) -> ContactView:
    """As others see it; an ended contact has no owner."""
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
        excluded=it.pairs,
        paused=it.paused,
        personal=it.personal,
        wake=it.wake,
        wrap_until=it.wrap_until,
        drainer=it.drainer,
        facts=it.facts,
        previous=it.previous,
        deadlines=it.deadlines,
        handing=it.handing,
        owed=it.owed,
        nudged=it.nudged,
        closed_at=it.closed_at,
        last_owner=it.owner if it.state in ENDED else "",
        claimed=it.claimed,
    )


def agent_view(it: Agent, leaving: int | None = None) -> AgentView:
    """As others see it; `leaving` is their timer's instant."""
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
        snoozed=frozenset(it.snoozed),
        leaving=leaving,
    )
