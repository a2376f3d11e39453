"""The agents' side of a desk: who did what, what they are told, and `House`, the verbs that a desk asks for.

Slack ──▶ listen ──▶ House ──▶ queue        every answer is something to tell; losing a race is an answer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..queue.contact import Media
from .channel import Button
from .forms import Filled, Form, Mistakes, Onward
from .home import Home


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something in Slack, as Slack says; `team` is the workspace the person belongs to.

    `is_guest`: a guest of ours, or a member of a connected workspace.
    """

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


LATE = Told(False, "That button is from an earlier time: nothing was done.")
"""What whoever presses a button hears that means nothing any more."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A message that a person wrote in a thread; `text` is plain, as a customer is to read it."""

    actor: Actor
    thread: str  # "channel:thread_ts"
    place: str  # "channel:ts"
    text: str
    mentions: bool  # whether it mentions a colleague, a group or a channel
    files: tuple[Media, ...] = ()
    called: tuple[Actor, ...] = ()  # whom it mentions, as far as known
    size: int = 0  # bytes of all files
    rich: str = ""  # its formatting (`rich.dumped`)


@dataclass(frozen=True, slots=True)
class Amended:
    """What was typed at `place` in a thread reads `text` by now; None: it was deleted."""

    actor: Actor
    thread: str
    place: str
    text: str | None
    mentions: bool = False


@dataclass(frozen=True, slots=True)
class Wrote:
    """The reply that was typed at a place: which message it is, and whether it is held, has left, or neither."""

    contact: str
    n: int
    state: Literal["held", "left", "stayed"]


@dataclass(frozen=True, slots=True)
class Adding:
    """What a form for adding somebody to the plan offers: a team, and whose levels they get."""

    name: str
    teams: tuple[str, ...]
    agents: tuple[str, ...]


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

    async def amended(self, it: Amended) -> Told | None:
        """Something typed was edited or deleted, whatever became of it: kept in the record. None: nothing to say."""

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

    async def command(self, actor: Actor, text: str) -> Told:
        """`/tierline …`: available, away, offline, status, queue, why; anything else is explained."""

    async def pressed(self, actor: Actor, action: str, value: str) -> Told:
        """A button under something told (`Button`): its action and value come back as they were given."""

    async def acted(self, actor: Actor) -> None:
        """The actor did something at the desk, whatever it was: they are there. Told at most once a minute."""

    async def home(self, actor: Actor) -> Home | None:
        """What the actor sees who opens the desk itself; None for a bot, who has nothing to see."""

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told:
        """The form behind a button `form.NAME` with that value, or why there is none for the actor."""

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward:
        """A form was sent off; `Mistakes` leaves it open, `Onward` shows the next one in its place."""

    async def adding(self, actor: Actor, value: str) -> Adding | Told:
        """What a form for adding the newcomer of `value` (a button's) offers, or why there is none."""

    async def add(self, actor: Actor, value: str, team: str, tier: int, like: str) -> Told:
        """Add the newcomer of `value`; `like` is the agent whose levels they get, "" for none."""
