"""Mails and their contacts: what the mail door asks of store and history, and what is noted beside arrivals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from ..channels.channel import NotTaken, Taken
from ..channels.email.beside import Beside, Party
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Told
from . import mail_words
from .body import Body
from .facts import Facts
from .plan.model import Plan
from .recalled import call_back

log = structlog.get_logger()
T = TypeVar("T")

WAIT = 2.0
"""Seconds that the history is given; without it a conversation of long ago is a new contact."""
TOLD = 48 * 3_600_000
"""ms for which it is known what was noted."""


def mailboxes(plan: Plan) -> frozenset[str]:
    """The addresses of the plan's mail entries, in lower case."""
    return frozenset(it.to.casefold() for it in plan.entry if it.channel == "email" and it.to)


class Conversed(Protocol):
    """A contact and the conversation that it is of."""

    @property
    def contact(self) -> str:
        """Its number, "C1001"."""

    @property
    def thread(self) -> str:
        """As `Arrived.thread` has it."""


class Past(Protocol):
    """What is asked of the history."""

    async def conversed(self, address: str, threads: Sequence[str]) -> Conversed | None:
        """The latest contact of that address in one of these conversations."""

    async def wrote(self, address: str, message_ids: Sequence[str]) -> Conversed | None:
        """The latest contact to which that address wrote a mail with one of these ids."""

    async def party(self, contact: str) -> tuple[str, str] | None:
        """(address, thread) of a contact."""

    async def ended(self, contact: str) -> Told | None:
        """A contact that has ended, with what it takes to call it back."""


@dataclass(slots=True)
class MailTalk:
    """The door's ears beside intake. What must be durable raises NotTaken while the store is away."""

    queue: Callable[[], Queue]
    past: Past

    # ---- which conversation -------------------------------------------------------------------------------------

    async def latest(self, address: str, threads: Sequence[str]) -> tuple[str, str]:
        """(conversation, contact) of the first of `threads` in which there is or was one; ("", "") for none."""
        try:
            found = await asyncio.gather(*(self.queue().open_in(thread) for thread in threads))
        except StoreError as error:
            raise NotTaken(type(error).__name__) from error
        here = next(((t, c.removeprefix("-")) for t, c in zip(threads, found, strict=True) if c), None)
        if here is not None:
            return here
        then = await self._past(self.past.conversed(address, threads)) if threads else None
        return (then.thread, then.contact) if then is not None else ("", "")

    async def wrote(self, address: str, message_ids: Sequence[str]) -> str:
        """The conversation to which that address wrote a mail with one of these ids, "" for none."""
        then = await self._past(self.past.wrote(address, message_ids)) if message_ids else None
        return then.thread if then is not None else ""

    async def party(self, contact: str) -> Party | None:
        """With whom a contact is, and in which conversation; None when nobody knows it."""
        try:
            view = await self.queue().contact(contact)
        except StoreError as error:
            raise NotTaken(type(error).__name__) from error
        if view is not None:
            return Party(contact, Facts.parse(view.facts).address, view.thread)
        then = await self._past(self.past.party(contact))
        return Party(contact, *then) if then is not None else None

    async def _past(self, asked: Awaitable[T]) -> T | None:
        try:
            async with asyncio.timeout(WAIT):
                return await asked
        except (StoreError, TimeoutError) as error:
            log.warning("records.unavailable", error=type(error).__name__)
            return None

    # ---- beside arrivals ----------------------------------------------------------------------------------------

    async def noted(self, contact: str, it: Beside) -> Taken | None:
        """Keep a mail in `contact` without waking anybody, once, told in its thread. None when nobody knows the contact.

        A bounce is also the failed receipt of the reply that it is about. What has left the store is called back for it.
        """
        try:
            if not await self._here(contact):
                return None
            key = f"mail:{contact}:{it.event}"
            if await self.queue().seen(key):
                return Taken("duplicate", contact, 0)
            n = await self._kept(contact, it)
            await self.queue().happen(
                contact, mail_words.WHAT, {"mail": it.event}, about=mail_words.about(it, n)
            )
            if it.key and it.failed:
                of, _, number = it.key.partition(".")
                if of == contact:
                    await self.queue().receipt(contact, int(number), "failed", error=it.said)
            await self.queue().once(key, TOLD)
        except StoreError as error:
            raise NotTaken(type(error).__name__) from error
        return Taken("added", contact, n)

    async def _kept(self, contact: str, it: Beside) -> int:
        """The note's number. Whoever kept it before may have died before saying so."""
        body = Body(mail_words.note(it), it.media, by=it.sender)
        mail = mail_words.whole(body.media)
        said = [
            (m.n, Body.parse(m.body).media) for m in await self.queue().messages(contact) if m.kind == "note"
        ]
        before = next((n for n, media in said if mail is not None and mail in media), 0)
        return before or await self.queue().append(contact, body.to_json())

    async def _here(self, contact: str) -> bool:
        """Whether the store has it, called back if need be."""
        if await self.queue().contact(contact) is not None:
            return True
        ended = await self.past.ended(contact)
        if ended is not None:
            await call_back(self.queue(), ended, ended.arrived)
        return ended is not None

    async def goes_on(self, contact: str, address: str, thread: str) -> None:
        """A new contact of an old conversation says which it goes on from, where the store knows no more. For the desk
        alone: what fails is left."""
        try:
            view = await self.queue().contact(contact)
            if view is None or view.previous:
                return
            before = await self._past(self.past.conversed(address, [thread]))
            if before is not None and before.contact != contact:
                told = Body(f"This goes on from {before.contact}.", by="Tierline")
                await self.queue().append(contact, told.to_json())
        except StoreError as error:
            log.warning("mail.no_link_back", contact=contact, error=type(error).__name__)

    async def stranger(self, contact: str, event: str, who: str, theirs: str) -> None:
        """Somebody else wrote with the conversation of `contact`: it is a contact of its own, `theirs`."""
        try:
            if not await self._here(contact):
                return
            about = {"is": "stranger", "who": who[:200], "contact": theirs}
            await self.queue().append(contact, Body(mail_words.said(about), by="Tierline").to_json())
            await self.queue().happen(contact, mail_words.WHAT, {"mail": event}, about=about)
        except StoreError as error:
            log.warning("mail.stranger_not_told", contact=contact, error=type(error).__name__)
