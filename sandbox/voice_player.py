"""What a call does with a document: fetch it, run it verb by verb, go on to the next.

Sources: twilio.com/docs/voice/twiml and the page of each verb. Verbs that need more than a line are in modules of
their own, which put themselves into `verbs`.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin

from .stage import Faults
from .twilio_rules import is_url
from .twilio_store import Store
from .twilio_webhook import Answer, Caller
from .voice_leg import Leg, Pace
from .voice_state import Hook, Source
from .voice_tell import Teller, call_params
from .voice_twiml import Document, Refusal, Verb, read_voice

Place = Literal["call", "queue", "room"]
SORRY = "We are sorry. An application error has occurred. Goodbye."
MOST_LOOPS = 1000  # of a verb whose loop says 0
_QUIET = frozenset({"Reject", "Pause", "Redirect"})  # those that don't answer a ringing call
ALLOWED: Mapping[Place, frozenset[str] | None] = {
    "call": None,
    "queue": frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"}),
    "room": frozenset({"Play", "Say", "Pause", "Redirect"}),
}
_ILLEGAL = {"queue": 12200, "room": 13238}


class End(enum.Enum):
    """How a document's run is over without another document to go on with."""

    FINISHED = "ran out of verbs"
    HANGUP = "hung up"
    LEAVE = "left the queue"
    FAILED = "could not be fetched or run"


@dataclass(frozen=True, slots=True)
class Page:
    """A document under way: `url` is its own address, `place` says which verbs may stand in it."""

    url: str
    place: Place
    verbs: tuple[Verb, ...] = field(default_factory=tuple)

    def link(self, verb: Verb, name: str, method: str = "method") -> Hook | None:
        """The address that an attribute gives, made absolute, with its method; None without one."""
        given = verb.attributes.get(name)
        if given is None:
            return None
        how = verb.attributes.get(method, "POST").upper()
        return Hook(urljoin(self.url, given.strip()), how if how in ("GET", "POST") else "POST")


Outcome = Source | End | None  # None: on to the next verb
RunVerb = Callable[[Leg, Page, Verb], Awaitable[Outcome]]


def number(verb: Verb, name: str, default: int, least: int = 0) -> int:
    """A whole number from an attribute; what isn't one counts as not given."""
    raw = verb.attributes.get(name, "").strip()
    return max(least, int(raw[:6])) if raw.isascii() and raw.isdigit() else default


def flag(verb: Verb, name: str, default: bool = False) -> bool:
    """true or false from an attribute."""
    return verb.attributes.get(name, str(default)).strip().lower() == "true"


class Player:
    """Runs documents on legs. `sound_of` says how many seconds an address's sound lasts, None when it gives none."""

    def __init__(self, store: Store, caller: Caller, teller: Teller, faults: Faults, pace: Pace) -> None:
        self.store = store
        self.teller = teller
        self.pace = pace
        self._caller = caller
        self._faults = faults
        self.answered: Callable[[Leg], None] = lambda leg: None
        self.verbs: dict[str, RunVerb] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Leave": self._leave,
        }

    # ---- documents ---------------------------------------------------------------------------------------------

    async def play(self, leg: Leg, source: Source, place: Place = "call") -> End:
        """Run the document and those that it leads to."""
        while True:
            page = await self._open(leg, source, place)
            if page is None:
                return End.FAILED
            outcome = await self.perform(leg, page)
            if not isinstance(outcome, Source):
                return outcome or End.FINISHED
            source = outcome

    async def perform(self, leg: Leg, page: Page) -> Outcome:
        """The document's verbs, one after the other."""
        allowed = ALLOWED[page.place]
        for verb in page.verbs:
            if allowed is not None and verb.name not in allowed:
                text = f"<{verb.name}> is not allowed in the document of a {page.place}"
                self.store.warn(_ILLEGAL[page.place], text, leg.call.sid, page.url)
                return End.FAILED
            run = self.verbs.get(verb.name)
            if run is None:
                self.store.warn(12200, f"Schema validation: <{verb.name}>", leg.call.sid, page.url)
                continue
            if verb.name not in _QUIET:
                self.answered(leg)
            outcome = await run(leg, page, verb)
            if outcome is not None:
                return outcome
        return None

    async def _open(self, leg: Leg, source: Source, place: Place) -> Page | None:
        """The document, or the fallback's when it can't be had; a call without one hears that something is wrong."""
        read = await self._fetch(leg, source)
        if isinstance(read, Document):
            return Page(source.url, place, read.verbs)
        if place != "call":
            return None
        if leg.fallback:
            params = {"ErrorCode": str(read.code), "ErrorUrl": source.url}
            fallback, leg.fallback = leg.fallback, None  # a fallback that fails has none
            second = await self._fetch(leg, Source(fallback.url, fallback.method, params))
            if isinstance(second, Document):
                return Page(fallback.url, place, second.verbs)
        self.answered(leg)
        leg.hear("say", SORRY)
        await self.pace.say(SORRY)
        return None

    async def _fetch(self, leg: Leg, source: Source) -> Document | Refusal:
        read = await self._read(leg, source)
        warnings = read.warnings if isinstance(read, Document) else ((read.code, read.message),)
        for code, text in warnings:
            self.store.warn(code, text, leg.call.sid, source.url)
        for hook, params in leg.late:
            self.teller.go(self.teller.call(hook, params, leg.call.sid))
        leg.late.clear()
        return read

    async def _read(self, leg: Leg, source: Source) -> Document | Refusal:
        if source.twiml is not None:
            return read_voice(200, "text/xml", source.twiml.encode())
        if not is_url(source.url):
            return Refusal(11100, f"Invalid URL format: {source.url}")
        params = {**call_params(leg.call, self.store), **source.params}
        answer = await self._caller.call(source.url, params, source.method, self._faults.twilio.redeliver)
        kind = answer.content_type.partition(";")[0].strip().lower()
        if answer.ok and kind.startswith("audio/"):
            return Document((Verb("Play", text=source.url),))
        if answer.status == 0:
            return Refusal(11205 if answer.failure == "ct" else 11200, "HTTP connection or retrieval failure")
        return read_voice(answer.status, answer.content_type, answer.body)

    # ---- the small verbs ---------------------------------------------------------------------------------------

    async def _say(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        if not verb.text.strip():
            self.store.warn(13520, "Say: Invalid text", leg.call.sid, page.url)
            return None
        for _ in range(number(verb, "loop", 1) or MOST_LOOPS):
            leg.hear("say", verb.text.strip())
            await self.pace.say(verb.text)
        return None

    async def _play(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        if digits := verb.attributes.get("digits"):
            leg.hear("beep", digits)
            return None
        url = urljoin(page.url, verb.text.strip())
        seconds = await self.sound_of(leg, url)
        if seconds is None:
            return None
        for _ in range(number(verb, "loop", 1) or MOST_LOOPS):
            leg.hear("play", url)
            await self.pace.play(seconds)
        return None

    async def sound_of(self, leg: Leg, url: str) -> float | None:
        """How long a sound is; what can't be fetched is in the debugger, and the call goes on without it."""
        answer = await self._caller.call(url, {}, "GET") if is_url(url) else Answer(0)
        if not answer.ok:
            self.store.warn(11200, f"HTTP retrieval failure ({answer.status})", leg.call.sid, url)
            return None
        return _wav_seconds(answer.body)

    async def _pause(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        if leg.talking:
            leg.hear("silence")
        await self.pace.pause(number(verb, "length", 1))
        return None

    async def _redirect(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        method = verb.attributes.get("method", "POST").upper()
        return Source(urljoin(page.url, verb.text.strip()), method)

    async def _hang_up(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        return End.HANGUP

    async def _leave(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        if page.place != "queue":
            self.store.warn(12200, "Schema validation: <Leave> outside a queue", leg.call.sid, page.url)
            return None
        return End.LEAVE


def _wav_seconds(content: bytes) -> float:
    """Length of a WAV file by its header; 10 s for anything else."""
    rate = int.from_bytes(content[28:32], "little") if content[:4] == b"RIFF" else 0
    at = content.find(b"data", 12)
    if not rate or at < 0:
        return 10.0
    return int.from_bytes(content[at + 4 : at + 8], "little") / rate
