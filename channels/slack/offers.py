"""Offers in an agent's direct messages."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

from ..channel import Card, NotDelivered, OutcomeUnknown
from .blocks import Json, Message
from .memory import Finder, Recent, split
from .messages import ended_offer, for_one, offer, telling
from .pace import Urgency
from .people import HIDDEN, People
from .send import UPDATE, Sender

PRESSED_FOR = 25 * 60.0
"""Seconds that a response_url is used; Slack takes it for 30 min."""


@dataclass(slots=True)
class Offers:
    """Shows cards and ends them. `shown` are the cards' blocks, `links` lead to the threads."""

    sender: Sender
    people: People
    finder: Finder
    shown: Recent[str, tuple[Json, ...]] = field(default_factory=lambda: Recent(500))
    accepted: Recent[str, str] = field(default_factory=lambda: Recent(500))  # contact → card
    told: Recent[str, str] = field(default_factory=lambda: Recent(500))  # card → what became of it
    links: Recent[str, str] = field(default_factory=lambda: Recent(500))  # card → the thread's address
    drawn: Recent[str, Message] = field(
        default_factory=lambda: Recent(500)
    )  # card → what it shows since it ended
    instead: Recent[str, bool] = field(
        default_factory=lambda: Recent(500)
    )  # cards whose end was said beneath
    locks: Recent[str, asyncio.Lock] = field(default_factory=lambda: Recent(500))
    urls: Recent[str, tuple[str, float]] = field(
        default_factory=lambda: Recent(500)
    )  # card → response_url, until

    def clear(self) -> None:
        """Forget every card."""
        for kept in (self.shown, self.accepted, self.told, self.links, self.drawn, self.locks, self.urls):
            kept.clear()
        self.instead.clear()

    async def show(self, card: Card, again: bool) -> str:
        """The place of the card."""
        dm, guest = await self.people.lane(card.agent, card.room)
        if again and (found := await self.finder.in_channel(dm, contact=card.contact, offer=card.offer)):
            return f"{dm}:{found['ts']}"
        message = for_one(offer(card), guest) if guest else offer(card)
        try:
            ts = await self.sender.post(dm, message, Urgency.OFFER)
        except NotDelivered as error:
            if error.permanent:
                self.people.gone(await self.people.find(card.agent))
            raise
        self.shown[f"{dm}:{ts}"] = message.blocks
        return f"{dm}:{ts}"

    async def find(self, agent: str, card: tuple[str, int]) -> str:
        """The place of a card that was posted without our learning where; "" when there is none."""
        try:
            dm, _ = await self.people.lane(agent)
        except NotDelivered as error:
            if (
                error.code != HIDDEN
            ):  # a guest of whose channel this process hasn't heard: what is pressed is too late
                raise
            return ""
        found = await self.finder.in_channel(dm, contact=card[0], offer=card[1])
        return f"{dm}:{found['ts']}" if found else ""

    def pressed(self, place: str, url: str) -> None:
        """The card at `place` was pressed: for a while it can be changed by `url`, which has no rate limit."""
        self.urls[place] = (url, time.monotonic() + PRESSED_FOR)

    async def end(self, place: str, told: str) -> None:
        """The card at `place` says `told` and has no buttons."""
        self.told[place] = told
        await self._change(place)

    async def taken(self, place: str, contact: str, told: str) -> None:
        """Its agent accepted: the card will lead to the thread."""
        self.accepted[contact] = place
        await self.end(place, told)

    async def opened(self, contact: str, link: str) -> None:
        """The thread of a contact stands: the card of whoever accepted it leads there."""
        place = self.accepted.get(contact)
        if place is not None:
            self.links[place] = link
            await self._change(place)

    async def _change(self, place: str) -> None:
        lock = self.locks.get(place)
        if lock is None:
            lock = self.locks[place] = asyncio.Lock()
        # One change at a time, each with all that is known by then: a late one never takes the link away.
        async with lock:
            message = ended_offer(
                self.shown.get(place) or (), self.told.get(place) or "", self.links.get(place) or ""
            )
            if message == self.drawn.get(place):
                return
            url, until = self.urls.get(place) or ("", 0.0)
            if time.monotonic() < until and await self.sender.answer(url, message, replace=True):
                self.drawn[place] = message
                return
            self.urls.pop(place)
            try:
                await self._replace(place, message)
            except NotDelivered as error:
                # A card that is gone has nothing to press.
                if not error.permanent:
                    raise
            self.drawn[place] = message

    async def _replace(self, place: str, message: Message) -> None:
        """Change it while Slack takes changes, else say so beneath and take it away: what has ended mustn't stay."""
        channel, ts = split(place)
        if place in self.links or self.sender.left(UPDATE, Urgency.OFFER):
            await self.sender.update(channel, ts, message, Urgency.OFFER)
            return
        if place not in self.instead:
            with suppress(OutcomeUnknown):  # said or not: the card goes
                await self.sender.post(channel, telling(self.told.get(place) or "Withdrawn."), Urgency.OFFER)
            self.instead[place] = True
        await self.sender.call("chat.delete", Urgency.OFFER, channel=channel, ts=ts)
