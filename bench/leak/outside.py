"""What stands outside: a desk that remembers its threads, a door that remembers its texts, and Slack's odds and ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ...channels.channel import (
    Button,
    Card,
    Head,
    Line,
    Mark,
    NotDelivered,
    OutcomeUnknown,
    Sent,
    Words,
    WrapUp,
)
from ...channels.house import Actor, Told
from ...channels.slack.answers import Answers
from ...channels.slack.marks import Marks
from ...channels.slack.memory import Finder, Recent
from ...channels.slack.pace import Urgency
from ...channels.slack.people import People
from ..races.loom import Loom
from .cast import BY_USER


@dataclass(frozen=True)
class Said:
    """A text that reached a customer, at `at` (ms)."""

    at: int
    key: str
    to: str
    text: str


class Door:
    """`Channel`: every text that reached somebody is kept; now and then it refuses, or its answer is lost."""

    def __init__(self, loom: Loom) -> None:
        self.loom = loom
        self.said: list[Said] = []
        self.calm = False  # no trouble any more

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def say(self, words: Words) -> Sent:
        await self.loom.turn(f"say {words.key}")
        fate = 1.0 if self.calm else self.loom.rng.random()
        if fate < 0.05:
            raise NotDelivered("not this number", "21614", permanent=True)
        if fate < 0.08:
            raise NotDelivered("try later", "20429", retry_after=1.0)
        if fate < 0.11:
            raise OutcomeUnknown("the request was lost")
        self.said.append(Said(self.loom.now, words.key, words.recipient, words.text))
        self.loom.note(f"  ▶ {words.key} to {words.recipient}: {words.text}")
        if fate < 0.16:
            raise OutcomeUnknown("the answer was lost")
        if fate < 0.20:
            return Sent(f"SM{len(self.said)}", "failed", "not there")
        return Sent(f"SM{len(self.said)}", "delivered")

    async def find(self, words: Words) -> Sent | None:
        await self.loom.turn(f"find {words.key}")
        for n, it in enumerate(self.said, 1):
            if it.key == words.key and it.at >= words.since:
                return Sent(f"SM{n}", "sent")
        return None

    async def status(self, provider_id: str) -> Sent:
        return Sent(provider_id, "delivered")


@dataclass(eq=False)
class Thread:
    """A contact's thread; `told` is its closing line, "" while it is open."""

    place: str
    contact: str
    owner: str
    told: str = ""


class Board:
    """`Desk`: threads by their place, in order of opening, and what is shown of replies."""

    def __init__(self, loom: Loom, marked: Callable[[Mark], None]) -> None:
        self.loom, self.marked = loom, marked
        self.threads: dict[str, Thread] = {}
        self.cards: dict[tuple[str, int], str] = {}  # live offers → the agent's `slack`
        self.replies: dict[tuple[str, int], Mark] = {}
        self.clock = 0

    def stamp(self) -> str:
        """A message's `ts`, later than any before."""
        self.clock += 1
        return f"1780000000.{self.clock:06}"

    def latest(self, contact: str) -> Thread | None:
        """The contact's thread that was opened last."""
        found = [it for it in self.threads.values() if it.contact == contact]
        return found[-1] if found else None

    async def ping(self) -> None:
        return None

    async def offer(self, card: Card, again: bool = False) -> str:
        await self.loom.turn(f"card {card.contact}.{card.offer}")
        self.cards[card.contact, card.offer] = card.agent
        return f"D{card.agent}:{card.contact}.{card.offer}"

    async def withdraw(self, agent: str, place: str, card: tuple[str, int], told: str) -> None:
        self.cards.pop(card, None)

    async def room(self, name: str) -> str:
        return f"C{name.removeprefix('#').upper()}"

    async def open(self, head: Head, again: bool = False) -> str:
        await self.loom.turn(f"thread {head.contact} in {head.place}")
        room = await self.room(head.place)
        for known in reversed(self.threads.values()):
            if again and known.contact == head.contact and known.place.startswith(room) and not known.told:
                return known.place
        place = f"{room}:{self.stamp()}"
        self.threads[place] = Thread(place, head.contact, head.owner)
        return place

    async def show(self, place: str, head: Head) -> None:
        it = self.threads[place]
        it.owner, it.told = head.owner, ""

    async def post(self, place: str, line: Line, again: bool = False) -> str:
        return place

    async def mark(self, thread: str, mark: Mark) -> None:
        await self.loom.turn(f"mark {mark.contact}.{mark.n} {mark.state}")
        self.replies[mark.contact, mark.n] = mark
        self.marked(mark)

    async def close(
        self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = (), again: bool = False
    ) -> None:
        await self.loom.turn(f"close {place}")
        self.threads[place].told = told

    async def wrap(self, place: str, it: WrapUp, again: bool = False) -> None:
        return None

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        return None

    async def link(self, place: str) -> str:
        return ""

    async def tell(
        self, to: str, text: str, buttons: tuple[Button, ...] = (), key: str = "", again: bool = False,
        quotes: tuple[str, ...] = (),
    ) -> str:  # fmt: skip
        return f"D{to}"


# ---- what the ears of the Slack desk need of Slack ------------------------------------------------------------------


class Roster(People):
    """Everybody is known."""

    def __init__(self) -> None:
        self.home = "T"

    async def find(self, slack: str) -> str:
        return next(it.user for it in BY_USER.values() if slack in (it.user, it.email))

    async def actor(self, user: str, team: str = "") -> Actor:
        if user not in BY_USER:
            raise NotDelivered("there is no such person", "user_not_found", permanent=True)
        return BY_USER[user]


@dataclass
class Held(Marks):
    """Knows which replies wait, by place; shows nothing."""

    def __init__(self) -> None:
        self.held: Recent[str, tuple[str, int]] = Recent()

    def keep(self, place: str) -> None:
        """The 🔒 is of no use here."""


@dataclass
class Whispers(Answers):
    """What people are told in a thread: `heard` gets it."""

    def __init__(self, heard: Callable[[str, Told], None]) -> None:
        self.heard = heard

    async def whisper(self, channel: str, user: str, told: Told, thread: str) -> None:
        self.heard(user, told)


class Parents(Finder):
    """The first message of a thread says whose it is."""

    def __init__(self, board: Board) -> None:
        self.board = board

    async def parent(self, place: str, urgency: Urgency = Urgency.CUSTOMER) -> dict[str, Any] | None:
        it = self.board.threads.get(place)
        return {"metadata": {"event_payload": {"contact": it.contact}}} if it else None


Pause = Callable[[float], Awaitable[None]]


@dataclass
class Asleep:
    """Pauses in the scene's own time."""

    at: Callable[[int, str, Callable[[], object]], None]
    loom: Loom
    sleeping: int = field(default=0)

    async def __call__(self, seconds: float) -> None:
        import asyncio

        if seconds <= 0:
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wake = lambda: None if over.done() else over.set_result(None)  # noqa: E731
        self.at(self.loom.now + round(seconds * 1000), "a pause is over", wake)
        self.sleeping += 1
        try:
            await over
        finally:
            self.sleeping -= 1
            self.loom.moved += 1
