"""What every stand-in of the sandbox shares: the moved clock, the wire log, the faults, the cast.

The stand-ins know nothing of the product: whoever they meet on a socket is "the app".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Literal


class Clock:
    """The sandbox's clock: the machine's, plus whatever time travel has added (seconds, never negative)."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch, moved."""
        return time.time() + self.offset

    def move_to(self, at: float) -> None:
        """Move forward to the instant `at` (seconds since the epoch); never back."""
        self.offset += max(0.0, at - self.now())

    def iso(self) -> str:
        """The moved instant as ISO 8601 in UTC, with milliseconds."""
        return self.iso_of(self.now())

    @staticmethod
    def iso_of(at: float) -> str:
        """Any instant in the same form."""
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request between the product and the outside, as `GET /sandbox/api/wire` lists it."""

    n: int
    at: str
    direction: Literal["in", "out"]  # seen from the product: "in" = the outside called it
    service: Literal["twilio", "slack", "smtp"]
    method: str
    path: str
    params: object  # what was sent, as JSON-able data; credentials never in it
    status: int
    ms: float

    def shown(self) -> dict[str, object]:
        """As JSON-able data. What was sent isn't copied: nobody changes it."""
        return {name: getattr(self, name) for name in _SHOWN}


_SHOWN = tuple(it.name for it in fields(Exchange))


class Wire:
    """Every exchange in order, the newest 20,000 at least."""

    KEPT = 20_000

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.count = 0
        self.exchanges: list[Exchange] = []
        self.heard: Callable[[int], None] | None = None  # told each exchange's number

    def record(
        self,
        direction: Literal["in", "out"],
        service: Literal["twilio", "slack", "smtp"],
        method: str,
        path: str,
        params: object,
        status: int,
        ms: float,
    ) -> None:
        """Append one exchange; `ms` is how long the answer took."""
        self.count += 1
        at = self.clock.iso()
        self.exchanges.append(Exchange(self.count, at, direction, service, method, path, params, status, ms))
        if len(self.exchanges) > self.KEPT + 1_000:  # by the thousand: each cut moves all that stay
            del self.exchanges[: -self.KEPT]
        if self.heard:
            self.heard(self.count)

    def after(self, n: int) -> list[Exchange]:
        """Those behind number `n`, as far as they are still kept."""
        behind = self.count - n
        return self.exchanges[-behind:] if behind > 0 else []


@dataclass(slots=True)
class TwilioFaults:
    """How Twilio misbehaves: answers `fail` `times` times, waits `delay` s, acts but drops the reply.

    Of calls: `webhook_delay` s before each event is told, `lose_events`: none is. `late_action`: the `action` of a
    queue that a call was taken out of comes after the request for its next document. `hurry`: the longest that words,
    sounds and pauses last (None: their own time), which is no fault but helps a script along.
    """

    fail: int | None = None
    times: int = 1_000_000
    delay: float = 0.0
    drop_reply: bool = False
    enforce_limits: bool = True
    out_of_order: bool = False  # a text's receipts arrive last first; a call's and a conference's events too
    redeliver: bool = False  # every webhook comes twice
    at_once: bool = False  # … both at the same time
    webhook_delay: float = 0.0
    lose_events: bool = False
    late_action: bool = False
    hurry: float | None = None
    undelivered: int | None = None  # automatic receipts end as "undelivered" with this error code


@dataclass(slots=True)
class SlackFaults:
    """How Slack misbehaves: 429 with `retry_after` s, refuses everything, delivers each envelope twice.

    `limited`: 429 only for calls that name this channel. `lose`: so many tries of an event are lost on their way;
    of what Slack doesn't try again (presses, commands) the first that arrives says that it is try number `lose`.
    """

    retry_after: int | None = None
    limited: str = ""
    lose: int = 0
    down: bool = False
    redeliver: bool = False
    fail: int | None = None
    times: int = 1_000_000
    delay: float = 0.0
    drop_reply: bool = False
    enforce_limits: bool = True


@dataclass(slots=True)
class SmtpFaults:
    """How the mail server misbehaves: answers `fail` `times` times to what `at` names, waits `delay` s before it takes a
    mail, takes it but says nothing (`drop_reply`), takes nobody's call (`down`), or only the first recipient (`partial`).
    """

    fail: int | None = None
    at: Literal["mail", "rcpt", "data"] = "rcpt"
    times: int = 1_000_000
    delay: float = 0.0
    drop_reply: bool = False
    down: bool = False
    partial: bool = False


@dataclass(slots=True)
class Faults:
    """The outside's present misbehaviour; `receipts: manual` keeps delivery receipts for scripts to send."""

    twilio: TwilioFaults = field(default_factory=TwilioFaults)
    slack: SlackFaults = field(default_factory=SlackFaults)
    smtp: SmtpFaults = field(default_factory=SmtpFaults)
    receipts: Literal["auto", "manual"] = "auto"


PersonKind = Literal["member", "guest", "single_channel_guest", "external"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the cast in Slack: `slack` is a user id (U…), `dm` the app's channel with them (D…).

    Members are in every channel; guests, and people of another `workspace`, in `rooms` (ids) alone.
    """

    name: str
    slack: str
    email: str
    phone: str
    tier: str
    team: str
    dm: str
    kind: PersonKind = "member"
    workspace: str = ""
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the cast."""

    name: str
    phone: str
    mail: str


@dataclass(frozen=True, slots=True)
class Place:
    """A Slack channel of the cast; the app is a member. `shared_with`: connected workspaces."""

    id: str
    name: str
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """One of the account's phone numbers; `sms_url` is where Twilio sends its texts (a signed POST)."""

    number: str
    sms_url: str
    voice_url: str
    status_callback: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Made at each start, never fixed: what the product is configured with and the stand-ins check."""

    account_sid: str
    auth_token: str
    bot_token: str
    app_token: str
    signing_secret: str = "sandbox"
    smtp_password: str = "sandbox"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what is on the stage."""

    people: tuple[Person, ...]
    customers: tuple[Customer, ...]
    places: tuple[Place, ...]
    numbers: tuple[Number, ...]
    mailboxes: tuple[str, ...]
    credentials: Credentials
    others: tuple[str, ...] = ()  # mail addresses beside theirs that take mails: whoever is alerted
