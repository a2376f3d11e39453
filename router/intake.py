"""Intake: an arrival becomes a contact, or a message of the one that is open, once. Then the door may say yes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from ..channels.channel import NotTaken, Taken
from ..queue.contact import Arrived, Decision
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Customer, Told
from ..queue.json_text import written
from ..queue.state import ContactView
from .after_calls import Pasts, just_asked, may_rate, rates, rating, was_asked
from .again import asks_again, behind_all, reopens, spam_key, their_own_first
from .classify import classify
from .first_steps import begins
from .pages import Pages
from .rulebook import Rulebook
from .stand_in import instead

log = structlog.get_logger()

RECORDS_WAIT = 0.3
"""Seconds that the records are given; then the contact goes on without their facts."""
TOLD_TWICE = 2 * 86_400_000
"""ms for which what has been told once isn't told again."""


class Records(Pasts, Protocol):
    """What intake asks of the history."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        """The customer with that address; the contact and message that the event became, however long ago."""

    async def ended(self, contact: str) -> Told | None:
        """A contact that has ended, with what it takes to call it back into the store."""


class Intake:
    """The callable that every door hands its arrivals to."""

    def __init__(
        self,
        queue: Callable[[], Queue],
        records: Callable[[], Records],
        book: Callable[[], Rulebook],
        heed: Callable[[], Awaitable[object]],
    ) -> None:
        """`heed` makes `book` see which services are closed at once by now."""
        self.queue, self.records, self.book, self.heed = queue, records, book, heed
        self.pages = Pages(queue, book)

    async def __call__(self, arrived: Arrived) -> Taken:
        """Make `arrived` durable. Raises NotTaken when it could not be: the sender still owns it."""
        try:
            if (answered := await self.pages.texted(arrived)) is not None:
                return answered
        except StoreError as error:
            raise NotTaken(type(error).__name__) from error
        return await self.take(arrived, arrived.thread)

    async def take(self, arrived: Arrived, thread: str, last: str = "") -> Taken:
        """`arrived` in the conversation `thread`. A caller's last agent is asked first, `last` where the store knows
        none any more; no call re-opens anything."""
        try:
            # Side by side: neither needs the other, and the door waits for both.
            there, (customer, before) = await asyncio.gather(
                self.queue().arriving(thread, spam_key(arrived.sender)), self._records(arrived)
            )
            # "-C1001" is the last one of a conversation in which none is open: it may open again.
            now, known, view, spam = there.now, there.known, there.view, there.marked
            if before is not None:
                return Taken("duplicate", *before)
            if (digit := may_rate(arrived)) and (known is None or known.startswith("-")):
                if rated := await self._rated(arrived, digit, now, str(known or "").removeprefix("-")):
                    return Taken("added", rated, 0)
            for guarded in (True, True, False):
                book = self.book()
                verdict = classify(book, arrived, customer or Customer(_whose(arrived)), now)
                verdict = behind_all(verdict) if spam else begins(book, arrived, verdict, now)
                calls = arrived.channel == "voice"
                if calls and (view is None or str(known).startswith("-")):
                    # Who is still at the work after that call has it yet.
                    mine = (view.last_owner or view.owner) if view is not None else last
                    verdict = their_own_first(book, verdict, mine, now)
                it = await self.queue().arrive(
                    written(arrived.told()),
                    event=arrived.event,
                    thread=thread,
                    decision=await instead(self.queue(), book, verdict.decision),
                    again=await self._again(book, view, now) if view is not None else None,
                    reopen=reopens(book, view) if view is not None and not spam and not calls else 0,
                    under=book.situation.number if guarded else None,
                )
                if it.outcome != "stale":
                    break
                # A service was closed or opened this very moment: by what we knew it would have gone wrong.
                await self.heed()
                now = await self.queue().now()
        except StoreError as error:
            raise NotTaken(type(error).__name__) from error
        log.info("arrived", contact=it.contact, outcome=it.outcome, service=verdict.service.name)
        if it.outcome == "stale":
            raise NotTaken("decided too early")
        return Taken(it.outcome, it.contact, it.n)

    async def _again(self, book: Rulebook, view: ContactView, now: int) -> Decision:
        """What it needs should its owner not be able to take it; nobody is asked anew for what somebody has or waits."""
        decision = asks_again(book, view, now)
        used = view.state in ("snoozed", "wrapping", "closed")
        return await instead(self.queue(), book, decision) if used else decision

    async def _rated(self, arrived: Arrived, digit: str, now: int, last: str) -> str:
        """The contact of which a digit, sent outside any conversation, says how it was; "" when nobody asked.

        `last` is the conversation's last one: the store knows what was said there, and in a call from there, before
        the history does.
        """
        try:
            async with asyncio.timeout(RECORDS_WAIT):
                asked = bool(last) and was_asked(await self.queue().messages(last), now)
                contact = last if asked else await just_asked(self.queue(), self.book(), arrived, now)
                contact = contact or await rates(self.book(), self.records(), arrived, now)
        except Exception as error:
            log.warning("records.unavailable", error=type(error).__name__)
            return ""
        told = f"rated:{arrived.event}"
        if contact and not await self.queue().seen(told):
            await self.queue().remark(contact, "", rating(digit))
            await self.queue().once(told, TOLD_TWICE)
        return contact

    async def _records(self, arrived: Arrived) -> tuple[Customer | None, tuple[str, int] | None]:
        """The customer, and what this event became before; the slow or broken history is done without.

        The store itself remembers events for 48 h, so a history that can't answer costs at worst the facts.
        """
        try:
            async with asyncio.timeout(RECORDS_WAIT):
                return await self.records().arriving(_whose(arrived), arrived.event)
        except Exception as error:
            log.warning("records.unavailable", error=type(error).__name__)
            return None, None


def _whose(arrived: Arrived) -> str:
    """By what the records know its customer: the key that its door names, else the address."""
    return arrived.customer or arrived.sender
