"""A desk that only remembers: which cards were shown to whom, and what they say now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...channels.channel import Button, Card, Head, Line, Mark, WrapUp
from .loom import Loom


@dataclass
class Shown:
    """A card: `told` is what it says instead of its buttons, "" while they are alive."""

    agent: str
    told: str = ""


class Wall:
    """`Desk`. `seen` is told of each new card."""

    def __init__(self, loom: Loom, seen: Callable[[str, str, int], None]) -> None:
        self.loom, self.seen = loom, seen
        self.cards: dict[tuple[str, int], Shown] = {}
        self.closed: dict[str, str] = {}

    async def ping(self) -> None:
        return None

    async def wrap(self, place: str, it: WrapUp, again: bool = False) -> None:
        await self.loom.turn(f"wrap-up {it.contact}")

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        await self.loom.turn(f"file for {to}")

    async def offer(self, card: Card, again: bool = False) -> str:
        await self.loom.turn(f"card {card.contact}.{card.offer}")
        key = (card.contact, card.offer)
        if key not in self.cards:
            self.cards[key] = Shown(card.agent)
            self.seen(card.agent, card.contact, card.offer)
        return f"D{card.agent}:{card.contact}.{card.offer}"

    async def withdraw(self, agent: str, place: str, card: tuple[str, int], told: str) -> None:
        await self.loom.turn(f"withdraw {card[0]}.{card[1]}")
        if card in self.cards:
            self.cards[card].told = told

    async def open(self, head: Head, again: bool = False) -> str:
        await self.loom.turn(f"thread {head.contact}")
        return f"T:{head.contact}"

    async def room(self, name: str) -> str:
        return "T"

    async def show(self, place: str, head: Head) -> None:
        return None

    async def post(self, place: str, line: Line, again: bool = False) -> str:
        return place

    async def mark(self, thread: str, mark: Mark) -> None:
        return None

    async def close(
        self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = (), again: bool = False
    ) -> None:
        self.closed[contact] = told

    async def link(self, place: str) -> str:
        return ""

    async def tell(
        self, to: str, text: str, buttons: tuple[Button, ...] = (), key: str = "", again: bool = False,
        quotes: tuple[str, ...] = (),
    ) -> str:  # fmt: skip
        return f"D{to}"
