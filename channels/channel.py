"""The two ports of a door, written for the one who calls: a `Channel` towards customers, a `Desk` towards agents.

Inbound goes up through one callable (`Inbound`) that the composition root hands in. Errors of a delivery:

    DeliveryError
    ├── NotDelivered     the outside said no; `permanent` or try again after `retry_after` seconds
    └── OutcomeUnknown   we cannot tell whether it happened: look it up before sending again
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from ..queue.contact import Arrived, Media


class DeliveryError(Exception):
    """A delivery did not verifiably happen."""


class NotDelivered(DeliveryError):
    """The outside refused: `reason` in words for an agent, `code` the provider's own."""

    def __init__(
        self, reason: str, code: str = "", permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.code, self.permanent, self.retry_after = reason, code, permanent, retry_after


class OutcomeUnknown(DeliveryError):
    """The request left, no answer came back."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What intake did with an arrival: which contact, and whether it was new, added to, or seen before."""

    outcome: Literal["new", "added", "duplicate"]
    contact: str
    n: int  # the message's number within the contact


class NotTaken(Exception):
    """The arrival could not be made durable: the sender still owns it (HTTP 503, SMTP 451)."""


Inbound = Callable[[Arrived], Awaitable[Taken]]


@dataclass(frozen=True, slots=True)
class Words:
    """One text to a customer. `key` ("C1001.3") is stable over retries; `sender` is our address or "" for the default.

    For doors whose messages have titles and refer to each other (mail): the `conversation` of its `Arrived`, the
    `subject` of its first message, and in `answers` the ids of the customer's messages so far, oldest first.
    """

    key: str
    recipient: str
    sender: str
    text: str
    media: tuple[Media, ...] = ()
    since: int = 0  # ms since the epoch when it was released: where a look-up begins
    author: str = ""  # the agent whose words they are, "" for the plan's texts
    conversation: str = ""
    subject: str = ""
    answers: tuple[str, ...] = ()
    language: str = ""  # the customer's
    rich: str = ""  # the formatting of `text` (`rich.dumped`), "" unknown


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it: its id and what it says of it so far; `error` in words where that is `failed`."""

    provider_id: str
    status: Literal["queued", "sending", "sent", "delivered", "failed"] = "queued"
    error: str = ""


class Channel(Protocol):
    """A door towards customers."""

    async def start(self) -> None:
        """Begin to take words from the outside."""

    async def stop(self) -> None:
        """Stop taking words; finish what is in hand."""

    async def say(self, words: Words) -> Sent:
        """Deliver to the customer. Raises NotDelivered or OutcomeUnknown."""

    async def find(self, words: Words) -> Sent | None:
        """Whether the outside has `words` already (after OutcomeUnknown); None when it surely hasn't."""

    async def status(self, provider_id: str) -> Sent:
        """What the outside says of a text that it took. Raises NotDelivered or OutcomeUnknown."""


# ---- the desk --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Card:
    """An offer as an agent sees it. Instants are ms since the epoch."""

    contact: str
    offer: int
    agent: str  # the plan's `slack` of the agent: a mail address or a user id
    service: str
    channel: str
    customer: str  # name and address, as text
    verified: bool
    tier: str  # "L1"
    why: str  # why you: rule, skills, tier, in words
    waited: int  # ms
    due: int | None  # when the answer is promised
    until: int  # when the offer ends, delivered now
    lines: tuple[str, ...]  # the customer's words, oldest first
    history: str = ""  # earlier contacts in one line
    handover: str = ""  # who hands it over and why, and how often it came back
    reasons: tuple[str, ...] = ()  # why it may be declined
    by_itself: bool = False  # it is taken for its agent as it is shown
    answers: tuple[str, ...] = ()  # what they answered before a person was asked: "device: My router"
    solve: int | None = None  # when it is promised to be done
    room: str = ""  # the team's channel: there a guest is asked whom no app can write to in person


@dataclass(frozen=True, slots=True)
class Head:
    """The first message of a contact's thread: what it is, and in words where replies go."""

    contact: str
    place: str  # the plan's channel of the owner's team, "#support"
    owner: str  # the plan's `slack` of the owner
    owner_name: str
    service: str
    channel: str
    customer: str
    verified: bool
    due: int | None
    replies: Literal["direct", "explicit"]
    hold: int  # ms that a reply is held
    lines: tuple[Line, ...]  # the transcript so far; the last one's number goes into the metadata as `upto`
    recorded: bool = False  # a call of which a recording may be made
    helping: tuple[str, ...] = ()  # colleagues who were asked to help
    also: tuple[Button, ...] = ()  # what else can be begun there
    answers: tuple[str, ...] = ()  # what the customer answered before a person was asked, and since
    solve: int | None = None  # when it is promised to be done


@dataclass(frozen=True, slots=True)
class Line:
    """One line in a contact's thread."""

    contact: str
    n: int  # the message's number: by it the line is found again
    kind: Literal["customer", "agent", "system", "note", "event"]  # event: what happened to the contact
    author: str
    text: str
    at: int
    media: tuple[Media, ...] = ()
    buttons: tuple[Button, ...] = ()
    more: tuple[Line, ...] = ()  # the messages that have come since: shown with it as far as they fit


ReplyState = Literal["held", "undone", "sending", "sent", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of an agent's reply. `source` is the place of what the agent typed, "C…:ts"."""

    contact: str
    n: int
    source: str
    state: ReplyState
    text: str
    owner: str
    until: int = 0  # held: the instant at which it leaves
    error: str = ""  # failed: why, in words


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The work after a contact, for its owner; `until` in ms. `filled`: its outcome is known; `longer`: there is more."""

    contact: str
    told: str  # what has just happened, in words
    until: int
    filled: bool
    longer: bool


@dataclass(frozen=True, slots=True)
class Button:
    """A button under something told: `action` is its action_id, `value` goes back with the press, `url` is opened."""

    action: str
    label: str
    value: str = ""
    style: Literal["", "primary", "danger"] = ""
    url: str = ""


class Desk(Protocol):
    """Where agents work. Every call raises NotDelivered or OutcomeUnknown; places are opaque, "channel:ts".

    `again`: this may have happened before (an unknown outcome, a restart), so it is looked for first.
    """

    async def ping(self) -> None:
        """Return if the desk answers at all."""

    async def offer(self, card: Card, again: bool = False) -> str:
        """Show an offer to its agent in person; the place of the card."""

    async def withdraw(self, agent: str, place: str, card: tuple[str, int], told: str) -> None:
        """The offer (contact, number) ended: its card says `told` and its buttons are gone.

        `place` "" is looked up: whoever posted the card may have died before saying where.
        """

    async def open(self, head: Head, again: bool = False) -> str:
        """Open the contact's thread in its team's channel; the place of its first message."""

    async def room(self, name: str) -> str:
        """The channel part of places in the channel `name` ("#support")."""

    async def show(self, place: str, head: Head) -> None:
        """The thread at `place` says who has it now; its buttons work (again)."""

    async def post(self, place: str, line: Line, again: bool = False) -> str:
        """Add a line to the thread at `place`; its own place, or `place` when the head shows it already."""

    async def mark(self, thread: str, mark: Mark) -> None:
        """Show what became of a reply: held with Undo, sent ✓, failed ✗ with why and Retry."""

    async def close(
        self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = (), again: bool = False
    ) -> None:
        """The contact ended: one closing line with `buttons`, and the thread's own are dead."""

    async def wrap(self, place: str, it: WrapUp, again: bool = False) -> None:
        """The wrap-up goes on until then: a line with *Done …* and *More time*; the first message's buttons are dead."""

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        """Send a person a file with `text`, or put it into the thread at a place."""

    async def link(self, place: str) -> str:
        """Where people open the thread at `place`; "" when that can't be said now."""

    async def tell(
        self, to: str, text: str, buttons: tuple[Button, ...] = (), key: str = "", again: bool = False,
        quotes: tuple[str, ...] = (),
    ) -> str:  # fmt: skip
        """Say something to a person (mail address or user id) or a channel ("#name"); with a `key` once.

        `quotes` are words of others, shown as they were written.
        """
