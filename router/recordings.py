"""Recordings of calls and messages: fetched once they are there, kept for as long as the plan says, opened by a link.

recorded (told in the call) ─▶ fetch, with credentials ─▶ fetched ─▶ a line in its thread with a button
the button ─▶ a link for a quarter of an hour, for whoever may hear it ─▶ the sound
`keep` days later ─▶ erased here and at the provider
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from ..channels.channel import Button, DeliveryError, NotDelivered
from ..channels.house import Told
from ..channels.phone import Tapes
from ..queue.engine import Queue
from ..queue.state import Event
from .explain import Moments
from .lanes import Job, Try
from .look import more
from .moves import Who
from .plan.model_calls import Recording
from .rulebook import Rulebook

log = structlog.get_logger()

EVERY = 3600.0
"""Seconds between two looks at what is to be erased."""
OPEN_FOR = 900
"""Seconds for which a link opens."""
KEPT = Recording("texts").keep
"""For how long what was recorded under an earlier plan is kept where the present one records nothing."""
NAME = re.compile(r"[A-Za-z0-9]{2,64}")
"""How the provider calls a recording: a file's name, so nothing else is one."""


class Recorded(Protocol):
    """What the desk does with recordings."""

    async def open(self, who: Who, value: str) -> Told:
        """A link to the recording of a button's `value`, for whoever may hear it."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links, and tells good ones. `base` is our public address."""

    base: str
    secret: str = field(repr=False)

    def make(self, recording: str, now: float) -> str:
        """A link that opens until `OPEN_FOR` seconds after `now` (seconds since the epoch)."""
        until = int(now) + OPEN_FOR
        return f"{self.base}/recording/{recording}?until={until}&sig={self._sign(recording, until)}"

    def good(self, recording: str, until: str, given: str, now: float) -> bool:
        """Whether that is a link of ours that still opens."""
        if not (until.isascii() and until.isdigit() and len(until) < 12 and NAME.fullmatch(recording)):
            return False
        signed = self._sign(recording, int(until))
        return hmac.compare_digest(signed.encode(), given.encode("utf-8", "replace")) and now < int(until)

    def _sign(self, recording: str, until: int) -> str:
        said = f"recording:{recording}:{until}".encode()
        return hmac.new(self.secret.encode(), said, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Recordings:
    """`folder` holds one file a recording; `tapes` is None while there is no voice door."""

    queue: Callable[[], Queue]
    tapes: Tapes | None
    folder: Path
    book: Callable[[], Rulebook]
    moments: Callable[[], Moments]
    links: Links
    clock: Callable[[], float] = time.time

    def path(self, recording: str) -> Path:
        """Where it is, once it is fetched. Raises ValueError for what is no recording's name."""
        if not NAME.fullmatch(recording):
            raise ValueError("no such recording")
        return self.folder / f"{recording}.wav"

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        if self.tapes is None or event.e != "call" or more(event).get("what") != "recorded":
            return []
        tapes, recording = self.tapes, str(more(event).get("recording"))
        return [
            Job(f"tape:{recording}", "fetch recording", lambda t: self._fetch(tapes, event, recording, t))
        ]

    async def _fetch(self, tapes: Tapes, event: Event, recording: str, t: Try) -> None:
        """The sound, into its file. Raises NotDelivered or OutcomeUnknown: it is tried again."""
        said = more(event)
        path = self.path(recording)
        about = {"recording": recording, "seconds": str(said.get("seconds")), "for": str(said.get("for"))}
        try:
            there = await asyncio.to_thread(path.exists) or await tapes.fetch(str(said.get("url")), path)
        except NotDelivered as no:
            if not no.permanent:
                raise
            facts = {"trouble": f"fetch: {no.code}"}
            await self.queue().happen(event.c, "refused", facts, about={"of": "fetch", "why": no.reason})
            return
        if there:
            await self.queue().happen(event.c, "fetched", {f"tape.{recording}": "here"}, about=about)

    # ---- as long as the plan says -------------------------------------------------------------------------------

    async def run(self, mine: Callable[[], bool]) -> None:
        """Erase what has been kept long enough, for ever, while `mine` says that this process delivers."""
        while True:
            if mine():
                await self.sweep()
            await asyncio.sleep(EVERY)

    async def sweep(self) -> int:
        """Erase, here and at the provider, what has been kept long enough; how many were. What fails stays."""
        recording = self.book().plan.voice.recording
        oldest = self.clock() - (recording.keep if recording else KEPT).total_seconds()
        erased = 0
        for path in await asyncio.to_thread(_older, self.folder, oldest):
            try:
                if self.tapes is not None:
                    await self.tapes.erase(path.stem)
            except DeliveryError as error:
                log.warning("recording.not_erased", recording=path.stem, error=type(error).__name__)
                continue
            await asyncio.to_thread(path.unlink, True)
            erased += 1
        return erased

    # ---- heard --------------------------------------------------------------------------------------------------

    async def open(self, who: Who, value: str) -> Told:
        """A link to the recording of a button's `value`, for its agent, whoever had it last, and supervisors."""
        contact, _, recording = value.partition(".")
        if not NAME.fullmatch(recording):
            return Told(False, "There is no such recording.")
        if not (who.supervisor or (who.agent and who.agent == await self._theirs(contact))):
            return Told(False, f"Only whoever had {contact}, or a supervisor, hears its recording.")
        if not await asyncio.to_thread(self.path(recording).exists):
            return Told(False, "That recording isn't kept any more.")
        if who.supervisor:
            told = {"contact": contact, "recording": recording}
            await self.queue().audit(who.name, "recording.open", told, who.origin)
        url = self.links.make(recording, self.clock())
        minutes = OPEN_FOR // 60
        return Told(True, f"The recording of {contact}; this link opens for {minutes} minutes.",
                    buttons=(Button("link.open", "Open it", url=url),))  # fmt: skip

    async def _theirs(self, contact: str) -> str:
        view = await self.queue().contact(contact)
        if view is not None:
            return view.owner or view.last_owner
        record = await self.moments().contact(contact)
        return record.owner if record is not None else ""


def _older(folder: Path, than: float) -> list[Path]:
    """Recordings that were written before the instant `than` (seconds)."""
    return [it for it in sorted(folder.glob("*.wav")) if it.stat().st_mtime < than]
