"""What a leg hears, as TwiML. Pure: instructions in, a document out, addresses absolute on our public one.

Sources: twilio.com/docs/voice/twiml and its pages for each verb; …/usage/webhooks/webhooks-connection-overrides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never
from urllib.parse import urlencode

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from ..phone import (
    Ask,
    Go,
    HangUp,
    Heard,
    Instruction,
    Leave,
    Meet,
    Pause,
    Play,
    Say,
    TakeMessage,
    Turn,
    Wait,
)
from .languages import voice_of

LARGEST = 64 * 1024
"""Bytes; a larger answer is error 11750 and ends the call."""
LONGEST_SAY = 3000
"""Bytes of UTF-8, as Twilio counts them: more than three minutes, and what a Polly voice takes at once (13521)."""
MOST_HINTS, LONGEST_HINT = 500, 100
RETRY = "#rc=3&rp=ct,rt,5xx"
"""Three more tries where we weren't there or not whole; the fragment isn't sent and isn't signed."""
ROOM_EVENTS = "start end join leave mute hold"
ALLOWED: Mapping[Turn, tuple[type, ...]] = {
    "wait": (Say, Play, Pause, Go, Ask, Leave, HangUp),
    "held": (Say, Play, Pause, Go),
}
"""In a queue and on hold a leg may hear no more than this; the rest ends the call with 12200 or 13238."""
ENDING = (Go, Ask, Wait, Meet, TakeMessage, Leave, HangUp)
"""After these nothing else is heard."""
SILENCE = 5
"""Seconds after which a message counts as ended."""

Prompter: TypeAlias = VoiceResponse | Gather
"""What words, sound and silence can stand in."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotAllowed(Exception):
    """Twilio wouldn't take the document: too large, or a verb that it doesn't allow where the leg is."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Twilio finds us: `base` is our public address, without a slash at its end."""

    base: str

    def turn(self, turn: Turn, about: Mapping[str, str], **more: str) -> str:
        """What asks `turn`; `about` and `more` come back in the query."""
        path = "/twilio/voice" if turn == "call" else f"/twilio/voice/{turn}"
        return self._at(path, {**about, **more})

    def news(self, kind: str, about: Mapping[str, str]) -> str:
        """Where news go: "leg", "machine", "room", "recording"."""
        return self._at(f"/twilio/voice/{kind}", about)

    def sound(self, name: str) -> str:
        """A sound of ours by its name, any other as it is."""
        return name if "://" in name else f"{self.base}/twilio/voice/sound/{name}.wav"

    def _at(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self.base}{path}" + (f"?{urlencode(query)}" if query else "") + RETRY


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes documents. `english`: how English sounds, "en-GB" or "en-US"."""

    at: Addresses
    english: str = "en-GB"

    def document(self, heard: Heard, again: str = "", turn: Turn = "call") -> str:
        """What `heard` is as TwiML, for a leg that asks `turn`; it goes on to `again` where nothing else is said.

        Raises NotAllowed.
        """
        if turn in ALLOWED and not all(isinstance(it, ALLOWED[turn]) for it in heard):
            raise NotAllowed(f"not while a leg asks {turn}")
        made = VoiceResponse()
        for it in heard:
            self._add(made, it)
        if again and not (heard and isinstance(heard[-1], ENDING)):
            made.redirect(again, method="POST")
        written = made.to_xml()
        if len(written.encode()) > LARGEST:
            raise NotAllowed("too large")
        return str(written)

    def _add(self, into: VoiceResponse, it: Instruction) -> None:
        match it:
            case Say() | Play() | Pause():
                self._prompt(into, it)
            case Go(turn, about):
                into.redirect(self.at.turn(turn, about), method="POST")
            case Ask():
                self._ask(into, it)
            case Wait(queue, about):
                into.enqueue(
                    _xml(queue), method="POST", action=self.at.turn("left", about),
                    wait_url=self.at.turn("wait", about), wait_url_method="POST",
                )  # fmt: skip
            case Meet():
                self._meet(into, it)
            case TakeMessage():
                self._record(into, it)
            case Leave():
                into.leave()
            case HangUp():
                into.hangup()
            case _:
                assert_never(it)

    def _prompt(self, into: Prompter, it: Say | Play | Pause) -> None:
        match it:
            case Say(text, language):
                if clean := _xml(text).strip():
                    voice = voice_of(language, self.english)
                    into.say(_cut(clean), voice=voice.name, language=voice.language)
            case Play(sound):
                into.play(self.at.sound(sound))
            case Pause(seconds):
                if seconds > 0:
                    into.pause(length=seconds)
            case _:
                assert_never(it)

    def _ask(self, into: VoiceResponse, it: Ask) -> None:
        asked = Gather(
            input="dtmf speech" if it.hints else "dtmf", num_digits=it.digits, timeout=it.timeout,
            action=self.at.turn(it.to.turn, it.to.about), method="POST", action_on_empty_result=True,
            language=voice_of(it.language, self.english).listens if it.hints else None,
            hints=_hints(it.hints) or None, speech_timeout="auto" if it.hints else None,
        )  # fmt: skip
        for prompt in it.prompt:
            self._prompt(asked, prompt)
        into.append(asked)

    def _meet(self, into: VoiceResponse, it: Meet) -> None:
        dial = Dial(action=self.at.turn("done", it.about), method="POST")
        recorded: dict[str, str] = (
            {
                "record": "record-from-start",
                "recording_status_callback": self.at.news("recording", it.about),
                "recording_status_callback_method": "POST",
                "recording_status_callback_event": "completed absent",
            }
            if it.record
            else {}
        )
        quiet: dict[str, object] = {"muted": True} if it.muted else {"coach": it.coach} if it.coach else {}
        dial.conference(
            _xml(it.room), participant_label=_xml(it.label), start_conference_on_enter=it.starts,
            end_conference_on_exit=it.ends, beep="false", wait_url="", status_callback=self.at.news("room", {}),
            status_callback_method="POST", status_callback_event=ROOM_EVENTS, **recorded, **quiet,
        )  # fmt: skip
        into.append(dial)

    def _record(self, into: VoiceResponse, it: TakeMessage) -> None:
        into.record(
            action=self.at.turn("voicemail", it.about), method="POST", max_length=it.longest, timeout=SILENCE,
            finish_on_key="#", play_beep=True, trim="trim-silence",
            recording_status_callback=self.at.news("recording", it.about),
            recording_status_callback_method="POST", recording_status_callback_event="completed absent",
        )  # fmt: skip
        # Of silence there is no recording: `action` isn't asked then, and the document goes on.
        into.redirect(self.at.turn("voicemail", it.about, result="silence"), method="POST")


def _xml(text: str) -> str:
    """`text` without what XML cannot carry."""
    return _NO_XML.sub("", text)


def _cut(text: str) -> str:
    if len(text.encode()) <= LONGEST_SAY:
        return text
    more = " …"
    kept = text.encode()[: LONGEST_SAY - len(more.encode())].decode(errors="ignore")
    return kept.rsplit(None, 1)[0] + more


def _hints(words: tuple[str, ...]) -> str:
    """Words that may be spoken, as one attribute: a comma would end one."""
    clean = (" ".join(_xml(word).replace(",", " ").split())[:LONGEST_HINT] for word in words[:MOST_HINTS])
    return ", ".join(word for word in clean if word)
