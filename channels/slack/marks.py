"""Receipts of replies: ⏳ with Undo, ✓, ✗ with why and Retry.

The words must come through, ✗ first of all; the emoji are comfort and are put on in the background, ✗ alone is waited
for. Slack lets some twenty emoji a minute be taken off again: ⏳ is put only where that can be (Undo says "leaves in"
all the same), so that none stays beside a reply that has left.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..channel import DeliveryError, Mark, NotDelivered
from ..turn import afterwards, done_before
from . import messages
from .blocks import Message
from .memory import Finder, Recent, split
from .pace import Urgency
from .send import Sender
from .threads import NOT_OURS, Threads

HELD, SENT, FAILED, KEPT = "hourglass_flowing_sand", "white_check_mark", "x", "lock"
Key = tuple[str, int]
YOUNG = 30.0
"""Seconds after a start in which a held reply may have been shown by the process before: it is looked for first."""


@dataclass(slots=True)
class Marks:
    """`undo` and `failed` are the messages with Undo and Retry.

    `held` are the replies that wait, by the place where they were typed; `glass` are those places where ⏳ stands;
    `known` are the replies of which all that stands in Slack is known here.
    """

    sender: Sender
    threads: Threads
    finder: Finder
    spawn: Callable[[Awaitable[None]], None]
    undo: Recent[Key, str] = field(default_factory=Recent)
    failed: Recent[Key, str] = field(default_factory=Recent)
    held: Recent[str, tuple[str, int]] = field(default_factory=Recent)
    done: Recent[Key, str] = field(default_factory=Recent)
    known: Recent[Key, bool] = field(default_factory=Recent)
    glass: set[str] = field(default_factory=set)
    born: float = field(default_factory=time.monotonic)

    def clear(self) -> None:
        """Forget every reply."""
        for kept in (self.undo, self.failed, self.held, self.done, self.known):
            kept.clear()
        self.glass.clear()

    async def show(self, thread: str, mark: Mark, now: int, author: str) -> None:
        """Show what became of a reply."""
        key = (mark.contact, mark.n)
        if mark.state != "held":
            self.held.pop(mark.source)
        match mark.state:
            case "held":
                await self._hold(thread, mark, now)
            case "undone":
                await self._undone(thread, mark)
            case "sent" | "delivered" if self.done.get(key) != "sent":
                await self._sent(thread, mark, author)
                self.done[key] = "sent"
            case "failed" if self.done.get(key) != _failed(mark):
                await self._failed(thread, mark)

    async def _hold(self, thread: str, mark: Mark, now: int) -> None:
        key = (mark.contact, mark.n)
        young = done_before() or time.monotonic() < self.born + YOUNG
        if mark.source:
            self.held[mark.source] = key
            self._put_glass(mark, young)
            if mark.source.count(":") > 1:  # a note that is sent after all
                self._react(mark, KEPT, False)
        if not young:
            self.known[key] = True
        if mark.until <= now or key in self.undo:
            return
        wanted: dict[str, Any] = {"contact": mark.contact, "n": mark.n, "undo": True}
        try:
            self.undo[key] = await self.threads.add(
                thread, messages.held(mark, now), Urgency.OFFER, young, **wanted
            )
        except DeliveryError:
            self.known.pop(key)  # it may stand there all the same
            raise

    async def _undone(self, thread: str, mark: Mark) -> None:
        self._take_glass(mark)
        await self._replace(thread, mark, self.undo, messages.undone(mark), undo=True)

    async def _sent(self, thread: str, mark: Mark, author: str) -> None:
        channel, _ = split(thread)
        key = (mark.contact, mark.n)
        self._take_glass(mark)
        self._react(mark, SENT, True)
        if (self.done.get(key) or "").startswith(FAILED):
            self._react(mark, FAILED, False)
            await self._replace(thread, mark, self.failed, messages.mended(mark), failed=True)
        if not mark.source:
            await self._replace(thread, mark, self.undo, messages.gone_out(mark, author), undo=True)
        elif ts := await self._find(thread, mark, self.undo, undo=True):
            self.undo.pop(key)
            await self._delete(channel, ts)

    async def _failed(self, thread: str, mark: Mark) -> None:
        """The words first; what they take the place of goes behind whatever else is urgent."""
        key = (mark.contact, mark.n)
        before = self.done.get(key)
        await self._replace(thread, mark, self.failed, messages.failed(mark), failed=True)
        self.done[key] = _failed(mark)
        await afterwards(f"mark:{mark.contact}.{mark.n}", partial(self._crossed, thread, mark, before))

    async def _crossed(self, thread: str, mark: Mark, before: str | None) -> None:
        channel, _ = split(thread)
        key = (mark.contact, mark.n)
        self._take_glass(mark)
        if before == "sent":  # the carrier took it, and said later that it never arrived
            self._react(mark, SENT, False)
        elif before is None and (ts := await self._find(thread, mark, self.undo, undo=True)):
            self.undo.pop(key)
            await self._delete(channel, ts)
        if mark.source and self.done.get(key) == _failed(mark):
            source, typed = split(mark.source)
            await self.sender.react(source, typed, FAILED, True, Urgency.FAILURE)

    # ---- one message of a reply ---------------------------------------------------------------------------------

    async def _find(self, thread: str, mark: Mark, known: Recent[Key, str], **flag: bool) -> str:
        """The ts of the reply's message with Undo or Retry, "" when there is none."""
        key = (mark.contact, mark.n)
        if (ts := known.get(key)) or key in self.known:
            return ts or ""
        found = await self.finder.in_thread(thread, Urgency.FAILURE, contact=mark.contact, n=mark.n, **flag)
        return str(found["ts"]) if found else ""

    async def _replace(
        self, thread: str, mark: Mark, known: Recent[Key, str], to: Message, **flag: bool
    ) -> None:
        channel, _ = split(thread)
        key = (mark.contact, mark.n)
        ts = await self._find(thread, mark, known, **flag)
        if ts:
            try:
                await self.sender.update(channel, ts, to, Urgency.FAILURE)
                known[key] = ts
                return
            except NotDelivered as error:
                if error.code not in NOT_OURS:
                    raise
        said: dict[str, Any] = {"contact": mark.contact, "n": mark.n, **flag}
        known[key] = await self.threads.add(thread, to, Urgency.FAILURE, **said)

    async def _delete(self, channel: str, ts: str) -> None:
        try:
            await self.sender.call("chat.delete", Urgency.CARD, channel=channel, ts=ts)
        except NotDelivered as error:
            if error.code not in NOT_OURS:
                raise

    def keep(self, place: str) -> None:
        """What was typed at `place` is a note now: everybody in the thread sees that it stayed inside."""
        channel, ts = split(place)
        self.spawn(self._tick(channel, ts, KEPT, True))

    def _put_glass(self, mark: Mark, young: bool) -> None:
        """⏳, unless it couldn't be taken off in time; a process that was begun just now may find one there."""
        room = self.sender.left("reactions.remove", Urgency.CUSTOMER)
        if mark.source in self.glass or (len(self.glass) >= room and not young):
            return
        self.glass.add(mark.source)
        self._react(mark, HELD, True)

    def _take_glass(self, mark: Mark) -> None:
        """⏳ off, where there may be one."""
        if mark.source in self.glass or (mark.source and (mark.contact, mark.n) not in self.known):
            channel, ts = split(mark.source)
            self.spawn(self._glass_gone(mark.source, self._tick(channel, ts, HELD, False)))

    async def _glass_gone(self, source: str, work: Awaitable[None]) -> None:
        try:
            await work
        finally:
            self.glass.discard(source)

    def _react(self, mark: Mark, name: str, on: bool) -> None:
        if mark.source:
            channel, ts = split(mark.source)
            self.spawn(self._tick(channel, ts, name, on))

    async def _tick(self, channel: str, ts: str, name: str, on: bool) -> None:
        urgency = Urgency.CUSTOMER if name == HELD else Urgency.TICK
        try:
            await self.sender.react(channel, ts, name, on, urgency)
        except DeliveryError:
            return  # the words beside it stand; an emoji alone is not worth another call


def _failed(mark: Mark) -> str:
    """What is remembered of a reply that failed: told again with another reason, it is shown again."""
    return f"{FAILED} {mark.error}"
