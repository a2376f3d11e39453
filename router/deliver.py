"""What each event of the ledger causes outside: cards, threads, texts, marks, alerts.

A job looks at the present state before it acts: an offer that ended meanwhile is not shown, a text that was sent is
not sent again. So events may be replayed from any cursor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from ..channels.channel import Button, Desk, Mark, NotDelivered, ReplyState
from ..channels.turn import afterwards
from ..queue.engine import Queue
from ..queue.history.records import Past
from ..queue.state import Event, MessageView
from . import lost
from .after_calls import AfterCalls
from .alerts import Alerts
from .announce import Announce, Gone
from .body import Body, line
from .call_cards import CallCards, lately
from .cards import by_itself, card, customer_line, ended_words
from .facts import Facts
from .guides import teaches
from .lanes import Job, Try
from .look import ended_so, more, spec_of
from .paging import Pager
from .ringing import Ringing
from .roster import enlist, write
from .rulebook import Rulebook, span
from .screened import Screened
from .shared import given_at
from .step_alerts import StepAlerts
from .tidings import Tidings
from .together import Together
from .towards import Towards
from .unreached import Unreached
from .wrapup import how, wrap_up

TOO_SLOW = 5.0
"""Seconds that Slack may ask an offer to wait before somebody else is asked first."""
UNDER_WAY = ("queued", "sending")
"""Receipts that nobody is shown: ⏳ stands there already."""
FOR_A_MESSAGE = 120_000
"""ms for which the offer of a voicemail stands: a call's seconds are for a ringing phone."""
REMEMBERED = 1_000
"""Arrivals that are remembered until their first offer is shown."""


class Histories(Gone, Protocol):
    """What the desk shows of the past."""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        """The customer's earlier contacts, newest first."""


@dataclass(slots=True)
class Deliveries:
    """Turns events into jobs."""

    queue: Queue
    desk: Desk
    towards: Towards
    book: Callable[[], Rulebook]
    alerts: Alerts
    histories: Histories
    heed: Callable[[], Awaitable[object]]
    ringing: Ringing
    pager: Pager
    beside: Sequence[Callable[[Event], list[Job]]] = ()  # what the desk's side makes of it
    tidings: Tidings = field(init=False)
    steps: StepAlerts = field(init=False)
    calls: CallCards = field(init=False)
    announce: Announce = field(init=False)
    after: AfterCalls = field(init=False)
    screened: Screened = field(init=False)
    together: Together = field(init=False)
    unreached: Unreached = field(init=False)
    came: dict[str, Event] = field(default_factory=dict)  # contacts that nobody was asked for yet

    def __post_init__(self) -> None:
        self.tidings = Tidings(self.queue, self.desk, self.book, self.alerts)
        self.steps = StepAlerts(self.queue, self.book, self.alerts, self.came)
        self.calls = CallCards(self.queue, self.desk, self.book, self.alerts, self.histories, self.ringing)
        self.after = AfterCalls(self.queue, self.book)
        self.screened = Screened(self.queue, self.desk, self.book, self.ringing.may_be)
        self.together = Together(self.queue, self.desk, self.book, self.tidings.refresh, self.tidings.line)
        self.unreached = Unreached(self.queue, self.desk, self.book, self.alerts)
        self.announce = Announce(self.queue, self.towards, self.book, self.heed, self.histories)

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event, in lanes: at the desk and towards the customer, and on the phone."""
        return [
            *self._jobs(event),
            *self.ringing.jobs(event),
            *self.ringing.recordings(event),
            *self.after.jobs(event),
            *self.screened.jobs(event),
            *self.together.jobs(event),
            *self.unreached.jobs(event),
            *self.pager.jobs(event),
            *(job for jobs in self.beside for job in jobs(event)),
        ]

    def _jobs(self, event: Event) -> list[Job]:
        c, who, thread = event.c, f"agent:{event.a}", f"contact:{event.c}"
        match event.e:
            case "arrived":
                self._remember(event)
                return [Job(thread, "greet", lambda t: self.towards.greet(event))]
            case "offered":
                return [Job(f"offer:{c}.{event.n}", "offer", lambda t: self._offer(event, t))]
            case "accepted":
                self.came.pop(c, None)
                return [
                    Job(thread, "thread", lambda t: self.tidings.thread(event, t)),
                    Job(thread, "taken", lambda t: self.towards.tell_taken(event)),
                    Job(who, "card", lambda t: self._taken_card(event)),
                ]
            case "reached":
                return [Job(thread, "thread", lambda t: self.tidings.thread(event, t))]
            case "declined" | "missed" | "rescinded":
                after = Job(f"hours:{c}", "hours", lambda t: self.towards.hold_after_hours(event))
                return [Job(who, "withdraw", lambda t: self._withdraw(event)), after]
            case "woken" | "revived":
                return [Job(f"hours:{c}", "hours", lambda t: self.towards.hold_after_hours(event))]
            case "parked":
                again = Job(f"hours:{c}", "held rightly", lambda t: self.announce.look_again(event))
                return [Job(thread, "held", lambda t: self.towards.tell_held(event)), again]
            case "message":
                return [Job(thread, "line", lambda t: self._line(event, t))]
            case "message.out":
                said = Job(
                    f"say:{c}",
                    "say",
                    lambda t: self.towards.say(event, t),
                    lambda: self.towards.not_said(event),
                )
                return [said, Job(thread, "system line", lambda t: self._system_line(event, t))]
            case "message.receipt" if str(more(event).get("status")) in UNDER_WAY:
                return []
            case "reply.held" | "reply.undone" | "message.receipt":
                return [Job(f"mark:{c}.{event.n}", "mark", lambda t: self._mark(event, t))]
            case "closed":
                told = Job(thread, "tell closed", lambda t: self.towards.tell_closed(event))
                return [told, Job(thread, "close", lambda t: self._close(event, t))]
            case "abandoned":
                return [Job(thread, "close", lambda t: self._close(event, t))]
            case "wrapping" | "wrap.longer":
                return [Job(thread, "wrap up", lambda t: self._wrap(event, t))]
            case "edges":
                return [Job(who, "edges", lambda t: self._edges(event))]
            case "queued":
                return [*self._queued(event), *self.tidings.jobs(event)]
            case "step" | "exhausted" | "nobody" | "dead":
                fresh = event.c in self.came  # nobody has handed over what nobody ever had
                return [*self.steps.jobs(event), *([] if fresh else self.tidings.jobs(event))]
            case "audit" if alert := lost.told(event):
                # Several processes find it out, each its own part: coalesced.
                return [
                    Job("alerts", event.e, lambda t: self.alerts.coalesced(*alert, event.t / 1000, t.again))
                ]
            case _:
                return self.announce.jobs(event) if event.e == "alert" else self.tidings.jobs(event)

    def _queued(self, event: Event) -> list[Job]:
        """It waits, at first or anew. A service's only step is come to by that alone: no other event tells of it."""
        found: list[Job] = []
        if more(event).get("from"):
            found.append(Job(f"hours:{event.c}", "hours", lambda t: self.towards.begin_anew(event)))
        if any(len(it.steps) == 1 and it.steps[0].alert for it in self.book().services.values()):
            found += self.steps.jobs(event)
        return found

    # ---- agents -------------------------------------------------------------------------------------------------

    async def _offer(self, event: Event, t: Try) -> None:
        # All that the card needs in one look: each look costs a wait for whatever the store is just syncing.
        came = self.came.get(event.c)
        contact, messages, now, past = await asyncio.gather(
            self.queue.contact(event.c), self._said(event.c), self.queue.now(), self._past(came)
        )
        if contact is not None and contact.messages != len(messages):
            messages = await self.queue.messages(event.c)  # more was said since it came
        live = next((o for o in contact.offers if o.number == event.n), None) if contact else None
        if contact is None or live is None:
            return
        self.ringing.know(contact)
        if await self.ringing.rings(contact):
            await self.calls.ring(event, t, contact, messages, now)
            return
        spec = spec_of(self.book(), live.agent)
        auto = spec is not None and by_itself(self.book(), contact, spec)
        if live.delivered:
            if auto:  # whoever showed it may have died before taking it
                await self.queue.accept(event.c, event.n, live.agent)
            return
        if spec is None:
            await self.queue.rescind(event.c, event.n, "not in the plan")
            return
        if past is None:
            past = await lately(self.histories, Facts.parse(contact.facts))
        shown = card(self.book(), contact, event.n, spec, messages, past, now)
        try:
            place = await self.desk.offer(shown, t.again)
        except NotDelivered as error:
            if error.code == "ratelimited" and (error.retry_after or 0) >= TOO_SLOW:
                # Slack's limit is that of one person's messages: whoever else may be asked is asked now.
                await self.queue.rescind(event.c, event.n, "slow", round((error.retry_after or 0) * 1000))
                return
            if not error.permanent:
                raise
            await self.queue.rescind(event.c, event.n, "unreachable")
            await self.queue.presence(live.agent, "away", why=f"unreachable in Slack: {error.reason}")
            await self.alerts.once(
                f"unreachable:{live.agent}", f"{spec.name} cannot be reached in Slack: {error.reason}"
            )
            return
        answer = await self.queue.delivered(event.c, event.n, place)
        if not answer.done:
            await self.desk.withdraw(spec.slack, place, (event.c, event.n), ended_words("rescinded", {}, ""))
        elif auto:
            await self.queue.accept(event.c, event.n, live.agent)
        elif contact.channel == "voice":  # a message: nobody is on the line, and no phone rings
            await self.queue.prolong(event.c, event.n, live.agent, now + FOR_A_MESSAGE)

    async def _past(self, came: Event | None) -> tuple[Past, ...] | None:
        """The earlier contacts of who has just come, as the arrival tells who it is; None: they are to be asked for."""
        said = more(came) if came is not None else {}
        if not said.get("facts") or str(said.get("thread") or "").startswith("voice:"):
            return None
        return await lately(self.histories, Facts.parse(str(said["facts"])))

    def _remember(self, arrived: Event) -> None:
        self.came[arrived.c] = arrived
        while len(self.came) > REMEMBERED:
            del self.came[next(iter(self.came))]

    async def _said(self, contact: str) -> tuple[MessageView, ...]:
        """What the customer said: of a contact that has just come as its event told, which needn't be asked again."""
        if (came := self.came.pop(contact, None)) is not None:
            return (MessageView(1, "in", str(more(came).get("body") or ""), came.t),)
        return await self.queue.messages(contact)

    async def _withdraw(self, event: Event) -> None:
        extra = more(event)
        spec, place = spec_of(self.book(), event.a), await self.calls.place(event)
        if spec is None:
            return
        contact = await self.queue.contact(event.c) if extra.get("reason") == "taken" else None
        by = spec_of(self.book(), contact.owner) if contact is not None else None
        told = ended_words(event.e, extra, by.name if by else "somebody else")
        await self.desk.withdraw(spec.slack, place, (event.c, event.n), told)
        await self.calls.over(event)

    async def _taken_card(self, event: Event) -> None:
        spec, place = spec_of(self.book(), event.a), await self.calls.place(event)
        if spec is not None:
            await self.desk.withdraw(
                spec.slack, place, (event.c, event.n), f"{event.c} is yours. Answer in its thread."
            )
            await self.calls.over(event)

    async def _edges(self, event: Event) -> None:
        if (spec := spec_of(self.book(), event.a)) is not None:
            grace = span(self.book().plan.settings.grace)
            await write(self.queue, enlist(self.book(), spec, await self.queue.now()), grace)

    # ---- the contact's thread -----------------------------------------------------------------------------------

    async def _line(self, event: Event, t: Try) -> None:
        if more(event).get("kind") != "in":
            return
        await self._post(event, t)

    async def _system_line(self, event: Event, t: Try) -> None:
        if str(more(event).get("kind")) != "reply":
            await self._post(event, t)

    async def _post(self, event: Event, t: Try) -> None:
        """The line, and those that have come since: of a customer who writes much Slack is asked once."""
        if not await self.queue.places(event.c):
            return  # its thread will open with all that was said
        contact, said = await asyncio.gather(
            self.queue.contact(event.c), self.queue.messages(event.c, event.n)
        )
        if contact is None:
            return
        customer = customer_line(Facts.parse(contact.facts))
        lines = [line(event.c, m, customer) for m in said if _told(m)]
        if lines and lines[0].n == event.n:
            # What was only refused needn't be looked for: the desk itself knows whose answer was lost.
            shown = replace(lines[0], more=tuple(lines[1:]))
            await self.tidings.at(event, lambda place: self.desk.post(place, shown, t.before))

    async def _mark(self, event: Event, t: Try) -> None:
        """A lane of its own: no ✗ waits behind what customers write. Its thread may still have to open."""
        if not await self._marked(event, t, in_turn=False):
            await afterwards(f"contact:{event.c}", partial(self._marked_in_turn, event, t))

    async def _marked_in_turn(self, event: Event, t: Try) -> None:
        await self._marked(event, t, in_turn=True)

    async def _marked(self, event: Event, t: Try, in_turn: bool) -> bool:
        """False: it is for the lane of the contact's lines."""
        message = next(iter(await self.queue.messages(event.c, event.n, event.n)), None)
        if message is None or message.kind != "reply":
            return True
        spec, body = spec_of(self.book(), message.agent), Body.parse(message.body)
        if given_at(body):  # it stands in the customer's own thread: here is what was said
            if in_turn and event.e == "reply.held":
                await self._post(event, t)
            return in_turn or event.e != "reply.held"
        state = _reply_state(message.status)
        until = int(str(more(event).get("until") or 0))
        owner = spec.slack if spec else ""
        mark = Mark(event.c, message.n, body.source, state, body.text, owner, until, message.error)
        return await self.tidings.at(event, lambda place: self.desk.mark(place, mark), anew=in_turn)

    async def _close(self, event: Event, t: Try) -> None:
        places, contact = await asyncio.gather(self.queue.places(event.c), self.queue.contact(event.c))
        # A call is over with its line: its customer is called again, or calls.
        opens = contact is not None and contact.channel != "voice" and not ended_so(event).get("merged")
        again = (*((Button("contact.reopen", "Re-open", event.c),) if opens else ()), *teaches(event))
        for place in places[-1:]:
            await self.desk.close(place, event.c, _closing(event), again, t.before)

    async def _wrap(self, event: Event, t: Try) -> None:
        """Unless it is over by now, or another end was set since."""
        contact, places = await asyncio.gather(self.queue.contact(event.c), self.queue.places(event.c))
        if not places or contact is None:
            return
        shown = wrap_up(event, self.book().plan.closing_of(contact.service))
        if contact.wrap_until == shown.until:
            await self.desk.wrap(places[-1], shown, t.again)


def _told(message: MessageView) -> bool:
    """Not what stands in the thread already, where it was typed, or has marks of its own."""
    if message.kind == "reply":
        return bool(given_at(Body.parse(message.body)))
    return message.kind != "note"


def _reply_state(status: str) -> ReplyState:
    match status:
        case "held" | "undone" | "sent" | "delivered" | "failed":
            return status
        case _:
            return "sending"


def _closing(event: Event) -> str:
    extra = more(event)
    match event.e:
        case "abandoned":
            return f"{event.c} was abandoned: {extra.get('reason', '')}."
        case _:
            raw = ended_so(event)
            if merged := raw.get("merged"):
                return f"{event.c} is part of {merged} now. Nothing typed here is sent any more."
            what = how(event)
            return f"{event.c} is closed{': ' + what if what else ''}. Nothing typed here is sent any more."
