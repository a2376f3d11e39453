"""Files that a customer sent are put into the contact's thread, each once in each thread; the words don't wait for them.

accepted, or a message with files ──▶ every file that isn't in the latest thread yet: fetched, and shared there
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from ..channels.channel import Desk, NotDelivered
from ..queue.contact import Media
from ..queue.engine import Queue
from ..queue.state import Event
from .body import Body
from .lanes import Job, Try
from .look import more

log = structlog.get_logger()

SHOWN = (
    "image/",
    "audio/",
    "video/",
    "application/pdf",
    "text/plain",
    "text/vcard",
    "text/x-vcard",
    "text/calendar",
)
"""What is shown; anything else is named in the thread, and lies where the provider keeps it."""
TRIES = 8
REMEMBERED = 35 * 86_400_000
"""ms for which it is known that a file is in a thread."""
Content = Callable[[str], Awaitable[bytes]]
"""The bytes at a provider's address; raises NotDelivered, for good where it never will be had."""


@dataclass(frozen=True, slots=True)
class ArrivedFiles:
    """`content` None: no door that takes files."""

    queue: Queue
    desk: Desk
    content: Content | None

    def jobs(self, event: Event) -> list[Job]:
        """In a lane of their own: whatever is said meanwhile is shown at once."""
        said = more(event) if event.e == "message" else {}
        news = said.get("kind") == "in" and any(
            _is_shown(it) for it in Body.parse(str(said.get("body") or "")).media
        )
        if self.content is None or not (event.e == "accepted" or news):
            return []
        return [Job(f"files:{event.c}", "customer's files", lambda t: self._show(event.c, t))]

    async def _show(self, contact: str, t: Try) -> None:
        messages = await self.queue.messages(contact)
        files = [
            (m.n, i, media)
            for m in messages
            if m.kind == "in"
            for i, media in enumerate(Body.parse(m.body).media)
            if _is_shown(media)
        ]
        if not files or t.count >= TRIES:
            return
        places = await self.queue.places(contact)
        if not places:
            view = await self.queue.contact(contact)
            if view is not None and view.owner:  # its thread is just being opened
                raise NotDelivered("there is no thread yet", "thread", retry_after=1.0)
            return
        for n, i, media in files:
            await self._one(places[-1], f"{contact}.{n}.{i}", media, i)

    async def _one(self, place: str, name: str, media: Media, i: int) -> None:
        key = f"file:{place}:{name}"
        if self.content is None or await self.queue.seen(key):
            return
        try:
            content = await self.content(media.url)
        except NotDelivered as error:
            if not error.permanent:
                raise
            log.warning("file.not_shown", file=name, reason=error.reason)
            await self.queue.once(key, REMEMBERED)
            return
        if not content:
            return
        await self.desk.share(place, "", called(media, i), content)
        await self.queue.once(key, REMEMBERED)


def _is_shown(media: Media) -> bool:
    return media.content_type.startswith(SHOWN)


def called(media: Media, i: int) -> str:
    """A file's name: its own, else what it is."""
    kind, _, sort = media.content_type.partition(";")[0].partition("/")
    ending = {
        "jpeg": "jpg",
        "plain": "txt",
        "x-vcard": "vcf",
        "vcard": "vcf",
        "calendar": "ics",
        "mpeg": "mp3",
    }.get(sort, sort)
    safe = "".join(c for c in media.name if c.isalnum() or c in " ._-").strip(" .")[:80]
    safe = safe or f"{'picture' if kind == 'image' else kind}-{i + 1}"
    return safe if "." in safe else f"{safe}.{ending}"
