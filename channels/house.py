"""The agents' side of a desk: who did what, what they are told, and `House`, the verbs that a desk asks for.

Slack ──▶ listen ──▶ House ──▶ queue        every answer is something to tell; losing a race is an answer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..queue.contact import Media
from .channel import Button
from .forms import Filled, Form, Mistakes, Onward


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

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told:
        """The form behind a button `form.NAME` with that value, or why there is none for the actor."""

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward:
        """A form was sent off; `Mistakes` leaves it open, `Onward` shows the next one in its place."""

    async def adding(self, actor: Actor, value: str) -> Adding | Told:
        """What a form for adding the newcomer of `value` (a button's) offers, or why there is none."""

    async def add(self, actor: Actor, value: str, team: str, tier: int, like: str) -> Told:
        """Add the newcomer of `value`; `like` is the agent whose levels they get, "" for none."""

    async def dispositions(self, contact: str) -> tuple[str, ...]:
        """The plan's dispositions for the contact's service, for the close modal."""
