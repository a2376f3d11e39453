"""The two ports of the telephone: `Calls`, what the voice door asks of the router, and `Phones`, what it does for it.

A call consists of legs, each with the provider's id (`sid`). Whatever is asked is answered with what that leg hears
next: a tuple of `Instruction`s, values that the door writes as TwiML. Nothing here says how the provider wants it.

    customer's leg   called ─▶ chose ─▶ Wait: waits, waits, … ─▶ left ─▶ joins ─▶ Meet ─▶ done
    (on hold: held, held, …)
    agent's leg      ring ─▶ heard (ringing) ─▶ answered: whisper, Ask ─▶ key 1 ─▶ Meet
                                                                      └▶ key 2, none ─▶ HangUp
    on call          ring ─▶ answered: page, Ask ─▶ key 1: acknowledged
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from ..queue.contact import RANKS as RANKS
from ..queue.contact import LegState as LegState

# ---- what a leg hears ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Words, spoken in `language` ("de")."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Play:
    """A piece of sound: "music", our own of under 20 s, or the address of one."""

    sound: str = "music"


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of so many seconds."""

    seconds: int


Turn = Literal[
    "call",
    "menu",
    "wait",
    "left",
    "join",
    "done",
    "agent",
    "key",
    "talk",
    "voicemail",
    "back",
    "held",
    "rating",
    "test",
    "page",
]
"""What the leg asks next: the last part of the address that the provider calls."""


@dataclass(frozen=True, slots=True)
class Go:
    """On to `turn`; `about` goes with it ("c": contact, "o": offer, …) and comes back as the asker's `about`."""

    turn: Turn
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """`prompt`, which a key interrupts, then `timeout` seconds for up to `digits` keys or, with `hints`, a word.

    The answer goes to `to`, an empty one too.
    """

    prompt: tuple[Say | Play | Pause, ...]
    to: Go
    language: str
    digits: int = 1
    timeout: int = 5
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """The leg waits in the provider's queue `queue`: it asks `wait` again and again, and `left` when it has left."""

    queue: str
    about: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Meet:
    """The leg enters the conference `room` as `label`; afterwards it asks `done`.

    `ends`: when it leaves, the conference ends. `starts`: others hear nothing before one with `starts` is in it.
    `muted`: nobody hears it; `coach`: only the leg with that sid does, while it hears everybody.
    """

    room: str
    label: str
    about: Mapping[str, str]
    starts: bool = True
    ends: bool = False
    record: bool = False
    muted: bool = False
    coach: str = ""


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """A beep, then the caller's words are recorded for up to `longest` seconds; ends with # or silence.

    Afterwards the leg asks `voicemail`, with `result` "recorded", "silence" or "hangup".
    """

    about: Mapping[str, str]
    longest: int = 120


@dataclass(frozen=True, slots=True)
class Leave:
    """Out of the provider's queue; `left` is asked next."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The leg ends."""


Instruction = Say | Play | Pause | Go | Ask | Wait | Meet | TakeMessage | Leave | HangUp
Heard = tuple[Instruction, ...]

# ---- what the provider tells us --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A leg that asks. `sender`: "" when withheld. `verified`: the carrier vouches for the number (STIR/SHAKEN A).

    `about` is what `Go` and its like gave along; `turns` counts how often it has been put off while we couldn't.
    """

    sid: str
    sender: str = field(repr=False)
    recipient: str
    about: Mapping[str, str] = field(default_factory=dict)
    digits: str = field(default="", repr=False)
    speech: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    verified: bool = False
    turns: int = 0
    queue: str = ""  # waiting: the provider's id of the queue
    waited: int = 0  # waiting: seconds in it
    result: str = ""  # left: why ("hangup", "redirected", "leave", "queue-full", …); done: how it went


@dataclass(frozen=True, slots=True)
class LegNews:
    """What became of a leg; `about` as it was given when it was made (empty for a leg that came to us).

    `machine`: an answering machine or fax took it, as far as known. `code`: the provider's number of a failure.
    `put_off`: what it asked last was answered with words for want of a decision.
    """

    sid: str
    state: LegState
    about: Mapping[str, str] = field(default_factory=dict)
    machine: bool | None = None
    seconds: int = 0
    code: str = ""
    put_off: bool = False


RoomEventKind = Literal["start", "end", "join", "leave", "mute", "unmute", "hold", "unhold"]


@dataclass(frozen=True, slots=True)
class RoomNews:
    """Something happened in a conference; `number` orders what happened in one. `conference` is the provider's id."""

    room: str
    conference: str
    kind: RoomEventKind
    number: int
    sid: str = ""
    label: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording is there (or never came: `ok` False); `url` takes the account's credentials."""

    recording: str
    sid: str  # of the leg, or of the conference
    url: str
    seconds: int
    ok: bool
    about: Mapping[str, str] = field(default_factory=dict)


class Calls(Protocol):
    """What the router decides. May raise (the store is away): the door then keeps the caller with words of its own."""

    async def called(self, call: Call) -> Heard:
        """A customer calls."""

    async def asked(self, turn: Turn, call: Call) -> Heard:
        """A leg goes on: it has come to the end of what it was told, pressed a key, said something, left a queue."""

    async def heard(self, news: LegNews) -> None:
        """The state of a leg."""

    async def room(self, news: RoomNews) -> None:
        """Something happened in a conference."""

    async def recorded(self, it: Recorded) -> None:
        """A recording ended."""

    async def put_off(self, sid: str) -> None:
        """A leg was put off with words, for want of a decision: to be kept, as soon as anything can be."""

    def sorry(self, recipient: str, turns: int) -> Heard:
        """For a caller while nothing can be decided; needs nothing but memory. `turns`: how often they heard it."""


# ---- what the router has the door do ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ring:
    """Call `to` from our number `sender`; answered, the leg asks `turn` with `about`.

    `key` is stable over retries; `since` (ms since the epoch) is where a look-up begins. `seconds` of ringing.
    """

    key: str
    to: str = field(repr=False)
    sender: str
    turn: Turn
    about: Mapping[str, str]
    seconds: int
    since: int
    detect: bool = False  # whether a machine is to be told from a person; it costs


@dataclass(frozen=True, slots=True)
class LegView:
    """A leg as the provider has it now."""

    sid: str
    state: LegState


class Phones(Protocol):
    """What can be done with legs. All raise NotDelivered or OutcomeUnknown (`channel.py`)."""

    async def ring(self, it: Ring) -> LegView:
        """Make a leg. An unknown outcome is looked up with `find_ring` before it is tried again."""

    async def find_ring(self, it: Ring, known: frozenset[str]) -> LegView | None:
        """The newest live leg from `sender` to `to` since then that isn't in `known`; None when there surely is none."""

    async def fetch(self, queue: str, sid: str, to: Go) -> bool:
        """The leg waiting in `queue` (its provider's id, "" unknown) goes on to `to`; False: it isn't there any more."""

    async def move(self, sid: str, to: Go) -> bool:
        """A leg goes on to `to`, wherever it is; False: it has ended."""

    async def hang_up(self, sid: str) -> None:
        """End a leg; one that has ended already is no error."""

    async def hold(self, conference: str, sid: str, on: bool, to: Go | None = None) -> bool:
        """Put a leg in a conference on hold, where it hears what `to` says; False: it isn't there."""

    async def mute(self, conference: str, sid: str, on: bool) -> bool:
        """Mute a leg in a conference; False: it isn't there."""

    async def coach(self, conference: str, sid: str, coached: str) -> bool:
        """Only the leg `coached` hears this one, "" for everybody; False: it isn't there."""

    async def record(self, conference: str, on: bool) -> bool:
        """Let the recording of a conference go on or stand still; False: nothing records it."""

    async def look(self, sid: str) -> LegView | None:
        """The leg as it is now; None: the provider knows none."""


class Tapes(Protocol):
    """What can be done with recordings. All raise NotDelivered or OutcomeUnknown (`channel.py`)."""

    async def fetch(self, url: str, into: Path) -> bool:
        """The sound of a recording as a file, whole or not at all; False: there is none any more."""

    async def erase(self, recording: str) -> None:
        """Delete a recording at the provider; one that isn't there is no error."""
