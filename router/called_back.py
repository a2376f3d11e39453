"""The leg of a customer who is called back: nobody is put through to it before a person is known to be there.

answered ─▶ a hello ─▶ a person ─────────────▶ conference, or (customer first) they wait and an agent is rung
                    ├▶ a mailbox, no key ────▶ a word that we try again; tried later, as whoever isn't reached
                    │    (who is taken for a mailbox by mistake is asked for a key, once)
                    └▶ hung up meanwhile ────▶ tried later
a person, whose agent has hung up meanwhile ─▶ back into the queue, and they wait as every caller does

`channels.voice.callback_answer` says how: the provider's detection, or a key. An agent who calls by themselves hears
what answers, and isn't kept waiting.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ..channels.phone import Ask, Call, Go, HangUp, Heard, Pause, Say
from ..queue.engine import Queue
from ..queue.state import ENDED, QUEUED, ContactView
from . import spoken
from .facts import Facts
from .rulebook import Rulebook
from .standing import Standing
from .waiting import WaitingLine

LOOKS = 6
"""Seconds after the hello for which the detection's word is waited for; then it counts as a person."""
KEY_TIME = 6
"""Seconds for the key, after each of two questions."""
PERSON, MACHINE, ASKED = "person", "machine", "asked"
THERE = "there"
"""The fact that names the leg on which a person waits; also what happened then."""


def answered_by(sid: str) -> str:
    """The fact under which is kept who or what has answered that leg: PERSON, MACHINE, or ASKED for a key."""
    return f"on.{sid}"


def screened(jots: Mapping[str, str]) -> bool:
    """Whether a person has to be known before anybody is put through: it is a callback that was asked for."""
    return jots.get("kind") == "callback"


def in_vain(jots: Mapping[str, str], sid: str) -> str:
    """Why a callback whose leg has ended reached nobody, "" when its customer was put through."""
    if not screened(jots) or jots.get("met") == sid or jots.get(THERE) == sid:
        return ""
    return {MACHINE: "machine", ASKED: "no key"}.get(jots.get(answered_by(sid), ""), "hung up")


@dataclass(slots=True)
class CalledBack:
    """What that leg hears; `join` puts it into the conference."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    line: WaitingLine
    join: Callable[[Call], Awaitable[Heard]]

    async def answered(self, call: Call) -> Heard:
        """Somebody or something has answered; the agent is in the conference already, or rung afterwards (`f`)."""
        view = await self.queue().contact(call.about.get("c", ""))
        if view is None:
            return (HangUp(),)
        jots, language = await self.queue().jots(view.id), Facts.parse(view.facts).language
        waits = bool(call.about.get("f")) or jots.get(THERE) == call.sid
        first = waits and view.state in QUEUED
        if not (first or view.state == "active"):
            return (HangUp(),)
        legs = await self.queue().legs(view.id)
        if any(it.of_customer and it.sid == jots.get("met") != call.sid for it in legs):
            return (
                spoken.line(self.book(), "goodbye", language),
                HangUp(),
            )  # they have called, and are talking
        hello = spoken.line(self.book(), "missed_here" if jots.get("missed") else "callback_here", language)
        begins = not call.about.get("n")
        if screened(jots) and (asks := await self._screen(view, jots, call, language)) is not None:
            return (hello, *asks) if begins else asks
        said = (hello,) if begins else ()
        if first:
            if call.about.get("f"):
                await self.queue().happen(view.id, THERE, {THERE: call.sid, "kind": "", "place": "1"})
            return (*said, *await self._waits(view, call, language))
        heard: Heard = ()
        # Looked at before they are put through, too: from then on it is the agent who has hung up on them.
        alone = await self._left_alone(view.id, view.owner, call.sid) if screened(jots) else None
        if alone is None:
            heard = await self.join(call)
            alone = await self._left_alone(view.id, view.owner, call.sid) if screened(jots) else None
        return (*said, *(heard if alone is None else await self._waits(alone, call, language)))

    async def _waits(self, view: ContactView, call: Call, language: str) -> Heard:
        wait = spoken.line(self.book(), "connecting", language)
        return (wait, *await self.line.stands(view, call))

    async def _left_alone(self, contact: str, owner: str, sid: str) -> ContactView | None:
        """The contact, which waits again, where its agent has hung up while their customer was asked; else None.

        Looked at once more when the customer is known to be put through: who hangs up after that is heard of in
        `talking.py`.
        """
        queue = self.queue()
        jots, legs = await queue.jots(contact), await queue.legs(contact)
        view = await queue.contact(contact)
        if view is None:
            return None
        it = Standing(view, legs, jots)
        talks = view.state != "active" or view.owner != owner or it.owners or it.inside("guest")
        known = jots.get(THERE) == sid  # the same question came twice, side by side
        if talks and not known:
            return None
        # First: whoever takes it next must see that they are not in the conference. Jotted, as what happens would ring
        # those who are asked, and they are rung by their offers.
        await queue.jot(contact, THERE, sid)
        await queue.jot(contact, "met", "")
        if not known:
            await queue.release(contact, owner, "line lost", exclude=False)
        now = await queue.contact(contact)
        return None if now is None or now.state in (*ENDED, "wrapping") else now

    async def _screen(
        self, view: ContactView, jots: Mapping[str, str], call: Call, language: str
    ) -> Heard | None:
        """What is heard while it isn't known to be a person; None once it is."""
        turn = int(call.about.get("n", "0"))
        by, later = jots.get(answered_by(call.sid), ""), self._later(jots, language)
        always = self.book().plan.voice.callback_answer == "key"
        if always or by == MACHINE:
            asked = int(call.about.get("k", "0"))
            if asked and call.digits == "1":
                await self.queue().jot(view.id, answered_by(call.sid), PERSON)
                return None
            if asked == (2 if always else 1):
                return (later, HangUp())
            if always:
                await self.queue().jot(view.id, answered_by(call.sid), ASKED)
            keys = (spoken.line(self.book(), "callback_ready", language),)
            about = {**call.about, "n": str(turn + 1), "k": str(asked + 1)}
            return (Ask(keys, Go("back", about), language, digits=1, timeout=KEY_TIME),)
        if by == PERSON or turn > LOOKS:
            return None
        about = {**call.about, "n": str(turn + 1)}
        return (Pause(1), Go("back", about)) if turn else (Go("back", about),)

    def _later(self, jots: Mapping[str, str], language: str) -> Say:
        """That we try again, where we do, of a callback that they asked for; else a goodbye."""
        again = int(jots.get("tries") or 0) < len(self.book().plan.voice.callback_again)
        promised = again and not jots.get("missed")
        return spoken.line(self.book(), "callback_missed" if promised else "goodbye", language)

    async def told(self, contact: str, sid: str, machine: bool) -> None:
        """The provider's word on who has answered; the first one holds."""
        if (await self.queue().jots(contact)).get(answered_by(sid)):
            return
        what = MACHINE if machine else PERSON
        await self.queue().happen(contact, what, {answered_by(sid): what})
