"""The task that carries the ledger into the history and lets the store forget what has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

import structlog

from ..state import Event

log = structlog.get_logger()

ROLE = "history"
OTHERS = ("outbox",)
"""Who else reads the ledger and looks up the contacts of its entries in the store."""
LEASE = 10_000  # ms; losing it in the middle of a write does no harm
RENEW = 5.0  # seconds
BATCH = 100  # entries
GATHER = 0.15  # seconds between looks: what comes together is written together, with one fsync
TIDY = 1.0  # seconds between two looks at what the store may forget
FORGET = 100  # contacts at a time


class Ledger(Protocol):
    """What the projector asks of the queue."""

    async def lease(self, role: str, holder: str, ms: int) -> int | None:
        """The fence, or None when somebody else holds the role."""

    async def cursor(self, consumer: str) -> str:
        """Where the consumer stands in the ledger, "0-0" at first."""

    async def advance(self, consumer: str, id: str, fence: int) -> bool:
        """Move it there; False when a later holder of the role has moved it."""

    async def last_event(self) -> str:
        """The id of the newest entry."""

    async def events(self, after: str, count: int) -> Sequence[Event]:
        """The events of up to `count` whole entries."""

    async def trim(self) -> int:
        """Drop what every consumer has behind it."""

    async def forget(self, contact: str) -> bool:
        """Drop an ended contact from the store."""

    async def now(self) -> int:
        """The queue's instant, ms."""


class Archive(Protocol):
    """What the projector asks of the history."""

    async def project(self, entries: Sequence[Event]) -> None:
        """Take over whole entries."""

    async def forgettable(self, now: int, limit: int) -> tuple[tuple[str, str], ...]:
        """Contacts that the store needn't keep, each with its latest entry's id."""

    async def forgotten(self, gone: Sequence[str]) -> None:
        """The store has dropped them."""


@dataclass(slots=True)
class Projector:
    """One process at a time projects; another goes on where the cursor stands. Twice does no harm.

    `projected` counts events, `last_entry` is the id of the latest that is in the history.
    """

    queue: Ledger
    history: Archive
    holder: str
    projected: int = 0
    last_entry: str = "0-0"
    clock: Callable[[], float] = monotonic
    _behind_since: float | None = field(default=None, repr=False)

    @property
    def lag(self) -> float:
        """Seconds since which something that was read isn't in the history; 0 when everything is."""
        return 0.0 if self._behind_since is None else max(0.0, self.clock() - self._behind_since)

    async def run(self) -> None:
        """Project for ever; raises StoreError when store or database is away (it is started again).

        The ledger keeps what isn't in the history: it's trimmed only behind the cursor, which moves after the
        commit.
        """
        while True:
            fence = await self.queue.lease(ROLE, self.holder, LEASE)
            if fence is None:
                await asyncio.sleep(RENEW)
                continue
            await self._hold(fence)

    async def _hold(self, fence: int) -> None:
        after = await self.queue.cursor(ROLE)
        renewed = tidied = self.clock()
        while True:
            events = await self.queue.events(after, BATCH)
            if not events:
                await asyncio.sleep(GATHER)
            else:
                after = await self._take(events)
                if not await self.queue.advance(ROLE, after, fence):
                    return
            if self.clock() - renewed > RENEW:
                if await self.queue.lease(ROLE, self.holder, LEASE) != fence:
                    return
                renewed = self.clock()
            if self.clock() - tidied > TIDY:
                await self.tidy()
                tidied = self.clock()

    async def _take(self, events: Sequence[Event]) -> str:
        if self._behind_since is None:
            self._behind_since = self.clock()
        await _uncut(self.history.project(events))
        self._behind_since = None
        self.projected += len(events)
        self.last_entry = events[-1].id
        return self.last_entry

    async def tidy(self) -> int:
        """Trim the ledger, and drop from the store what ended long enough ago; how many contacts.

        A contact stays until everybody else who reads the ledger is past its latest event, however late.
        """
        others = [_order(await self.queue.cursor(name)) for name in OTHERS]
        if all(other > (0, 0) for other in others):  # one that never read anything may not be registered yet
            await self.queue.trim()
        gone = []
        for contact, last in await self.history.forgettable(await self.queue.now(), FORGET):
            if all(_order(last) <= other for other in others):
                await self.queue.forget(contact)
                gone.append(contact)
        if gone:
            await _uncut(self.history.forgotten(gone))
            log.info("history.forgot", contacts=len(gone))
        return len(gone)

    async def settled(self) -> None:
        """Wait until everything in the ledger so far is in the history, whichever process puts it there."""
        last = _order(await self.queue.last_event())
        while _order(await self.queue.cursor(ROLE)) < last:  # noqa: ASYNC110 - another process may move it
            await asyncio.sleep(0.01)


async def _uncut(write: Coroutine[Any, Any, None]) -> None:
    """Let a write end before its caller does: a cut one leaves SQLite locked until its connection is found dead."""
    task = asyncio.ensure_future(write)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen: the cancellation is what is told
        raise


def _order(stream_id: str) -> tuple[int, int]:
    ms, _, seq = (stream_id or "0-0").partition("-")
    return int(ms), int(seq or 0)
