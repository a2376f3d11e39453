"""The agent's leg of a call: who calls is whispered, and only a key takes it. No mailbox ever gets a customer.

ringing ─▶ the deadline begins       answered ─▶ whisper ─▶ 1: accept ─▶ conference
                                                         ├▶ 2: decline
busy, unreachable ─▶ others first                        └▶ nothing: missed, as a machine or a person without a key
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..channels.phone import Ask, Call, Go, HangUp, Heard, LegNews, Meet
from ..queue.engine import Queue
from ..queue.legs import offer_of
from ..queue.state import ENDED, ContactView
from . import spoken
from .facts import Facts
from .look import spec_of
from .rulebook import Rulebook
from .spoken_words import SpokenName

KEY_TIME = 8
"""Seconds for the agent's key after the whisper."""
SPEECH = 13
"""Characters said in a second, slowly: for how long the whisper takes."""
BUSY_PAUSE, UNREACHABLE_PAUSE = 60_000, 300_000
"""ms for which others are asked first, when an agent's line is busy or can't be reached."""


def room_of(book: Rulebook, contact: str) -> str:
    """The conference in which the contact's legs meet."""
    return f"{book.plan.site}-{contact}"


@dataclass(slots=True)
class Screening:
    """What an agent's leg hears, and what becomes of the offer that it was made for."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]

    async def rings(self, contact: str, offer: int) -> None:
        """The agent's phone rings: the deadline begins. Where the card is may be known already."""
        name = f"card.{offer}"
        place = (await self.queue().jots(contact)).get(name, "")
        await self.queue().delivered(contact, offer, place)
        if place:
            await self.queue().jot(contact, name, "")

    async def answered(self, call: Call) -> Heard:
        """Somebody or something has answered the agent's phone: who calls and why; only a key takes it."""
        contact, offer, agent = _offer_of(call.about)
        book, language = self.book(), self._agents_language(agent)
        # A leg that asks has been answered, whether or not we have been told so yet: it isn't just hung up any more.
        await self.queue().leg(contact, call.sid, "answered", call.about)
        view = await self.queue().contact(contact)
        if view is None or not _is_live(view, offer, agent):
            return self._too_late(view, agent, language)
        now = await self.queue().now()
        jots = await self.queue().jots(contact)
        said = spoken.whisper(
            book, view.service, Facts.parse(view.facts), max(0, now - view.arrived) // 1000, language,
            callback=jots.get("kind") == "callback",
        )  # fmt: skip
        takes = sum(len(it.text) for it in said) * 1000 // SPEECH
        await self.queue().prolong(contact, offer, agent, now + takes + KEY_TIME * 1000)
        return (Ask(said, Go("key", call.about), language, digits=1, timeout=KEY_TIME),)

    async def key(self, call: Call) -> Heard:
        """What was pressed after the whisper; nothing pressed is told by what becomes of the leg."""
        contact, offer, agent = _offer_of(call.about)
        language = self._agents_language(agent)
        match call.digits:
            case "1":
                answer = await self.queue().accept(contact, offer, agent)
                if answer.outcome in ("accepted", "ok"):
                    return (
                        Meet(room_of(self.book(), contact), f"agent-{agent}", {**call.about, "r": "agent"}),
                    )
                return self._too_late(await self.queue().contact(contact), agent, language)
            case "2":
                await self.queue().decline(contact, offer, agent, "on the phone")
                return (spoken.line(self.book(), "declined", language), HangUp())
            case "":
                return (HangUp(),)
            case _:
                return await self.answered(call)

    def _too_late(self, view: ContactView | None, agent: str, language: str) -> Heard:
        taken = view is not None and view.owner not in ("", agent)
        gone = view is None or view.state in ENDED
        name: SpokenName = "taken" if taken else "gone" if gone else "too_late"
        return (spoken.line(self.book(), name, language), HangUp())

    def _agents_language(self, agent: str) -> str:
        """The one that the agent speaks best, of those in which we can say anything."""
        spec, known = spec_of(self.book(), agent), self.book().plan.languages or ("en",)
        levels = dict(spec.profile.languages) if spec else {}
        return max(known, key=lambda it: (levels.get(it, 0), -known.index(it)))

    async def gone(self, contact: str, news: LegNews, about: Mapping[str, str]) -> None:
        """An agent's leg ended while it was only asked: the offer ends as that says."""
        _, offer, agent = _offer_of(about)
        view = await self.queue().contact(contact)
        if view is None or not _is_live(view, offer, agent):
            return
        match news.state:
            case "busy":
                await self.queue().rescind(contact, offer, "busy", BUSY_PAUSE)
            case "failed":
                await self.queue().rescind(contact, offer, "unreachable", UNREACHABLE_PAUSE)
            case "no-answer":
                await self.queue().miss(contact, offer, agent, "no answer")
            case "completed":
                legs = await self.queue().legs(contact)
                machine = next((it.about.get("m") == "1" for it in legs if it.sid == news.sid), False)
                await self.queue().miss(contact, offer, agent, "machine" if machine else "no key")
            case _:
                return  # we ended it


def _offer_of(about: Mapping[str, str]) -> tuple[str, int, str]:
    """(contact, offer, agent)."""
    return about.get("c", ""), offer_of(about), about.get("a", "")


def _is_live(view: ContactView, offer: int, agent: str) -> bool:
    return any(it.number == offer and it.agent == agent for it in view.offers)
