"""Conferences: who is in one, what each hears, and the events that the app is told.

Source: twilio.com/docs/voice/twiml/conference. A conference starts when two are in it and one of them starts it; the
first participant's callback, recording and their events stand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from .twilio_store import rfc2822
from .voice_leg import Leg
from .voice_state import Board, Entry, Hook, Room, RoomCallback, Seat
from .voice_tell import Teller

EVENTS = {
    "start": "conference-start",
    "end": "conference-end",
    "join": "participant-join",
    "leave": "participant-leave",
    "mute": "participant-mute",
    "unmute": "participant-unmute",
    "hold": "participant-hold",
    "unhold": "participant-unhold",
    "modify": "participant-modify",
    "announcement": "announcement-end",
}
_ASKED = {"unmute": "mute", "unhold": "hold"}  # what must be asked for to be told of it
_ENDINGS = {
    "conference_ended_via_api": "conference-ended-via-api",
    "participant_updated_via_api": "kicked",
    "participant_hung_up": "left",
}


class Refused(Exception):
    """Twilio doesn't let the call in: its number and words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Rooms:
    """The transitions of conferences. `retune` is told each leg whose music may change; `started` each conference that
    starts, `over` each that ends, `spoken` whatever somebody says in one."""

    def __init__(self, board: Board, teller: Teller, legs: dict[str, Leg]) -> None:
        self._board = board
        self._teller = teller
        self._legs = legs
        self.retune: Callable[[Leg], None] = lambda leg: None
        self.started: Callable[[Room], None] = lambda room: None
        self.over: Callable[[Room], None] = lambda room: None
        self.spoken: Callable[[Leg, str], None] = lambda leg, text: None

    # ---- coming and going --------------------------------------------------------------------------------------

    def join(self, leg: Leg, name: str, entry: Entry) -> Seat:
        """The leg enters the conference, which is made if there is none; raises `Refused`."""
        room = self._board.room_named(name)
        self._check(leg, room, entry)
        room = room or self._board.add_room(name)
        room.coming.pop(leg.call.sid, None)
        if not room.count:
            room.callback = entry.callback
            room.record, room.recording = entry.record, entry.recording
            room.recording_events = entry.recording_events
        now = self._board.now()
        left: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        seat = Seat(
            leg.call.sid, now, entry, entry.muted, entry.ends, entry.beep, entry.wait, entry.coach, left, now
        )
        self._start_if_due(room, seat)
        room.seats[leg.call.sid] = seat
        leg.room, leg.seat = room, seat
        self._tell(room, "join", seat)
        if room.status == "in-progress" and entry.beep in ("true", "onEnter"):
            self._all_hear(room, "beep", but=leg)
        for it in self.legs(room):
            self.retune(it)
            it.changed(it)
        return seat

    def _check(self, leg: Leg, room: Room | None, entry: Entry) -> None:
        seats = room.seats.values() if room else ()
        coming = room.coming.items() if room else ()
        taken = [s.entry.label for s in seats] + [e.label for sid, e in coming if sid != leg.call.sid]
        if not is_label(entry.label):
            raise Refused(16023, f"Dial->Conference: Invalid participant label {entry.label[:140]}")
        if entry.label and entry.label in taken:
            raise Refused(
                16025, f"Dial->Conference: the label {entry.label} is in use by another participant"
            )
        if entry.coach and entry.coach not in (room.seats if room else ()):
            raise Refused(13240, "Dial->Conference: Invalid Whisper SID")
        if len(seats) >= entry.most:
            raise Refused(16020, "Conference is full")

    def _start_if_due(self, room: Room, coming: Seat) -> None:
        """Starting is told before the joining that brought it about."""
        if room.status == "init" and room.seats:
            if any(s.entry.starts for s in (*room.seats.values(), coming)):
                room.status, room.updated = "in-progress", self._board.now()
                self._tell(room, "start")
                self.started(room)

    def leave(self, leg: Leg, reason: str) -> None:
        """The leg is out of its conference, which may end it; a second time changes nothing."""
        room, seat = leg.room, leg.seat
        if room is None or seat is None:
            return
        self._out(leg, room, seat, reason)
        if room.status != "completed" and (seat.ends or not room.seats):
            ended = _ENDINGS.get(reason, "left")
            who = "participant-with-end-conference-on-exit" if seat.ends else "last-participant"
            self.end(room, f"{who}-{ended}" if ended in ("left", "kicked") else ended, seat)

    def end(self, room: Room, reason: str, ender: Seat | None = None) -> None:
        """The conference is over: all drop out and go on with their own documents."""
        if room.status == "completed":
            return
        room.status, room.reason, room.updated = "completed", reason, self._board.now()
        room.ender = ender.call if ender else None
        via_api = reason == "conference-ended-via-api"
        for leg in self.legs(room):
            if leg.seat:
                how = "conference_ended_via_api" if via_api else "moderator_ended_conference"
                self._out(leg, room, leg.seat, how)
        self._tell(room, "end", ender)
        self.over(room)

    def _out(self, leg: Leg, room: Room, seat: Seat, reason: str) -> None:
        del room.seats[leg.call.sid]
        leg.room = leg.seat = None
        for it in (leg, *self.legs(room)):
            it.changed(it)
        if seat.music:
            seat.music.cancel()
        if not seat.left.done():
            seat.left.set_result(reason)
        self._tell(
            room, "leave", seat, {"ReasonParticipantLeft": reason, "ParticipantCallStatus": leg.call.status}
        )
        if room.status == "in-progress" and seat.beep in ("true", "onExit"):
            self._all_hear(room, "beep")

    def missed(self, leg: Leg) -> None:
        """Whoever was called into a conference didn't get there."""
        for room in [r for r in self._board.rooms.values() if leg.call.sid in r.coming]:
            entry = room.coming.pop(leg.call.sid)
            more = {
                "CallSid": leg.call.sid,
                "ReasonParticipantLeft": "participant_add_failed",
                "ParticipantCallStatus": leg.call.status,
            }
            self._tell(room, "leave", None, more | ({"ParticipantLabel": entry.label} if entry.label else {}))
            if not room.seats and not room.coming:
                self.end(room, "last-participant-left")

    # ---- what changes inside -----------------------------------------------------------------------------------

    def changed(self, room: Room, seat: Seat, what: str) -> None:
        """Tell a change of a participant (mute, unmute, hold, unhold, modify) and let the music follow it."""
        seat.updated = self._board.now()
        self._tell(room, what, seat)
        if leg := self._legs.get(seat.call):
            self.retune(leg)
        for it in self.legs(room):
            it.changed(it)

    def announced(self, room: Room, seat: Seat | None, url: str) -> None:
        """An announcement has ended."""
        self._tell(room, "announcement", seat, {"AnnounceUrl": url})

    # ---- who hears what ----------------------------------------------------------------------------------------

    def legs(self, room: Room) -> list[Leg]:
        """Those in it, in the order in which they came."""
        return [self._legs[sid] for sid in list(room.seats)]

    def within_earshot(self, leg: Leg) -> list[Leg]:
        """Whom this party can hear now, muted or not."""
        room, seat = leg.room, leg.seat
        if room is None or seat is None or room.status != "in-progress" or seat.hold:
            return []
        others = [it for it in self.legs(room) if it is not leg and it.seat and not it.seat.hold]
        return [it for it in others if it.seat and it.seat.coach in ("", leg.call.sid)]

    def speak(self, leg: Leg, text: str, name: str) -> int:
        """The party speaks; how many hear it."""
        seat = leg.seat
        if leg.room is None or seat is None or seat.muted or seat.hold:
            return 0
        listeners = [it for it in self.legs(leg.room) if it is not leg and leg in self.within_earshot(it)]
        self.spoken(leg, text)
        for it in listeners:
            it.hear("say", text, name)
        return len(listeners)

    def _all_hear(self, room: Room, kind: str, but: Leg | None = None) -> None:
        for leg in self.legs(room):
            if leg is not but and leg.seat and not leg.seat.hold:
                leg.hear(kind)

    # ---- telling -----------------------------------------------------------------------------------------------

    def _tell(
        self, room: Room, what: str, seat: Seat | None = None, more: dict[str, str] | None = None
    ) -> None:
        """Every event counts; those asked for are told."""
        room.count += 1
        callback = room.callback
        if callback is None or _ASKED.get(what, what) not in callback.events:
            return
        params = {
            "ConferenceSid": room.sid,
            "FriendlyName": room.name,
            "AccountSid": self._board.store.sid,
            "SequenceNumber": str(room.count),
            "Timestamp": rfc2822(self._board.now()) or "",
            "StatusCallbackEvent": EVENTS[what],
            **(more or {}),
        }
        if what == "end":
            params |= _end_params(room, seat)
        elif seat is not None:
            params |= seat_params(seat)
        self._teller.tell(room.sid, callback.hook, params, seat.call if seat else "", last=what == "end")


def _end_params(room: Room, ender: Seat | None) -> dict[str, str]:
    found = {"ReasonConferenceEnded": room.reason or "", "Reason": (room.reason or "").replace("-", " ")}
    if ender is not None:
        found["CallSidEndingConference"] = ender.call
        if ender.entry.label:
            found["ParticipantLabelEndingConference"] = ender.entry.label
    return found


def is_label(text: str) -> bool:
    """Whether Twilio takes it for a participant: at most 128 characters, no slash, and not like a call's sid."""
    return len(text) <= 128 and "/" not in text and not re.fullmatch(r"CA[0-9a-f]{32}", text)


def seat_params(seat: Seat) -> dict[str, str]:
    """What events say of a participant."""
    flags = {
        "Muted": seat.muted,
        "Hold": seat.hold,
        "Coaching": bool(seat.coach),
        "EndConferenceOnExit": seat.ends,
        "StartConferenceOnEnter": seat.entry.starts,
    }
    found = {"CallSid": seat.call, **{k: str(v).lower() for k, v in flags.items()}}
    if seat.entry.label:
        found["ParticipantLabel"] = seat.entry.label
    return found


def read_callback(hook: Hook | None, events: str) -> RoomCallback | None:
    """A conference's callback as an attribute or a parameter asks for it."""
    return RoomCallback(hook, frozenset(events.split())) if hook else None
