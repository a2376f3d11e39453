"""`<Record>`: a beep, then the caller's message (twilio.com/docs/voice/twiml/record)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from .voice_leg import Ear, Input, Leg
from .voice_player import Outcome, Page, Player, flag, number
from .voice_state import Hook, Source
from .voice_tape import Tape, Tapes
from .voice_tell import call_params
from .voice_twiml import Verb

LONGEST = 3600  # seconds


@dataclass(slots=True)
class _Take:
    """What was said so far; `seconds` where a script says how long its message lasts."""

    seconds: int | None = None
    digit: str = ""


class Record:
    """The verb."""

    def __init__(self, player: Player, tapes: Tapes) -> None:
        self._player = player
        self._tapes = tapes
        player.verbs["Record"] = self.run

    async def run(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        """Until a key, silence, or as long as it may last; nothing said goes on to the next verb."""
        if flag(verb, "playBeep", True):
            leg.hear("beep")
        hook = page.link(verb, "recordingStatusCallback", "recordingStatusCallbackMethod")
        events = frozenset(verb.attributes.get("recordingStatusCallbackEvent", "completed").split())
        tape = self._tapes.begin("RecordVerb", leg, hook=hook, events=events)
        leg.ear = ear = Ear("voicemail", True, True)
        take = _Take()
        try:
            await self._listen(verb, ear, tape, take)
        except asyncio.CancelledError:
            self._over(leg, page, verb, tape, take)
            raise
        finally:
            leg.ear = None
        return self._over(leg, page, verb, tape, take)

    def _over(self, leg: Leg, page: Page, verb: Verb, tape: Tape, take: _Take) -> Outcome:
        """End the recording; where the caller hung up, `action` is told all the same."""
        if not tape.said:
            self._tapes.end(tape, 0)
            return None
        self._tapes.end(tape, take.seconds)
        transcript = page.link(verb, "transcribeCallback")
        if transcript and (flag(verb, "transcribe") or "transcribe" not in verb.attributes):
            self._tapes.transcribe(tape, leg, transcript)
        action = page.link(verb, "action") or Hook(page.url, verb.attributes.get("method", "POST").upper())
        params = {
            "RecordingUrl": self._tapes.url(tape),
            "RecordingSid": tape.sid,
            "RecordingDuration": str(tape.seconds),
            "Digits": "hangup" if leg.ended else take.digit,
        }
        if leg.ended:
            told = call_params(leg.call, self._player.store) | params
            self._player.teller.go(self._player.teller.call(action, told, leg.call.sid))
        return Source(action.url, action.method, params)

    async def _listen(self, verb: Verb, ear: Ear, tape: Tape, take: _Take) -> None:
        silence = number(verb, "timeout", 5, 1)
        finish = verb.attributes.get("finishOnKey", "1234567890*#")
        longest = number(verb, "maxLength", LONGEST, 1)
        limit = asyncio.create_task(self._player.pace.sleep(longest))
        try:
            while (heard := await self._next(ear, limit, silence)) is not None:
                if heard.kind == "key":
                    if heard.text in finish:
                        take.digit = heard.text
                        return
                    continue
                if heard.text:
                    tape.said.append(heard.text)
                if heard.kind == "message":
                    take.seconds = min(longest, heard.seconds)
                    return
        finally:
            limit.cancel()

    async def _next(self, ear: Ear, limit: asyncio.Task[None], silence: float) -> Input | None:
        """What is heard next; None after so much silence, or at the end of the time."""
        listening = asyncio.create_task(ear.inputs.get())
        quiet = asyncio.create_task(self._player.pace.sleep(silence))
        either: list[asyncio.Future[Any]] = [listening, quiet, limit]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return listening.result() if listening.done() else None
        finally:
            listening.cancel()
            quiet.cancel()
