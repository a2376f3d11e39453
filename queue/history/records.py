"""What the history remembers, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..state import ContactState, Event, MessageView
from .fold import clean


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the records know them; somebody unknown is `Customer(address)`.

    `facts` are the columns of the import (and `PUT /api/v1/customers`), all text.
    """

    key: str
    name: str = ""
    language: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    known: bool = False


class Claimed(Exception):
    """`address` belongs to the customer `by` already; nothing was changed."""

    def __init__(self, address: str, by: str) -> None:
        super().__init__(f"{address} belongs to customer {by} already")
        self.address, self.by = address, by


@dataclass(frozen=True, slots=True)
class Card:
    """A customer's card as people write it: all of it, addresses in the order of their importance."""

    key: str
    name: str = field(default="", repr=False)
    language: str = ""
    addresses: tuple[str, ...] = field(default=(), repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Clash:
    """The card of `key` wasn't taken: `address` belongs to the customer `by`."""

    key: str
    address: str
    by: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that an agent took. Instants are ms since the epoch."""

    service: str
    arrived: int
    accepted: int
    owner: str


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier contact of a customer in one line."""

    contact: str
    service: str
    channel: str
    state: str
    at: int  # ms: when it arrived
    disposition: str = ""


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A contact as the history has it; `to_json` has the same keys as the API's open contacts."""

    id: str
    state: str
    service: str
    channel: str
    customer: str
    name: str
    address: str
    owner: str
    arrived: int
    ended: int | None = None
    outcome: str = "{}"
    language: str = ""
    rule: str = ""
    messages: tuple[MessageView, ...] = ()
    events: tuple[Event, ...] = ()
    verified: bool = False
    reason: str = ""  # why it was parked, abandoned or set aside
    previous: str = ""  # the contact before it in the same conversation

    @property
    def disposition(self) -> str:
        """What the owner chose at the end, "" before."""
        return str(decoded(self.outcome).get("disposition") or "")

    def to_json(self, whole: bool = False) -> dict[str, object]:
        """A row of `/api/v1/contacts`, or with `whole` the answer of `/api/v1/contacts/{id}`."""
        row: dict[str, object] = {
            "id": self.id, "number": self.id.removeprefix("C"), "state": self.state, "service": self.service,
            "channel": self.channel, "owner": {"name": self.owner, "slack": ""} if self.owner else None,
            "customer": {
                "key": self.customer, "name": self.name, "address": self.address, "verified": self.verified,
            },
            "offers": [], "reason": self.reason,
            "arrived": _iso(self.arrived), "ended": _iso(self.ended), "language": self.language,
            "rule": self.rule, "outcome": decoded(self.outcome), "previous": self.previous or None,
        }  # fmt: skip
        if whole:
            row["transcript"] = [_message(m) for m in self.messages]
            row["timeline"] = [
                {"at": _iso(e.t), "event": e.e, "text": f"{e.e} {e.a}".strip()} for e in self.events
            ]
        return row


@dataclass(frozen=True, slots=True)
class Told:
    """A contact that has ended and whose customer was told something; `facts` is the router's JSON.

    `messages` is the number of its last message.
    """

    id: str
    service: str
    channel: str
    thread: str = field(repr=False)
    facts: str = field(repr=False)
    messages: int
    state: ContactState
    arrived: int
    owner: str


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version: immutable but for `seen` and `moved`, which come when a re-evaluation is over.

    `at` in ms; `diff` says in words what changed against the version before; `yaml` is "" in lists.
    """

    version: int
    at: int
    author: str
    reason: str
    waiting: str
    diff: tuple[str, ...] = ()
    yaml: str = ""
    seen: int | None = None
    moved: int | None = None

    @classmethod
    def of(cls, event: Event) -> PlanVersion | None:
        """What a `plan` event tells; None when it tells no version (or isn't one)."""
        x = decoded(event.x) if event.e == "plan" else {}
        number, diff = x.get("version"), x.get("diff")
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 < number < 1 << 53:
            return None
        lines = tuple(clean(str(line)) for line in diff) if isinstance(diff, list) else ()
        words = (clean(str(x.get(key) or "")) for key in ("author", "reason", "waiting", "yaml"))
        author, reason, waiting, yaml = words
        return cls(int(number), event.t, author, reason, waiting or "new", lines, yaml)


def _message(it: MessageView) -> dict[str, object]:
    body = decoded(it.body)
    return {
        "n": it.n, "at": _iso(it.at), "direction": {"in": "in", "note": "note"}.get(it.kind, "out"),
        "kind": it.kind, "author": body.get("by", ""), "text": body.get("text", ""), "status": it.status,
        "error": it.error,
    }  # fmt: skip


def decoded(raw: str) -> dict[str, Any]:
    """An object; what isn't one was written by somebody else's hand and is shown as nothing."""
    try:
        found = json.loads(raw or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _iso(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
