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
    """One text to a customer. `key` ("C1001.3") is stable over retries; `sender` is our address or "" for the default."""

    key: str
    recipient: str
    sender: str
    text: str
    media: tuple[Media, ...] = ()
    since: int = 0  # ms since the epoch when it was released: where a look-up begins


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

    async def close(self, place: str, contact: str, told: str) -> None:
        """The contact ended: one closing line, and the thread's buttons are dead."""

    async def wrap(self, place: str, it: WrapUp, again: bool = False) -> None:
        """The wrap-up goes on until then: a line with *Done …* and *More time*; the first message's buttons are dead."""

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        """Send a person a file with `text`."""

    async def tell(
        self, to: str, text: str, buttons: tuple[Button, ...] = (), key: str = "", again: bool = False
    ) -> str:
        """Say something to a person (mail address or user id) or a channel ("#name"); with a `key` once."""


# ---- what the desk asks of the house --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something in Slack, as Slack says; `team` is the workspace the person belongs to."""

    user: str
    email: str
    name: str
    is_bot: bool = False
    is_guest: bool = False
    team: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the actor is told; `ok` False explains what to do instead. `place` is where to go on ("channel:ts")."""

    ok: bool
    text: str
    place: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """A message that a person wrote in a thread; `text` is plain, as a customer is to read it."""

    actor: Actor
    thread: str  # "channel:thread_ts"
    place: str  # "channel:ts"
    text: str
    mentions: bool  # whether it mentions a colleague, a group or a channel
    files: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrote:
    """The reply that was typed at a place: which message it is, and whether it is held, has left, or neither."""

    contact: str
    n: int
    state: Literal["held", "left", "stayed"]


@dataclass(frozen=True, slots=True)
class Closing:
    """What the close modal says."""

    contact: str
    disposition: str
    root_cause: str
    resolution: str


@dataclass(frozen=True, slots=True)
class Adding:
    """What a form for adding somebody to the plan offers: a team, and whose levels they get."""

    name: str
    teams: tuple[str, ...]
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moving:
    """What a form for handing over, escalating, snoozing asks; an empty label: it doesn't ask for that."""

    title: str
    verbs: tuple[str, ...] = ()  # what can be done, where that is asked
    targets: tuple[str, ...] = ()  # to whom or what
    when: str = ""  # label of the date
    text: str = ""  # label of the reason
    must: tuple[str, ...] = ()  # which of "to", "when", "text" have to be filled in


@dataclass(frozen=True, slots=True)
class Move:
    """What was filled in there; "" for what was left out."""

    contact: str
    form: str  # "transfer", "escalate", "snooze", "callback", "more"
    verb: str
    to: str
    when: str
    text: str


class House(Protocol):
    """The agents' verbs. Every answer is something to tell; losing a race is an answer, not an error."""

    async def accept(self, actor: Actor, contact: str, offer: int) -> Told:
        """The actor takes the offer, or is told who has it."""

    async def decline(self, actor: Actor, contact: str, offer: int, reason: str) -> Told:
        """The actor doesn't take the offer."""

    async def typed(self, typed: Typed) -> Told | None:
        """Somebody wrote in a thread: a held reply, a note, or nothing that leaves. None: nothing to say."""

    async def wrote(self, thread: str, place: str, contact: str = "") -> Wrote | None:
        """The reply that was typed at `place`; `contact` where the thread's first message names it."""

    async def send_note(self, actor: Actor, contact: str, n: int) -> Told:
        """*Send it* under a note: the owner sends what was kept inside."""

    async def reply(self, actor: Actor, contact: str, text: str) -> Told:
        """The Reply button's modal: held like a typed reply."""

    async def undo(self, actor: Actor, contact: str, n: int) -> Told:
        """Undo a held reply."""

    async def retry(self, actor: Actor, contact: str, n: int) -> Told:
        """Send a failed reply again."""

    async def note(self, actor: Actor, contact: str, text: str) -> Told:
        """Keep a note inside."""

    async def close(self, actor: Actor, closing: Closing) -> Told:
        """End the contact with disposition, root cause and resolution."""

    async def may_close(self, actor: Actor, contact: str) -> Told:
        """Whether the actor may open the close modal; ok False says why not."""

    async def moving(self, actor: Actor, contact: str, form: str) -> Moving | Told:
        """What the form ("transfer", "escalate", "snooze", "callback", "more") asks, or why there is none."""

    async def move(self, actor: Actor, move: Move) -> Told:
        """Hand over, escalate, snooze, give back: what the form says."""

    async def command(self, actor: Actor, text: str) -> Told:
        """`/tierline …`: available, away, offline, status, queue, why; anything else is explained."""

    async def pressed(self, actor: Actor, action: str, value: str) -> Told:
        """A button under something told (`Button`): its action and value come back as they were given."""

    async def adding(self, actor: Actor, value: str) -> Adding | Told:
        """What a form for adding the newcomer of `value` (a button's) offers, or why there is none."""

    async def add(self, actor: Actor, value: str, team: str, tier: int, like: str) -> Told:
        """Add the newcomer of `value`; `like` is the agent whose levels they get, "" for none."""

    async def dispositions(self, contact: str) -> tuple[str, ...]:
        """The plan's dispositions for the contact's service, for the close modal."""
