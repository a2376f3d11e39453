"""What callers and agents hear, and what becomes of their calls: the voice door asks, the queue decides.

    called ─▶ menu ─▶ taken in ─▶ wait … ─▶ left ─▶ join ─▶ conference ─▶ done         the customer's leg
                          │         │ 1: called back, 2: voicemail
    ringing ─▶ agent ─▶ key 1: accept ─▶ conference ─▶ done                             the agent's leg

Everything here may be asked twice, late, or in another order: the queue's own transitions happen once, a leg never goes
back (`Queue.leg`), and what is heard is worked out from how things stand now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from ..channels.phone import (
    Call,
    HangUp,
    Heard,
    LegNews,
    Meet,
    Pause,
    Play,
    Recorded,
    RoomNews,
    Turn,
)
from ..queue.contact import OVER, RANKS, LegState
from ..queue.engine import Queue
from ..queue.legs import offer_of
from ..queue.state import ENDED, QUEUED
from . import after_calls, spoken
from .arriving import Arriving, Records, on_the_line, over_key
from .callbacks import UNREACHED
from .called_back import CalledBack, in_vain
from .catch_up import KEPT as UNHEARD_KEPT
from .catch_up import hung_up_unknown, unheard
from .facts import Facts
from .intake import Intake
from .joining import Joining
from .lineup import Lineup
from .messages import NO_MESSAGE, Messages
from .redial import hand_on
from .rulebook import Rulebook
from .screening import Screening, room_of
from .waiting import LATER, WaitingLine

log = structlog.get_logger()

KEPT = 600_000
"""ms for which it is known that a call has ended which hasn't arrived yet."""


@dataclass(slots=True)
class Switchboard:
    """`Calls` for the voice door."""

    queue: Callable[[], Queue]
    intake: Intake
    records: Callable[[], Records]
    book: Callable[[], Rulebook]
    lineup: Lineup
    messages: Messages = field(init=False)
    line: WaitingLine = field(init=False)
    screening: Screening = field(init=False)
    joining: Joining = field(init=False)
    arriving: Arriving = field(init=False)
    called_back: CalledBack = field(init=False)

    def __post_init__(self) -> None:
        self.messages = Messages(self.queue, self.intake, self.book)
        self.line = WaitingLine(self.queue, self.book, self.lineup)
        self.screening = Screening(self.queue, self.book)
        self.joining = Joining(self.queue, self.book, self.screening)
        self.arriving = Arriving(
            self.queue, self.intake, self.records, self.book, self.line, self._join, self._gone
        )
        self.called_back = CalledBack(self.queue, self.book, self.line, self._join)

    # ---- arriving -----------------------------------------------------------------------------------------------

    async def called(self, call: Call) -> Heard:
        """A customer calls."""
        return await self.arriving.called(call)

    async def asked(self, turn: Turn, call: Call) -> Heard:
        """A leg goes on."""
        match turn:
            case "call":
                return await self.called(call)
            case "menu":
                return await self.arriving.menu(call)
            case "wait":
                return await self.line.wait(call)
            case "left":
                if call.result == "hangup":
                    await self._gone(call.about.get("c", ""), call.sid, "completed")
                    return (HangUp(),)
                return await self.line.left(call)
            case "join":
                return await self._join(call)
            case "done":
                return await self._done(call)
            case "agent" | "key" if call.about.get("r") in ("guest", "boss"):
                return await (self.joining.answered(call) if turn == "agent" else self.joining.key(call))
            case "agent":
                return await self.screening.answered(call)
            case "key":
                return await self.screening.key(call)
            case "talk":
                return await self.screening.waits(call)
            case "held":
                return await self.line.held(call)
            case "voicemail":
                return await self.messages.after(call)
            case "page":
                return await self.intake.pages.answered(call)
            case "rating":
                return await after_calls.pressed(self.queue(), self.book(), call)
            case "back":
                return await self.called_back.answered(call)
            case "test":
                return await self.screening.tried(call)

    # ---- talking ------------------------------------------------------------------------------------------------

    async def _join(self, call: Call) -> Heard:
        """The customer comes into the conference in which the agent is."""
        contact = call.about.get("c", "")
        view, about = await self.queue().contact(contact), {"c": contact, "r": "customer"}
        language = Facts.parse(view.facts).language if view else "en"
        if view is None or view.state in (*ENDED, "wrapping"):
            return (spoken.line(self.book(), "goodbye", language), HangUp())  # nobody is there any more
        # Written first: whoever isn't sure that they sent the customer here must not pull them out of the talk again.
        # And whatever they had chosen while they waited, they speak now.
        for name, value in (("met", call.sid), ("kind", ""), ("leave", "")):
            await self.queue().jot(contact, name, value)
        recording, room = self.book().plan.voice.recording, room_of(self.book(), contact)
        # Said before anything is recorded: the conference, and with it its recording, begins with the customer.
        tells = recording is not None and recording.announced == "texts"
        told = (spoken.line(self.book(), "recorded", language),) if tells else ()
        return (*told, Meet(room, "customer", about, ends=True, record=recording is not None))

    async def _done(self, call: Call) -> Heard:
        """A leg is out of the conference: taken out of it by us, or the conference is over, as the customer left."""
        contact, role = call.about.get("c", ""), call.about.get("r")
        view = await self.queue().contact(contact)
        if view is None or call.result == "hangup":
            return (HangUp(),)
        if role == "customer":
            return await after_calls.part(self.queue(), self.book(), view, call)
        why = call.about.get("w", "")
        if role != "agent" or (not call.result and why not in ("taken", "gone")):
            return (HangUp(),)
        legs = await self.queue().legs(contact)
        await self.queue().jot(contact, f"in.{call.sid}", "")
        if view.state not in ("active", *QUEUED) and on_the_line(legs):
            return (HangUp(),)  # we have ended it
        agent = next((it.about.get("a", "") for it in legs if it.sid == call.sid), "")
        language = self.screening.agents_language(agent)
        return (
            spoken.line(self.book(), "gone" if call.result or why == "gone" else "taken", language),
            HangUp(),
        )

    # ---- what became of it --------------------------------------------------------------------------------------

    async def heard(self, news: LegNews) -> None:
        """The state of a leg; what comes late changes nothing, and of a leg that nobody knows it is only noted."""
        contact = news.about.get("c") or await self._contact_of(news.sid)
        if contact is None and RANKS[news.state] == OVER:
            await self.queue().once(over_key(news.sid), KEPT)
            contact = await self._contact_of(news.sid)  # it may have come in between
        if contact is None:
            return await hung_up_unknown(self.queue(), news)
        about = dict(news.about) if news.about else {"r": "customer"}
        if RANKS[news.state] == OVER and (lasted := await self._lasted(contact, news)) is not None:
            about["s"] = str(lasted)
        if news.machine is not None:
            about["m"] = "1" if news.machine else "0"
            if about.get("r") == "customer" and about.get("b"):
                await self.called_back.told(contact, news.sid, news.machine)
        answer = await self.queue().leg(contact, news.sid, news.state, about)
        if RANKS[news.state] == OVER and about.get("r") in ("guest", "boss"):
            await self.joining.left(about.get("a", ""), contact)
        if answer.outcome == "gone":
            log.info("leg.late", contact=contact, state=news.state)
            return
        ended = RANKS[news.state] == OVER
        if about.get("r") == "agent":
            if news.state == "ringing":
                await self.screening.rings(contact, offer_of(about))
            elif ended:
                await self.screening.gone(contact, news, about)
        if ended and about.get("r") != "customer":
            await self.queue().jot(contact, f"in.{news.sid}", "")
        elif ended and not (about.get("b") and news.state in UNREACHED):  # of those `callbacks.py` hears
            # Also when it was noted before: whoever noted it may have died before it had an effect.
            await self._gone(contact, news.sid, news.state)

    async def _lasted(self, contact: str, news: LegNews) -> int | None:
        """For how many seconds somebody was on that leg: as the provider says, else since it was answered, if it was."""
        if news.seconds:
            return news.seconds
        legs, now = await asyncio.gather(self.queue().legs(contact), self.queue().now())
        answered = (it.at for it in legs if it.sid == news.sid and it.state == "answered")
        return next(((now - at) // 1000 for at in answered), None)

    async def _contact_of(self, sid: str) -> str | None:
        found = await self.queue().arrived_as(sid)
        return found[0] if found else None

    async def _gone(self, contact: str, sid: str, state: LegState) -> None:
        """The customer has hung up: abandoned if nobody had them, else the work after the call begins."""
        queue = self.queue()
        await queue.leg(contact, sid, state, {"r": "customer"})
        view, legs, jots = await asyncio.gather(
            queue.contact(contact), queue.legs(contact), queue.jots(contact)
        )
        if view is None or view.state in ENDED or on_the_line(legs):
            return
        later = jots.get("kind", "") in LATER
        ours = any(it.sid == sid and it.about.get("b") for it in legs)
        if ours and in_vain(jots, sid):
            return  # of those `callbacks.py` hears
        if view.owner:
            # Who is to be called, or left a message, wasn't in a talk: `callbacks.py` sees to it that they are.
            if jots.get("met") == sid or not later:
                await queue.complete(contact, "", after_calls.HUNG_UP)
        elif not later:
            await hand_on(queue, view)
            await queue.abandon(contact, "hung up")
        elif jots["kind"] == "voicemail" and not (await queue.jots(contact)).get("message"):
            await queue.abandon(contact, NO_MESSAGE)
            if (await queue.jots(contact)).get("message"):  # it came meanwhile
                await queue.revive(contact)
                await self.messages.ask_for(contact)

    async def room(self, news: RoomNews) -> None:
        """The conference's id is learnt; who left it by hanging up is gone."""
        contact = news.room.rpartition("-")[2]
        if news.kind in ("start", "join"):
            await self.queue().happen(contact, "conference", {"conference": news.conference})
        if news.kind == "leave" and news.reason == "participant_hung_up" and news.sid:
            role = "customer" if news.label == "customer" else "agent"
            legs = {it.sid: it for it in await self.queue().legs(contact)}
            about = dict(legs[news.sid].about) if news.sid in legs else {"r": role}
            await self.heard(LegNews(news.sid, "completed", {**about, "c": contact}))

    # ---- recorded ---------------------------------------------------------------------------------------------

    async def recorded(self, it: Recorded) -> None:
        """A recording is there."""
        await self.messages.recorded(it)

    async def put_off(self, sid: str) -> None:
        """A leg was put off: whoever hangs up then may have wanted something."""
        await self.queue().once(unheard(sid), UNHEARD_KEPT)

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
