"""What people type, edit and delete in contacts' threads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from ..channel import DeliveryError
from ..house import Actor, Amended, House, Told, Typed, Wrote
from ..rich import dumped, plain
from .answers import Answers
from .marks import Marks
from .memory import Finder, Recent, payload, split
from .payloads import SEEN_MS, Body, blamed, files_of, size_of, typed_by_person, was_edited
from .people import People
from .rich import calls, passages
from .words import called, drawn, emoji, said

log = structlog.get_logger()

UNSURE = (
    "Tierline couldn't take this message just now. "
    "If no ⏳ or *Undo* shows for it, it was *not sent*: type it again in a moment."
)
MOST_CALLED = 10
"""People of one message who are looked up."""
ON_ITS_WAY = (0.0, 0.3, 0.7, 1.0)
"""Seconds between looks for a reply that another process may be taking just now; it is held for longer."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message as a customer would read it, and whom it mentions, as far as known."""

    text: str
    mentions: bool
    whom: tuple[Actor, ...]
    rich: str = ""


@dataclass(slots=True)
class TypedWords:
    """Hands on what is typed, in order and once; takes a held reply back when its words are edited or deleted."""

    people: People
    marks: Marks
    answers: Answers
    finder: Finder
    once: Callable[[str, int], Awaitable[bool]]
    spawn: Callable[[Awaitable[None]], None]
    house: House | None = None
    bot_user: str = ""
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    lanes: Recent[str, asyncio.Lock] = field(default_factory=lambda: Recent(2000))
    taken_back: Recent[str, str] = field(default_factory=lambda: Recent(500))

    async def event(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """One `message` event; `body` is what it came in."""
        place = f"{event.get('channel')}:{event.get('ts')}"
        match event.get("subtype"):
            case None | "file_share" | "thread_broadcast" if typed_by_person(event, self.bot_user):
                thread = f"{event['channel']}:{event['thread_ts']}"
                self.spawn(self._in_order(thread, self._take(event, thread, place)))
            case "message_changed" if was_edited(event):
                typed = f"{event.get('channel')}:{event['message'].get('ts')}"
                self.spawn(self._once(body, lambda: self._take_back(event, typed, "edited")))
            case "message_deleted":
                typed = f"{event.get('channel')}:{event.get('deleted_ts')}"
                self.spawn(self._once(body, lambda: self._take_back(event, typed, "deleted")))

    async def _once(self, body: Body, work: Callable[[], Awaitable[None]]) -> None:
        """Do it the first time that Slack tells of this event, whichever of its tries that is."""
        event_id = str(body.get("event_id") or "")
        if not event_id or await self.once(f"slack:event:{event_id}", SEEN_MS):
            await work()

    async def _in_order(self, thread: str, work: Awaitable[None]) -> None:
        """What is typed into one thread is taken in the order in which it came."""
        lane = self.lanes.get(thread)
        if lane is None:
            lane = self.lanes[thread] = asyncio.Lock()
        async with lane:
            await work

    async def _take(self, event: Body, thread: str, place: str) -> None:
        channel, ts = split(thread)
        user = str(event["user"])
        try:
            if self.house is None or not await self.once(f"slack:typed:{place}", SEEN_MS):
                return
            actor = await self.people.actor(user)
            words = await self._words(event, actor)
            files, size = files_of(event), size_of(event)
            told = await self.house.typed(
                Typed(actor, thread, place, words.text, words.mentions, files, words.whom, size, words.rich)
            )
        except Exception as error:
            log.error("slack.unfinished", kind="typed", error=blamed(error))
            told = Told(False, UNSURE)
        if told is not None:
            if told.ok:
                self.marks.keep(place)
            await self.answers.whisper(channel, user, told, ts)

    async def _words(self, message: Body, actor: Actor) -> Words:
        """What a message says: its rich text as people see it; a client that sends none is read by its text."""
        stored, blocks = str(message.get("text") or ""), message.get("blocks")
        whom = await self._whom(stored, actor.user)
        names = {it.user: it.name for it in whom}
        words = said(stored, actor.user, actor.name, names)
        formatted = passages(blocks, {**names, actor.user: actor.name})
        shown = plain(formatted)
        mentions = words.mentions or calls(blocks, actor.user)
        return Words(shown or drawn(words.text, emoji(blocks)), mentions, whom, dumped(formatted))

    async def _whom(self, stored: str, writer: str) -> tuple[Actor, ...]:
        """Whom a text mentions; who can't be looked up now is left out, and still counts as mentioned."""
        found: list[Actor] = []
        for user in called(stored)[:MOST_CALLED]:
            if user not in (writer, self.bot_user):
                with suppress(DeliveryError):
                    found.append(await self.people.actor(user))
        return tuple(found)

    async def _take_back(self, event: Body, place: str, how: str) -> None:
        """What was typed was edited or deleted: while it is held, it is taken back; the record has it in any case."""
        previous = event.get("previous_message") or event.get("message") or {}
        user, thread_ts = str(previous.get("user") or ""), previous.get("thread_ts")
        if self.house is None or user in ("", self.bot_user) or not thread_ts:
            return
        thread = f"{event.get('channel')}:{thread_ts}"
        await self._undone(thread, place, user, how, previous)
        actor = await self.people.actor(user)
        if how == "deleted":
            it = Amended(actor, thread, place, None)
        else:
            words = await self._words(event.get("message") or {}, actor)
            it = Amended(actor, thread, place, words.text, words.mentions)
        if (told := await self.house.amended(it)) is not None:
            await self.answers.whisper(split(place)[0], user, told, str(thread_ts))

    async def _undone(self, thread: str, place: str, user: str, how: str, previous: Body) -> None:
        self.taken_back[place] = how
        found = self.marks.held.get(place)
        if found is not None:
            await self.undo_of(place, user, found)
            return
        wrote = await self._wrote(thread, place, previous)
        if place not in self.taken_back:  # our own mark came meanwhile
            return
        if wrote is not None and wrote.state == "held":
            await self.undo_of(place, user, (wrote.contact, wrote.n))
        elif wrote is not None:
            self.taken_back.pop(place)
        if wrote is not None and wrote.state == "left":
            text = f"You {how} it, but it had left already: the customer has it as it was."
            await self.answers.whisper(split(place)[0], user, Told(False, text), "")

    async def _wrote(self, thread: str, place: str, previous: Body) -> Wrote | None:
        """What became of the words at `place`: from the store, and for an ended contact from the history."""
        assert self.house is not None
        found = None
        for pause in ON_ITS_WAY:  # another process may have it in hand just now
            if found is None and place in self.taken_back:
                await self.pause(pause)
                found = await self.house.wrote(thread, place)
        ours = previous.get("parent_user_id") in (None, self.bot_user)
        if found is not None or not ours or place not in self.taken_back:
            return found
        contact = str(payload(await self.finder.parent(thread) or {}).get("contact") or "")
        return await self.house.wrote(thread, place, contact) if contact else None

    async def undo_of(self, place: str, user: str, reply: tuple[str, int]) -> None:
        """Undo the held reply that was typed at `place`, and say so to its writer."""
        assert self.house is not None
        how = self.taken_back.pop(place) or "edited"
        channel, _ = split(place)
        told = await self.house.undo(await self.people.actor(user), *reply)
        again = " Type it again as it should be." if how == "edited" else ""
        text = (
            f"You {how} it before it left: nothing was sent.{again}"
            if told.ok
            else f"You {how} it, but it had left already: the customer has it as it was."
        )
        await self.answers.whisper(channel, user, Told(told.ok, text), "")
