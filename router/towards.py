"""What an event causes towards the customer: texts of the plan, the agents' replies, and what is held after hours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..channels.channel import Channel, NotDelivered, OutcomeUnknown, Sent, Words
from ..channels.fence import FENCED
from ..queue.contact import Media
from ..queue.engine import Queue
from ..queue.model_match import DELIVERY
from ..queue.state import ContactView, Event
from ..skills.skill import Channel as ChannelName
from .after_calls import at_the_end, door_of, sms_sender
from .alerts import Alerts
from .body import Body
from .classify import deadlines
from .facts import Facts
from .lanes import Try
from .letters import letter, mail_sender
from .look import found_message, more, spec_of
from .own_accord import machine_last, may_acknowledge, silent
from .plan.model import Service
from .rulebook import Rulebook, instant
from .shared import given_at
from .situation import told_kind
from .spending import Guard
from .texts import Telling, closed_telling, telling
from .waiting_mails import GIVE_UP as DAYS
from .waiting_mails import WaitingMails
from .watch import past_closing, reopening

GIVE_UP = 600_000
"""ms of trying to send a customer's text before its sender is shown ✗ with the reason and a Retry."""
AT_ONCE = 1
"""Tries of a mail in its lane before it waits beside it."""
IN_A_ROW = 3
"""Failures of a door in a row before whoever can mend it is told."""
HEEDED = 0.6
"""Seconds after which this process has seen another situation."""
UNDER_WAY = 3.0
"""Seconds between two looks for what may have left: a provider can still be busy with a request of a dead process."""


@dataclass(slots=True)
class Towards:
    """The customer's side of the deliveries. `doors` by channel name; a door that is off has none."""

    queue: Queue
    doors: Mapping[str, Channel]
    book: Callable[[], Rulebook]
    alerts: Alerts
    guard: Guard
    mails: WaitingMails | None = None
    enclosed: Callable[[str, int, Sequence[Media]], tuple[Media, ...]] = lambda contact, n, files: tuple(
        files
    )
    failing: dict[str, int] = field(default_factory=dict)  # failures in a row, by door
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def tell_closed(self, event: Event) -> None:
        """The plan's text for a contact that ended; none for spam, nor for what goes on as part of another.

        Where the plan asks how it was, the question is part of it: one text, which counts as unasked.
        """
        contact = await self.queue.contact(event.c)
        if _reads(contact) and contact is not None and contact.state == "closed" and not _silent_end(event):
            if silent(Facts.parse(contact.facts)):
                return
            spec = spec_of(self.book(), contact.owner) or spec_of(self.book(), event.a)
            said = await self.queue.messages(event.c)
            await self._text(
                event.c, at_the_end(self.book(), contact, said, event.t, spec.name if spec else "")
            )

    async def greet(self, event: Event) -> None:
        """Tell a new contact's customer that we have it, or when we open.

        As it was decided at its arrival, which the event tells: an offer is on its way meanwhile, and the store has
        better to do than to say it again.
        """
        said, book = more(event), self.book()
        facts, name = Facts.parse(str(said.get("facts") or "{}")), str(said.get("service") or "")
        if facts.spam or said.get("split_from"):
            return  # it would only tell that somebody reads; or they were told when they wrote
        if facts.notice:
            await self.alerts.once(f"notice:{facts.recipient}", facts.notice)
        if silent(facts):
            return
        if str(said.get("thread") or "").startswith("voice:"):
            return  # a caller hears it
        if facts.first:  # what is known comes before what is asked; all else is said when the script is over
            await self.of_incident(event.c)
            return
        if not facts.closed:
            if not (book.situation.incidents and await self.of_incident(event.c)):
                await self._acknowledge(
                    event, facts, telling(book, "received", event.c, name, facts, event.t)
                )
            return
        contact, service = await self.queue.contact(event.c), book.services.get(name)
        if contact is not None and service is not None and _says_so(book, service, contact.channel, event.t):
            await self._acknowledge(event, facts, closed_telling(book, event.c, name, facts, event.t))

    async def _acknowledge(self, event: Event, facts: Facts, told: Telling | None) -> None:
        """Say that we have it; by mail to nobody twice a day."""
        mailed = str(more(event).get("thread") or "").startswith("email:")
        if told is not None and (
            not mailed or await may_acknowledge(self.queue, self.book(), event, facts.address)
        ):
            await self._text(event.c, told)

    async def of_incident(self, name: str) -> bool:
        """Tell what is known, once, if it is about an incident; whether it is."""
        contact = await self.queue.contact(name)
        messages = await self.queue.messages(name)
        said = [Body.parse(m.body).text for m in messages if m.kind == "in"]
        now = self.book().situation
        about = [it for it in now.incidents if contact and it.meets(contact.service, said)]
        for it in about:
            await self.once_about(name, told_kind(it.id), it.text, now.number)
        return bool(about)

    async def once_about(self, name: str, kind: str, text: str, under: int | None = None) -> None:
        """A text about an incident, unless the transcript has it already, or they want nothing from us.

        `under`: the situation in which it stands. Raises NotDelivered in another one: what is true by now is found out
        when the job is tried again.
        """
        while True:
            contact = await self.queue.contact(name)
            if (
                contact is None
                or contact.channel == "voice"
                or not text
                or silent(Facts.parse(contact.facts))
            ):
                return
            if any(m.kind == kind for m in await self.queue.messages(name)):
                return
            if await self.queue.opted_out(Facts.parse(contact.facts).address):
                return
            body, seen = Body(text, by="Tierline").to_json(), contact.messages
            answer = await self.queue.text(name, kind, body, unasked=False, under=under, seen=seen)
            if answer.outcome == "outdated":
                raise NotDelivered("something has just begun or ended", "outdated", retry_after=HEEDED)
            if answer.outcome != "stale":  # else somebody said more meanwhile, this perhaps
                return

    async def hold_after_hours(self, event: Event) -> None:
        """Hold what waits again although its service has closed and the drain is over.

        The script has asked the next one at once, as it knows no hours: that offer is taken back. One that stood
        before the event, or that somebody sees already, runs out. Raises NotDelivered when something has just been
        closed or opened: then it is looked at anew.
        """
        contact, now, book = await self.queue.contact(event.c), await self.queue.now(), self.book()
        if (
            contact is not None
            and contact.state in ("waiting", "offered")
            and all(not it.delivered and it.due - DELIVERY >= event.t for it in contact.offers)
            and past_closing(book, contact.service, now)
        ):
            # Who waits for no answer (a date has come, say) needn't hear when we open.
            why, until = "closed" if contact.owed else "hours", reopening(book, contact.service, now)
            answer = await self.queue.park(event.c, until, why, book.situation.number)
            if answer.outcome == "outdated":
                raise NotDelivered("something has just been closed or opened", "outdated", retry_after=HEEDED)

    async def begin_anew(self, event: Event) -> None:
        """What has lost its owner waits by its service's hours: its steps end in open hours, and closed it is held."""
        contact, book = await self.queue.contact(event.c), self.book()
        if contact is None or contact.owner:
            return
        if not contact.deadlines and contact.service in book.services:
            if ends := deadlines(book.hours(contact.service), contact.route, contact.base):
                await self.queue.retime(contact.id, contact.base, ends)
        await self.hold_after_hours(event)

    async def tell_held(self, event: Event) -> None:
        """Tell who was held at closing time when we open."""
        contact, service = await self.queue.contact(event.c), None
        if contact is not None and _reads(contact) and more(event).get("reason") == "closed":
            service = self.book().services.get(contact.service)
        if contact is not None and service and _says_so(self.book(), service, contact.channel, event.t):
            facts = Facts.parse(contact.facts)
            if silent(facts) or await self._told_closed(event):
                return
            await self._text(event.c, closed_telling(self.book(), event.c, contact.service, facts, event.t))

    async def _told_closed(self, event: Event) -> bool:
        """Whether the customer was told "closed" and hasn't written since: who waits for days isn't told daily.

        What a machine has written since asks for no answer.
        """
        said = [m for m in await self.queue.messages(event.c) if m.kind in ("in", "closed_now")]
        return bool(said) and (said[-1].kind == "closed_now" or machine_last(said))

    async def tell_taken(self, event: Event) -> None:
        """Tell who takes care of it, or that other colleagues do from now on."""
        contact, spec = await self.queue.contact(event.c), spec_of(self.book(), event.a)
        if contact is not None and _reads(contact) and spec is not None:
            facts = Facts.parse(contact.facts)
            if silent(facts):
                return
            former = spec_of(self.book(), str(more(event).get("from") or ""))
            another = bool(facts.moves) and facts.moves[-1].service != contact.service
            moved = former is not None and (another or former.team != spec.team)
            told = telling(
                self.book(),
                "moved" if moved else "taken",
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

    async def say(self, event: Event, t: Try) -> None:
        """Send a text that was released, unless it has left already; looked up first when it may have."""
        found = await found_message(self.queue, event.c, event.n)
        if found is None or found[1].status not in ("queued", "sending"):
            return
        contact, message = found
        facts, body = Facts.parse(contact.facts), Body.parse(message.body)
        if t.before and self.mails is not None and await self.mails.holds(f"{event.c}.{event.n}"):
            return  # it was put off by a process that died
        if place := given_at(body):
            await self.queue.receipt(event.c, event.n, "delivered", place)
            return
        by, sender = _way(self.book(), contact.channel, facts)
        door = self.doors.get(by)
        if door is None:
            await self.queue.receipt(event.c, event.n, "failed", error=f"the {by} door is off")
            return
        whose = body.by if message.kind == "reply" else ""
        files = self.enclosed(event.c, event.n, body.media) if body.media and by != "email" else body.media
        words = Words(
            f"{event.c}.{event.n}", facts.address, sender, body.text, files, event.t, whose, rich=body.rich
        )
        if by == "email":
            words = letter(words, contact, await self.queue.messages(event.c))
        # Twilio has no idempotency key: what may have been sent before is looked up, never sent blindly.
        # A mail has one: its Message-ID, the same each time.
        unsure = t.again and message.status == "sending" and by != "email"
        sent = await self._left_before(door, words) if unsure else None
        if sent is None:
            if by == "sms" and (why := await self._refused(event, facts)):
                await self.queue.receipt(event.c, event.n, "failed", error=why)
                return
            await self.queue.receipt(event.c, event.n, "sending")
            try:
                sent = await door.say(words)
            except NotDelivered as error:
                if error.code == FENCED:
                    raise
                if not error.permanent and await self._goes_on(event, by, error.reason):
                    if await self._put_off(words, by, t, error.reason):
                        return
                    raise
                await self.queue.receipt(event.c, event.n, "failed", error=error.reason)
                return
            except OutcomeUnknown:
                if await self._goes_on(event, by, "it doesn't answer"):
                    if await self._put_off(words, by, t, "the mail server doesn't answer"):
                        return
                    raise
                await self.queue.receipt(
                    event.c, event.n, "failed", error="we could not learn whether it was sent"
                )
                return
        await self._went_well(by)
        await self.queue.receipt(event.c, event.n, sent.status, sent.provider_id, sent.error)

    async def _refused(self, event: Event, facts: Facts) -> str | None:
        """Why the plan's safety lets no text go there; each release of a message is one text."""
        return await self.guard.refusal(f"text {event.c}.{event.n}@{event.t}", event.c, facts)

    async def _left_before(self, door: Channel, words: Words) -> Sent | None:
        """What the outside has of it; a request that was cut off a moment ago may still be under way there."""
        if (found := await door.find(words)) is None:
            await self.pause(UNDER_WAY)
            found = await door.find(words)
        return found

    async def _goes_on(self, event: Event, door: str, reason: str) -> bool:
        """Count a failure of `door`; whether the text is tried again."""
        self.failing[door] = self.failing.get(door, 0) + 1
        if self.failing[door] >= IN_A_ROW:
            what = "Mails" if door == "email" else "Texts"
            await self.alerts.begin(f"door:{door}", f"{what} can't be sent ({reason}): they are tried again.")
        return await self.queue.now() - event.t < (DAYS if door == "email" else GIVE_UP)

    async def _put_off(self, words: Words, door: str, t: Try, reason: str) -> bool:
        """Whether a mail waits from here on beside its lane: servers are away for hours, and nothing waits behind it."""
        if door != "email" or self.mails is None or t.count < AT_ONCE:
            return False
        await self.mails.wait(words, reason)
        return True

    async def _went_well(self, door: str) -> None:
        self.failing[door] = 0
        await self.alerts.end(f"door:{door}", f"{'Mails' if door == 'email' else 'Texts'} are sent again.")

    async def not_said(self, event: Event) -> None:
        """A text broke us three times: its sender sees ✗."""
        await self.queue.receipt(
            event.c, event.n, "failed", error="Tierline could not send it; the log says why"
        )


def _way(book: Rulebook, channel: ChannelName, facts: Facts) -> tuple[str, str]:
    """By which door a contact's customer is written to, and from which address of ours: a caller by text."""
    by = door_of(channel, facts.address)
    if by == "email":
        return by, mail_sender(book, facts.recipient)
    return by, sms_sender(book, facts.recipient) if channel == "voice" else facts.recipient


def _reads(contact: ContactView | None) -> bool:
    """Whether its customer reads what we say; a caller hears it, from the switchboard."""
    return contact is not None and contact.channel != "voice"


def _says_so(book: Rulebook, service: Service, channel: ChannelName, at: int) -> bool:
    """Whether the plan tells customers that it is closed; a supervisor's own words are always told."""
    shut = book.emergency(service.name, instant(at))
    return bool(shut and shut.text) or service.after_hours.of(channel) == "reply_and_hold"


def _silent_end(event: Event) -> bool:
    raw = more(event).get("outcome")
    outcome = json.loads(raw) if isinstance(raw, str) and raw else raw
    return isinstance(outcome, dict) and (bool(outcome.get("merged")) or outcome.get("disposition") == "spam")
