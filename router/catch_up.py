"""What Twilio has and we have not: texts and calls that found nobody here are taken in, once, by whoever delivers.

Twilio tries a webhook a few times within 15 s and then gives up (F53); its lists still have everything.

    the instant up to which its lists are known ─▶ … ─▶ 20 s ago:  text ─▶ as if it came now
    (durable, only forward)                                        call that nobody here heard ─▶ a callback

A callback that was forwarded meanwhile and answered there needs nobody, nor one whose caller has called again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from ..channels.channel import DeliveryError, NotTaken
from ..channels.past import PastCall, PastCalls, PastTexts
from ..channels.phone import LegNews
from ..queue.contact import OVER, RANKS, Arrived
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..skills.skill import Channel
from .alerts import Alerts
from .intake import Intake
from .rulebook import Rulebook, instant

log = structlog.get_logger()

EVERY = 20.0
"""Seconds between two looks."""
SETTLED = 20_000
"""ms after which Twilio has made all its tries; what is younger may still come by itself."""
OVERLAP = 120_000
"""ms that are looked at again: clocks differ, and a list may show something late."""
LONGEST = 3 * 86_400_000
"""ms that are looked back at most: a long weekend."""
MOST = 1_000
"""Entries of one list; a span that has more is cut into smaller ones."""
SHORTEST = 1_000
"""ms of the smallest span: Twilio's lists know whole seconds."""
NAMED = 10
"""Contacts that an alert names; more are counted."""
KEPT = 4 * 86_400_000
"""ms for which a call that we answered is remembered."""

It = TypeVar("It")
List = Callable[[str, int, int, int], Awaitable[list[It]]]


def answered(sid: str) -> str:
    """The key of `Queue.once` under which a call is remembered whose caller wants nothing of us."""
    return f"call:{sid}"


def greeted(sid: str) -> str:
    """The key of `Queue.once` under which a call is remembered that has heard our menu."""
    return f"greeted:{sid}"


def unheard(sid: str) -> str:
    """The key of `Queue.once` under which a call is remembered that was put off: nobody knows what it wanted."""
    return f"unheard:{sid}"


async def hung_up_unknown(queue: Queue, news: LegNews) -> None:
    """A leg of no contact: a caller who hung up in the menu wants nothing, unless we couldn't hear what they chose.

    Of what another process or an earlier life of ours has heard of them the store knows.
    """
    log.info("leg.unknown", sid=news.sid, state=news.state, put_off=news.put_off)
    if RANKS[news.state] < OVER or news.put_off:
        return
    if await queue.seen(greeted(news.sid)) and not await queue.seen(unheard(news.sid)):
        await queue.once(answered(news.sid), KEPT)


def callback_thread(call: PastCall) -> str:
    """The conversation of the caller's number with ours."""
    return f"voice:{call.sender}:{call.recipient}"


@dataclass(slots=True)
class Found:
    """What one look took in, to be told."""

    texts: list[str] = field(default_factory=list)  # sids
    calls: list[str] = field(default_factory=list)  # contacts
    withheld: int = 0
    forwarded: int = 0
    broken: list[str] = field(default_factory=list)  # sids

    def __bool__(self) -> bool:
        return bool(self.texts or self.calls or self.withheld or self.forwarded or self.broken)


@dataclass(slots=True)
class CatchUp:
    """Looks while `mine` says that this process delivers. A door that is off has no list."""

    queue: Queue
    intake: Intake
    texts: PastTexts | None
    calls: PastCalls | None
    book: Callable[[], Rulebook]
    alerts: Alerts
    mine: Callable[[], bool]

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        while True:
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look(await self.queue.now())

    async def look(self, now: int) -> Found:
        """One look at `now` (ms). What Twilio or the store doesn't let us finish is looked at again next time."""
        found = Found()
        since = [
            await self._look("texts", now, found, self._all_texts),
            await self._look("calls", now, found, self._all_calls),
        ]
        if found:
            await self._tell(found, min(it for it in since if it))
        return found

    async def _look(
        self, what: str, now: int, found: Found, take: Callable[[int, int, Found], Awaitable[int]]
    ) -> int:
        """From where the list is known on; the instant from which it was looked at, 0 when it wasn't."""
        until = now - SETTLED
        known = await self.queue.seen_until(what)
        if not known:  # the first start of all: what was before isn't ours
            await self.queue.seen_until(what, until)
            return 0
        if until <= known:
            return 0
        since = max(known - OVERLAP, now - LONGEST)
        try:
            reached = await take(since, until, found)
        except (DeliveryError, NotTaken) as error:
            log.warning("catch_up.later", what=what, error=type(error).__name__)
            return since
        await self.queue.seen_until(what, reached)
        return since

    def _numbers(self, channel: Channel) -> list[str]:
        return list(dict.fromkeys(e.to for e in self.book().plan.entry if e.channel == channel and e.to))

    # ---- texts --------------------------------------------------------------------------------------------------

    async def _all_texts(self, since: int, until: int, found: Found) -> int:
        if self.texts is not None:
            for number in self._numbers("sms"):
                async for it in _whole(self.texts.listed, number, since, until):
                    await self._text(self.texts, it, found)
        return until

    async def _text(self, texts: PastTexts, it: Arrived, found: Found) -> None:
        if await self.queue.arrived_as(it.event) is not None:
            return
        try:
            if await texts.take(it):
                found.texts.append(it.event)
        except (DeliveryError, NotTaken, StoreError):
            raise
        except Exception:  # whatever it is about this one, those after it aren't lost for it
            log.exception("catch_up.broken", sid=it.event)
            found.broken.append(it.event)

    # ---- calls --------------------------------------------------------------------------------------------------

    async def _all_calls(self, since: int, until: int, found: Found) -> int:
        """All of them; up to where none goes on of which we know nothing yet."""
        reached = until
        if self.calls is None:
            return reached
        for number in self._numbers("voice"):
            async for it in _whole(self.calls.listed, number, since, until):
                if await self._heard(it):
                    continue
                if it.ended is None or it.ended > until:
                    reached = min(reached, it.at)
                else:
                    await self._call(self.calls, it, found)
        return reached

    async def _heard(self, it: PastCall) -> bool:
        """Whether that caller heard us: they chose nothing, or became a contact that is somebody's to end."""
        known = await self.queue.arrived_as(it.sid)
        if known is not None:
            if not await self.queue.legs(known[0]):  # we died between taking it in and saying what it is
                await self._is_callback(known[0])
            return True
        return await self.queue.seen(answered(it.sid))

    async def _call(self, calls: PastCalls, it: PastCall, found: Found) -> None:
        if await calls.forwarded(it.sid):
            found.forwarded += 1
        elif not it.sender.startswith("+"):
            found.withheld += 1
        elif not await self._called_again(it):
            arrived = Arrived("voice", it.sid, it.sender, it.recipient, "", (), it.at, False, "")
            taken = await self.intake.take(arrived, callback_thread(it))
            if taken.outcome == "duplicate":
                return
            await self._is_callback(taken.contact)
            found.calls.append(taken.contact)
            return
        await self.queue.once(answered(it.sid), KEPT)

    async def _is_callback(self, contact: str) -> None:
        await self.queue.jot(contact, "missed", "1")
        await self.queue.jot(contact, "kind", "callback")

    async def _called_again(self, it: PastCall) -> bool:
        """Whether the caller is with us already, or has been since."""
        known = await self.queue.open_in(callback_thread(it))
        if known is None:
            return False
        view = await self.queue.contact(known.removeprefix("-"))
        return not known.startswith("-") or (view is not None and view.arrived > it.at)

    # ---- telling ------------------------------------------------------------------------------------------------

    async def _tell(self, found: Found, since: int) -> None:
        """How much had passed us by, for whoever can find out why."""
        zone = self.book().plan.timezone
        said = sentences(found, f"{instant(since).astimezone(ZoneInfo(zone)):%H:%M}")
        log.warning("catch_up.taken", texts=len(found.texts), calls=len(found.calls))
        await self.alerts.coalesced("caught up", said)


def sentences(found: Found, since: str) -> str:
    """What is told of a look that found something."""
    parts = []
    if found.texts or found.calls:
        what = [f"{len(found.texts)} texts"] if found.texts else []
        what += [f"{len(found.calls)} calls"] if found.calls else []
        parts.append(
            f"Twilio had {' and '.join(what)} that never reached us (looked at since {since}). They are taken in now."
        )
    if found.calls:
        more = f" and {len(found.calls) - NAMED} more" if len(found.calls) > NAMED else ""
        parts.append(f"Who called is called back: {', '.join(found.calls[:NAMED])}{more}.")
    if found.forwarded:
        parts.append(f"{found.forwarded} calls were put through by the fallback and answered there.")
    if found.withheld:
        parts.append(f"{found.withheld} callers withheld their number and can't be called back.")
    if found.broken:
        parts.append(
            f"{len(found.broken)} texts can't be taken in (the log says why): {', '.join(found.broken[:NAMED])}."
        )
    return " ".join(parts)


async def _whole(listed: List[It], number: str, since: int, until: int) -> AsyncIterator[It]:
    """Everything of a span, oldest first, however much it is: a list that is full is asked for in smaller pieces."""
    span = max(until - since, SHORTEST)
    while since < until:
        end = min(since + span, until)
        some = await listed(number, since, end, MOST)
        if len(some) >= MOST and span > SHORTEST:
            span = max(span // 2, SHORTEST)
            continue
        for it in some:
            yield it
        since = end
