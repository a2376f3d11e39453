"""The agent's leg of a call: who calls is whispered, and only a key takes it. No mailbox ever gets a customer.

ringing ─▶ the deadline begins       answered ─▶ whisper ─▶ 1: accept ─▶ conference
                                                         ├▶ 1, spoken with first: conference, accepted later
                                                         ├▶ 2: decline
busy, unreachable ─▶ others first                        └▶ nothing: missed, as a machine or a person without a key
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..channels.phone import Ask, Call, Go, HangUp, Heard, LegNews, Meet, Pause
from ..queue.engine import Queue
from ..queue.legs import offer_of
from ..queue.state import ENDED, ContactView
from . import spoken
from .facts import Facts
from .look import agents_language, spec_of
from .rulebook import Rulebook
from .spoken_words import SpokenName
from .standing import Standing
from .talking import standing

KEY_TIME = 8
"""Seconds for the agent's key after the whisper."""
SPEECH = 13
"""Characters said in a second, slowly: for how long the whisper takes."""
CONSULT = 120_000
"""ms for which the offer stands on when its agent is spoken with first; renewed while they are."""
MOST_LOOKS = 10
"""Seconds for which somebody who is spoken with first waits until the customer hears music; then it isn't possible."""
BUSY_PAUSE, UNREACHABLE_PAUSE = 60_000, 300_000
"""ms for which others are asked first, when an agent's line is busy or can't be reached."""

TRIED_KEPT = 3_600_000
"""ms for which the key of a test call is remembered."""


def pressed(sid: str) -> str:
    """The key of `Queue.once` under which a test call is remembered whose agent has pressed 1."""
    return f"test:{sid}"


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
        book, language = self.book(), self.agents_language(agent)
        # A leg that asks has been answered, whether or not we have been told so yet: it isn't just hung up any more.
        await self.queue().leg(contact, call.sid, "answered", call.about)
        view = await self.queue().contact(contact)
        if call.about.get("b"):
            return self._calls_out(call, view, language)
        if view is None or not _is_live(view, offer, agent):
            return self._too_late(view, agent, language)
        now = await self.queue().now()
        jots = await self.queue().jots(contact)
        facts = Facts.parse(view.facts)
        whisper = spoken.whisper(
            book, view.service, facts, max(0, now - view.arrived) // 1000, language,
            callback=jots.get("kind") == "callback",
        )  # fmt: skip
        last = facts.moves[-1] if facts.moves and view.handing else None
        if last is not None:
            first = jots.get("warm") == agent
            keys = spoken.line(book, "join_keys", language) if first else whisper[-1]
            by = last.owner or last.by
            whisper = (
                whisper[0], *spoken.handed(book, by, last.why, language, first), *whisper[1:-1], keys,
            )  # fmt: skip
        takes = sum(len(it.text) for it in whisper) * 1000 // SPEECH
        await self.queue().prolong(contact, offer, agent, now + takes + KEY_TIME * 1000)
        return (Ask(whisper, Go("key", call.about), language, digits=1, timeout=KEY_TIME),)

    def _calls_out(self, call: Call, view: ContactView | None, language: str) -> Heard:
        """An agent who wants to talk to the customer of a contact that they have."""
        if view is None or view.owner != call.about.get("a"):
            return self._too_late(view, call.about.get("a", ""), language)
        said = spoken.whisper(self.book(), view.service, Facts.parse(view.facts), 0, language, callback=True)
        return (Ask(said, Go("key", call.about), language, digits=1, timeout=KEY_TIME),)

    async def key(self, call: Call) -> Heard:
        """What was pressed after the whisper; nothing pressed is told by what becomes of the leg."""
        contact, offer, agent = _offer_of(call.about)
        language = self.agents_language(agent)
        match call.digits:
            case "1" if call.about.get("b"):
                facts = {f"in.{call.sid}": "agent"}
                await self.queue().happen(contact, "call customer", facts, agent)
                return (self._meets(call),)
            case "2" if call.about.get("b"):
                return (HangUp(),)
            case "1":
                return await self._takes(call, language)
            case "2":
                await self.queue().decline(contact, offer, agent, "on the phone")
                return (spoken.line(self.book(), "declined", language), HangUp())
            case "":
                return (HangUp(),)
            case _:
                return await self.answered(call)

    async def tried(self, call: Call) -> Heard:
        """A test call (`tierline doctor --call`): the same whisper and key, and nobody on the other side."""
        spec, language = (
            spec_of(self.book(), call.about.get("a", "")),
            self.agents_language(call.about.get("a", "")),
        )
        if call.digits == "1":
            await self.queue().once(pressed(call.sid), TRIED_KEPT)
            return (spoken.line(self.book(), "test_heard", language), HangUp())
        asked = call.about.get("asked", "")
        if asked == "2" or (asked and not call.digits):
            return (HangUp(),)
        said = spoken.line(self.book(), "test_call", language, agent=spoken.name(spec.name if spec else ""))
        again = Go("test", {**call.about, "asked": "2" if asked else "1"})
        return (Ask((said,), again, language, digits=1, timeout=KEY_TIME),)

    async def _takes(self, call: Call, language: str) -> Heard:
        """It is theirs, and they are let in; or they are let in first, and it is theirs when both have spoken."""
        contact, offer, agent = _offer_of(call.about)
        it = await standing(self.queue(), contact)
        if it is not None and _spoken_first(it, offer, agent):
            return await self._consulted(call, it)
        # First: whoever sees that they have it must see that they are on the phone.
        pressed_1 = f"key.{call.sid}"
        await self.queue().jot(contact, pressed_1, "1")
        answer = await self.queue().accept(contact, offer, agent)
        if answer.outcome not in ("accepted", "ok"):
            await self.queue().jot(contact, pressed_1, "")
            return self._too_late(await self.queue().contact(contact), agent, language)
        facts = {f"in.{call.sid}": "agent", pressed_1: "", "warm": ""}
        await self.queue().happen(contact, "inside", facts, agent)
        return (self._meets(call),)

    async def _consulted(self, call: Call, it: Standing) -> Heard:
        """Into the conference as soon as the customer surely hears music."""
        contact, offer, agent = _offer_of(call.about)
        await self.queue().prolong(contact, offer, agent, await self.queue().now() + CONSULT)
        await self.queue().happen(contact, "consulted", {f"in.{call.sid}": "agent"}, agent)
        if it.customer is None or not it.met or it.facts.get("held") == it.customer.sid:
            return (self._meets(call),)
        return (Pause(1), Go("talk", {**call.about, "n": "1"}))

    async def waits(self, call: Call) -> Heard:
        """Somebody who is spoken with first: is the customer on hold now? Else they wait on, and hang up in the end."""
        contact, offer, agent = _offer_of(call.about)
        it, looks = await standing(self.queue(), contact), int(call.about.get("n", "0"))
        if it is not None and it.view.owner == agent:
            return (self._meets(call),)
        if it is None or not _is_live(it.view, offer, agent):
            return self._too_late(it.view if it else None, agent, self.agents_language(agent))
        if it.customer is None or it.facts.get("held") == it.customer.sid:
            return (self._meets(call),)
        return (
            (Pause(1), Go("talk", {**call.about, "n": str(looks + 1)})) if looks < MOST_LOOKS else (HangUp(),)
        )

    def _meets(self, call: Call) -> Meet:
        contact, _, agent = _offer_of(call.about)
        book = self.book()
        record = book.plan.voice.recording is not None
        about = {**call.about, "r": "agent"}
        return Meet(room_of(book, contact), f"agent-{agent}", about, record=record)

    def _too_late(self, view: ContactView | None, agent: str, language: str) -> Heard:
        taken = view is not None and view.owner not in ("", agent)
        gone = view is None or view.state in ENDED
        name: SpokenName = "taken" if taken else "gone" if gone else "too_late"
        return (spoken.line(self.book(), name, language), HangUp())

    def agents_language(self, agent: str) -> str:
        """The language that the agent speaks best, of those in which we can say anything."""
        return agents_language(self.book(), agent)

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
                jots, legs = await asyncio.gather(self.queue().jots(contact), self.queue().legs(contact))
                if f"in.{news.sid}" in jots:  # they have spoken with the one who hands over
                    await self.queue().decline(contact, offer, agent, "after speaking with them")
                    return
                machine = next((it.about.get("m") == "1" for it in legs if it.sid == news.sid), False)
                await self.queue().miss(contact, offer, agent, "machine" if machine else "no key")
            case _:
                return  # we ended it


def _offer_of(about: Mapping[str, str]) -> tuple[str, int, str]:
    """(contact, offer, agent)."""
    return about.get("c", ""), offer_of(about), about.get("a", "")


def _is_live(view: ContactView, offer: int, agent: str) -> bool:
    return any(it.number == offer and it.agent == agent for it in view.offers)


def _spoken_first(it: Standing, offer: int, agent: str) -> bool:
    """Whether they are to speak with whoever hands over, who is still on the line."""
    warm = it.view.handing and it.facts.get("warm") == agent
    return warm and it.owner is not None and _is_live(it.view, offer, agent)
