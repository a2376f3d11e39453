"""Whole mails for people: a link for whoever works here, and the bytes for whoever has the link.

*Whole mail* ─▶ a link for a quarter of an hour ─▶ /mail/C1001/3: as safe HTML, /raw: as it came, /2: one of its files
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from ..channels.channel import Button, NotDelivered
from ..channels.email.beside import SCHEME
from ..channels.house import Actor, Told
from ..queue.contact import Media
from ..queue.engine import Queue
from ..queue.state import MessageView
from . import mail_words
from .active import ActivePlan
from .body import Body
from .explain import Moments
from .links import Signed
from .moves import Who
from .newcomers import stranger
from .parts import Silent

OPEN_FOR = 900
"""Seconds for which a link opens."""
MOST = 10
"""Mails of a contact to which links are given at once, the newest."""
_VALUE = re.compile(r"(C\d{1,12})(?:\.(\d{1,6}))?")
_PART = re.compile(rf"{SCHEME}(\d{{8}}-[0-9a-f]{{40}})(?:/(\d{{1,6}}))?")


class Mails(Protocol):
    """Mails as they were kept, and as they are read."""

    async def raw(self, ref: str) -> bytes:
        """As it came. Raises NotDelivered."""

    async def page(self, ref: str) -> str:
        """As safe HTML, a fragment. Raises NotDelivered."""

    async def part(self, ref: str, part: int) -> bytes | None:
        """One of its files, None when it has no such part. Raises NotDelivered."""


@dataclass(frozen=True, slots=True)
class MailFiles:
    """`moments` is the history: a contact may have left the store."""

    queue: Callable[[], Queue]
    moments: Callable[[], Moments]
    mails: Mails
    links: Signed
    clock: Callable[[], float] = time.time

    async def mailed(self, contact: str) -> list[tuple[MessageView, Body, Media]]:
        """A contact's messages that were mails, oldest first. Raises StoreError."""
        messages = await self.queue().messages(contact)
        if not messages:
            record = await self.moments().contact(contact)
            messages = record.messages if record is not None else ()
        read = [(it, Body.parse(it.body)) for it in messages if it.kind in ("in", "note")]
        return [(it, body, mail) for it, body in read if (mail := mail_words.whole(body.media)) is not None]

    async def of(self, contact: str, n: int) -> tuple[Body, str] | None:
        """The message `n` of a contact and the name of its mail; None where there is none. Raises StoreError."""
        found = next(((body, mail) for it, body, mail in await self.mailed(contact) if it.n == n), None)
        return (found[0], found[1].url.removeprefix(SCHEME)) if found is not None else None

    def link(self, contact: str, n: int) -> str:
        """Where the message's mail is shown, for a while."""
        return self.links.make(f"/mail/{contact}/{n}", self.clock() + OPEN_FOR)

    def good(self, contact: str, n: str, until: str, sig: str) -> bool:
        """Whether that is a link of ours that still opens; it opens the mail's bytes and files, too."""
        return self.links.good(f"/mail/{contact}/{n}", until, sig, self.clock())


@dataclass(slots=True)
class MailPart(Silent):
    """The button *Whole mail*."""

    plan: ActivePlan
    files: MailFiles

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """A link to a mail, or to each of a contact's, for whom the plan names."""
        if action != "mail.whole":
            return None
        if Who.of(self.plan(), actor) is None:
            return stranger(self.plan().plan.supervisors)
        found = _VALUE.fullmatch(value)
        if found is None:
            return Told(False, "There is no such mail.")
        mails = [it for it in await self.files.mailed(found[1]) if not found[2] or str(it[0].n) == found[2]]
        if not mails:
            return Told(False, f"{found[1]} has no such mail.")
        links = tuple(
            Button("link.open", _called(it.n, body), url=self.files.link(found[1], it.n))
            for it, body, _ in mails[-MOST:]
        )
        what = "The whole mail, with its files" if len(links) == 1 else "The whole mails, with their files"
        return Told(True, f"{what}; the link opens for {OPEN_FOR // 60} minutes.", buttons=links)


def _called(n: int, body: Body) -> str:
    return f"{n}: {body.subject}"[:70] if body.subject else f"Mail {n}"


def content_of(
    mails: Mails, other: Callable[[str], Awaitable[bytes]] | None
) -> Callable[[str], Awaitable[bytes]]:
    """The bytes that customers sent, by their address: files of mails are ours, anything else another door's."""

    async def content(url: str) -> bytes:
        found = _PART.fullmatch(url)
        if found is None:
            if other is None or url.startswith(SCHEME):
                raise NotDelivered("no door has that file", "media", permanent=True)
            return await other(url)
        if found[2] is None:
            return await mails.raw(found[1])
        if (part := await mails.part(found[1], int(found[2]))) is None:
            raise NotDelivered("the mail has no such file", "media", permanent=True)
        return part

    return content
