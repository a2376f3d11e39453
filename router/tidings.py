"""What is told of handing over, snoozing, coming back, merging: in the contact's thread, and to whom it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from zlib import crc32

from ..channels.channel import Button, Desk, Head, Line, NotDelivered
from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView, Event
from . import mail_words, session, session_words, visit_words, whose_words
from .absorbed import carried_over
from .alerts import Alerts
from .answering import canned_button
from .body import line
from .call_lines import said as said_of_call
from .cards import customer_line, handover_line
from .claimed import is_vouched
from .due import solve_due
from .facts import Facts
from .first_steps import spoken_answers
from .guides import answers, articles_button, ask_buttons
from .handover import BOUNCED
from .helping import helping
from .lanes import Job, Try
from .look import more, spec_of
from .plan.model import AgentSpec
from .reminders import reminder_button
from .rulebook import Rulebook, agent_id, span
from .texts import spoken
from .wrapup import remarked

KEPT = {
    "declined": "They declined",
    "missed": "They didn't answer in time",
    "too late": "Nobody took it in time",
    "unavailable": "They can't be asked now",
    "cancelled": "Not handed over any more",
    "busy": "Their line is busy",
    "unreachable": "They can't be reached",
    "not delivered": "They couldn't be asked in time",
    "slow": "They couldn't be asked in time",
}
"""Why a handover came to nothing, by the queue's word; what isn't here says itself."""
BACK = {
    "owner silent": "{owner} didn't answer the customer",
    "owner left": "{owner} has left",
    "owner removed": "{owner} is not in the plan any more",
    "profile changed": "{owner} may not take this any more",
    "owner away": "{owner} isn't there",
    "owner full": "{owner} has no room for it now",
    "owner draining": "{owner} is kept free for somebody who waits longer",
    "given back": "{owner} gave it back",
    "line lost": "{owner} isn't on the line any more",
}
"""Why an owner lost it, by the queue's word; else the reason that somebody gave."""
AFTER_SPEAKING = (("call.hand_over", "Hand over now"), ("call.back", "Back to the customer"))
GONE = ("channel_not_found", "thread_not_found", "channel_is_archived", "is_archived")
"""Why a thread can't be written to any more, by Slack's names."""
REMEMBERED = 2 * 86_400_000
"""ms for which it is known that an event's thread was closed."""
HEARD = ("owner silent", "owner left", "owner removed", "profile changed")
"""Of these the former owner is told in person."""


@dataclass(slots=True)
class Tidings:
    """Jobs for the events that move a contact. All in its own lane, behind its thread's opening."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    alerts: Alerts

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event; none for what nobody has to hear."""
        if event.e in ("leg", "call"):
            told = said_of_call(event.e, event.a, more(event), self._called)
            return (
                [Job(f"contact:{event.c}", event.e, lambda t: self._of_call(event, t, told))] if told else []
            )
        tell = {
            "transferring": self._transferring,
            "kept": self._kept,
            "snoozed": self._snoozed,
            "returned": self._returned,
            "queued": self._queued,
            "nudged": self._nudged,
            "absorbed": self._absorbed,
            "split": self._split,
            "reranked": self._reranked,
            "identified": self._identified,
            "outcome": self._remarked,
            "exhausted": self._nobody_else,
            "nobody": self._nobody_else,
        }.get(event.e)
        if tell is None or (event.e == "queued" and not (more(event).get("from") or more(event).get("why"))):
            return []  # what has just arrived is queued, and that is all there is to it
        chosen = tell
        return [Job(f"contact:{event.c}", event.e, lambda t: chosen(event, t))]

    # ---- its thread ---------------------------------------------------------------------------------------------

    async def thread(self, event: Event, t: Try) -> None:
        """Somebody accepted: the thread opens, goes on, or moves into the channel of another team."""
        contact, spec = await self.queue.contact(event.c), spec_of(self.book(), event.a)
        if contact is None or spec is None:
            return
        team = self.book().plan.team(spec.team)
        if team is None or not team.channels:
            return
        places = await self.queue.places(event.c)
        name = team.channels[int(event.c[1:]) % len(team.channels)]
        if not places:
            await self.queue.bind(event.c, await self._open(event, t, contact, spec, name))
            return
        if contact.owner != event.a:
            return  # somebody else has it by now: their own event tells where
        rooms = [await self.desk.room(channel) for channel in team.channels]
        told = f"{event.c} is now with {spec.name} of {team.name}, in another thread: nothing typed here is sent."
        if places[-1].partition(":")[0] in rooms:
            if t.again and len(places) > 1 and places[-2].partition(":")[0] not in rooms:
                await self._leave(event, places[-2], told)  # whoever opened this one may have died before
            await self.desk.show(places[-1], await self._head(contact, spec, name, event.t))
            await self.line(event, t, f"With {spec.name} now: only what {spec.name} writes here is sent.")
            return
        place = await self._open(event, t, contact, spec, name)
        # Bound first: once the old thread says that nothing typed there is sent, nothing is.
        await self.queue.bind(event.c, place)
        await self._leave(event, places[-1], told)
        if summary := handover_line(Facts.parse(contact.facts)):
            await self.line(event, t, summary)

    async def _leave(self, event: Event, place: str, told: str) -> None:
        """The thread at `place` is closed, with one line for this event; its first message may still have to change."""
        known = await self.queue.seen(f"left:{event.id}")
        try:
            await self.desk.close(place, event.c, told, (), known)
        except NotDelivered as error:
            if error.code not in GONE:  # else nobody can type there any more
                raise
        if not known:
            await self.queue.once(f"left:{event.id}", REMEMBERED)

    async def at(self, event: Event, act: Callable[[str], Awaitable[object]], anew: bool = True) -> bool:
        """Do something in the contact's thread; False: it has none yet.

        A channel gets another id or is deleted, the app is installed in another workspace: a thread that is gone is
        found again or opened `anew` (in the contact's own lane alone, else two would be), or counts as none.
        """
        places = await self.queue.places(event.c)
        if not places:
            return False
        try:
            await act(places[-1])
        except NotDelivered as error:
            if error.code not in GONE:
                raise
            if not anew:
                return False
            if not (place := await self._anew(event)):
                raise
            await act(place)
        return True

    async def _anew(self, event: Event) -> str:
        """Where it goes on, "" where nobody has it: whoever takes it opens its next thread."""
        contact = await self.queue.contact(event.c)
        spec = spec_of(self.book(), contact.owner) if contact is not None else None
        team = self.book().plan.team(spec.team) if spec is not None else None
        if contact is None or spec is None or team is None or not team.channels:
            return ""
        name = team.channels[int(event.c[1:]) % len(team.channels)]
        now = replace(event, t=await self.queue.now())
        place = await self._open(now, Try(0, True), contact, spec, name)
        await self.queue.bind(event.c, place)
        return place

    async def _open(self, event: Event, t: Try, contact: ContactView, spec: AgentSpec, name: str) -> str:
        head = await self._head(contact, spec, name, event.t)
        try:
            return await self.desk.open(head, t.again)
        except NotDelivered as error:
            if error.permanent:
                await self.alerts.once(
                    f"channel:{name}", f"{name} of team {spec.team} can't be written to: {error.reason}"
                )
            raise

    async def refresh(self, event: Event, contact: ContactView) -> None:
        """The first message of its thread says anew who has it and who helps; nothing for what has no thread or owner."""
        spec, places = spec_of(self.book(), contact.owner), await self.queue.places(contact.id)
        if spec is not None and places and contact.state not in ENDED:
            await self.desk.show(places[-1], await self._head(contact, spec, "", event.t))

    async def _head(self, contact: ContactView, spec: AgentSpec, place: str, until: int) -> Head:
        book, facts = self.book(), Facts.parse(contact.facts)
        team = book.plan.team(spec.team)
        customer = customer_line(facts)
        messages, jots = await asyncio.gather(self.queue.messages(contact.id), self.queue.jots(contact.id))
        lines = tuple(line(contact.id, m, customer) for m in messages if m.at <= until)
        return Head(
            contact=contact.id, place=place, owner=spec.slack, owner_name=spec.name, service=contact.service,
            channel=contact.channel, customer=customer, verified=is_vouched(facts), due=facts.due,
            replies=team.replies if team else "explicit", hold=span(book.plan.settings.hold_reply), lines=lines,
            recorded=book.plan.voice.recording is not None,
            answers=spoken_answers(book, replace(facts, answers=answers(facts, jots)), contact.service),
            also=(
                *ask_buttons(book, contact, jots),
                *canned_button(book, contact), articles_button(contact.id), reminder_button(contact.id),
                *mail_words.head_buttons(contact), *whose_words.them_button(contact.id, facts),
                *visit_words.thread_buttons(book.plan, contact.id),
            ),
            helping=helping(book, jots, agent_id(spec.name)), solve=solve_due(book, contact),
        )  # fmt: skip

    async def _of_call(self, event: Event, t: Try, text: str) -> None:
        """A line of a call's timeline; while somebody is spoken with first it has the buttons for what comes then."""
        said = more(event)
        what, buttons = said.get("what"), tuple[Button, ...]()
        if what == "consulted":
            buttons = tuple(Button(action, label, event.c) for action, label in AFTER_SPEAKING)
        elif what == visit_words.WHAT:
            buttons = visit_words.line_buttons(event.c, said)
        elif what == session.WHAT:
            buttons = session_words.line_buttons(event.c, said)
        elif what == mail_words.WHAT:
            buttons = mail_words.line_buttons(event.c, said)
            if not await self.queue.places(event.c):
                await self._without_thread(event, t, text, buttons)
        elif what == "fetched":
            buttons = (Button("call.recording", "Listen to it", f"{event.c}.{said.get('recording')}"),)
            if not await self.queue.places(event.c):
                await self._without_thread(event, t, text, buttons)
        await self.line(event, t, text, buttons)

    async def _without_thread(self, event: Event, t: Try, text: str, buttons: tuple[Button, ...]) -> None:
        """What came when its contact had left the store, and its thread with it: to whoever had it last."""
        contact = await self.queue.contact(event.c)
        spec = spec_of(self.book(), (contact.owner or contact.last_owner) if contact is not None else "")
        if spec is not None:
            key = f"{event.id}.{event.e}"
            await self.desk.tell(spec.slack, f"{event.c}: {text}", buttons, key=key, again=t.again)

    async def line(
        self, event: Event, t: Try, text: str, buttons: tuple[Button, ...] = (), more: tuple[Line, ...] = ()
    ) -> None:
        """A line in the thread, if there is one; its number comes of the event, behind every message's.

        One step may be told in two lines (handed over, and kept): by number they are told apart.
        """
        number = event.t * 1000 + crc32(f"{event.id}.{event.e}".encode()) % 1000
        shown = Line(event.c, number, "event", "Tierline", text, event.t, buttons=buttons, more=more)
        await self.at(event, lambda place: self.desk.post(place, shown, t.before))

    async def _person(self, event: Event, t: Try, agent: str, text: str) -> None:
        if (spec := spec_of(self.book(), agent)) is not None:
            await self.desk.tell(spec.slack, text, key=f"{event.id}.{event.e}.{agent}", again=t.again)

    def _called(self, agent: object) -> str:
        return self.book().called(str(agent or "")) or "nobody"

    # ---- handing over -------------------------------------------------------------------------------------------

    async def _transferring(self, event: Event, t: Try) -> None:
        facts = Facts.parse(str(more(event).get("facts") or "{}"))
        said = facts.moves[-1].line if facts.moves else f"Handed over to {more(event).get('to')}"
        stays = f" It stays with {self._called(event.a)} until somebody takes it."
        if more(event).get("queued"):  # it slept, and its owner can't have it now: that is told next
            stays = ""
        await self.line(event, t, f"{said}.{stays}")
        if not more(event).get("by"):
            by = facts.moved or "A supervisor"
            await self._person(event, t, event.a, f"{by} hands {event.c} over to {more(event).get('to')}.")
        if facts.bounces >= BOUNCED:
            text = f"{event.c} came back {facts.bounces} times: {handover_line(facts)}"
            await self.alerts.once(
                f"bounces:{event.c}:{facts.bounces}", text, at=event.t / 1000, again=t.again
            )

    async def _nobody_else(self, event: Event, t: Try) -> None:
        """Whoever hands it over hears that nobody else is left to be asked."""
        contact = await self.queue.contact(event.c)
        last = len(contact.route.steps) - 1 if contact is not None else 0
        if (
            contact is None
            or not contact.handing
            or contact.step < last
            or more(event).get("step", last) != last
        ):
            return  # the next step is open, or it opened and ended in the same moment and tells so itself
        if contact.offers:
            return  # somebody has come meanwhile
        told = f"Nobody else can take it now: it stays with {self._called(contact.owner)}, and whoever comes is asked."
        await self.line(event, t, told)
        await self._person(event, t, contact.owner, f"{event.c}: {told}")

    async def _kept(self, event: Event, t: Try) -> None:
        why = str(more(event).get("why") or "")
        if why not in KEPT:
            return  # snoozed or ended meanwhile: that is told by itself
        told = f"{KEPT[why]}: it stays with {self._called(event.a)}."
        await self.line(event, t, told)
        if why != "cancelled":
            await self._person(event, t, event.a, f"{event.c}: {told}")

    # ---- later, and back ----------------------------------------------------------------------------------------

    async def _snoozed(self, event: Event, t: Try) -> None:
        said, wake = more(event), more(event).get("wake")
        if said.get("why") == "quiet":
            return  # nothing that anybody has to do: it comes back by itself
        zone = self.book().plan.timezone
        until = spoken(int(str(wake)), event.t, zone, "en") if wake else "the customer writes"
        why = f": {said.get('why')}" if said.get("why") not in ("", None, "reopened", "kept") else ""
        await self.line(event, t, f"Asleep until {until}{why}.")

    async def _returned(self, event: Event, t: Try) -> None:
        why, contact = more(event).get("why"), await self.queue.contact(event.c)
        if contact is None or contact.state in ENDED or why in ("message", "transfer", "reached"):
            return
        if why == "reopened":
            await self.refresh(event, contact)  # its buttons work again
            await self.line(event, t, f"Open again, with {self._called(event.a)}.")
            return
        if why == "woken":
            await self.line(event, t, f"Awake again, with {self._called(event.a)}.")
            return
        await self.line(event, t, "The date has come.")
        await self._person(event, t, event.a, f"{event.c}: the date that was set for it has come.")

    async def _queued(self, event: Event, t: Try) -> None:
        said = more(event)
        why, former = str(said.get("why") or ""), str(said.get("from") or "")
        if why == "reopened" and not former:
            await self.line(event, t, "Open again: in the queue.")
            return
        owner = self._called(former)
        told = BACK[why].format(owner=owner) if why in BACK else f"{owner} gave it back ({why})"
        await self.line(event, t, f"{told}: back in the queue, in its place.")
        if why in HEARD:
            text = f"{event.c} is back in the queue: {BACK[why].format(owner='you').replace('you has', 'you have')}."
            await self._person(event, t, former, text)

    async def _nudged(self, event: Event, t: Try) -> None:
        contact = await self.queue.contact(event.c)
        if contact is None or contact.owner != event.a or not contact.owed:
            return
        facts = Facts.parse(contact.facts)
        again = contact.route.nudge or 0
        text = (
            f"{event.c} ({contact.service}, {customer_line(facts)}) waits for your answer. "
            f"In {max(1, again // 60_000)} min somebody else is asked."
        )
        await self._person(event, t, event.a, text)

    # ---- one or two ---------------------------------------------------------------------------------------------

    async def _absorbed(self, event: Event, t: Try) -> None:
        told, said = await carried_over(self.queue, event.c, str(more(event).get("from") or ""))
        await self.line(event, t, told, more=said)

    async def _split(self, event: Event, t: Try) -> None:
        await self.line(event, t, f"{more(event).get('to')} was split off: it is asked about by itself.")

    async def _remarked(self, event: Event, t: Try) -> None:
        if said := remarked(event, self._called(event.a)):
            await self.line(event, t, said)

    async def _identified(self, event: Event, t: Try) -> None:
        x = more(event)
        await self.line(event, t, whose_words.said(x), whose_words.line_buttons(event.c, x))
        if (contact := await self.queue.contact(event.c)) is not None:
            await self.refresh(event, contact)

    async def _reranked(self, event: Event, t: Try) -> None:
        by = str(more(event).get("by") or "")
        if by:
            await self.line(event, t, f"{by} gave it another place in the queue.")
