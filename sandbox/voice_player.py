"""What a call does with a document: fetch it, run it verb by verb, go on to the next.

Sources: twilio.com/docs/voice/twiml and the page of each verb. Verbs that need more than a line are in modules of
their own, which put themselves into `verbs`.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin

from .stage import Faults
from .twilio_rules import is_url
from .twilio_store import Store
from .twilio_webhook import Answer, Caller
from .voice_leg import Leg, Pace
from .voice_state import Hook, Meeting, Source
from .voice_tell import Teller, call_params
from .voice_twiml import Document, Place, Refusal, Verb, read_voice

SORRY = "We are sorry. An application error has occurred. Goodbye."
_WAY = 0.01  # seconds that even the nearest app is away: a circle of redirects doesn't run hot
MOST_LOOPS = 1000  # of a verb whose loop says 0
_QUIET = frozenset({"Reject", "Pause", "Redirect"})  # those that don't answer a ringing call


class End(enum.Enum):
    """How a document's run is over without another document to go on with."""

    FINISHED = "ran out of verbs"
    HANGUP = "hung up"
    LEAVE = "left the queue"
    FAILED = "could not be fetched or run"
    BUSY = "rejected as busy"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Page:
    """A document under way: `url` is its own address, `place` where it is met."""

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
    """Runs documents on legs. `answered` and `meet` are given by whoever knows calls and conferences."""

    def __init__(self, store: Store, caller: Caller, teller: Teller, faults: Faults, pace: Pace) -> None:
        self.store = store
        self.teller = teller
        self.pace = pace
        self.sounds: dict[str, float] = {}  # their lengths in seconds, by address
        self._caller = caller
        self._faults = faults
        self.answered: Callable[[Leg], None] = lambda leg: None
        self.meet: Callable[[Leg, Meeting], Awaitable[object]] = _nowhere
        self.verbs: dict[str, RunVerb] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Leave": self._leave,
            "Reject": self._reject,
        }

    # ---- documents ---------------------------------------------------------------------------------------------

    async def play(self, leg: Leg, source: Source, place: Place = "call") -> End:
        """Run the document and those that it leads to."""
        while True:
            if source.meet:
                await self.meet(leg, source.meet)
                return End.FINISHED
            page = await self.open(leg, source, place)
            if page is None:
                return End.FAILED
            outcome = await self.perform(leg, page)
            if not isinstance(outcome, Source):
                return outcome or End.FINISHED
            source = outcome
            await asyncio.sleep(_WAY)

    async def perform(self, leg: Leg, page: Page) -> Outcome:
        """The document's verbs, one after the other."""
        for verb in page.verbs:
            run = self.verbs.get(verb.name)
            if run is None:
                text = f"the stand-in cannot do <{verb.name}>; Twilio could"
                self.store.warn(12200, text, leg.call.sid, page.url)
                continue
            if verb.name not in _QUIET:
                self.answered(leg)
            outcome = await run(leg, page, verb)
            if outcome is not None:
                return outcome
        return None

    async def open(self, leg: Leg, source: Source, place: Place) -> Page | None:
        """The document, or the fallback's when it can't be had; a call without one hears that something is wrong."""
        read = await self._fetch(leg, source, place)
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

    async def _fetch(self, leg: Leg, source: Source, place: Place = "call") -> Document | Refusal:
        read = await self._read(leg, source, place)
        warnings = read.warnings if isinstance(read, Document) else ((read.code, read.message),)
        for code, text in warnings:
            self.store.warn(code, text, leg.call.sid, source.url)
        self.catch_up(leg)
        return read

    def catch_up(self, leg: Leg) -> None:
        """Send what was kept back until the call's next document was there, or until there is none any more."""
        for hook, params in leg.late:
            self.teller.go(self.teller.call(hook, params, leg.call.sid))
        leg.late.clear()

    async def _read(self, leg: Leg, source: Source, place: Place) -> Document | Refusal:
        if source.twiml is not None:
            return read_voice(200, "text/xml", source.twiml.encode(), place=place)
        if not is_url(source.url):
            return Refusal(11100, f"Invalid URL format: {source.url}")
        params = {**call_params(leg.call, self.store), **source.params}
        # A request that is under way when the call goes elsewhere is finished all the same, and its answer left.
        asked = self._caller.call(source.url, params, source.method, self._faults.twilio.redeliver)
        answer = await asyncio.shield(self.teller.go(asked))
        if answer.status == 0:
            return Refusal(11205 if answer.failure == "ct" else 11200, "HTTP connection or retrieval failure")
        return read_voice(answer.status, answer.content_type, answer.body, place=place)

    # ---- the small verbs ---------------------------------------------------------------------------------------

    async def _say(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        for _ in range(number(verb, "loop", 1) or MOST_LOOPS):
            leg.hear("say", verb.text.strip())
            await self.pace.say(verb.text)
        return None

    async def _play(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        if digits := verb.attributes.get("digits"):
            leg.hear("beep", digits)
            return None
        url = urljoin(page.url, verb.text.strip())  # without words: the answer was the sound
        seconds = await self.sound_of(leg, url)
        if seconds is None:
            return None
        for _ in range(number(verb, "loop", 1) or MOST_LOOPS):
            leg.hear("play", url)
            await self.pace.play(seconds)
        return None

    async def sound_of(self, leg: Leg, url: str) -> float | None:
        """How long a sound is; what can't be fetched is in the debugger, and the call goes on without it.

        What was fetched once is kept, as Twilio keeps it.
        """
        if url in self.sounds:
            return self.sounds[url]
        answer = await self._caller.call(url, {}, "GET") if is_url(url) else Answer(0)
        if not answer.ok:
            self.store.warn(11200, f"HTTP retrieval failure ({answer.status})", leg.call.sid, url)
            return None
        if not answer.content_type.lower().startswith("audio/"):
            self.store.warn(12300, f"Invalid Content-Type: {answer.content_type}", leg.call.sid, url)
            return None
        self.sounds[url] = _wav_seconds(answer.body)
        return self.sounds[url]

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
        return End.LEAVE

    async def _reject(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        """Only a call that nobody has answered can be rejected; one that goes on is hung up."""
        return End.BUSY if verb.attributes.get("reason") == "busy" else End.REJECTED


async def _nowhere(leg: Leg, meeting: Meeting) -> None:
    raise LookupError("nothing here knows conferences")


def _wav_seconds(content: bytes) -> float:
    """Length of a WAV file by its header; 10 s for anything else."""
    rate = int.from_bytes(content[28:32], "little") if content[:4] == b"RIFF" else 0
    at = content.find(b"data", 12)
    if not rate or at < 0:
        return 10.0
    return int.from_bytes(content[at + 4 : at + 8], "little") / rate
