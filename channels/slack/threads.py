"""A contact's thread in its team's channel: opened, added to, closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..channel import Button, Head, Line, NotDelivered, OutcomeUnknown, WrapUp
from . import messages
from .blocks import Json, Message
from .memory import Finder, Recent, payload, split
from .pace import Urgency
from .people import People
from .send import Sender


@dataclass(slots=True)
class Threads:
    """`heads` are the first messages' blocks and metadata, `upto` the last number each of them shows."""

    sender: Sender
    people: People
    finder: Finder
    heads: Recent[str, tuple[tuple[Json, ...], Json]] = field(default_factory=Recent)
    upto: Recent[str, int] = field(default_factory=Recent)
    doubt: Recent[tuple[object, ...], bool] = field(default_factory=Recent)

    def clear(self) -> None:
        """Forget every thread."""
        for kept in (self.heads, self.upto, self.doubt):
            kept.clear()

    async def open(self, head: Head, again: bool) -> str:
        """The place of the contact's thread in its team's channel."""
        channel = await self.people.room(head.place)
        place = await self._parent(channel, head, again)
        for page in messages.transcript(head):
            await self.add(place, page, Urgency.CUSTOMER, again, contact=head.contact, page=page_of(page))
        return place

    async def _parent(self, channel: str, head: Head, again: bool) -> str:
        key = ("head", channel, head.contact)
        if again or key in self.doubt:
            found = await self.finder.in_channel(channel, contact=head.contact)
            # A closed one is from before: with another team in between, it comes back into a thread of its own.
            if found is not None and "upto" in payload(found) and messages.alive(found):
                place = f"{channel}:{found['ts']}"
                self._keep(place, found)
                return place
        message = messages.head(head)
        ts = await self._posted(key, channel, message, Urgency.CARD)
        place = f"{channel}:{ts}"
        self.heads[place] = (message.blocks, message.metadata or {})
        self.upto[place] = max((line.n for line in head.lines), default=0)
        return place

    async def _posted(
        self, key: tuple[object, ...], channel: str, message: Message, urgency: Urgency, thread: str = ""
    ) -> str:
        try:
            return await self._joined(channel, message, urgency, thread)
        except OutcomeUnknown:
            self.doubt[key] = True  # whoever tries again looks first
            raise
        except NotDelivered as error:
            if error.permanent:
                self.people.moved(channel)
            raise

    async def _joined(self, channel: str, message: Message, urgency: Urgency, thread: str) -> str:
        try:
            return await self.sender.post(channel, message, urgency, thread)
        except NotDelivered as error:
            if error.code != "not_in_channel":
                raise
            try:
                await self.people.join(channel)
            except NotDelivered:
                raise error from None
            return await self.sender.post(channel, message, urgency, thread)

    async def add(
        self, place: str, message: Message, urgency: Urgency, again: bool = False, **wanted: str | int | bool
    ) -> str:
        """A message in the thread at `place`, once: `wanted` is what its metadata says. Its ts."""
        key = (place, *sorted(wanted.items()))
        if again or key in self.doubt:
            found = await self.finder.in_thread(place, **wanted)
            if found is not None:
                return str(found["ts"])
        channel, ts = split(place)
        return await self._posted(key, channel, message, urgency, ts)

    async def post(self, place: str, line: Line, again: bool) -> str:
        """A line; `place` itself when the head shows it already."""
        if line.n <= await self._upto(place):
            return place
        channel, _ = split(place)
        wanted: dict[str, Any] = {"contact": line.contact, "n": line.n}
        ts = await self.add(place, messages.line(line), Urgency.CUSTOMER, again, **wanted)
        return f"{channel}:{ts}"

    async def show(self, place: str, head: Head) -> None:
        """The first message drawn anew: another owner, or open again."""
        upto = await self._upto(place)
        message = messages.head(head)
        metadata = {**(message.metadata or {}), "event_payload": {"contact": head.contact, "upto": upto}}
        channel, ts = split(place)
        shown = Message(message.text, message.blocks, metadata)
        try:
            await self.sender.update(channel, ts, shown, Urgency.CARD)
        except NotDelivered as error:
            if error.code != "message_not_found":
                raise
        self.heads[place] = (shown.blocks, metadata)

    async def _upto(self, place: str) -> int:
        if (known := self.upto.get(place)) is not None:
            return known
        found = await self.finder.parent(place)
        if found is not None:
            self._keep(place, found)
        return self.upto.get(place) or 0

    def _keep(self, place: str, message: Json) -> None:
        said = payload(message)
        self.heads[place] = (tuple(message.get("blocks") or ()), message.get("metadata") or {})
        self.upto[place] = int(said.get("upto") or 0)

    async def close(self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = ()) -> None:
        """One closing line, and nothing left to press on the first message."""
        message = messages.closing(contact, told, buttons)
        await self.add(place, message, Urgency.CARD, contact=contact, told=told[:200])
        await self._deaden(place, told)

    async def wrap(self, place: str, it: WrapUp, again: bool) -> None:
        """A line with what can be pressed until the wrap-up ends; the first message's buttons are of no use any more."""
        shown = messages.wrapping(it)
        await self.add(place, shown, Urgency.CARD, again, contact=it.contact, until=it.until)
        await self._deaden(place, f"{it.contact} ended: what is typed here is kept as a note.")

    async def _deaden(self, place: str, told: str) -> None:
        if place not in self.heads:
            await self._upto(place)
        shown, metadata = self.heads.get(place) or ((), {})
        ended = messages.closed_head(shown, told)
        channel, ts = split(place)
        dead = Message(ended.text, ended.blocks, metadata or None)
        try:
            await self.sender.update(channel, ts, dead, Urgency.CARD)
        except NotDelivered as error:
            if error.code != "message_not_found":
                raise
        self.heads[place] = (dead.blocks, metadata)


def page_of(message: Message) -> int:
    """Which page of a transcript it is."""
    said = (message.metadata or {}).get("event_payload") or {}
    return int(said.get("page", 0))
