"""A contact's thread in its team's channel: opened, added to, closed.

What the first message shows is written down at once (`meant`) and drawn when its turn comes, the newest alone, behind
everything that people wait for: Slack takes some fifty changes a minute from a whole workspace.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..channel import Button, DeliveryError, Head, Line, NotDelivered, OutcomeUnknown, WrapUp
from ..turn import afterwards
from . import messages
from .blocks import Json, Message
from .memory import Finder, Recent, payload, split
from .pace import Urgency
from .people import People
from .send import Sender

NOT_OURS = ("message_not_found", "cant_update_message", "cant_delete_message")


@dataclass(slots=True)
class Threads:
    """`heads` are the first messages' blocks and metadata, `upto` the last number that each thread shows,
    `said` where each line stands.

    `meant` is what a first message should show: whose the contact is, or words in place of the buttons; `drawn` what
    it was drawn from.
    """

    sender: Sender
    people: People
    finder: Finder
    heads: Recent[str, tuple[tuple[Json, ...], Json]] = field(default_factory=Recent)
    upto: Recent[str, int] = field(default_factory=Recent)
    doubt: Recent[tuple[object, ...], bool] = field(default_factory=Recent)
    said: Recent[tuple[object, ...], str] = field(default_factory=Recent)
    meant: Recent[str, Head | str] = field(default_factory=Recent)
    drawn: Recent[str, Head | str] = field(default_factory=Recent)

    def clear(self) -> None:
        """Forget every thread."""
        for kept in (self.heads, self.upto, self.doubt, self.said, self.meant, self.drawn):
            kept.clear()

    async def open(self, head: Head, again: bool) -> str:
        """The place of the contact's thread in its team's channel."""
        channel = await self.people.room(head.place)
        try:
            place = await self._parent(channel, head, again)
        except NotDelivered as error:
            if error.code != "channel_not_found":
                raise
            self.people.moved(channel)  # its name may lead to another one by now
            place = await self._parent(await self.people.room(head.place), head, again)
        for page in messages.transcript(head):
            await self.add(place, page, Urgency.CUSTOMER, again, contact=head.contact, page=page_of(page))
        return place

    async def _parent(self, channel: str, head: Head, again: bool) -> str:
        key = ("head", channel, head.contact)
        if again or key in self.doubt:
            found = await self.finder.in_channel(channel, contact=head.contact)
            # A closed one is from before: with another team in between, it comes back into a thread of its own.
            if (
                found is not None
                and "upto" in payload(found)
                and "n" not in payload(found)
                and messages.alive(found)
            ):
                place = f"{channel}:{found['ts']}"
                self._keep(place, found)
                return place
        message = messages.head(head)
        ts = await self._posted(key, channel, message, Urgency.CUSTOMER)  # nobody can answer before it stands
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
            return await self.sender.post(channel, message, urgency, thread, None)
        except NotDelivered as error:
            if error.code != "not_in_channel":
                raise
            try:
                await self.people.join(channel)
            except NotDelivered:
                raise error from None
            return await self.sender.post(channel, message, urgency, thread, None)

    async def add(
        self, place: str, message: Message, urgency: Urgency, again: bool = False, **wanted: str | int | bool
    ) -> str:
        """A message in the thread at `place`, once: `wanted` is what its metadata says. Its ts."""
        key = (place, *sorted(wanted.items()))
        if again or key in self.doubt:
            found = await self.finder.in_thread(place, Urgency.CUSTOMER, **wanted)
            if found is not None:
                return str(found["ts"])
        channel, ts = split(place)
        return await self._posted(key, channel, message, urgency, ts)

    async def post(self, place: str, line: Line, again: bool) -> str:
        """A line, and those that have come since; `place` itself when the thread shows it already."""
        if line.n <= await self._upto(place, again):
            return place
        wanted: dict[str, Any] = {"contact": line.contact, "n": line.n}
        key, (channel, ts) = (place, *sorted(wanted.items())), split(place)
        if (stands := self.said.get(key)) is not None:
            return stands  # all of a job is tried again when what it does next has failed
        if again or key in self.doubt:
            found = await self.finder.in_thread(place, Urgency.CUSTOMER, **wanted)
            if found is not None:
                return self._shown(place, line.n, found)
        message = messages.line(line)
        waited_for = any(one.kind == "customer" for one in (line, *line.more)) or bool(line.buttons)
        urgency = Urgency.CUSTOMER if waited_for else Urgency.CARD
        mine = await self._posted(key, channel, message, urgency, ts)
        self.said[key] = stands = self._shown(place, line.n, {"ts": mine, "metadata": message.metadata})
        return stands

    def _shown(self, place: str, n: int, message: Json) -> str:
        last = payload(message).get("upto")
        if isinstance(last, int) and last > n:
            self.upto[place] = max(last, self.upto.get(place) or 0)
        return f"{split(place)[0]}:{message['ts']}"

    async def show(self, place: str, head: Head) -> None:
        """The first message drawn anew: another owner, or open again."""
        await self._mean(place, replace(head, lines=()))

    async def close(
        self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = (), again: bool = False
    ) -> None:
        """One closing line, and nothing left to press on the first message."""
        message = messages.closing(contact, told, buttons)
        await self.add(place, message, Urgency.CARD, again, contact=contact, told=told[:200])
        await self._mean(place, told)

    async def wrap(self, place: str, it: WrapUp, again: bool) -> None:
        """A line with what can be pressed until the wrap-up ends; the first message's buttons are of no use any more."""
        shown = messages.wrapping(it)
        await self.add(place, shown, Urgency.CARD, again, contact=it.contact, until=it.until)
        await self._mean(place, f"{it.contact} ended: what is typed here is kept as a note.")

    # ---- the first message --------------------------------------------------------------------------------------

    async def _mean(self, place: str, what: Head | str) -> None:
        self.meant[place] = what
        await afterwards(f"head:{place}", partial(self._redraw, place))

    async def _redraw(self, place: str) -> None:
        """Make it what it is meant to be by then; nothing to do where it has been drawn so with a change before."""
        if self.meant.get(place) == self.drawn.get(place):
            return
        channel, ts = split(place)
        try:
            await self.sender.redraw(channel, ts, partial(self._first, place), Urgency.CARD)
        except DeliveryError as error:
            # It may be gone, or another installation's: then nothing of it can be pressed any more.
            if not isinstance(error, NotDelivered) or error.code not in NOT_OURS:
                self.drawn.pop(place)
                raise

    async def _first(self, place: str) -> Message | None:
        meant = self.meant.get(place)
        if meant is None or meant == self.drawn.get(place):
            return None
        if place not in self.heads:
            await self._look(place, Urgency.CARD)
        shown, metadata = self.heads.get(place) or ((), {})
        if isinstance(meant, Head):
            message = messages.head(meant)
            upto = self.upto.get(place) or 0
            metadata = {**(message.metadata or {}), "event_payload": {"contact": meant.contact, "upto": upto}}
        else:
            message = messages.closed_head(shown, meant)
        self.heads[place] = (message.blocks, metadata)
        self.drawn[place] = meant
        return Message(message.text, message.blocks, metadata or None)

    async def _upto(self, place: str, again: bool) -> int:
        """The last number that a thread shows; 0 for one that an earlier process opened.

        What is told for the first time has come after that: a look at each thread would take Slack longer than
        all their lines.
        """
        if self.upto.get(place) is None and again:
            await self._look(place, Urgency.CUSTOMER)
        return self.upto.get(place) or 0

    async def _look(self, place: str, urgency: Urgency) -> None:
        found = await self.finder.parent(place, urgency)
        if found is not None:
            self._keep(place, found)

    def _keep(self, place: str, message: Json) -> None:
        said = payload(message)
        self.heads[place] = (tuple(message.get("blocks") or ()), message.get("metadata") or {})
        self.upto[place] = max(int(said.get("upto") or 0), self.upto.get(place) or 0)


def page_of(message: Message) -> int:
    """Which page of a transcript it is."""
    said = (message.metadata or {}).get("event_payload") or {}
    return int(said.get("page", 0))
