"""Files that an agent sends a customer: what may go by which door, and the links at which a provider fetches them.

    typed with files ──▶ refused? (a note, and why) ──▶ held ──▶ said, with a link for each file
    the provider ──▶ /files/C1001/5/0 ──▶ the file, from Slack, while the link opens

Nothing is kept here: a link names the message and the file's place in it, and is signed and short-lived.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from ..channels.channel import NotDelivered
from ..queue.contact import Media
from ..queue.engine import Queue
from .body import Body
from .links import Signed

LARGEST = 5 * 1024 * 1024
"""Bytes of all files of a message (twilio.com/docs/messaging/guides/accepted-mime-types)."""
MOST = 10
KINDS = (
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/gif",
    "audio/",
    "video/",
    "application/pdf",
    "text/vcard",
    "text/calendar",
)
"""What a phone takes: a type, or the beginning of one."""
LARGEST_MAIL = 20 * 1024 * 1024
"""Bytes of all files of a mail: what most servers take, with a third more for their coding."""
OPENS = 6 * 3600
"""Seconds that a link opens: a provider may come back for it."""
Fetch = Callable[[str, str, int], Awaitable[bytes]]
"""(address, type, at most so many bytes) → the bytes; raises NotDelivered."""


@dataclass(frozen=True, slots=True)
class Enclosures:
    """`fetch` None: no Slack. `public`: whether our links lead anywhere from outside."""

    queue: Callable[[], Queue]
    links: Signed
    fetch: Fetch | None
    public: bool

    def refused(self, channel: str, files: Sequence[Media], size: int) -> str:
        """Why these files of `size` bytes can't go to a customer by `channel`, in words; "" when they can."""
        if channel == "email":
            return self._by_mail(files, size)
        if channel not in ("sms", "chat"):
            return "files can't be sent there"
        if self.fetch is None or not (self.public or channel == "chat"):
            return "files can't be sent before Tierline has a public https address (TIERLINE_PUBLIC_URL)"
        if len(files) > MOST:
            return f"a text carries {MOST} files at most"
        if size > LARGEST:
            return f"a text carries {LARGEST // 1024 // 1024} MB at most"
        strange = next((it for it in files if not it.url or not it.content_type.startswith(KINDS)), None)
        return f"{strange.name or 'this file'} is nothing that a phone shows" if strange else ""

    def _by_mail(self, files: Sequence[Media], size: int) -> str:
        if self.fetch is None:
            return "files can't be sent while Slack isn't connected"
        if len(files) > MOST:
            return f"a mail carries {MOST} files at most"
        if size > LARGEST_MAIL:
            return f"a mail carries {LARGEST_MAIL // 1024 // 1024} MB at most"
        lost = next((it for it in files if not it.url), None)
        return f"{lost.name or 'this file'} doesn't lie with Slack" if lost else ""

    async def attached(self, file: Media) -> bytes:
        """The bytes of a file that goes by mail. Raises NotDelivered."""
        if self.fetch is None:
            raise NotDelivered("Slack isn't connected", "off")
        return await self.fetch(file.url, file.content_type, LARGEST_MAIL)

    def linked(self, contact: str, n: int, files: Sequence[Media]) -> tuple[Media, ...]:
        """The same files, at addresses that open for whoever has them."""
        until = time.time() + OPENS
        return tuple(
            replace(it, url=self.links.make(f"/files/{contact}/{n}/{i}", until)) for i, it in enumerate(files)
        )

    def good(self, contact: str, n: str, i: str, until: str, sig: str) -> bool:
        """Whether that is a link of ours that still opens."""
        return self.links.good(f"/files/{contact}/{n}/{i}", until, sig, time.time())

    async def content(self, contact: str, n: int, i: int) -> tuple[Media, bytes] | None:
        """The file at place `i` of the reply `n`, None where there is none. Raises NotDelivered, StoreError."""
        messages = await self.queue().messages(contact)
        message = next((it for it in messages if it.n == n and it.kind == "reply"), None)
        files = Body.parse(message.body).media if message is not None else ()
        if i >= len(files) or message is None or message.status in ("held", "undone"):
            return None
        if self.fetch is None:
            raise NotDelivered("Slack isn't connected", "off")
        return files[i], await self.fetch(files[i].url, files[i].content_type, LARGEST)
