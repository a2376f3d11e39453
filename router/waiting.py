"""A caller who waits: what they hear, and the ways out of the line before an agent is there.

Wait ─▶ wait: place, choice, music ─▶ wait … ─▶ left ─▶ called back, voicemail, closed
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..channels.phone import Ask, Call, Go, HangUp, Heard, Leave, Play, Say, TakeMessage, Wait
from ..queue.engine import Queue
from ..queue.state import ENDED, QUEUED, ContactView
from . import spoken
from .facts import Facts
from .lineup import Lineup
from .rulebook import Rulebook
from .spoken_words import SpokenName

LEAVING = 180_000
"""ms that somebody has for a message, until which nobody is asked for it."""
LATER = ("callback", "voicemail")
"""Kinds of a contact whose customer isn't on the phone any more."""


@dataclass(slots=True)
class WaitingLine:
    """Decides from how the contact stands now, so that it may be asked twice."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    lineup: Lineup

    async def stands(self, view: ContactView, call: Call) -> Heard:
        """What a caller hears whose contact is as `view` says: they wait, or it's after hours."""
        facts = Facts.parse(view.facts)
        if view.state != "parked":
            return (Wait(f"{self.book().plan.site}-{view.service}", {"c": view.id}),)
        return await self._after_hours(view, facts.language)

    async def _after_hours(self, view: ContactView, language: str) -> Heard:
        book = self.book()
        service = book.services.get(view.service)
        hello = spoken.closed(book, view.service, language, await self.queue().now())
        match service.after_hours.voice if service else "hold":
            case "voicemail":
                return (*hello, *await self._voicemail(view.id, language))
            case "callback":
                return (*hello, *await self._callback(view.id, language))
            case _:
                await self.queue().abandon(view.id, "called outside the hours")
                return (*hello, HangUp())

    async def _voicemail(self, contact: str, language: str) -> Heard:
        """Nobody is asked while the message is spoken: a contact that is closed anyway stays so."""
        await self.queue().jot(contact, "kind", "voicemail")
        await self.queue().park(contact, await self.queue().now() + LEAVING, "leaving a message")
        about = {"c": contact, "r": "customer"}
        return (spoken.line(self.book(), "voicemail", language), TakeMessage(about))

    async def _callback(self, contact: str, language: str) -> Heard:
        await self.queue().jot(contact, "kind", "callback")
        return (spoken.line(self.book(), "callback_promised", language), HangUp())

    async def wait(self, call: Call) -> Heard:
        """Inside the provider's queue: the place when it has improved, what can be pressed, and music."""
        contact = call.about.get("c", "")
        view, jots = await asyncio.gather(self.queue().contact(contact), self.queue().jots(contact))
        if view is None or view.state in ENDED:
            return (Leave(),)
        facts, kind = Facts.parse(view.facts), ""
        if view.state == "parked":
            kind = "closed"
        elif not view.owner:
            kind = _wish(call.digits) or self._ends_so(view)
        if call.queue and jots.get("queue") != call.queue:
            await self.queue().jot(contact, "queue", call.queue)
        if kind == "callback" and not facts.address:
            kind = ""  # a number that is withheld can't be called
        if kind:
            await self.queue().jot(contact, "kind", "" if kind == "closed" else kind)
            await self.queue().jot(contact, "leave", kind)
            return (Leave(),)
        prompt: tuple[Say | Play, ...] = (*await self._announced(view, facts, jots), self._music())
        return (Ask(prompt, Go("wait", call.about), facts.language, digits=1, timeout=1),)

    def _music(self) -> Play:
        return Play(self.book().plan.voice.music or "music")

    def _ends_so(self, view: ContactView) -> str:
        """What the plan's last step leads to, once it is open and nobody is being asked."""
        service = self.book().services.get(view.service)
        last = service.steps[-1] if service and view.step == len(view.route.steps) - 1 else None
        word = last.then.voice if last and last.then else "hold"
        return word if word in LATER and view.state == "waiting" else ""

    async def _announced(self, view: ContactView, facts: Facts, jots: Mapping[str, str]) -> tuple[Say, ...]:
        """Our own position, when it is better than what was said last, and what can be pressed."""
        if view.owner:
            return ()
        position, minutes = await self.lineup.of(view)
        told = jots.get("place", "")
        if not position or (told and position >= int(told)):
            return ()
        await self.queue().jot(view.id, "place", str(position))
        choice = spoken.choices(self.book(), facts.language, callback=bool(facts.address), voicemail=True)
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
        if view is None or view.state in ENDED:
            return (spoken.line(self.book(), "goodbye", "en"), HangUp())
        language = Facts.parse(view.facts).language
        match jots.get("leave", ""):
            case "callback":
                return await self._callback(contact, language)
            case "voicemail":
                return await self._voicemail(contact, language)
            case "closed":
                return await self._after_hours(view, language)
            case _:
                # The provider's queue was full or broke: the place is ours, so the caller waits here.
                if jots.get("queue"):
                    await self.queue().jot(contact, "queue", "")
                said = await self._announced(view, Facts.parse(view.facts), jots)
                return (*said, self._music(), Go("left", call.about))

    async def held(self, call: Call) -> Heard:
        """On hold in a conference: a word at first, another when somebody else has to be found, and music."""
        view = await self.queue().contact(call.about.get("c", ""))
        language, said = Facts.parse(view.facts).language if view else "en", call.about.get("n", "")
        what: SpokenName = "one_moment" if view is not None and view.state in QUEUED else "held"
        words = (spoken.line(self.book(), what, language),) if said != what else ()
        return (*words, self._music(), Go("held", {**call.about, "n": what}))


def _wish(digits: str) -> str:
    return {"1": "callback", "2": "voicemail"}.get(digits, "")
