"""What Twilio keeps of a voice account: calls, queues and their members, conferences and their participants.

Plain records; whoever changes them is named in each module beside this one. Instants are seconds of the moved clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from .twilio_store import PhoneNumber, Store, new_sid

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
QUEUE_SIZE = (
    100  # of a queue made on demand: twilio.com has said 100 and 1,000, and the smaller is the harsher
)
QUEUE_LARGEST = 5_000
LONGEST_CALL = 4 * 3600  # seconds, unless TimeLimit says otherwise


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook's address."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a call's next document comes from: an address with what is sent there, the markup itself, or, for whoever
    is called into a conference by REST, no document but that conference.

    `url` is also what relative addresses inside are relative to.
    """

    url: str
    method: str = "POST"
    params: Mapping[str, str] = field(default_factory=dict)
    twiml: str | None = None
    meet: Meeting | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a party heard: `kind` is say, play, beep, ring or silence; `of` who spoke, "" the machine."""

    at: str
    kind: str
    text: str = ""
    of: str = ""

    def shown(self) -> dict[str, str]:
        """As JSON-able data, without what there isn't."""
        shown = {"at": self.at, "kind": self.kind, "text": self.text, "of": self.of}
        return {k: v for k, v in shown.items() if v or k in ("at", "kind")}


@dataclass(frozen=True, slots=True)
class Detection:
    """What was asked of answering machine detection: `beside` the call, told to `hook`, or before its document."""

    mode: str  # Enable, DetectMessageEnd
    hook: Hook | None = None
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """How a call that the account makes is made."""

    to: str
    sender: str
    source: Source
    fallback: Hook | None = None
    callback: Hook | None = None
    events: frozenset[str] = frozenset({"completed"})
    timeout: int = 60
    limit: int = LONGEST_CALL
    detection: Detection | None = None
    digits: str = ""  # pressed for us as soon as the other side answers
    record: bool = False
    recording: Hook | None = None
    recording_events: frozenset[str] = frozenset({"completed"})
    parent: str | None = None
    direction: str = "outbound-api"
    then: Callable[[str], Awaitable[None]] | None = None  # with the call's sid, once its document has run out


@dataclass(slots=True)
class Call:
    """The resource: what REST shows of a call. `initiated` is told to webhooks only; REST says queued until it rings."""

    sid: str
    sender: str
    to: str
    direction: str
    status: str
    at: float
    updated: float
    number: PhoneNumber | None = None
    started: float | None = None
    answered: float | None = None
    ended: float | None = None
    parent: str | None = None
    answered_by: str | None = None
    forwarded_from: str | None = None
    queue_ms: int = 0

    @property
    def duration(self) -> int | None:
        """Whole seconds from the answer to the end; 0 when nobody answered, None before the end."""
        if self.ended is None:
            return None
        return 0 if self.answered is None else max(1, round(self.ended - self.answered))


@dataclass(slots=True)
class Member:
    """A call that waits in a queue; `action` is told why it left. `left` holds the result once it has; `parted` is
    done when whoever took it out of the queue no longer talks with it."""

    call: str
    at: float
    action: Hook | None
    left: asyncio.Future[str]
    parted: asyncio.Future[None]
    waited: float = 0.0  # seconds, once it has left


@dataclass(slots=True)
class CallQueue:
    """A queue with those waiting, first come first."""

    sid: str
    name: str
    at: float
    updated: float
    size: int = QUEUE_SIZE
    members: list[Member] = field(default_factory=list)
    fresh: asyncio.Event = field(default_factory=asyncio.Event)  # set when somebody has joined

    def average(self, now: float) -> int:
        """Mean wait in whole seconds of those who wait."""
        waits = [now - m.at for m in self.members]
        return round(sum(waits) / len(waits)) if waits else 0


@dataclass(frozen=True, slots=True)
class RoomCallback:
    """Where a conference's events go; the first participant's choice stands."""

    hook: Hook
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """How a participant enters a conference."""

    label: str = ""
    starts: bool = True
    ends: bool = False
    muted: bool = False
    beep: str = "true"
    wait: Source | None = None  # None: Twilio's own music; an empty address: silence
    most: int = 250
    coach: str = ""
    callback: RoomCallback | None = None
    record: bool = False
    recording: Hook | None = None
    recording_events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, slots=True)
class Meeting:
    """A conference, by name, and how to enter it."""

    room: str
    entry: Entry


@dataclass(slots=True)
class Seat:
    """A participant; `left` holds the reason once it has left."""

    call: str
    at: float
    entry: Entry
    muted: bool
    ends: bool
    beep: str
    wait: Source | None
    coach: str
    left: asyncio.Future[str]
    updated: float
    hold: bool = False
    hold_source: Source | None = None
    music: asyncio.Task[None] | None = None
    playing: str = ""  # what the music is for: wait, hold, or "" for nothing


@dataclass(slots=True)
class Room:
    """A conference."""

    sid: str
    name: str
    at: float
    updated: float
    status: str = "init"
    seats: dict[str, Seat] = field(default_factory=dict)  # by call
    coming: dict[str, Entry] = field(default_factory=dict)  # by call: those that are called into it
    callback: RoomCallback | None = None
    count: int = 0  # events so far
    reason: str | None = None
    ender: str | None = None
    record: bool = False
    recording: Hook | None = None
    recording_events: frozenset[str] = frozenset({"completed"})


@dataclass(slots=True)
class Board:
    """Everything that the voice side holds."""

    store: Store
    calls: dict[str, Call] = field(default_factory=dict)
    queues: dict[str, CallQueue] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)

    def now(self) -> float:
        """Seconds of the moved clock."""
        return self.store.clock.now()

    def clear(self) -> None:
        """Forget it all."""
        for held in (self.calls, self.queues, self.rooms):
            held.clear()

    def queue_named(self, name: str) -> CallQueue | None:
        """A queue by its friendly name."""
        return next((q for q in self.queues.values() if q.name == name), None)

    def add_queue(self, name: str, size: int = QUEUE_SIZE) -> CallQueue:
        """A new, empty queue."""
        now = self.now()
        queue = CallQueue(new_sid("QU"), name, now, now, size)
        self.queues[queue.sid] = queue
        return queue

    def room_named(self, name: str) -> Room | None:
        """The conference of that name that hasn't ended."""
        alive = (r for r in self.rooms.values() if r.name == name and r.status != "completed")
        return next(alive, None)

    def add_room(self, name: str) -> Room:
        """A new, empty conference."""
        now = self.now()
        room = Room(new_sid("CF"), name, now, now)
        self.rooms[room.sid] = room
        return room
