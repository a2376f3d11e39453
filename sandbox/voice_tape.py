"""Recordings: of a call, of a conference, of a message after the beep; and what the app is told of them.

Sources: twilio.com/docs/voice/api/recording, …/voice/twiml/record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from .twilio_store import HOST, new_sid, rfc2822
from .voice_leg import Leg
from .voice_sound import wav
from .voice_state import Board, Hook, Room
from .voice_tell import Teller, call_params

PROCESSING = 0.05  # seconds from the end of a recording until it can be fetched
TRANSCRIBING = 0.05


@dataclass(slots=True)
class Tape:
    """One recording; `call` or `room` is what it is of. `still` adds up the seconds that it was paused and skipped."""

    sid: str
    source: str
    at: float
    updated: float
    status: str = "in-progress"
    call: str | None = None
    room: str | None = None
    hook: Hook | None = None
    events: frozenset[str] = frozenset({"completed"})
    seconds: int | None = None
    skips: bool = False
    still: float = 0.0
    paused: float = 0.0
    said: list[str] = field(default_factory=list)
    deleted: bool = False

    @property
    def runs(self) -> bool:
        """Whether it isn't over yet."""
        return self.status in ("in-progress", "paused")


class Tapes:
    """All recordings."""

    def __init__(self, board: Board, teller: Teller) -> None:
        self._board = board
        self._teller = teller
        self.kept: dict[str, Tape] = {}

    # ---- beginning and end -------------------------------------------------------------------------------------

    def begin(
        self, source: str, leg: Leg | None = None, room: Room | None = None, hook: Hook | None = None,
        events: frozenset[str] = frozenset({"completed"}),
    ) -> Tape:  # fmt: skip
        """A recording of a call or a conference begins."""
        now = self._board.now()
        of = leg.call.sid if leg else None
        tape = Tape(new_sid("RE"), source, now, now, call=of, room=room.sid if room else None)
        tape.hook, tape.events = hook, events
        self.kept[tape.sid] = tape
        self._tell(tape, "in-progress")
        return tape

    def hear(self, calls: set[str], room: str, text: str) -> None:
        """Words in a conference, for every recording that runs of it or of the calls in it."""
        for tape in self.kept.values():
            if tape.status == "in-progress" and (tape.call in calls or tape.room == room):
                tape.said.append(text)

    def pause(self, tape: Tape, skips: bool) -> None:
        """Nothing is recorded until `resume`; what is skipped doesn't count as its length either."""
        if tape.status == "in-progress":
            tape.status, tape.skips, tape.paused = "paused", skips, self._board.now()
            tape.updated = tape.paused

    def resume(self, tape: Tape) -> None:
        """It records again."""
        if tape.status == "paused":
            now = self._board.now()
            tape.still += now - tape.paused if tape.skips else 0.0
            tape.status, tape.updated = "in-progress", now

    def end(self, tape: Tape, seconds: int | None = None) -> None:
        """It is over; a moment later it can be fetched. `seconds` None: as long as it ran; 0: nothing was said."""
        if not tape.runs:
            return
        self.resume(tape)
        now = self._board.now()
        tape.seconds = max(1, round(now - tape.at - tape.still)) if seconds is None else seconds
        tape.status, tape.updated = "processing", now
        self._teller.go(self._process(tape))

    async def _process(self, tape: Tape) -> None:
        await asyncio.sleep(PROCESSING)
        tape.status = "completed" if tape.seconds else "absent"
        tape.updated = self._board.now()
        self._tell(tape, tape.status)

    def end_all(self, call: str | None = None, room: str | None = None) -> None:
        """Every recording of a call or a conference that is over."""
        for tape in list(self.kept.values()):
            if tape.runs and ((call and tape.call == call) or (room and tape.room == room)):
                self.end(tape)

    def current(self, call: str | None = None, room: str | None = None) -> Tape | None:
        """The newest that runs: what `Twilio.CURRENT` names."""
        running = [t for t in self.kept.values() if t.runs and t.call == call and t.room == room]
        return running[-1] if running else None

    # ---- what the app gets -------------------------------------------------------------------------------------

    def url(self, tape: Tape) -> str:
        """Where it is fetched, with the account's credentials."""
        return HOST + self._board.store.uri("Recordings", tape.sid)

    def sound(self, tape: Tape) -> bytes | None:
        """A WAV; None while there is none, or none any more."""
        if tape.status != "completed" or tape.deleted:
            return None
        return wav(tape.seconds or 0, " ".join(tape.said))

    def _tell(self, tape: Tape, event: str) -> None:
        if tape.hook is None or event not in tape.events:
            return
        params = {
            "AccountSid": self._board.store.sid,
            "RecordingSid": tape.sid,
            "RecordingUrl": self.url(tape),
            "RecordingStatus": event,
            "RecordingChannels": "1",
            "RecordingStartTime": rfc2822(tape.at) or "",
            "RecordingSource": tape.source,
            "RecordingTrack": "both",
            "ErrorCode": "0",
        }
        params |= {"CallSid": tape.call} if tape.call else {"ConferenceSid": tape.room or ""}
        if tape.seconds is not None:
            params["RecordingDuration"] = str(tape.seconds)
        self._teller.tell(tape.sid, tape.hook, params, tape.sid, last=event in ("completed", "absent"))

    def transcribe(self, tape: Tape, leg: Leg, hook: Hook) -> None:
        """What was said, in writing, some time later; Twilio does it for 2 s to 2 min of English."""
        self._teller.go(self._transcribe(tape, call_params(leg.call, self._board.store), hook))

    async def _transcribe(self, tape: Tape, params: Mapping[str, str], hook: Hook) -> None:
        await asyncio.sleep(PROCESSING + TRANSCRIBING)
        good = 2 <= (tape.seconds or 0) <= 120
        sid = new_sid("TR")
        more = {
            "TranscriptionSid": sid,
            "TranscriptionType": "fast",
            "TranscriptionStatus": "completed" if good else "failed",
            "TranscriptionText": " ".join(tape.said) if good else "",
            "TranscriptionUrl": f"{self.url(tape)}/Transcriptions/{sid}",
            "RecordingSid": tape.sid,
            "RecordingUrl": self.url(tape),
        }
        await self._teller.call(hook, {**params, **more}, tape.sid)
