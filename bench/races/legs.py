"""What the exchange keeps of legs and conferences, and what it needs of a scene."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...channels.phone import Ask, Call, Heard, LegNews, Recorded, RoomNews, Turn
from ...queue.contact import OVER, RANKS, LegState

Work = Callable[[], Coroutine[Any, Any, None]]


class Pool(Protocol):
    """Where things go that may happen next."""

    def request(self, name: str, work: Work, twice: float, lost: float, late: float) -> None:
        """A request of the provider: maybe twice, never, late."""

    def act(self, name: str, do: Callable[[], None], within: int) -> None:
        """Something that a person or the provider does some time within so many steps."""

    def at(self, when: int, name: str, do: Callable[[], object]) -> None:
        """Something that happens at an instant."""

    def answer(self, turn: Turn, call: Call) -> Coroutine[Any, Any, Heard]:
        """What some router says."""

    def tell(self, news: LegNews | RoomNews | Recorded) -> Coroutine[Any, Any, None]:
        """Some router is told."""

    def rings(self, leg: Leg) -> None:
        """Somebody's phone rings: what they do is theirs."""

    def asked(self, leg: Leg) -> None:
        """Somebody is asked for a key."""

    def entered(self, leg: Leg) -> None:
        """Somebody is in a conference."""


@dataclass(eq=False)
class Leg:
    """One leg. `question` is the number of what it asked last, 0 while nothing is awaited."""

    sid: str
    sender: str
    to: str
    about: Mapping[str, str]
    customer: bool
    turn: Turn = "call"
    state: LegState = "queued"
    where: str = "nowhere"  # document, queue, room
    question: int = 0
    asking: Ask | None = None
    queue: str = ""
    wait_about: Mapping[str, str] = field(default_factory=dict)
    room: Room | None = None
    label: str = ""
    room_about: Mapping[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    hung_up: bool = False  # by its person
    answered: int = 0  # ms; the scene's clock
    machine: bool = False
    detected: bool = False  # what the provider takes it for: it errs
    detect: bool = False  # the provider tells whether it is one
    contact: str = ""

    @property
    def live(self) -> bool:
        """Whether it hasn't ended."""
        return RANKS[self.state] < OVER


@dataclass(eq=False)
class Room:
    """A conference that goes on."""

    name: str
    sid: str
    members: list[Leg] = field(default_factory=list)
    ending: set[str] = field(default_factory=set)
    told: int = 0
