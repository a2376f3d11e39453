"""Mails that the server wouldn't take now: tried again for days, while everything else goes on.

say, twice in vain ─▶ put off: kept in the store, said in the thread ─▶ 1 m, 5 m … 4 h later: the same mail, the same id
                                                                     ─▶ after five days ✗ with why, and Retry

A text is tried for minutes in its contact's lane; a mail server may be away for a weekend, and a lane that waited for
it would hold back the outbox's cursor. So what waits stands among the store's named states, as reminders do, and the
words beside it: the contact may have left the store by the time they leave.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from ..channels.channel import Channel, DeliveryError, Desk, Line, NotDelivered, OutcomeUnknown, Words
from ..channels.fence import FENCED, still_ours
from ..queue.contact import Media
from ..queue.engine import Queue
from ..queue.papers import TooLong, keep_paper, paper_of
from .alerts import Alerts
from .rulebook import Rulebook
from .texts import spoken

log = structlog.get_logger()

WAITING = "mail:"
EVERY = 1.0
"""Seconds between looks at what is due."""
A_ROUND = 20
MINUTE = 60_000
PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 120 * MINUTE, 240 * MINUTE)
"""ms between tries; the last again and again."""
GIVE_UP = 5 * 86_400_000
"""ms of trying (RFC 5321 4.5.4.1: at least four or five days)."""
KEPT = GIVE_UP + 86_400_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One of them: since when (ms), when it is tried next, how often it was, and why it waits."""

    contact: str
    n: int
    since: int
    at: int
    tries: int
    why: str

    @property
    def name(self) -> str:
        """Under which it stands in the store."""
        return f"{WAITING}{self.contact}.{self.n}"

    def dump(self) -> str:
        """As it stands there."""
        return json.dumps(
            [self.contact, self.n, self.since, self.at, self.tries, self.why], ensure_ascii=False
        )

    def next(self, now: int, why: str) -> Waiting:
        """After another try in vain."""
        pause = PAUSES[min(self.tries, len(PAUSES) - 1)]
        return replace(self, at=now + pause, tries=self.tries + 1, why=why)


def read(states: Mapping[str, str]) -> tuple[Waiting, ...]:
    """Those among the store's named states, the first due first; what can't be read is none."""
    found = [it for name, text in states.items() if name.startswith(WAITING) and (it := parse(text))]
    return tuple(sorted(found, key=lambda it: (it.at, it.name)))


def parse(text: str) -> Waiting | None:
    """One of them."""
    try:
        contact, n, since, at, tries, why = json.loads(text)
        return Waiting(str(contact), int(n), int(since), int(at), int(tries), str(why))
    except (ValueError, TypeError):
        return None


@dataclass(slots=True)
class WaitingMails:
    """Tries again what is due, while `mine` says that this process delivers."""

    queue: Queue
    desk: Desk
    doors: Mapping[str, Channel]
    book: Callable[[], Rulebook]
    alerts: Alerts
    mine: Callable[[], bool]

    async def wait(self, words: Words, why: str) -> None:
        """Put it off: from here on it is ours. Raises StoreError."""
        contact, _, n = words.key.rpartition(".")
        now = await self.queue.now()
        it = Waiting(contact, int(n), words.since, now, 0, why).next(now, why)
        try:
            await keep_paper(self.queue, it.name, _dump(words), KEPT)
        except TooLong:
            log.warning("mail.too_long_to_wait", key=words.key)
            raise NotDelivered(why) from None  # it waits in its lane
        if await self.queue.alert(it.name, True, it.dump()):
            await self._say_so(it)

    async def holds(self, key: str) -> bool:
        """Whether the message `key` ("C1001.3") waits here."""
        return f"{WAITING}{key}" in await self.queue.alerts()

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        still_ours.set(self.mine)
        while True:
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look()

    async def look(self) -> int:
        """One round; how many were tried."""
        waiting = read(await self.queue.alerts())
        if not waiting or waiting[0].at > (now := await self.queue.now()):
            return 0
        due = [it for it in waiting if it.at <= now][:A_ROUND]
        for it in due:
            await self._try(it)
        return len(due)

    async def _try(self, it: Waiting) -> None:
        found = await self._message(it)
        words = _read(await paper_of(self.queue, it.name))
        if words is None or found not in ("", "queued", "sending"):
            await self.queue.alert(it.name, False)  # it left, or its words are gone
            return
        door = self.doors.get("email")
        try:
            if door is None:
                raise NotDelivered("the mail door is off", "off")
            sent = await door.say(words)
        except NotDelivered as error:
            if error.code != FENCED:
                await self._in_vain(it, error.reason, error.permanent)
            return
        except OutcomeUnknown:
            await self._in_vain(it, "the mail server doesn't answer", False)
            return
        await self.queue.receipt(it.contact, it.n, sent.status, sent.provider_id, sent.error)
        await self._over(it)
        await self.alerts.end("door:email", "Mails are sent again.")

    async def _in_vain(self, it: Waiting, why: str, permanent: bool) -> None:
        now = await self.queue.now()
        if not permanent and now - it.since < GIVE_UP:
            again = it.next(now, why)
            await self.queue.alert(it.name, False)
            await self.queue.alert(again.name, True, again.dump())
            return
        if not permanent:
            why = f"it was tried for five days: {why}"
        if not await self.queue.receipt(it.contact, it.n, "failed", error=why):
            await self.alerts.once(
                f"mail:{it.name}", f"A mail of {it.contact}, which has ended, could not be sent: {why}"
            )
        await self._over(it)

    async def _over(self, it: Waiting) -> None:
        await self.queue.alert(it.name, False)
        await keep_paper(self.queue, it.name, "", 1)

    async def _message(self, it: Waiting) -> str:
        """What is known of it; "" where its contact has left the store."""
        said = await self.queue.messages(it.contact)
        return next((m.status for m in said if m.n == it.n), "")

    async def _say_so(self, it: Waiting) -> None:
        """In the thread, once: that it waits, why, and until when it is tried."""
        places = await self.queue.places(it.contact)
        if not places:
            return
        until = spoken(it.since + GIVE_UP, it.at, self.book().plan.timezone, "en")
        text = f":hourglass_flowing_sand: Not sent yet: {it.why}. It is tried again, until {until}."
        line = Line(it.contact, it.since * 1000 + it.n % 1000, "event", "Tierline", text, it.since)
        try:
            await self.desk.post(places[-1], line, again=True)
        except DeliveryError as error:
            log.warning("mail.wait_not_shown", contact=it.contact, error=type(error).__name__)


def _dump(words: Words) -> str:
    media = [[it.url, it.content_type, it.name] for it in words.media]
    told = {name: getattr(words, name) for name in words.__slots__ if name != "media"}
    return json.dumps({**told, "media": media}, ensure_ascii=False)


def _read(raw: str) -> Words | None:
    if not raw:
        return None
    it = json.loads(raw)
    media = tuple(Media(*map(str, each)) for each in it.pop("media"))
    return Words(**{**it, "answers": tuple(it["answers"])}, media=media)
