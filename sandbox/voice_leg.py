"""One party's end of a call: what it hears, where it is, and where its keys and words go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from .stage import Clock, Faults
from .voice_state import ENDED, Call, CallQueue, Heard, Hook, Member, Order, Room, Seat, Source

SPEECH = 15.0  # characters a second
LONGEST_SAY = 1.0  # seconds on the stage: a person who plays everybody reads faster than a machine speaks
LONGEST_PLAY = 5.0
KEPT = 2_000  # things heard, of one call

Why = Literal["", "redirected", "hangup"]
Pickup = Literal["person", "machine", "busy", "refused"]


class Pace:
    """How long things last: in the moved clock's seconds, so that moving it ends what would have ended by then.

    Words last a second for every fifteen characters, at most `LONGEST_SAY`; sounds at most `LONGEST_PLAY`; a pause
    as long as it says. The fault `hurry` is the longest that any of them lasts.
    """

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self._clock = clock
        self._faults = faults
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """The clock has been moved: everybody who waits looks at it again."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait until so many seconds have passed on the moved clock."""
        deadline = self._clock.now() + seconds
        while (left := deadline - self._clock.now()) > 0:
            try:
                await asyncio.wait_for(self._moved.wait(), left)
            except TimeoutError:
                continue

    def _hurried(self, seconds: float) -> float:
        hurry = self._faults.twilio.hurry
        return seconds if hurry is None else min(seconds, hurry)

    async def say(self, text: str) -> None:
        """As long as the words take."""
        await self.sleep(self._hurried(min(len(text) / SPEECH, LONGEST_SAY)))

    async def play(self, seconds: float) -> None:
        """As long as a sound of so many seconds takes."""
        await self.sleep(self._hurried(min(seconds, LONGEST_PLAY)))

    async def pause(self, seconds: float) -> None:
        """As long as silence of so many seconds takes."""
        await self.sleep(self._hurried(seconds))


@dataclass(frozen=True, slots=True)
class Input:
    """What a party does: a key, words, or a message of so many seconds left after a beep."""

    kind: Literal["key", "words", "message"]
    text: str
    seconds: int = 0


@dataclass(slots=True)
class Ear:
    """Where a party's keys and words go while a verb listens: `menu` for a question, `voicemail` for a recording."""

    kind: Literal["menu", "voicemail"]
    keys: bool
    words: bool
    inputs: asyncio.Queue[Input] = field(default_factory=asyncio.Queue)


class Leg:
    """A call with everything that is under way in it. Nothing here acts; the engine does."""

    def __init__(self, call: Call, clock: Clock, order: Order | None = None) -> None:
        self.call = call
        self.order = order
        self.heard: list[Heard] = []
        self._ear: Ear | None = None
        self.queue: CallQueue | None = None
        self.member: Member | None = None
        self.room: Room | None = None
        self.seat: Seat | None = None
        self.script: asyncio.Task[Source | None] | None = None
        self.life: asyncio.Task[None] | None = None
        self.detour: Source | None = None
        self.why: Why = ""
        self.picked_up: asyncio.Future[Pickup] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.partner: Leg | None = None  # whom the party is put through to
        self.machine = False
        self.detected = ""  # what answering machine detection says, where it errs
        self.warned = False  # that the account is a trial
        self.tape = ""  # the recording that began with the answer
        self.told = 0  # status events so far
        self.callback: Hook | None = order.callback if order else None
        self.fallback: Hook | None = order.fallback if order else None
        self.late: list[
            tuple[Hook, dict[str, str]]
        ] = []  # notices kept back until the next document is there
        self.changed: Callable[[Leg], None] = lambda leg: None  # told whatever a page would show
        self._clock = clock

    @property
    def ear(self) -> Ear | None:
        """What listens to the party now."""
        return self._ear

    @ear.setter
    def ear(self, ear: Ear | None) -> None:
        self._ear = ear
        self.changed(self)

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self.call.status in ENDED

    @property
    def talking(self) -> bool:
        """Whether somebody or something answered and the call goes on."""
        return self.call.status == "in-progress"

    def hear(self, kind: str, text: str = "", of: str = "") -> None:
        """The party hears something."""
        self.heard.append(Heard(self._clock.iso(), kind, text, of))
        del self.heard[:-KEPT]
        self.changed(self)

    @property
    def where(self) -> str:
        """In the sandbox's words: ringing, menu, waiting, conference:NAME, voicemail, listening, ended …"""
        if self.ended:
            return "ended"
        if not self.talking:
            return "ringing" if self.call.status == "ringing" else "dialing"
        if self.room is not None:
            return f"conference:{self.room.name}"
        if self.partner is not None:
            return "talking"
        if self.member is not None:
            return "waiting"
        return self.ear.kind if self.ear else "listening"

    @property
    def on_hold(self) -> bool:
        """Whether the party hears hold music in a conference."""
        return self.seat is not None and self.seat.hold
