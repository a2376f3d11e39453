"""A customer calls: greeting, menu, and into the queue; or back into the place, the talk, that they had.

called ─▶ who hung up a moment ago, or is to be called back: their place ─▶ their agent, the line
   └────▶ greeting ─▶ menu: key, word, language ─▶ a contact ─▶ the line, or after hours
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from ..channels.phone import Ask, Call, Go, HangUp, Heard
from ..queue.contact import Arrived, LegState
from ..queue.engine import Queue
from ..queue.history.records import Customer
from ..queue.state import ENDED, ContactView, Leg
from . import spoken
from .catch_up import KEPT, greeted
from .facts import Facts
from .intake import Intake
from .plan import model
from .redial import Line, free_thread, lines_of, thread_of
from .rulebook import Rulebook, span
from .waiting import WaitingLine

log = structlog.get_logger()

RECORDS_WAIT = 0.3
"""Seconds that the records are given for the caller's language."""


REMEMBERED = 7 * 86_400_000
"""ms for which a caller's last agent is asked first when they call again."""


class Records(Protocol):
    """What is asked of the history."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        """The customer with that address, and what the event became."""

    async def last_owner(self, address: str, channel: str, since: int) -> str:
        """The agent who had that address's latest closed contact, "" for none."""


@dataclass(slots=True)
class Arriving:
    """`join` brings a customer to the agent who has them already; `gone` tells that a customer has hung up."""

    queue: Callable[[], Queue]
    intake: Intake
    records: Callable[[], Records]
    book: Callable[[], Rulebook]
    line: WaitingLine
    join: Callable[[Call], Awaitable[Heard]]
    gone: Callable[[str, str, LegState], Awaitable[None]]

    async def called(self, call: Call) -> Heard:
        """A customer calls: back in their place, into the menu, or straight into the queue."""
        book = self.book()
        entry = book.plan.entry_for("voice", call.recipient)
        if (back := await self._back(call)) is not None:
            return back
        language = await self._language(entry, call)
        hello = spoken.greeting(book, entry, language, await self.queue().now())
        if entry is not None and entry.menu:
            asks = spoken.menu(book, entry, language)
            await self.queue().once(greeted(call.sid), KEPT)  # who hangs up now wants nothing of us
            # Who knows the key needn't hear it all.
            return (_vouched(call, replace(asks, prompt=(*hello, *asks.prompt))),)
        return (*hello, *await self._take(replace(call, about={"l": language}), ""))

    async def _language(self, entry: model.Entry | None, call: Call) -> str:
        """The entry's, else the customer's as the records have it, else the plan's first."""
        if chosen := call.about.get("l"):
            return chosen
        fallback = next(iter(self.book().plan.languages), "en")
        if entry is not None and entry.language:
            return entry.language
        try:
            async with asyncio.timeout(RECORDS_WAIT):
                customer, _ = await self.records().arriving(call.sender, call.sid)
        except Exception as error:
            log.warning("records.unavailable", error=type(error).__name__)
            return fallback
        return (customer.language if customer else "") or fallback

    async def _last_agent(self, call: Call) -> str:
        """Who had them when they called last, of those whom the store has forgotten."""
        since = await self.queue().now() - REMEMBERED
        try:
            async with asyncio.timeout(RECORDS_WAIT):
                return await self.records().last_owner(call.sender, "voice", since)
        except Exception as error:
            log.warning("records.unavailable", error=type(error).__name__)
            return ""

    async def menu(self, call: Call) -> Heard:
        """What was pressed or said; not understood it is asked once more, and then we take the call as it is."""
        book, language = self.book(), call.about.get("l", "en")
        entry = book.plan.entry_for("voice", call.recipient)
        if entry is None or not entry.menu:
            return await self._take(call, call.speech)
        key = spoken.chosen(entry, call.digits, call.speech)
        if key is not None and key.language:
            return (_vouched(call, spoken.menu(book, entry, key.language)),)
        if key is not None:
            return await self._take(call, dict(key.say).get(language) or next(iter(dict(key.say).values())))
        if call.speech or call.about.get("again"):
            return await self._take(call, call.speech)
        again = _vouched(call, spoken.menu(book, entry, language, again=True))
        return (replace(again, to=Go("menu", {**again.to.about, "again": "1"})),)

    async def _back(self, call: Call) -> Heard | None:
        """Somebody who was in the queue a moment ago, or is to be called back, has their place."""
        queue = self.queue()
        lines = await lines_of(queue, call.sender, call.recipient) if call.sender else []
        views = [(it, await queue.contact(it.contact)) for it in lines if it.contact]
        known = [(it, view) for it, view in views if view is not None and view.channel == "voice"]
        if known and await queue.seen(over_key(call.sid)):
            # Whoever took this very call in may have died before they told that nobody is on it.
            if (taken := await queue.arrived_as(call.sid)) is not None:
                await self.gone(taken[0], call.sid, "completed")
            return (HangUp(),)
        legs = [await queue.legs(view.id) for _, view in known]
        for (_, view), theirs in zip(known, legs, strict=True):
            if (mine := next((it for it in theirs if it.sid == call.sid), None)) is not None:
                # This very call's first question comes again; late, when it is over.
                entry = self.book().plan.entry_for("voice", call.recipient)
                if mine.live and (entry is None or not entry.menu):
                    return None  # they were greeted and taken at once, and are again
                return await self.line.heard_before(view) if mine.live else (HangUp(),)
        for (line, view), theirs in zip(known, legs, strict=True):
            if (heard := await self._old_place(call, line, view, theirs)) is not None:
                return heard
        return None

    async def _old_place(
        self, call: Call, line: Line, view: ContactView, legs: tuple[Leg, ...]
    ) -> Heard | None:
        """Back in the place of a line that nobody is on; None when it isn't theirs any more."""
        queue, now = self.queue(), view
        if Facts.parse(view.facts).verified and not call.verified:
            return None  # anybody can claim that number: what is kept is somebody's who surely has it
        if view.state == "abandoned":
            ended = view.closed_at or 0
            if await queue.now() - ended > span(self.book().plan.voice.redial):
                return None
            await queue.revive(view.id)
            # The same call may be told twice, side by side: either has it now.
            found = await queue.contact(view.id)
            if found is None:
                return None
            now = found
        if now.state in (*ENDED, "wrapping") or on_the_line(await queue.legs(view.id)):
            return None
        taken = await self.intake.take(_arrived(call, ""), line.thread)
        await queue.leg(taken.contact, call.sid, "answered", {"r": "customer"})
        if taken.contact != view.id and not on_the_line(await queue.legs(view.id)):
            if not (await queue.jots(view.id)).get("kind"):
                # The same call, told twice side by side, has become another contact: nobody is at this one.
                await queue.abandon(view.id, "hung up")
        return await self._goes_on(taken.contact, call, legs)

    async def _goes_on(self, contact: str, call: Call, legs: tuple[Leg, ...]) -> Heard | None:
        """To the agent who has them and is on the line; who has only their message isn't, and others may be free."""
        queue, view = self.queue(), await self.queue().contact(contact)
        if view is not None and view.owner and not view.handing:
            if any(it.live and it.about.get("a") == view.owner for it in legs):
                await self.line.anew(contact)
                return await self.join(replace(call, about={"c": contact, "r": "customer"}))
            await queue.release(contact, view.owner, "called again", exclude=False)
            view = await queue.contact(contact)
        return await self.line.stands(view, call) if view is not None else None

    async def _take(self, call: Call, text: str) -> Heard:
        """The call becomes a contact. Two calls from one number at a time are two: an office has one number for many."""
        queue = self.queue()
        lines = await lines_of(queue, call.sender, call.recipient) if call.sender else []
        thread = free_thread(lines, call) if lines else thread_of(call)
        known = lines[0].contact if lines else ""
        before = await queue.contact(known) if known else None
        last = await self._last_agent(call) if before is None and call.sender else ""
        taken = await self.intake.take(_arrived(call, text), thread, last)
        await queue.leg(taken.contact, call.sid, "answered", {"r": "customer"})
        if await queue.seen(over_key(call.sid)):
            await self.gone(taken.contact, call.sid, "completed")
            return (HangUp(),)
        view = await queue.contact(taken.contact)
        if view is None or not on_the_line(await queue.legs(taken.contact)):
            return (HangUp(),)  # what they chose comes again, and they are gone
        again = taken.outcome == "duplicate"
        return await (self.line.heard_before(view) if again else self.line.stands(view, call))


def _arrived(call: Call, text: str) -> Arrived:
    language = call.about.get("l", "")
    ours = (text, (), None, _is_vouched(call), call.name, language)
    return Arrived("voice", call.sid, call.sender, call.recipient, *ours)


def _is_vouched(call: Call) -> bool:
    """Whether the carrier vouches for the number: said with the call's first word, and kept in our own signed address."""
    return call.verified or call.about.get("v") == "1"


def _vouched(call: Call, asks: Ask) -> Ask:
    """The same question, whose answer tells it again."""
    return replace(asks, to=Go(asks.to.turn, {**asks.to.about, "v": "1"})) if _is_vouched(call) else asks


def over_key(sid: str) -> str:
    """Under which the store remembers that a call ended of which nothing else was known (F52)."""
    return f"over:{sid}"


def on_the_line(legs: tuple[Leg, ...]) -> bool:
    """Whether the customer is there."""
    return any(it.of_customer for it in legs)
