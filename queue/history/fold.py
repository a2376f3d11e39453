"""What the ledger's events make of a contact. Pure: the rows are a function of the events in their order.

An event may lack anything (an older version wrote it, or its beginning was before our time): what is missing
is empty, and nothing in an event can stop the projection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..json_text import parsed
from ..state import Event

Position = tuple[int, int, int]
"""Milliseconds and sequence of the stream's entry, and the event's place in that entry."""
START: Final[Position] = (-1, -1, -1)

KEPT: Final = {"closed": 35 * 60_000, "abandoned": 86_400_000, "dead": 7 * 86_400_000}
"""How long (ms) an ended contact stays in the store: late receipts and the desk's closing lines look for it
there, a customer's next message re-opens it, and a supervisor can bring back what was abandoned or set aside."""
LIVE: Final = frozenset({"offered", "delivered"})


@dataclass(slots=True)
class ContactRow:
    """A row of `contacts`; `facts` is the router's JSON as the last decision left it."""

    id: str
    state: str = "waiting"
    service: str = ""
    channel: str = ""
    thread: str = ""
    customer: str = ""
    name: str = ""
    address: str = ""
    verified: bool = False
    language: str = ""
    rule: str = ""
    owner: str = ""
    previous: str = ""
    arrived: int = 0
    accepted: int | None = None
    wake: int | None = None
    ended: int | None = None
    outcome: str = "{}"
    reason: str = ""
    facts: str = "{}"
    last_ms: int = -1
    last_seq: int = -1
    last_i: int = -1

    @property
    def last(self) -> Position:
        """The latest event in it."""
        return (self.last_ms, self.last_seq, self.last_i)


@dataclass(slots=True)
class MessageRow:
    """A row of `messages`; `under_way`: since when (ms) it is with its door and has no last receipt."""

    contact: str
    n: int
    kind: str = ""
    body: str = "{}"
    at: int = 0
    status: str = ""
    agent: str = ""
    provider_id: str = ""
    error: str = ""
    under_way: int | None = None


@dataclass(slots=True)
class OfferRow:
    """A row of `offers`; `state`: offered, delivered, accepted, declined, missed, rescinded."""

    contact: str
    n: int
    agent: str = ""
    step: int = 0
    state: str = "offered"
    reason: str = ""
    place: str = ""
    offered: int = 0
    delivered: int | None = None
    ended: int | None = None


@dataclass(slots=True)
class Tale:
    """One contact as far as it is told; `offers` holds at least the live ones, `heard` the outside's ids."""

    contact: ContactRow
    offers: dict[int, OfferRow] = field(default_factory=dict)
    messages: dict[int, MessageRow] = field(default_factory=dict)
    heard: dict[str, tuple[int, Position]] = field(default_factory=dict)
    latest: int = 0  # the instant (ms) of the latest event that was folded into it

    def message(self, n: int, at: int) -> MessageRow:
        """Message `n`, begun if it is new."""
        if n not in self.messages:
            self.messages[n] = MessageRow(self.contact.id, n, at=at)
        return self.messages[n]

    def offer(self, event: Event) -> OfferRow:
        """The offer that an event is about, begun if it is new."""
        if event.n not in self.offers:
            self.offers[event.n] = OfferRow(self.contact.id, event.n, event.a, offered=event.t)
        return self.offers[event.n]

    def queue_up(self) -> None:
        """Waiting or offered, whichever its live offers make it."""
        it = self.contact
        it.state = "offered" if any(offer.state in LIVE for offer in self.offers.values()) else "waiting"
        it.wake = it.ended = None


def fold(tale: Tale, event: Event, position: Position) -> None:
    """Let `tale` go on by one event, the next in the ledger's order."""
    it = tale.contact
    if it.last == START:
        it.arrived = event.t
    tell = _TELL.get(event.e)
    if tell is not None:
        tell(tale, event, _object(event.x))
    it.last_ms, it.last_seq, it.last_i = position
    tale.latest = event.t
    if event.e in ("arrived", "message") and event.n in tale.messages:
        heard = _text(_object(tale.messages[event.n].body).get("event"))
        if heard and tale.messages[event.n].kind == "in":
            tale.heard.setdefault(heard, (event.n, position))


def clean(text: str) -> str:
    """Text that every database takes: PostgreSQL refuses NUL, and no encoding has lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _object(raw: str) -> Mapping[str, object]:
    try:
        found = parsed(raw or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) and abs(value) < 1 << 53 else None


# ---- what each kind of event changes ---------------------------------------------------------------------


def _arrived(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    it, body = tale.contact, _text(x.get("body")) or "{}"
    said = _object(body)
    it.arrived = event.t
    it.thread, it.previous = _text(x.get("thread")), _text(x.get("previous"))
    it.channel = _text(said.get("channel")) or it.thread.partition(":")[0]
    it.address = it.customer = _text(said.get("sender"))
    it.verified = said.get("verified") is True
    _decided(it, x)
    it.state = "parked" if x.get("parked") is True else "waiting"
    message = tale.message(event.n, _said_at(event, x))
    message.kind, message.body = "in", body


def _reached(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """It begins with us: nobody waited, so nobody has accepted it."""
    it = tale.contact
    it.arrived, it.thread, it.previous = event.t, _text(x.get("thread")), _text(x.get("previous"))
    it.channel = it.thread.partition(":")[0]
    _decided(it, x)
    it.verified = _object(it.facts).get("verified") is True
    it.state, it.owner = "active", event.a


def _said_at(event: Event, x: Mapping[str, object]) -> int:
    """When a message was said: with the event, but for one that was split off another contact."""
    at = _whole(x.get("at"))
    return event.t if at is None else at


def _decided(it: ContactRow, x: Mapping[str, object]) -> None:
    """The router's decision: service and facts."""
    raw = _text(x.get("facts")) or "{}"
    facts = _object(raw)
    it.service, it.facts = _text(x.get("service")) or it.service, raw
    it.customer = _text(facts.get("customer")) or it.customer
    it.address = _text(facts.get("address")) or it.address
    it.name, it.language = _text(facts.get("name")) or it.name, _text(facts.get("language"))
    it.rule = _text(facts.get("rule"))


def _rerouted(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    _decided(tale.contact, x)
    tale.queue_up()


def _transferring(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """Into the queue beside its owner."""
    _decided(tale.contact, x)


def _redecided(it: ContactRow, x: Mapping[str, object]) -> None:
    """What was decided for it, where that changed with the event."""
    if "facts" in x:
        _decided(it, x)


def _identified(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """Somebody has made sure whose it is."""
    _redecided(tale.contact, x)


def _kept(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """The handover is off: the decision is the one before it."""
    _redecided(tale.contact, x)


def _queued(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """Into the queue: at first, woken, revived, re-opened, given back or lost by its owner."""
    it = tale.contact
    it.owner, it.reason = "", ""
    _redecided(it, x)
    tale.queue_up()


def _woken(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """Its date has come; what was snoozed goes back to its owner or into the queue, as is told next."""
    if tale.contact.state == "snoozed":
        tale.contact.wake = None
    else:
        _queued(tale, event, x)


def _reopened(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """It has ended no more; what it is now is told next."""
    it = tale.contact
    it.ended, it.outcome, it.reason = None, "{}", ""


def _returned(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """To its owner, without an offer."""
    it = tale.contact
    it.state, it.owner, it.wake = "active", event.a or it.owner, None


def _snoozed(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    it = tale.contact
    it.state, it.owner = "snoozed", event.a or it.owner
    it.wake, it.reason = _whole(x.get("wake")), _text(x.get("why"))


def _parked(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    it = tale.contact
    it.state, it.wake, it.reason = "parked", _whole(x.get("wake")), _text(x.get("reason"))
    it.owner = ""
    _redecided(it, x)


def _offered(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    offer = tale.offer(event)
    offer.agent, offer.offered, offer.step = event.a, event.t, _whole(x.get("step")) or 0
    if tale.contact.state != "active":  # else its owner hands it over
        tale.queue_up()


def _delivered(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    offer = tale.offer(event)
    offer.state, offer.place, offer.delivered = "delivered", _text(x.get("place")), event.t


def _placed(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """A phone rang before its card had a place."""
    tale.offer(event).place = _text(x.get("place"))


def _seen(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """Its agent answered the phone, or says that they take it."""
    offer = tale.offer(event)
    offer.state, offer.delivered = "delivered", event.t if offer.delivered is None else offer.delivered


def _accepted(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    offer, it = tale.offer(event), tale.contact
    offer.state, offer.ended = "accepted", event.t
    offer.place = _text(x.get("place")) or offer.place
    it.state, it.owner = "active", event.a
    it.accepted = it.accepted if it.accepted is not None else event.t


def _offer_ended(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    offer = tale.offer(event)
    offer.state, offer.reason, offer.ended = event.e, _text(x.get("reason")), event.t
    if tale.contact.state == "offered":
        tale.queue_up()


def _wrapping(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    it = tale.contact
    it.state, it.owner = "wrapping", event.a or it.owner
    _outcome(tale, event, x)


def _outcome(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    """What is said of the end by and by belongs together: how it ended, why, and what the customer thinks of it."""
    it = tale.contact
    if said := _object(_text(x.get("outcome")) or "{}"):
        known = {**_object(it.outcome), **said}
        it.outcome = clean(json.dumps(known, ensure_ascii=False, separators=(",", ":")))


def _ended(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    it = tale.contact
    it.state, it.ended, it.wake = event.e, event.t, None
    it.owner, it.reason = event.a or it.owner, _text(x.get("reason"))
    _outcome(tale, event, x)


def _message(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    message = tale.message(event.n, _said_at(event, x))
    message.kind, message.agent = _text(x.get("kind")) or message.kind, event.a or message.agent
    message.body = _text(x.get("body")) or message.body
    if event.e != "message":
        message.status, message.error = _STATUS[event.e], ""
    if event.e == "reply.held":
        message.kind = "reply"


def _receipt(tale: Tale, event: Event, x: Mapping[str, object]) -> None:
    message = tale.message(event.n, event.t)
    message.status = _text(x.get("status")) or message.status
    message.error = _text(x.get("error"))
    if message.status in ("delivered", "failed"):
        message.under_way = None
    elif message.under_way is None:
        message.under_way = event.t
    message.provider_id = _text(x.get("provider_id")) or message.provider_id


_STATUS: Final = {"reply.held": "held", "reply.undone": "undone", "message.out": "queued"}
_TELL: Final[Mapping[str, Callable[[Tale, Event, Mapping[str, object]], None]]] = {
    "arrived": _arrived,
    "reached": _reached,
    "rerouted": _rerouted,
    "transferring": _transferring,
    "identified": _identified,
    "kept": _kept,
    "snoozed": _snoozed,
    "returned": _returned,
    "reopened": _reopened,
    "queued": _queued,
    "woken": _woken,
    "revived": _queued,
    "parked": _parked,
    "offered": _offered,
    "delivered": _delivered,
    "placed": _placed,
    "prolonged": _seen,
    "claimed": _seen,
    "accepted": _accepted,
    "declined": _offer_ended,
    "missed": _offer_ended,
    "rescinded": _offer_ended,
    "wrapping": _wrapping,
    "outcome": _outcome,
    "closed": _ended,
    "abandoned": _ended,
    "dead": _ended,
    "message": _message,
    "reply.held": _message,
    "reply.undone": _message,
    "message.out": _message,
    "message.receipt": _receipt,
}
