"""A caller who waits: what they hear, and the ways out of the line before an agent is there.

Wait ─▶ wait: place, choice, music ─▶ wait … ─▶ left ─▶ called back, voicemail, closed
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..channels.phone import Ask, Call, Go, HangUp, Heard, Leave, Play, Say, TakeMessage, Wait
from ..queue.engine import Queue
from ..queue.state import ENDED, QUEUED, ContactView
from . import spoken
from .aloud import Aloud
from .facts import Facts
from .fraud import barred
from .lineup import Lineup
from .rulebook import Rulebook, instant
from .spoken_words import SpokenName
from .standing import by_phone
from .watch import past_closing, reopening

LEAVING = 180_000
"""ms that somebody has for a message, until which nobody is asked for it."""
LATER = ("callback", "voicemail")
"""Kinds of a contact whose customer isn't on the phone any more."""
LAST = "last "
"""Before one of them that nobody has chosen: the plan's last step leads there."""


@dataclass(slots=True)
class WaitingLine:
    """Decides from how the contact stands now, so that it may be asked twice."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    lineup: Lineup
    aloud: Aloud = field(init=False)

    def __post_init__(self) -> None:
        self.aloud = Aloud(self.queue, self.book)

    async def stands(self, view: ContactView, call: Call) -> Heard:
        """What a caller hears whose contact is as `view` says: they wait, or it's after hours."""
        if await self._may_wait(view):
            await self.anew(view.id)
            return (self._in_line(view),)
        return await self._after_hours(view, Facts.parse(view.facts).language)

    async def heard_before(self, view: ContactView) -> Heard:
        """What it was that they heard, for a question that comes again: nothing is changed by it."""
        if view.state == "parked" and not (await self.queue().jots(view.id)).get("kind"):
            return await self._after_hours(view, Facts.parse(view.facts).language)
        return (self._in_line(view),)

    def _in_line(self, view: ContactView) -> Wait:
        return Wait(f"{self.book().plan.site}-{view.service}", {"c": view.id})

    async def anew(self, contact: str) -> None:
        """What an earlier call chose, heard and was tried for holds no more."""
        known = await self.queue().jots(contact)
        for name in ("kind", "place", "leave", "tries", "minutes", "missed"):
            if name in known:
                await self.queue().jot(contact, name, "")

    async def _may_wait(self, view: ContactView) -> bool:
        """Whether somebody is asked for them now; who has just come on the line again is, while the service is open."""
        book, now = self.book(), await self.queue().now()
        if view.state == "parked" and book.hours(view.service).is_open(instant(now)):
            await self.queue().wake(view.id)  # it was to be later, but here they are
            return True
        if view.state == "waiting" and not view.owner and past_closing(book, view.service, now):
            until = reopening(book, view.service, now)
            held = await self.queue().park(view.id, until, "closed", book.situation.number)
            return (
                held.outcome == "outdated"
            )  # something was closed or opened this very moment: they wait so long
        return view.state != "parked"

    async def _after_hours(self, view: ContactView, language: str) -> Heard:
        book = self.book()
        service = book.services.get(view.service)
        news = await self.aloud.news(view, await self.queue().jots(view.id))
        hello = (*news, *spoken.closed(book, view.service, language, await self.queue().now()))
        promised = (await self.queue().jots(view.id)).get("kind") == "callback"
        if service is not None and service.after_hours.voice == "voicemail" and not promised:
            return (*hello, *await self._voicemail(view.id, language))
        # `hold` as well: the place is kept, but nobody can hold a phone to their ear until the opening.
        return (*hello, *await self._called_later(view, language))

    async def _voicemail(self, contact: str, language: str) -> Heard:
        """Nobody is asked while the message is spoken: a contact that is closed anyway stays so."""
        await self.queue().jot(contact, "kind", "voicemail")
        await self.queue().park(contact, await self.queue().now() + LEAVING, "leaving a message")
        about = {"c": contact, "r": "customer"}
        return (spoken.line(self.book(), "voicemail", language), TakeMessage(about))

    async def _called_later(self, view: ContactView, language: str) -> Heard:
        """A callback, or for who can't be called a message."""
        if may_be_called(self.book(), Facts.parse(view.facts)):
            return await self._callback(view.id, language)
        return await self._voicemail(view.id, language)

    async def _callback(self, contact: str, language: str) -> Heard:
        await self.queue().jot(contact, "kind", "callback")
        return (spoken.line(self.book(), "callback_promised", language), HangUp())

    async def wait(self, call: Call) -> Heard:
        """Inside the provider's queue: the place when it has improved, what can be pressed, and music."""
        contact = call.about.get("c", "")
        view, jots = await asyncio.gather(self.queue().contact(contact), self.queue().jots(contact))
        if view is None or view.state in ENDED or jots.get("kind") in LATER:
            return (Leave(),)
        facts = Facts.parse(view.facts)
        if call.queue and jots.get("queue") != call.queue:
            await self.queue().jot(contact, "queue", call.queue)
        if kind := await self._way_out(view, facts, call.digits):
            await self.queue().jot(contact, "kind", "" if kind == "closed" else kind.removeprefix(LAST))
            await self.queue().jot(contact, "leave", kind)
            return (Leave(),)
        return (await self._heard(view, facts, jots, Go("wait", call.about)),)

    async def _way_out(self, view: ContactView, facts: Facts, digits: str) -> str:
        """Why somebody who waits is to leave the line now: one of `LATER`, after `LAST`, "closed"; "" to stay."""
        if not await self._may_wait(view):
            return "closed"
        kind = "" if view.owner else _wish(digits) or self._ends_so(view)
        if kind.removeprefix(LAST) != "callback" or may_be_called(self.book(), facts):
            return kind
        return f"{LAST}voicemail" if facts.address and not digits else ""

    async def _heard(self, view: ContactView, facts: Facts, jots: Mapping[str, str], to: Go) -> Ask:
        """What there is to tell, the place when it has improved, and music; a key interrupts all of it."""
        news = await self.aloud.news(view, jots)
        prompt: tuple[Say | Play, ...] = (*news, *await self._announced(view, facts, jots), self._music())
        return Ask(prompt, to, facts.language, digits=1, timeout=1)

    def _music(self) -> Play:
        return Play(self.book().plan.voice.music or "music")

    def _ends_so(self, view: ContactView) -> str:
        """What the plan's last step leads to, once it is open and nobody is being asked."""
        service = self.book().services.get(view.service)
        last = service.steps[-1] if service and view.step == len(view.route.steps) - 1 else None
        word = last.then.voice if last and last.then else "hold"
        return LAST + word if word in LATER and view.state == "waiting" else ""

    async def _announced(self, view: ContactView, facts: Facts, jots: Mapping[str, str]) -> tuple[Say, ...]:
        """Our own position, when it is better than what was said last, and what can be pressed."""
        if view.owner:
            return ()
        position, minutes = await self.lineup.of(view)
        told = jots.get("place", "")
        if not position or (told and position >= int(told)):
            return ()
        await self.queue().jot(view.id, "place", str(position))
        before = jots.get("minutes", "")
        if minutes is not None and before and minutes >= int(before):
            minutes = None  # a place nearer, and no sooner: that isn't said
        if minutes is not None:
            await self.queue().jot(view.id, "minutes", str(minutes))
        back = may_be_called(self.book(), facts)
        choice = spoken.choices(self.book(), facts.language, callback=back, voicemail=True)
        return (
            spoken.place(self.book(), facts.language, position, minutes),
            *((choice,) if choice else ()),
        )

    async def left(self, call: Call) -> Heard:
        """Out of the provider's queue."""
        contact = call.about.get("c", "")
        view, jots = await asyncio.gather(self.queue().contact(contact), self.queue().jots(contact))
        if call.result in ("redirected", "redirected-from-bridged", "bridged", "bridging-in-process"):
            return ()  # our own doing: the leg is on its way to the conference
        if view is None:
            return (HangUp(),)
        facts = Facts.parse(view.facts)
        if view.state in ENDED:
            return (spoken.line(self.book(), "goodbye", facts.language), HangUp())
        if view.owner and view.state == "active" and await self._expected(view, call, jots):
            # An agent was faster than their choice, which stands until they are in the conference: of a question that
            # comes twice they may hear the other answer.
            return (Go("join", {"c": contact, "r": "customer"}),)
        if call.result not in ("", "leave"):
            # The provider's queue was full or broke: the place is ours, so the caller waits here.
            await self.queue().jot(contact, "leave", "")
            await self.queue().jot(contact, "queue", "")
            return (await self._heard(view, facts, jots, Go("left", call.about)),)
        chosen = jots.get("leave") or jots.get("kind")
        if kind := chosen or await self._way_out(view, facts, call.digits):
            return await self._leaves(view, facts.language, kind)
        return (await self._heard(view, facts, jots, Go("left", call.about)),)

    async def _expected(self, view: ContactView, call: Call, jots: Mapping[str, str]) -> bool:
        """Whether the owner is on the phone, for a caller who still is."""
        legs = [it for it in await self.queue().legs(view.id) if it.live]
        theirs = [it for it in legs if it.about.get("a") == view.owner]
        if jots.get("kind") == "voicemail":  # taken in Slack, perhaps
            theirs = [it for it in theirs if by_phone(it, jots)]
        return bool(theirs) and any(it.sid == call.sid for it in legs)

    async def _leaves(self, view: ContactView, language: str, kind: str) -> Heard:
        """Out of the line for good, for one of `LATER` or because it is closed."""
        first = (spoken.line(self.book(), "nobody_free", language),) if kind.startswith(LAST) else ()
        match kind.removeprefix(LAST):
            case "callback":
                return (*first, *await self._callback(view.id, language))
            case "voicemail":
                return (*first, *await self._voicemail(view.id, language))
            case _:
                return await self._after_hours(view, language)

    async def held(self, call: Call) -> Heard:
        """On hold in a conference: a word at first, another when somebody else has to be found, and music."""
        view = await self.queue().contact(call.about.get("c", ""))
        language, said = Facts.parse(view.facts).language if view else "en", call.about.get("n", "")
        what: SpokenName = "one_moment" if view is not None and view.state in QUEUED else "held"
        words = (spoken.line(self.book(), what, language),) if said != what else ()
        return (*words, self._music(), Go("held", {**call.about, "n": what}))


def may_be_called(book: Rulebook, facts: Facts) -> bool:
    """Whether a callback may be promised: the number is known, and the plan's safety lets us call it."""
    return bool(facts.address) and not barred(facts.address, book.plan.safety, vouched=facts.verified)


def _wish(digits: str) -> str:
    return {"1": "callback", "2": "voicemail"}.get(digits, "")
