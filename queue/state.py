"""What the queue holds at one instant, as plain values: for comparing, for explaining, for checking.

Engine and reference model both hand out a `State`; `checks.py` holds what must be true of any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ..skills.skill import CHANNELS, Capacity, Channel, Profile
from .contact import OVER, RANKS, LegState, Route, Step

ContactState = Literal[
    "waiting", "offered", "active", "snoozed", "parked", "wrapping", "closed", "abandoned", "dead"
]
ENDED: frozenset[ContactState] = frozenset({"closed", "abandoned", "dead"})
QUEUED: frozenset[ContactState] = frozenset({"waiting", "offered"})
Presence = Literal["available", "away", "offline"]

BITS: dict[Channel, int] = {"voice": 1, "chat": 2, "sms": 4, "email": 8}


def mask_of(channels: tuple[Channel, ...] | frozenset[Channel]) -> int:
    """The channels as bits: voice 1, chat 2, SMS 4, mail 8."""
    return sum(BITS[channel] for channel in CHANNELS if channel in channels)


@dataclass(frozen=True, slots=True, order=True)
class OfferView:
    """A live offer. `due` is its deadline once delivered, before that the end of the 30 s for delivery."""

    number: int
    agent: str
    delivered: bool
    due: int
    place: str = ""


class MessageView(NamedTuple):
    """One message of a transcript. `kind`: in, note, reply, or a system text's own kind.

    `status` is "" for what never leaves (in, note), else held, queued, sending, sent, delivered, failed,
    suppressed or undone; `body` is JSON as it was handed in.
    """

    n: int
    kind: str
    body: str
    at: int
    status: str = ""
    agent: str = ""
    provider_id: str = ""
    error: str = ""

    def __repr__(self) -> str:
        """Without what was said: that is nobody's business but theirs."""
        return f"MessageView(n={self.n}, kind={self.kind!r}, at={self.at}, status={self.status!r})"


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a call: what the provider said last, `at` which instant (ms) that became so, and all that is known.

    `about`: "r" whose it is ("customer", "agent"), "a" the agent, "o" the offer that it rings for, and what else the
    door gave along.
    """

    sid: str
    state: LegState
    at: int
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether it hasn't ended, as far as anybody knows."""
        return RANKS[self.state] < OVER

    @property
    def of_customer(self) -> bool:
        """Whether somebody we owe an answer is on it."""
        return self.live and self.about.get("r") == "customer"


@dataclass(frozen=True, slots=True)
class ContactView:
    """One contact. `rank` is as stored (ms × 1000 + number % 1000); `base` is where its age begins.

    `handing`: its owner is handing it over, and it is in the queue or offered beside them. `owed`: the
    customer waits for an answer. `nudged`: the owner has been reminded of that. `closed_at`: when it ended.
    `last_owner`: of an ended contact, who had it then. `claimed`: the number of the live offer whose agent has said
    that they take it (0: none); nobody else is asked meanwhile.
    """

    id: str
    state: ContactState
    route: Route
    step: int
    rank: int
    arrived: int
    base: int
    thread: str
    messages: int
    owner: str = ""
    offers: tuple[OfferView, ...] = ()
    excluded: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()  # of these, whom nobody could reach: they may still be asked
    personal: str = ""
    wake: int | None = None
    wrap_until: int | None = None
    drainer: str = ""
    facts: str = field(default="{}", repr=False)
    previous: str = ""
    deadlines: tuple[int, ...] = ()
    handing: bool = False
    owed: bool = True
    nudged: bool = False
    closed_at: int | None = None
    last_owner: str = ""
    claimed: int = 0

    @property
    def service(self) -> str:
        """The service that it is queued for."""
        return self.route.service

    @property
    def channel(self) -> Channel:
        """The channel that it came by."""
        return self.route.channel

    @property
    def now_step(self) -> Step:
        """The step it is in."""
        return self.route.steps[self.step]


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent. `on_shift` is what counts: the flag or overtime; `shift` is the flag alone.

    `live` and `deferred` are costs with interrupted work in full; `mask` is what the agent can take now by
    duty, switches and room (0 when not available on shift); `contacts` are all they hold, offers included.
    `snoozed` are those of theirs that cost nothing until something happens; `leaving` is the instant at
    which their work is given to others, unless they come back.
    """

    name: str
    profile: Profile
    capacity: Capacity
    channels: int
    presence: Presence
    shift: bool
    on_shift: bool
    overtime: int | None
    live: int
    deferred: int
    offers: int
    mask: int
    since: int
    last_offered: int
    misses: int
    draining: str = ""
    contacts: frozenset[str] = frozenset()
    why: str = ""
    snoozed: frozenset[str] = frozenset()
    leaving: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Everything at one instant; `due` maps a timer's member to its instant."""

    contacts: dict[str, ContactView]
    agents: dict[str, AgentView]
    due: dict[str, int]
    desk: bool = True
    alerts: dict[str, str] = field(default_factory=dict)
    opted_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the ledger: `t` instant, `e` kind, contact, agent, number, and JSON of the rest."""

    t: int
    e: str
    c: str = ""
    a: str = ""
    n: int = 0
    x: str = "{}"
    id: str = field(default="", compare=False)
