"""An agent whose phone answers and presses no key: twice in a row, and they are told why and what helps.

A phone's call screening, or its mailbox, answers numbers that it doesn't know: ours as a contact is the remedy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.channel import Desk
from ..queue.engine import Queue
from ..queue.state import Event
from .lanes import Job, Try
from .look import more, spec_of
from .rulebook import Rulebook

UNSEEN = ("no key", "machine")
"""Why an offer was missed although something answered."""
WEEK = 7 * 86_400_000
"""ms in which it is told once."""
TOLD = (
    "Your phone answered twice, but nobody pressed 1: so the caller went to somebody else.\n"
    "Often that isn't you but your phone. *Call screening* answers numbers that it doesn't know, and so does your "
    "mailbox; we never put a customer through to either.\n"
    "What helps: *save our number as a contact.* Open the attached card on your phone and add it. "
    "Numbers that you know aren't screened.\n"
    "On an iPhone screening is under Settings → Apps → Phone → Screen Unknown Callers; on Android in the Phone app "
    "under Settings → Call Screen, or Caller ID & spam.\n"
    "If it was you: press *1* after the announcement to take a call, *2* to pass it on.\n"
    "We call from {numbers}."
)


@dataclass(slots=True)
class Screened:
    """Counts in the store, so that a restart forgets no row. `calls` says whether a contact may be a call."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    calls: Callable[[str], bool]

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event; whatever else they do with a call ends the row."""
        if event.e not in ("missed", "accepted", "declined") or not self.calls(event.c):
            return []
        unkeyed = event.e == "missed" and more(event).get("reason") in UNSEEN
        work = self._unkeyed if unkeyed else self._keyed
        return [Job(f"agent:{event.a}", "screening", lambda t: work(event, t))]

    async def _keyed(self, event: Event, t: Try) -> None:
        await self.queue.seen_until(f"keyed:{event.a}", event.t)

    async def _unkeyed(self, event: Event, t: Try) -> None:
        """The second one in a row is told, and begins no row of its own."""
        unkeyed, keyed = f"unkeyed:{event.a}", f"keyed:{event.a}"
        before, other = await self.queue.seen_until(unkeyed), await self.queue.seen_until(keyed)
        if other < before < event.t:
            await self._explain(event, t)
            await self.queue.seen_until(keyed, event.t)
        await self.queue.seen_until(unkeyed, event.t)

    async def _explain(self, event: Event, t: Try) -> None:
        spec, book = spec_of(self.book(), event.a), self.book()
        numbers = [it.to for it in book.plan.entry if it.channel == "voice" and it.to]
        if spec is None or not numbers:
            return
        if await self.queue.once(f"screening:{event.a}", WEEK) or t.again:
            text = TOLD.format(numbers=", ".join(numbers))
            site = book.plan.site
            await self.desk.share(spec.slack, text, f"{site}.vcf", contact_card(site, numbers))


def contact_card(site: str, numbers: list[str]) -> bytes:
    """Our numbers as a contact (vCard 3.0, RFC 2426), which every phone takes."""
    tels = [f"TEL;TYPE=WORK,VOICE:{number}" for number in numbers]
    name = f"Tierline {site}"
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:{name};;;;",
        f"FN:{name}",
        f"ORG:{name}",
        *tels,
        "END:VCARD",
        "",
    ]
    return "\r\n".join(lines).encode()
