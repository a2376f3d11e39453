"""What each event of the ledger causes outside: cards, threads, texts, marks, alerts.

A job looks at the present state before it acts: an offer that ended meanwhile is not shown, a text that was sent is
not sent again. So events may be replayed from any cursor.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..channels.channel import Channel, Desk, Head, Mark, NotDelivered, OutcomeUnknown, ReplyState, Words
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Past
from ..queue.state import ContactView, Event, MessageView
from .alerts import Alerts
from .body import Body, line
from .cards import card, customer_line
from .facts import Facts
from .lanes import Job, Try
from .plan.model import AgentSpec
from .roster import agent_id, enlist, write
from .rulebook import Rulebook, span
from .texts import Telling, closed_telling, telling

PAST_WAIT = 0.3
"""Seconds that the history is given for an offer's line about earlier contacts."""
GIVE_UP = 600_000
"""ms of trying to send a customer's text before its sender is shown ✗ with the reason and a Retry."""
IN_A_ROW = 3
"""Failures of a door in a row before whoever can mend it is told."""
ENDS: Mapping[str, str] = {
    "declined": "You declined this.",
    "missed": "Missed: the time was up. It has been offered to the next.",
    "taken": "Taken by {by}.",
    "left": "Withdrawn: you are not available.",
    "gone": "Withdrawn: the customer is gone.",
    "gap": "Withdrawn: we were interrupted. No miss is counted.",
    "not delivered": "Withdrawn: it reached you too late. No miss is counted.",
    "call": "Withdrawn for a call.",
}
"""What the card of an ended offer says, by event or reason."""


MISSED_TWO = (
    "You missed two offers in a row, so you are *away* now and get no more. "
    "Type `/tierline available` when you are back."
)


class Histories(Protocol):
    """What the desk shows of the past."""

    async def past(self, customer: str, limit: int) -> tuple[Past, ...]:
        """The customer's earlier contacts, newest first."""


@dataclass(slots=True)
class Deliveries:
    """Turns events into jobs. `doors` by channel name; a door that is off has none."""

    queue: Queue
    desk: Desk
    doors: Mapping[str, Channel]
    book: Callable[[], Rulebook]
    alerts: Alerts
    histories: Histories
    failing: dict[str, int] = field(default_factory=dict)  # failures in a row, by door

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event, in lanes."""
        c, who, thread = event.c, f"agent:{event.a}", f"contact:{event.c}"
        match event.e:
            case "arrived":
                return [Job(thread, "greet", lambda t: self._greet(event))]
            case "offered":
                return [Job(f"offer:{c}.{event.n}", "offer", lambda t: self._offer(event, t))]
            case "accepted":
                return [
                    Job(thread, "thread", lambda t: self._thread(event, t)),
                    Job(thread, "taken", lambda t: self._tell_taken(event)),
                    Job(who, "card", lambda t: self._taken_card(event)),
                ]
            case "declined" | "missed" | "rescinded":
                return [Job(who, "withdraw", lambda t: self._withdraw(event))]
            case "message":
                return [Job(thread, "line", lambda t: self._line(event, t))]
            case "message.out":
                said = Job(f"say:{c}", "say", lambda t: self._say(event, t), lambda: self._not_said(event))
                return [said, Job(thread, "system line", lambda t: self._system_line(event, t))]
            case "reply.held" | "reply.undone" | "message.receipt":
                return [Job(thread, "mark", lambda t: self._mark(event))]
            case "closed" | "abandoned" | "wrapping":
                return [Job(thread, "close", lambda t: self._close(event))]
            case "presence":
                return [Job(who, "presence", lambda t: self._presence(event))]
            case "away_over":
                return [Job(who, "away over", lambda t: self._away_over(event))]
            case "edges":
                return [Job(who, "edges", lambda t: self._edges(event))]
            case "step" | "exhausted" | "dead":
                return [Job("alerts", event.e, lambda t: self._alert(event))]
            case _:
                return []

    # ---- agents -------------------------------------------------------------------------------------------------

    async def _offer(self, event: Event, t: Try) -> None:
        contact = await self.queue.contact(event.c)
        live = next((o for o in contact.offers if o.number == event.n), None) if contact else None
        if contact is None or live is None or live.delivered:
            return
        spec = self._spec(live.agent)
        if spec is None:
            await self.queue.rescind(event.c, event.n, "not in the plan")
            return
        messages = await self.queue.messages(event.c)
        past = await self._past(Facts.parse(contact.facts).customer)
        shown = card(self.book(), contact, event.n, spec, messages, past, await self.queue.now())
        try:
            place = await self.desk.offer(shown, t.again)
        except NotDelivered as error:
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
            await self.desk.withdraw(spec.slack, place, (event.c, event.n), _ended("rescinded", {}, ""))

    async def _past(self, customer: str) -> tuple[Past, ...]:
        """Earlier contacts, or none: an offer never waits for a slow or broken history."""
        try:
            return await asyncio.wait_for(self.histories.past(customer, 5), PAST_WAIT)
        except (StoreError, TimeoutError):
            return ()

    async def _withdraw(self, event: Event) -> None:
        more = _more(event)
        spec, place = self._spec(event.a), str(more.get("place") or "")
        if spec is None or not place:
            return
        by = self._spec(str(more.get("by") or ""))
        told = _ended(event.e, more, by.name if by else "somebody else")
        await self.desk.withdraw(spec.slack, place, (event.c, event.n), told)

    async def _taken_card(self, event: Event) -> None:
        spec, place = self._spec(event.a), str(_more(event).get("place") or "")
        if spec is not None and place:
            await self.desk.withdraw(
                spec.slack, place, (event.c, event.n), f"{event.c} is yours. Answer in its thread."
            )

    async def _presence(self, event: Event) -> None:
        more, spec = _more(event), self._spec(event.a)
        why = str(more.get("why") or "")
        if spec is not None and more.get("presence") == "away" and why.startswith("missed"):
            await self.desk.tell(spec.slack, MISSED_TWO)

    async def _away_over(self, event: Event) -> None:
        if (spec := self._spec(event.a)) is not None:
            await self.desk.tell(
                spec.slack, "Your break is over. Type `/tierline available` to get work again."
            )

    async def _edges(self, event: Event) -> None:
        if (spec := self._spec(event.a)) is not None:
            await write(self.queue, enlist(self.book(), spec, await self.queue.now()))

    # ---- the contact's thread -----------------------------------------------------------------------------------

    async def _thread(self, event: Event, t: Try) -> None:
        contact, spec = await self.queue.contact(event.c), self._spec(event.a)
        if contact is None or spec is None or await self.queue.places(event.c):
            return
        book = self.book()
        facts, team = Facts.parse(contact.facts), book.plan.team(spec.team)
        if team is None or not team.channels:
            return
        customer = customer_line(facts)
        messages = await self.queue.messages(event.c)
        lines = tuple(line(event.c, m, customer) for m in messages if m.at <= event.t)
        place = team.channels[int(event.c[1:]) % len(team.channels)]
        head = Head(
            contact=event.c, place=place, owner=spec.slack, owner_name=spec.name, service=contact.service,
            channel=contact.channel, customer=customer, verified=facts.verified, due=facts.due,
            replies=team.replies, hold=span(book.plan.settings.hold_reply), lines=lines,
        )  # fmt: skip
        try:
            await self.queue.bind(event.c, await self.desk.open(head, t.again))
        except NotDelivered as error:
            if error.permanent:
                await self.alerts.once(
                    f"channel:{place}", f"{place} of team {team.name} can't be written to: {error.reason}"
                )
            raise

    async def _line(self, event: Event, t: Try) -> None:
        if _more(event).get("kind") != "in":
            return
        await self._post(event, t)

    async def _system_line(self, event: Event, t: Try) -> None:
        if str(_more(event).get("kind")) != "reply":
            await self._post(event, t)

    async def _post(self, event: Event, t: Try) -> None:
        places = await self.queue.places(event.c)
        found = await self._message(event.c, event.n)
        if not places or found is None:
            return
        contact, message = found
        shown = line(event.c, message, customer_line(Facts.parse(contact.facts)))
        await self.desk.post(places[-1], shown, t.again)

    async def _mark(self, event: Event) -> None:
        places = await self.queue.places(event.c)
        found = await self._message(event.c, event.n)
        if not places or found is None or found[1].kind != "reply":
            return
        contact, message = found
        spec, body = self._spec(message.agent), Body.parse(message.body)
        state = _reply_state(message.status)
        until = int(str(_more(event).get("until") or 0))
        owner = spec.slack if spec else ""
        await self.desk.mark(
            places[-1],
            Mark(contact.id, message.n, body.source, state, body.text, owner, until, message.error),
        )

    async def _close(self, event: Event) -> None:
        places = await self.queue.places(event.c)
        contact = await self.queue.contact(event.c)
        if contact is not None and event.e == "closed":
            facts = Facts.parse(contact.facts)
            spec = self._spec(contact.owner)
            name = spec.name if spec else ""
            told = telling(self.book(), "closed", event.c, contact.service, facts, event.t, agent=name)
            await self._text(event.c, told)
        for place in places[-1:]:
            await self.desk.close(place, event.c, _closing(event))

    # ---- the customer -------------------------------------------------------------------------------------------

    async def _greet(self, event: Event) -> None:
        contact = await self.queue.contact(event.c)
        if contact is None:
            return
        facts, book = Facts.parse(contact.facts), self.book()
        if facts.notice:
            await self.alerts.once(f"notice:{facts.recipient}", facts.notice)
        if not facts.closed:
            await self._text(event.c, telling(book, "received", event.c, contact.service, facts, event.t))
            return
        service = book.services.get(contact.service)
        if service is not None and service.after_hours.of(contact.channel) == "reply_and_hold":
            await self._text(event.c, closed_telling(book, event.c, contact.service, facts, event.t))

    async def _tell_taken(self, event: Event) -> None:
        contact, spec = await self.queue.contact(event.c), self._spec(event.a)
        if contact is not None and spec is not None:
            facts = Facts.parse(contact.facts)
            told = telling(
                self.book(),
                "taken",
                event.c,
                contact.service,
                facts,
                event.t,
                agent=spec.name,
                team=spec.team,
            )
            await self._text(event.c, told)

    async def _text(self, contact: str, told: Telling | None) -> None:
        if told is not None:
            await self.queue.text(contact, told.kind, Body(told.text, by="Tierline").to_json(), unasked=True)

    async def _say(self, event: Event, t: Try) -> None:
        found = await self._message(event.c, event.n)
        if found is None or found[1].status not in ("queued", "sending"):
            return
        contact, message = found
        facts, body = Facts.parse(contact.facts), Body.parse(message.body)
        door = self.doors.get(contact.channel)
        if door is None:
            await self.queue.receipt(event.c, event.n, "failed", error=f"the {contact.channel} door is off")
            return
        words = Words(f"{event.c}.{event.n}", facts.address, facts.recipient, body.text, body.media, event.t)
        # Twilio has no idempotency key: what may have been sent before is looked up, never sent blindly.
        sent = await door.find(words) if t.again and message.status == "sending" else None
        if sent is None:
            await self.queue.receipt(event.c, event.n, "sending")
            try:
                sent = await door.say(words)
            except NotDelivered as error:
                if not error.permanent and await self._goes_on(event, contact.channel, error.reason):
                    raise
                await self.queue.receipt(event.c, event.n, "failed", error=error.reason)
                return
            except OutcomeUnknown:
                if await self._goes_on(event, contact.channel, "it doesn't answer"):
                    raise
                await self.queue.receipt(
                    event.c, event.n, "failed", error="we could not learn whether it was sent"
                )
                return
        await self._went_well(contact.channel)
        await self.queue.receipt(event.c, event.n, sent.status, sent.provider_id, sent.error)

    async def _goes_on(self, event: Event, door: str, reason: str) -> bool:
        """Count a failure of `door`; whether the text is tried again."""
        self.failing[door] = self.failing.get(door, 0) + 1
        if self.failing[door] >= IN_A_ROW:
            await self.alerts.begin(f"door:{door}", f"Texts can't be sent ({reason}): they are tried again.")
        return await self.queue.now() - event.t < GIVE_UP

    async def _went_well(self, door: str) -> None:
        self.failing[door] = 0
        await self.alerts.end(f"door:{door}", "Texts are sent again.")

    async def _not_said(self, event: Event) -> None:
        await self.queue.receipt(
            event.c, event.n, "failed", error="Tierline could not send it; the log says why"
        )

    # ---- whoever can mend it ------------------------------------------------------------------------------------

    async def _alert(self, event: Event) -> None:
        contact = await self.queue.contact(event.c)
        if contact is None:
            return
        match event.e:
            case "exhausted":
                text = f"{event.c} ({contact.service}): everybody on shift who may take it has declined or missed it."
            case "dead":
                text = f"{event.c} ({contact.service}) was set aside: {_more(event).get('reason', '')}"
            case _ if contact.now_step.alert:
                at = f"step {contact.step + 1} of {len(contact.route.steps)}"
                text = f"{contact.service}: contacts wait in {at}, {event.c} among them."
            case _:
                return
        await self.alerts.coalesced(f"{event.e}:{contact.service}:{contact.step}", text)

    # ---- looking up ---------------------------------------------------------------------------------------------

    def _spec(self, agent: str) -> AgentSpec | None:
        return next((a for a in self.book().plan.agents if agent_id(a.name) == agent), None)

    async def _message(self, contact: str, n: int) -> tuple[ContactView, MessageView] | None:
        view = await self.queue.contact(contact)
        if view is None:
            return None
        found = next((m for m in await self.queue.messages(contact) if m.n == n), None)
        return None if found is None else (view, found)


def _more(event: Event) -> Mapping[str, object]:
    raw = json.loads(event.x or "{}")
    return raw if isinstance(raw, dict) else {}


def _ended(kind: str, more: Mapping[str, object], by: str) -> str:
    reason = str(more.get("reason") or "")
    told = ENDS.get(reason) or ENDS.get(kind) or "Withdrawn."
    return told.format(by=by)


def _reply_state(status: str) -> ReplyState:
    match status:
        case "held" | "undone" | "sent" | "delivered" | "failed":
            return status
        case _:
            return "sending"


def _closing(event: Event) -> str:
    more = _more(event)
    match event.e:
        case "abandoned":
            return f"{event.c} was abandoned: {more.get('reason', '')}."
        case "wrapping":
            return f"{event.c} ended; wrap-up."
        case _:
            outcome = more.get("outcome")
            raw = json.loads(outcome) if isinstance(outcome, str) and outcome else outcome
            what = raw.get("disposition", "") if isinstance(raw, dict) else ""
            return (
                f"{event.c} is closed{': ' + str(what) if what else ''}. Nothing typed here is sent any more."
            )
