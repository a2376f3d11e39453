"""What people type, edit and delete in contacts' threads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from ..channel import House, Told, Typed
from .answers import Answers
from .marks import Marks
from .memory import Recent, split
from .payloads import SEEN_MS, Body, blamed, files_of, typed_by_person, was_edited
from .people import People
from .words import drawn, emoji, said

log = structlog.get_logger()

UNSURE = (
    "Tierline couldn't take this message just now. "
    "If no ⏳ stands beside it, it was *not sent*: type it again in a moment."
)
ON_ITS_WAY = (0.0, 0.3, 0.7, 1.0)
"""Seconds between looks for a reply that another process may be taking just now; it is held for longer."""


@dataclass(slots=True)
class TypedWords:
    """Hands on what is typed, in order and once; takes a held reply back when its words are edited or deleted."""

    people: People
    marks: Marks
    answers: Answers
    once: Callable[[str, int], Awaitable[bool]]
    spawn: Callable[[Awaitable[None]], None]
    house: House | None = None
    bot_user: str = ""
    lanes: Recent[str, asyncio.Lock] = field(default_factory=lambda: Recent(2000))
    taken_back: Recent[str, str] = field(default_factory=lambda: Recent(500))

    async def event(self, event: dict[str, Any]) -> None:
        """One `message` event."""
        place = f"{event.get('channel')}:{event.get('ts')}"
        match event.get("subtype"):
            case None | "file_share" | "thread_broadcast" if typed_by_person(event, self.bot_user):
                thread = f"{event['channel']}:{event['thread_ts']}"
                self.spawn(self._in_order(thread, self._take(event, thread, place)))
            case "message_changed" if was_edited(event):
                typed = f"{event.get('channel')}:{event['message'].get('ts')}"
                self.spawn(self._take_back(event, typed, "edited"))
            case "message_deleted":
                self.spawn(
                    self._take_back(event, f"{event.get('channel')}:{event.get('deleted_ts')}", "deleted")
                )

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
            words = said(str(event.get("text") or ""), user, actor.name)
            text = drawn(words.text, emoji(event.get("blocks")))
            told = await self.house.typed(Typed(actor, thread, place, text, words.mentions, files_of(event)))
        except Exception as error:
            log.error("slack.unfinished", kind="typed", error=blamed(error))
            told = Told(False, UNSURE)
        if told is not None:
            if told.ok:
                self.marks.keep(place)
            await self.answers.whisper(channel, user, told, ts)

    async def _take_back(self, event: Body, place: str, how: str) -> None:
        """A typed reply was edited or deleted: while it is held, it is taken back."""
        self.taken_back[place] = how
        found = self.marks.held.get(place)
        previous = event.get("previous_message") or event.get("message") or {}
        if self.house is None or not previous.get("user"):
            return
        if found is not None:
            await self.undo_of(place, str(previous["user"]), found)
        elif place in self.marks.left:
            self.taken_back.pop(place)
            await self._left(place, str(previous["user"]), how)
        elif previous.get("thread_ts") and not previous.get("bot_id"):
            await self._elsewhere(
                f"{event.get('channel')}:{previous['thread_ts']}", place, str(previous["user"])
            )

    async def _elsewhere(self, thread: str, place: str, user: str) -> None:
        """What another process took, or this one before a restart, is known to the queue alone; perhaps not yet."""
        assert self.house is not None
        for pause in ON_ITS_WAY:
            await asyncio.sleep(pause)
            if place not in self.taken_back:  # our own mark came meanwhile
                return
            if (found := await self.house.standing(thread, place)) is None:
                continue
            contact, n, status = found
            if status == "held":
                await self.undo_of(place, user, (contact, n))
            elif status != "undone":
                await self._left(place, user, self.taken_back.pop(place) or "edited")
            return

    async def _left(self, place: str, user: str, how: str) -> None:
        """A reply was edited or deleted after it left: the customer keeps the first words."""
        text = f"You {how} it, but it had left already: the customer has it as it was."
        await self.answers.whisper(split(place)[0], user, Told(False, text), "")

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
