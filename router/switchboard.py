"""What callers and agents hear, and what becomes of their calls: the voice door asks, the queue decides.

    called ─▶ menu ─▶ taken in ─▶ wait … ─▶ left ─▶ join ─▶ conference ─▶ done         the customer's leg
                          │         │ 1: called back, 2: voicemail
    ringing ─▶ agent ─▶ key 1: accept ─▶ conference ─▶ done                             the agent's leg

Everything here may be asked twice, late, or in another order: the queue's own transitions happen once, a leg never goes
back (`Queue.leg`), and what is heard is worked out from how things stand now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from ..channels.phone import (
    Ask,
    Call,
    Go,
    HangUp,
    Heard,
    Leave,
    LegNews,
    Meet,
    Pause,
    Play,
    Recorded,
    RoomNews,
    Say,
    TakeMessage,
    Turn,
    Wait,
)
from ..queue.contact import OVER, RANKS, Arrived, LegState
from ..queue.engine import Queue
from ..queue.history.records import Customer
from ..queue.legs import offer_of
from ..queue.state import ENDED, ContactView, Leg
from . import spoken
from .facts import Facts
from .intake import Intake
from .lineup import Lineup
from .look import spec_of
from .plan import model
from .rulebook import Rulebook
from .spoken_words import SpokenName

log = structlog.get_logger()

REDIAL = 300_000
"""ms after hanging up within which a caller who calls again has their place back."""
KEY_TIME = 8
"""Seconds for the agent's key after the whisper."""
SPEECH = 13
"""Characters said in a second, slowly: for how long the whisper takes."""
BUSY_PAUSE, UNREACHABLE_PAUSE = 60_000, 300_000
"""ms for which others are asked first, when an agent's line is busy or can't be reached."""
RECORDS_WAIT = 0.3
"""Seconds that the records are given for the caller's language."""
LATER = ("callback", "voicemail")
"""Kinds of a contact whose customer isn't on the phone any more."""


class Records(Protocol):
    """What is asked of the history."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        """The customer with that address, and what the event became."""


@dataclass(slots=True)
class Switchboard:
    """`Calls` for the voice door."""

    queue: Callable[[], Queue]
    intake: Intake
    records: Callable[[], Records]
    book: Callable[[], Rulebook]
    lineup: Lineup

    # ---- arriving -----------------------------------------------------------------------------------------------

    async def called(self, call: Call) -> Heard:
        """A customer calls: back in their place, into the menu, or straight into the queue."""
        book = self.book()
        entry = book.plan.entry_for("voice", call.recipient)
        if (back := await self._back(call)) is not None:
            return back
        language = await self._language(entry, call)
        hello = spoken.greeting(book, entry, language, await self.queue().now())
        if entry is not None and entry.menu:
            return (*hello, spoken.menu(book, entry, language))
        return (*hello, *await self._take(replace(call, about={"l": language}), ""))

    async def asked(self, turn: Turn, call: Call) -> Heard:
        """A leg goes on."""
        match turn:
            case "call":
                return await self.called(call)
            case "menu":
                return await self._menu(call)
            case "wait":
                return await self._wait(call)
            case "left":
                return await self._left(call)
            case "join":
                return await self._join(call)
            case "done":
                return await self._done(call)
            case "agent":
                return await self._answered(call)
            case "key":
                return await self._key(call)
            case "voicemail":
                return await self._after_message(call)
            case "back":
                return await self._back_on_the_line(call)
            case _:
                return (Play(), Go(turn, call.about))

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

    async def _menu(self, call: Call) -> Heard:
        """What was pressed or said; not understood it is asked once more, and then we take the call as it is."""
        book, language = self.book(), call.about.get("l", "en")
        entry = book.plan.entry_for("voice", call.recipient)
        if entry is None or not entry.menu:
            return await self._take(call, call.speech)
        key = spoken.chosen(entry, call.digits, call.speech)
        if key is not None and key.language:
            return (spoken.menu(book, entry, key.language),)
        if key is not None:
            return await self._take(call, dict(key.say).get(language) or next(iter(dict(key.say).values())))
        if call.speech or call.about.get("again"):
            return await self._take(call, call.speech)
        again = spoken.menu(book, entry, language, again=True)
        return (replace(again, to=Go("menu", {**again.to.about, "again": "1"})),)

    async def _back(self, call: Call) -> Heard | None:
        """Somebody who was in the queue a moment ago, or is to be called back, has their place."""
        queue = self.queue()
        known = await queue.open_in(_thread(call)) if call.sender else None
        view = await queue.contact(known.removeprefix("-")) if known else None
        if view is None or view.channel != "voice":
            return None
        if view.state == "abandoned":
            ended = view.closed_at or 0
            if await queue.now() - ended > REDIAL or not (await queue.revive(view.id)).done:
                return None
        elif view.state in (*ENDED, "wrapping") or _on_the_line(await queue.legs(view.id)):
            return None
        await queue.jot(view.id, "kind", "")
        taken = await self.intake.take(_arrived(call, ""), _thread(call))
        await queue.leg(taken.contact, call.sid, "answered", {"r": "customer"})
        now = await queue.contact(taken.contact)
        if now is None:
            return None
        if now.owner and not now.handing:
            return await self._join(replace(call, about={"c": now.id, "r": "customer"}))
        return await self._stands(now, call)

    async def _take(self, call: Call, text: str) -> Heard:
        """The call becomes a contact. Two calls from one number at a time are two: an office has one number for many."""
        queue, thread = self.queue(), _thread(call)
        known = await queue.open_in(thread)
        if known and not known.startswith("-"):
            thread = f"{thread}:{call.sid}"
        taken = await self.intake.take(_arrived(call, text), thread)
        await queue.leg(taken.contact, call.sid, "answered", {"r": "customer"})
        view = await queue.contact(taken.contact)
        return await self._stands(view, call) if view is not None else (HangUp(),)

    async def _stands(self, view: ContactView, call: Call) -> Heard:
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
        await self.queue().jot(contact, "kind", "voicemail")
        about = {"c": contact, "r": "customer"}
        return (spoken.line(self.book(), "voicemail", language), TakeMessage(about))

    async def _callback(self, contact: str, language: str) -> Heard:
        await self.queue().jot(contact, "kind", "callback")
        return (spoken.line(self.book(), "callback_promised", language), HangUp())

    # ---- waiting ------------------------------------------------------------------------------------------------

    async def _wait(self, call: Call) -> Heard:
        """Inside the provider's queue: the place when it has improved, what can be pressed, and music."""
        contact, book = call.about.get("c", ""), self.book()
        view = await self.queue().contact(contact)
        if view is None or view.state in ENDED:
            return (Leave(),)
        facts, kind = Facts.parse(view.facts), ""
        if view.state == "parked":
            kind = "closed"
        elif not view.owner:
            kind = _wish(call.digits) or self._ends_so(view)
        if kind and (kind == "closed" or facts.address):
            await self.queue().jot(contact, "kind", "" if kind == "closed" else kind)
            await self.queue().jot(contact, "leave", kind)
            return (Leave(),)
        said = await self._place(view, facts.language, call.about) if not view.owner else ()
        choice = spoken.choices(book, facts.language, callback=bool(facts.address), voicemail=True)
        prompt = (*said, *((choice,) if choice and said else ()), Play())
        return (Ask(prompt, Go("wait", call.about), facts.language, digits=1, timeout=1),)

    def _ends_so(self, view: ContactView) -> str:
        """What the plan's last step leads to, once it is open and nobody is being asked."""
        service = self.book().services.get(view.service)
        last = service.steps[-1] if service and view.step == len(view.route.steps) - 1 else None
        word = last.then.voice if last and last.then else "hold"
        return word if word in LATER and view.state == "waiting" else ""

    async def _place(self, view: ContactView, language: str, about: Mapping[str, str]) -> tuple[Say, ...]:
        """Our own position, when it is better than what was said last."""
        position, minutes = await self.lineup.of(view)
        told = (await self.queue().jots(view.id)).get("place", "")
        if not position or (told and position >= int(told)):
            return ()
        await self.queue().jot(view.id, "place", str(position))
        return (spoken.place(self.book(), language, position, minutes),)

    async def _left(self, call: Call) -> Heard:
        """Out of the provider's queue."""
        contact = call.about.get("c", "")
        view, jots = await asyncio.gather(self.queue().contact(contact), self.queue().jots(contact))
        if call.result == "hangup":
            await self._gone(contact, call.sid, "completed")
            return (HangUp(),)
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
                return (Play(), Go("left", call.about))

    # ---- talking ------------------------------------------------------------------------------------------------

    async def _join(self, call: Call) -> Heard:
        """The customer comes into the conference in which the agent is."""
        contact = call.about.get("c", "")
        about = {"c": contact, "r": "customer"}
        return (Meet(self.room_of(contact), "customer", about, ends=True),)

    async def _done(self, call: Call) -> Heard:
        """A leg is out of the conference."""
        contact = call.about.get("c", "")
        view = await self.queue().contact(contact)
        if call.about.get("r") != "customer" or view is None:
            return (HangUp(),)
        language = Facts.parse(view.facts).language
        return (spoken.line(self.book(), "goodbye", language), HangUp())

    def room_of(self, contact: str) -> str:
        """The conference in which the contact's legs meet."""
        return f"{self.book().plan.site}-{contact}"

    # ---- the agent's leg ----------------------------------------------------------------------------------------

    async def _answered(self, call: Call) -> Heard:
        """Somebody or something has answered the agent's phone: who calls and why; only a key takes it."""
        contact, offer, agent = _offer_of(call.about)
        book, language = self.book(), self._agents_language(agent)
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

    async def _key(self, call: Call) -> Heard:
        contact, offer, agent = _offer_of(call.about)
        language = self._agents_language(agent)
        match call.digits:
            case "1":
                answer = await self.queue().accept(contact, offer, agent)
                if answer.outcome in ("accepted", "ok"):
                    return (Meet(self.room_of(contact), f"agent-{agent}", {**call.about, "r": "agent"}),)
                return self._too_late(await self.queue().contact(contact), agent, language)
            case "2":
                await self.queue().decline(contact, offer, agent, "on the phone")
                return (spoken.line(self.book(), "declined", language), HangUp())
            case "" if call.about.get("again"):
                return (HangUp(),)
            case "":
                return (HangUp(),)  # nobody there, or a machine: what became of the leg says so
            case _:
                return await self._answered(call)

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

    # ---- what became of it --------------------------------------------------------------------------------------

    async def heard(self, news: LegNews) -> None:
        """The state of a leg; what comes late changes nothing, and of a leg that nobody knows it is only noted."""
        contact = news.about.get("c") or await self._contact_of(news.sid)
        if contact is None:
            log.info("leg.unknown", sid=news.sid, state=news.state)
            return
        about = dict(news.about) if news.about else {"r": "customer"}
        if news.machine is not None:
            about["m"] = "1" if news.machine else "0"
        answer = await self.queue().leg(contact, news.sid, news.state, about)
        if answer.outcome == "gone":
            log.info("leg.late", contact=contact, state=news.state)
            return
        ended = RANKS[news.state] == OVER
        if about.get("r") == "agent":
            if news.state == "ringing":
                await self._rings(contact, offer_of(about))
            elif ended:
                await self._agent_gone(contact, news, about)
        elif ended:
            # Also when it was noted before: whoever noted it may have died before it had an effect.
            await self._gone(contact, news.sid, news.state)

    async def _rings(self, contact: str, offer: int) -> None:
        """The agent's phone rings: the deadline begins. Where the card is may be known already."""
        name = f"card.{offer}"
        place = (await self.queue().jots(contact)).get(name, "")
        await self.queue().delivered(contact, offer, place)
        if place:
            await self.queue().jot(contact, name, "")

    async def _contact_of(self, sid: str) -> str | None:
        found = await self.queue().arrived_as(sid)
        return found[0] if found else None

    async def _agent_gone(self, contact: str, news: LegNews, about: Mapping[str, str]) -> None:
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

    async def _gone(self, contact: str, sid: str, state: LegState) -> None:
        """The customer has hung up: abandoned if nobody had them, else the work after the call begins."""
        queue = self.queue()
        await queue.leg(contact, sid, state, {"r": "customer"})
        view, legs, jots = await asyncio.gather(
            queue.contact(contact), queue.legs(contact), queue.jots(contact)
        )
        if view is None or view.state in ENDED or _on_the_line(legs):
            return
        if view.owner:
            await queue.complete(contact, "", '{"by":"the customer hung up"}')
        elif jots.get("kind", "") not in LATER:
            await queue.abandon(contact, "hung up")

    async def room(self, news: RoomNews) -> None:
        """The conference's id is learnt; who left it by hanging up is gone."""
        contact = news.room.rpartition("-")[2]
        await self.queue().jot(contact, "conference", news.conference)
        if news.kind == "leave" and news.reason == "participant_hung_up" and news.sid:
            role = "customer" if news.label == "customer" else "agent"
            legs = {it.sid: it for it in await self.queue().legs(contact)}
            about = dict(legs[news.sid].about) if news.sid in legs else {"r": role}
            await self.heard(LegNews(news.sid, "completed", {**about, "c": contact}))

    # ---- messages -----------------------------------------------------------------------------------------------

    async def _after_message(self, call: Call) -> Heard:
        """The recording of a message is over; a caller who said nothing has left none."""
        view = await self.queue().contact(call.about.get("c", ""))
        language = Facts.parse(view.facts).language if view else "en"
        return (spoken.line(self.book(), "thanks", language), HangUp())

    async def _back_on_the_line(self, call: Call) -> Heard:
        """A customer who is called back has answered; the agent is in the conference already."""
        view = await self.queue().contact(call.about.get("c", ""))
        if view is None or view.state != "active":
            return (HangUp(),)
        language = Facts.parse(view.facts).language
        return (spoken.line(self.book(), "callback_here", language), *await self._join(call))

    async def recorded(self, it: Recorded) -> None:
        """A recording ended: a message is kept at its contact."""
        contact = it.about.get("c", "")
        if it.ok and contact:
            await self.queue().jot(contact, f"recording.{it.recording}", f"{it.seconds} {it.url}")

    # ---- without the store --------------------------------------------------------------------------------------

    def sorry(self, recipient: str, turns: int) -> Heard:
        """Music and patience for a minute or two, then a word of when to try again."""
        book = self.book()
        entry = book.plan.entry_for("voice", recipient)
        language = (entry.language if entry else None) or next(iter(book.plan.languages), "en")
        if turns >= 6:
            return (spoken.line(book, "try_later", language), HangUp())
        first = (spoken.line(book, "sorry", language),) if turns == 0 else ()
        return (*first, Play(), Pause(2))


def _arrived(call: Call, text: str) -> Arrived:
    language = call.about.get("l", "")
    return Arrived("voice", call.sid, call.sender, call.recipient, text, (), None, False, call.name, language)


def _thread(call: Call) -> str:
    """Callers who withhold their number share none: each such call is a conversation of its own."""
    return f"voice:{call.sender or call.sid}:{call.recipient}"


def _on_the_line(legs: tuple[Leg, ...]) -> bool:
    return any(it.of_customer for it in legs)


def _wish(digits: str) -> str:
    return {"1": "callback", "2": "voicemail"}.get(digits, "")


def _offer_of(about: Mapping[str, str]) -> tuple[str, int, str]:
    """(contact, offer, agent); an offer that is no number is none."""
    return about.get("c", ""), offer_of(about), about.get("a", "")


def _is_live(view: ContactView, offer: int, agent: str) -> bool:
    return any(it.number == offer and it.agent == agent for it in view.offers)
