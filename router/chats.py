"""The web chat's conversations, as its door asks for them (`channels/chat/talk.py`): read from queue and history alone.

A conversation outlives its contacts: what is said within `reopen` of one's end opens it again, later it is a new contact,
and the visitor sees one transcript. What has left the store is shown from the history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from ..channels.chat.talk import WEB, Face, Line, Standing
from ..queue.contact import Arrived, Media
from ..queue.engine import Queue
from ..queue.history.records import ContactRecord
from ..queue.state import ENDED, QUEUED, ContactView, MessageView
from .after_calls import rating, was_asked
from .body import Body
from .chat_mail import ChatMail
from .chat_places import ChatPlaces, Place
from .enclosures import Enclosures
from .facts import Facts
from .first_steps import talks
from .plan import model
from .rulebook import Rulebook, instant, millis

log = structlog.get_logger()

RECORDS_WAIT = 2.0
"""Seconds for the history; what it can't show now is shown at the next visit."""
MOST_MAILED = 5_000
"""Messages of a transcript."""
TOLD_TWICE = 35 * 86_400_000
"""ms for which what has been told once isn't told again."""


class Records(Protocol):
    """What is asked of the history."""

    async def contact(self, contact: str) -> ContactRecord | None:
        """One contact, whole."""


@dataclass(slots=True)
class Chats:
    """A `Talk`. `enclosures` makes links to the files that agents send; None where there is no Slack."""

    queue: Callable[[], Queue]
    records: Callable[[], Records]
    book: Callable[[], Rulebook]
    places: ChatPlaces
    mails: ChatMail
    enclosures: Callable[[], Enclosures | None] = lambda: None
    faces: dict[int, Face] = field(default_factory=dict)

    # ---- what there is ------------------------------------------------------------------------------------------

    def face(self) -> Face:
        """The plan's."""
        book = self.book()
        if book.version not in self.faces:
            self.faces = {book.version: face_of(book.plan)}
        return replace(self.faces[book.version], mails=self.mails.on)

    async def standing(self, visitor: str) -> Standing:
        """How they stand."""
        contact = ((await self.queue().open_in(thread_of(visitor))) or "") if visitor else ""
        view = await self.queue().contact(contact.removeprefix("-")) if contact else None
        standing = await self._standing(view, contact.removeprefix("-"))
        if view is not None and standing.phase == "waiting":
            return _placed(standing, await self.places.of([view]))
        return standing

    async def standings(self, contacts: Mapping[str, str]) -> Mapping[str, Standing]:
        """The same of many who wait."""
        views = {it.id: it for it in await self.queue().several(list(dict.fromkeys(contacts.values())))}
        places = await self.places.of(list(views.values()))
        found = {
            visitor: await self._standing(views.get(contact), contact)
            for visitor, contact in contacts.items()
        }
        return {visitor: _placed(it, places) for visitor, it in found.items()}

    async def _standing(self, view: ContactView | None, contact: str) -> Standing:
        book, now = self.book(), instant(await self.queue().now())
        service = view.service if view is not None else self._first_service()
        hours = book.hours(service) if service else book.always
        opens = hours.is_open(now)
        following = None if opens else hours.next_open(now)
        hour = (opens, millis(following) if following else None)
        if view is None:
            return Standing(contact, "ended" if contact else "", *hour)
        if view.state in ENDED or view.state == "wrapping":
            return Standing(view.id, "ended", *hour)
        if view.owner:
            return Standing(view.id, "active", *hour, agent=first_name(book.called(view.owner)))
        return Standing(view.id, "asked" if talks(view, Facts.parse(view.facts)) else "waiting", *hour)

    def _first_service(self) -> str:
        entry = self.book().plan.entry_for("chat", None)
        return (entry.service or "") if entry is not None else ""

    # ---- lines --------------------------------------------------------------------------------------------------

    async def line(self, visitor: str, key: str) -> int:
        """The number of a message."""
        return await self.queue().line(visitor, key)

    async def lines(self, visitor: str, since: int, limit: int) -> tuple[Sequence[tuple[int, str]], int]:
        """Numbers and keys."""
        return await self.queue().lines(visitor, since, limit)

    async def said(self, keys: Collection[str]) -> Mapping[str, Line]:
        """Their texts; from the history where the store has them no more."""
        wanted: dict[str, set[int]] = {}
        for key in keys:
            contact, _, n = key.partition(".")
            wanted.setdefault(contact, set()).add(int(n))
        found: dict[str, Line] = {}
        for contact, numbers in wanted.items():
            for message in await self._messages(contact, min(numbers), max(numbers)):
                if message.n in numbers:
                    found[f"{contact}.{message.n}"] = self._line(contact, message)
        return found

    async def _messages(self, contact: str, first: int = 1, last: int | None = None) -> Sequence[MessageView]:
        if messages := await self.queue().messages(contact, first, last):
            return messages
        try:
            async with asyncio.timeout(RECORDS_WAIT):
                record = await self.records().contact(contact)
        except Exception as error:
            log.warning("records.unavailable", error=type(error).__name__)
            return ()
        return record.messages if record is not None else ()

    def _line(self, contact: str, it: MessageView) -> Line:
        body = Body.parse(it.body)
        if it.kind == "in":
            return Line(
                "visitor", "", body.text, it.at, tuple(_named(one) for one in body.media), _id(it.body)
            )
        enclosures, files = self.enclosures(), body.media
        if files and enclosures is not None:
            files = enclosures.linked(contact, it.n, files)
        text = body.brief if body.choices else body.text
        if it.kind == "reply":
            return Line("agent", first_name(body.by), text, it.at, files, choices=body.choices)
        return Line("system", "", text, it.at, files, asks=it.kind == "rating", choices=body.choices)

    async def arrived(self, visitor: str, contact: str) -> None:
        """Whatever the visitor said there has a line: whoever took it in may have died before giving it one."""
        (lines, _), messages = await asyncio.gather(
            self.queue().lines(visitor, 0, 10_000), self.queue().messages(contact)
        )
        known = {key for _, key in lines}
        for message in messages:
            key = f"{contact}.{message.n}"
            if message.kind == "in" and key not in known:
                await self.queue().line(visitor, key)

    async def delivered(self, keys: Collection[str]) -> None:
        """Their receipts; what has no receipt, such as the visitor's own words, keeps none."""
        for key in keys:
            contact, _, n = key.partition(".")
            await self.queue().receipt(contact, int(n), "delivered")

    # ---- beside words -------------------------------------------------------------------------------------------

    async def rate(self, visitor: str, value: int) -> bool:
        """The last one of their contacts is rated, if it asks; the last value counts."""
        contact = (await self.queue().open_in(thread_of(visitor)) or "").removeprefix("-")
        now = await self.queue().now()
        if not contact or not was_asked(await self._messages(contact), now):
            return False
        await self.queue().remark(contact, "", rating(str(value)))
        return True

    async def reach(self, contact: str, name: str, reach: str, key: str) -> None:
        """A note: what a visitor claims joins no history by itself."""
        if await self.queue().once(f"chat:reach:{key}", TOLD_TWICE):
            who = f"{name}, " if name else ""
            text = f"To be reached at (their own word): {who}{reach}"
            await self.queue().append(contact, Body(text, by="Tierline").to_json())

    async def end(self, visitor: str) -> None:
        """Who waits gives up the place; where somebody has it, they decide when it is over."""
        contact = await self.queue().open_in(thread_of(visitor)) or ""
        view = await self.queue().contact(contact) if contact and not contact.startswith("-") else None
        if view is not None and view.state in (*QUEUED, "parked") and not view.owner:
            await self.queue().abandon(view.id, "the visitor ended the chat")
        elif view is not None and view.state not in ENDED:
            if await self.queue().once(f"chat:end:{view.id}:{view.messages}", TOLD_TWICE):
                await self.queue().append(
                    view.id, Body("The visitor has ended the chat.", by="Tierline").to_json()
                )

    async def mail(self, visitor: str, to: str) -> str:
        """The whole conversation, as the visitor sees it."""
        keys = [key for _, key in (await self.queue().lines(visitor, 0, MOST_MAILED))[0]]
        said = await self.said(keys)
        lines = [said[key] for key in keys if key in said]
        contact = keys[-1].partition(".")[0] if keys else ""
        return await self.mails.send(visitor, contact, lines, to)


def thread_of(visitor: str) -> str:
    """As `Arrived.thread` has it."""
    return f"chat:{WEB}{visitor}:"


def visitor_of(thread: str) -> str:
    """The visitor of a web chat's thread; "" for any other."""
    begin = f"chat:{WEB}"
    return thread.removeprefix(begin).removesuffix(":") if thread.startswith(begin) else ""


def first_name(name: str) -> str:
    """What a visitor calls an agent."""
    return name.split()[0] if name.split() else ""


def face_of(plan: model.Plan) -> Face:
    """What the plan says of the chat."""
    entry = plan.entry_for("chat", None)
    chat = plan.chat
    return Face(
        on=entry is not None,
        origins=chat.origins,
        title=dict(chat.title),
        hello=dict(chat.hello),
        colour=chat.colour,
        languages=tuple(plan.languages) or ("en",),
    )


def _placed(it: Standing, places: Mapping[str, Place]) -> Standing:
    found = places.get(it.contact)
    return (
        it if found is None else replace(it, position=found.position, wait=found.wait, staffed=found.staffed)
    )


def _named(it: Media) -> Media:
    """The visitor's own file: they have it, and its address is ours."""
    return replace(it, url="")


def _id(body: str) -> str:
    """The id that the visitor's browser gave it."""
    try:
        return Arrived.parse(body).event.rpartition(":")[2]
    except ValueError:
        return ""
