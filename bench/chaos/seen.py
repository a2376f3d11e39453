"""What the outside saw of a run, frozen: the checker reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Position = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Texted:
    """A customer's text, and how the product answered its webhook (None: not at all)."""

    sid: str
    sender: str
    text: str
    status: int | None

    @property
    def accepted(self) -> bool:
        """Whether the product took it on itself."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that Twilio took from the product. `at` in ms since the epoch."""

    at: int
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery receipt of Twilio's that the product answered with 2xx."""

    sid: str
    status: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the exported history; events with the same `entry` happened in one step."""

    entry: tuple[int, int]
    t: int
    e: str
    c: str = ""
    a: str = ""
    n: int = 0
    x: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """An offer as it stands in an agent's direct messages at the end."""

    agent: str
    contact: str
    offer: int
    text: str
    pressable: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The first message of a contact's thread; `open` while it can be closed by its button."""

    contact: str
    place: str
    open: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the product's in a thread that names a message of the contact's transcript."""

    contact: str
    n: int
    kind: str
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What an agent typed in a thread; `marks` are the product's emoji on it.

    `meant`: a reply, a note, or an aside of whoever doesn't have the contact.
    """

    agent: str
    contact: str
    place: str
    text: str
    meant: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """A command to the product that was answered: "You are *away*…". Instants in ms."""

    agent: str
    presence: str
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What was done with a contact beside answering it, as Slack confirmed it: transfer, release, snooze, spam…"""

    what: str
    contact: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What a supervisor had customers told: of an incident (`over`: of its end), or that a service is closed.

    When that was asked for, was known to be so, was to end, and was known to be over (ms).
    """

    kind: str
    text: str
    asked: int
    known: int
    ended: int
    gone: int
    over: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the plan promises: whom each step of a service asks, how many at once, and how much an agent takes."""

    tier: Mapping[str, int]
    steps: Mapping[str, tuple[frozenset[int], ...]]
    at_once: Mapping[str, int]
    until: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """How old (ms) a contact is when each of its steps but the last ends."""
    most: int = 4
    """Texts at once, where `caps` says nothing else of the agent."""
    caps: Mapping[str, int] = field(default_factory=dict)
    offer_ms: int = 6_000
    hold_ms: int = 2_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A whole run. `ended` (ms) is when everything had long been quiet; `quiet` says that it was."""

    rules: Rules
    texted: tuple[Texted, ...] = ()
    sent: tuple[Sent, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    events: tuple[Event, ...] = ()
    cards: tuple[Card, ...] = ()
    glances: tuple[Card, ...] = ()
    """Cards as some stood a moment after *accept* was pressed."""
    heads: tuple[Head, ...] = ()
    lines: tuple[Line, ...] = ()
    typed: tuple[Typed, ...] = ()
    said: tuple[Said, ...] = ()
    published: tuple[int, ...] = ()
    moved: tuple[Moved, ...] = ()
    announced: tuple[Announced, ...] = ()
    asked: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How often each move was asked for, answered or not."""
    spammed: frozenset[str] = frozenset()
    """Contacts that somebody tried to end as spam."""
    gaps: tuple[tuple[int, int], ...] = ()
    """While nobody ticked: all workers stood still, or the store did (ms)."""
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: the check that found it, what it is about, and what happened in words."""

    check: str
    about: str
    words: str
