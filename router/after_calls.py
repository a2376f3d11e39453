"""What follows the end for its customer: a text to who hung up while they waited, and the question how it was.

a text conversation ends ─▶ texts.closed + texts.rating, one text; a digit ─▶ `remark`
abandoned ─▶ texts.missed_call                          once, unless withheld, opted out or spam
the agent's side ends it ─▶ call_rate, a key 1–5 ─┐
the customer hung up ─▶ texts.rating, a digit ────┴─▶ `remark`: told in the thread, kept with the outcome
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..channels.phone import Ask, Call, Go, HangUp, Heard
from ..channels.shared import is_shared
from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.history.records import ContactRecord, Past
from ..queue.state import ContactView, Event, MessageView
from ..skills.skill import Channel
from . import spoken
from .body import Body
from .facts import Facts
from .lanes import Job
from .look import ended_so, spec_of
from .plan.model_texts import TextName
from .redial import lines_of
from .rulebook import Rulebook
from .texts import Telling, telling

HUNG_UP = '{"by":"the customer hung up"}'
"""The outcome of a call that its customer has ended."""
KEY_TIME = 6
"""Seconds for a key after the question."""
ANSWERED_WITHIN = 86_400_000
"""ms for which a digit is the answer to the question."""
LOOKED_AT = 5
"""Of the customer's contacts, the latest, among which the one that was asked about is looked for."""
_DIGIT = re.compile(r"\s*([1-5])\s*")


def sms_sender(book: Rulebook, called: str) -> str:
    """The number of ours that texts a caller: the one they called, if it takes texts, else the plan's; "" for none."""
    if book.plan.entry_for("sms", called) is not None:
        return called
    return book.plan.channels.of("sms").sender or ""


def door_of(channel: Channel, address: str = "") -> str:
    """The door by which a contact's customer is written to: a caller by text, who shares a channel of Slack there."""
    if is_shared(address):
        return "slack"
    return "sms" if channel == "voice" else channel


OUT = ("queued", "sending", "sent", "delivered")


def at_the_end(
    book: Rulebook, contact: ContactView, said: Sequence[MessageView], now: int, agent: str
) -> Telling | None:
    """What the customer of a text conversation reads when it has ended, in one text.

    They are asked how it was if the plan asks them, once, and only if somebody has answered them.
    """
    facts = Facts.parse(contact.facts)
    closed = telling(book, "closed", contact.id, contact.service, facts, now, agent=agent)
    if contact.channel not in book.plan.rated or facts.spam or any(m.kind == "rating" for m in said):
        return closed
    if not any(m.kind == "reply" and m.status in OUT for m in said):
        return closed
    question = telling(book, "rating", contact.id, contact.service, facts, now, agent=agent)
    if question is None or closed is None:
        return question or closed
    return Telling("rating", f"{closed.text} {question.text}")


@dataclass(slots=True)
class AfterCalls:
    """Texts to callers."""

    queue: Queue
    book: Callable[[], Rulebook]

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event; that it is about a call shows when it is done."""
        lane = f"contact:{event.c}"
        match event.e:
            case "abandoned":
                return [Job(lane, "missed call", lambda t: self.missed(event))]
            case "wrapping" | "closed":
                return [Job(lane, "rating", lambda t: self.asked(event))]
            case _:
                return []

    async def missed(self, event: Event) -> None:
        """To who hung up, or came outside the hours: once."""
        contact = await self.queue.contact(event.c)
        again = (await self.queue.jots(event.c)).get("again")  # they are on the line again
        if contact is not None and contact.state == "abandoned" and not again:
            await self._text(contact, "missed_call", event.t)

    async def asked(self, event: Event) -> None:
        """How it was: by text where it wasn't asked aloud, and the customer was talked to."""
        if self.book().plan.texts.get("rating") is None or "voice" not in self.book().plan.rated:
            return
        contact, jots = await self.queue.contact(event.c), await self.queue.jots(event.c)
        said = ended_so(event)
        aloud = spoken.rates(self.book()) and said.get("by") != json.loads(HUNG_UP)["by"]
        if contact is None or not jots.get("met") or jots.get("rate") or aloud:
            return
        if said.get("disposition") != "spam" and not said.get("merged"):
            await self._text(contact, "rating", event.t)

    async def _text(self, contact: ContactView, kind: TextName, now: int) -> None:
        facts, book = Facts.parse(contact.facts), self.book()
        if contact.channel != "voice" or facts.spam or not facts.address.startswith("+"):
            return
        if not sms_sender(book, facts.recipient) or await self.queue.opted_out(facts.address):
            return
        if any(m.kind == kind for m in await self.queue.messages(contact.id)):
            return
        spec = spec_of(book, contact.owner or contact.last_owner)
        agent = spec.name if spec else ""
        told = telling(book, kind, contact.id, contact.service, facts, now, agent=agent)
        if told is not None:
            body = Body(told.text, by="Tierline").to_json()
            await self.queue.text(contact.id, told.kind, body, unasked=True)


# ---- the answer ------------------------------------------------------------------------------------------------


def rating(digit: str) -> str:
    """What is kept with the outcome."""
    return json.dumps({"rating": digit})


async def part(queue: Queue, book: Rulebook, view: ContactView, call: Call) -> Heard:
    """The customer's leg is out of the conference: a goodbye, or first how it was, if the plan asks that."""
    language = Facts.parse(view.facts).language
    jots = await queue.jots(view.id)
    talked = view.state in ("wrapping", "closed") and jots.get("met") == call.sid
    if not spoken.rates(book) or not talked or jots.get("rate"):
        return (spoken.line(book, "goodbye", language), HangUp())
    await queue.jot(view.id, "rate", call.sid)
    question = (spoken.line(book, "rate", language),)
    return (Ask(question, Go("rating", {"c": view.id, "l": language}), language, timeout=KEY_TIME),)


async def pressed(queue: Queue, book: Rulebook, call: Call) -> Heard:
    """The key that was pressed, if it is one of five."""
    language = call.about.get("l", "en")
    given = _DIGIT.fullmatch(call.digits)
    if given is None:
        return (spoken.line(book, "goodbye", language), HangUp())
    await queue.remark(call.about.get("c", ""), "", rating(given[1]))
    return (spoken.line(book, "thanks", language), HangUp())


class Pasts(Protocol):
    """What is asked of the history."""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        """Contacts with that address, the latest first."""

    async def contact(self, contact: str) -> ContactRecord | None:
        """One of them, whole."""


def may_rate(arrived: Arrived) -> str:
    """The digit, if a text is nothing else; "" for all that must stay a message."""
    found = (
        _DIGIT.fullmatch(arrived.text) if arrived.channel in ("sms", "chat") and not arrived.media else None
    )
    return found[1] if found else ""


def was_asked(said: Sequence[MessageView], now: int) -> bool:
    """Whether these messages ask how it was, and a digit still is the answer."""
    return any(m.kind == "rating" and now - m.at < ANSWERED_WITHIN for m in said)


async def just_asked(queue: Queue, book: Rulebook, arrived: Arrived, now: int) -> str:
    """The call that the store still has about which its sender was asked from the number `arrived` was sent to."""
    of_ours = {it.to for it in book.plan.entry if it.channel == "voice" and it.to} | {arrived.recipient}
    called = sorted(it for it in of_ours if sms_sender(book, it) == arrived.recipient)
    lines = [line for to in called for line in await lines_of(queue, arrived.sender, to)]
    for contact in sorted(
        {it.contact for it in lines if it.contact}, key=lambda it: (len(it), it), reverse=True
    ):
        if was_asked(await queue.messages(contact), now):
            return contact
    return ""


async def rates(book: Rulebook, history: Pasts, arrived: Arrived, now: int) -> str:
    """The contact about which the number that `arrived` was sent to asked its sender within a day, "" for none."""
    for it in await history.past_of((arrived.sender,), LOOKED_AT):
        record = await history.contact(it.contact) if it.channel in ("voice", "sms") else None
        if record is not None and was_asked(record.messages, now):
            first = next((m for m in record.messages if m.kind == "in"), None)
            called = Arrived.parse(first.body).recipient if first is not None else arrived.recipient
            return record.id if sms_sender(book, called) == arrived.recipient else ""
    return ""
