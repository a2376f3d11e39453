"""A visitor's transcript by mail: only after an answer, and seldom, so that it is no way to write to strangers.

Whoever asks for it claims an address; what goes there is what was said, from us, marked as sent by a machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ..channels.channel import Channel, DeliveryError, Words
from ..channels.chat.talk import Line
from ..queue.engine import Queue
from .letters import mail_sender
from .rulebook import Rulebook, instant

A_DAY = 86_400_000
OF_VISITOR, TO_ADDRESS = 2, 3
"""Mails a day: from one conversation, and to one address from all of them."""
LONGEST = 200_000
"""Characters of a transcript; of a longer one the newest."""
FIRST = 900_000
"""Numbers of such mails begin behind those of any contact's messages."""
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]\x00-\x20]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")


@dataclass(slots=True)
class ChatMail:
    """`doors` by channel: without one for mail nothing can be sent."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    doors: Mapping[str, Channel]

    @property
    def on(self) -> bool:
        """Whether a transcript can be mailed."""
        return "email" in self.doors and bool(mail_sender(self.book(), ""))

    async def send(self, visitor: str, contact: str, lines: Sequence[Line], to: str) -> str:
        """Send what was said; "" when the mail server has it, else one of `NOT_MAILED`."""
        door, sender = self.doors.get("email"), mail_sender(self.book(), "")
        if door is None or not sender:
            return "mails_off"
        if len(to) > 254 or not _ADDRESS.fullmatch(to):
            return "no_address"
        if not any(line.author == "agent" for line in lines):
            return "unanswered"
        n = await self._room(visitor, to)
        if n is None:
            return "mailed_enough"
        text = transcript(lines, self.book().plan.timezone)
        subject = f"{self.book().plan.site}: {contact}"
        words = Words(f"{contact}.{FIRST + n}", to, sender, text, subject=subject)
        try:
            await door.say(words)
        except DeliveryError:
            return "mail_failed"
        return ""

    async def _room(self, visitor: str, to: str) -> int | None:
        """Which mail of the day it is, from 0; None when there were enough."""
        address = to.casefold()
        if not await self._counted(f"chat:mailed:{address}", TO_ADDRESS):
            return None
        for n in range(OF_VISITOR):
            if await self.queue().once(f"chat:mails:{visitor}:{n}", A_DAY):
                return n
        return None

    async def _counted(self, key: str, most: int) -> bool:
        for n in range(most):
            if await self.queue().once(f"{key}:{n}", A_DAY):
                return True
        return False


def transcript(lines: Sequence[Line], zone: str) -> str:
    """What was said, a paragraph each, with the time of day and who said it; beneath a question its answers."""
    local, day, found = ZoneInfo(zone), "", []
    for line in lines:
        at: datetime = instant(line.at).astimezone(local)
        if (today := f"{at:%Y-%m-%d}") != day:
            found.append(today)
            day = today
        who = {"visitor": "You", "agent": line.name, "system": ""}[line.author]
        files = "".join(f" [{it.name or it.content_type}]" for it in line.files)
        choices = "".join(f"\n  - {one}" for one in line.choices)
        found.append(f"{at:%H:%M} {who}{': ' if who else ''}{line.text}{files}{choices}")
    return "\n\n".join(found)[-LONGEST:]
