"""The words that doors, router and queue share: what arrived, and what was decided about it.

Everything here is a value. Instants are whole milliseconds since the epoch, durations whole milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, get_args

from ..skills.skill import CHANNELS, Channel, Levels, Need

Pick = Literal["longest", "least_loaded", "round_robin", "best_skill"]
PICKS: tuple[Pick, ...] = get_args(Pick)

LegState = Literal[
    "queued", "initiated", "ringing", "answered", "completed", "busy", "failed", "no-answer", "canceled"
]
"""What has become of a leg of a call, as the provider names it; "answered" is its in-progress."""

RANKS: Mapping[str, int] = {
    "queued": 1, "initiated": 2, "ringing": 3, "answered": 4,
    "completed": 9, "busy": 9, "failed": 9, "no-answer": 9, "canceled": 9,
}  # fmt: skip
"""A leg never goes back: what comes late is recorded and changes nothing (F51)."""
OVER = 9
"""The rank of a leg that has ended."""


@dataclass(frozen=True, slots=True)
class Media:
    """Something attached; `url` is where the provider keeps it, never fetched by the queue."""

    url: str
    content_type: str
    name: str = ""


_IF_SAID = ("language", "customer", "conversation", "subject", "message_id", "robot")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as its door heard it; every text in it comes from outside and is data.

    `event` is the provider's own id of the delivery, `at` the provider's own date (None when it gives
    none), `verified` says that the carrier vouches for `sender`, `name` is a display name, if any; `language` was
    chosen by its sender, "" when nobody was asked; `customer` is the key of the customer to whom the door belongs, ""
    where anybody may come. `conversation` tells several of one sender apart (a mail thread), `subject` is its title,
    `message_id` what an answer refers to; `robot` says what kind of machine wrote it ("bounce", "auto-reply", "list",
    "ours"), "" for a person: nothing is ever said to one of our own accord.
    """

    channel: Channel
    event: str
    sender: str = field(repr=False)
    recipient: str
    text: str = field(repr=False)
    media: tuple[Media, ...] = ()
    at: int | None = None
    verified: bool = False
    name: str = field(default="", repr=False)
    language: str = ""
    customer: str = ""
    conversation: str = ""
    subject: str = field(default="", repr=False)
    message_id: str = ""
    robot: str = ""

    @property
    def thread(self) -> str:
        """The conversation's key: same channel, customer and number are one conversation, unless it has its own."""
        own = f":{self.conversation}" if self.conversation else ""
        return f"{self.channel}:{self.sender}:{self.recipient}{own}"

    def to_json(self) -> str:
        """One line of JSON, the form in which the message is stored."""
        told = self.told()
        words = (*told.values(), *(it.name for it in self.media), *(it.url for it in self.media))
        return _dump(told, all(it.isascii() for it in words if isinstance(it, str)))

    def told(self) -> dict[str, object]:
        """What `to_json` writes: for whoever has a faster pen for long words."""
        return {
            "channel": self.channel,
            "event": self.event,
            "sender": self.sender,
            "recipient": self.recipient,
            "text": self.text,
            "media": [[one.url, one.content_type, one.name] for one in self.media],
            "at": self.at,
            "verified": self.verified,
            "name": self.name,
            **{name: said for name in _IF_SAID if (said := getattr(self, name))},
        }

    @classmethod
    def parse(cls, raw: str) -> Arrived:
        """The inverse of `to_json`. Raises ValueError when `raw` isn't one."""
        it: dict[str, Any] = json.loads(raw)
        if it.get("channel") not in CHANNELS:
            raise ValueError(f"no such channel: {it.get('channel')!r}")
        try:
            media = tuple(Media(str(url), str(kind), str(name)) for url, kind, name in it.pop("media"))
            return cls(**it, media=media)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an arrived message: {error}") from None


@dataclass(frozen=True, slots=True)
class Step:
    """Who may be asked until the contact has reached an age; the last step of a route has no `until`.

    `shares` maps team to percent; a contact has at most `offer_to` live offers while in this step.
    """

    need: Need
    until: int | None = None
    pick: Pick = "longest"
    offer_to: int = 1
    shares: Levels = ()
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """The steps of a service on one channel; `offer` counts from delivery, `wrap_up` 0 means none.

    `quiet`: so long after the owner's reply went out the contact is snoozed (0: at once; None: never).
    `nudge`: so long a customer's message may lie unanswered before the owner is reminded, and as long again
    before somebody else is asked (None: never).
    """

    service: str
    channel: Channel
    steps: tuple[Step, ...]
    offer: int
    wrap_up: int
    quiet: int | None = None
    nudge: int | None = None

    @property
    def text(self) -> str:
        """Canonical JSON: the identity under which the queue interns the route.

        A route with neither `quiet` nor `nudge` keeps the text of five parts that older stores hold.
        """
        steps = [
            [json.loads(it.need.text), it.until, it.pick, it.offer_to, it.shares, it.alert]
            for it in self.steps
        ]
        times = () if self.quiet is None and self.nudge is None else (self.quiet, self.nudge)
        return _dump([self.service, self.channel, steps, self.offer, self.wrap_up, *times])

    @classmethod
    def parse(cls, text: str) -> Route:
        """The inverse of `text`. Raises ValueError when `text` isn't one."""
        service, channel, steps, offer, wrap_up, *times = json.loads(text)
        quiet, nudge = times or (None, None)
        return cls(service, channel, tuple(_step(raw) for raw in steps), offer, wrap_up, quiet, nudge)


@dataclass(frozen=True, slots=True)
class Preference:
    """One agent who is asked first: `preferred` until an instant, `direct` as long as they are on duty."""

    agent: str
    kind: Literal["preferred", "direct"] = "preferred"
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the router decided for a contact.

    `rank` is the instant that orders it among all others. `wake`: park until then. `deadlines` are the
    instants at which steps end, one for each but the last, when they aren't arrival + `until` (a service
    that isn't round the clock). `facts` is JSON that the queue carries and never reads.
    """

    route: Route
    rank: int
    wake: int | None = None
    deadlines: tuple[int, ...] = ()
    prefer: Preference | None = None
    facts: str = "{}"

    def record(self) -> dict[str, object]:
        """What the ledger keeps of it so that the day can be replayed; its facts stand beside it."""
        it = self.prefer
        kind = "direct" if it and it.until is None else "preferred"
        return {
            "route": self.route.text,
            "rank": self.rank,
            "wake": self.wake,
            "deadlines": ",".join(map(str, self.deadlines)),
            "prefer": [it.agent if it else "", kind, it.until if it else None],
        }

    @classmethod
    def recorded(cls, of: Mapping[str, Any], facts: str) -> Decision:
        """The inverse of `record`. Raises KeyError, ValueError or TypeError when `of` isn't one."""
        agent, kind, until = of["prefer"]
        prefer = Preference(agent, "direct" if kind == "direct" else "preferred", until) if agent else None
        deadlines = tuple(map(int, of["deadlines"].split(","))) if of["deadlines"] else ()
        return cls(_route(of["route"]), int(of["rank"]), of["wake"], deadlines, prefer, facts)


@lru_cache(maxsize=4096)
def _route(text: str) -> Route:
    """Records repeat the same few routes; what a text means never changes."""
    return Route.parse(text)


def _step(raw: list[Any]) -> Step:
    need, until, pick, offer_to, shares, alert = raw
    if pick not in PICKS:
        raise ValueError(f"no such pick: {pick!r}")
    pairs = tuple((str(team), int(percent)) for team, percent in shares)
    return Step(Need.parse(json.dumps(need)), until, pick, offer_to, pairs, alert)


def _dump(value: object, ascii: bool = False) -> str:
    """`ascii`: there is nothing else in it. Then it reads the same either way, and is written in half the time."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=ascii)
