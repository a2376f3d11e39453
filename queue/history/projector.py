"""The task that carries the ledger into the history and lets the store forget what has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from time import monotonic
from typing import Protocol

import structlog

from ..failures import StoreError
from ..state import Event
from .database import HistoryRefused
from .fold import KEPT
from .untold import Untold

log = structlog.get_logger()

ROLE = "history"
OTHERS = ("outbox",)
"""Who else reads the ledger and looks up the contacts of its entries in the store."""
LEASE = 6_000  # ms; losing it in the middle of a write does no harm
RENEW = 2.0  # seconds, or a third of the lease
LOOK = 1.0  # seconds between two tries to take over
BATCH = 100  # entries
GATHER, MANY = 0.15, 20
"""Seconds between looks: what comes together is written together, with one fsync. So many events in one look, and the
next is three times as far: a batch costs much the same whatever is in it."""
TIDY = 1.0  # seconds between two looks at what the store may forget
FORGET = 100  # contacts at a time
COMPARED = 50_000  # events behind the cursor, at most
OTHER = (
    "The history lacks what the store has handed over already (its ledger up to entry {entry}). Either two processes"
    " share the store and not the history: then each keeps a part of the record, until all are given the same"
    " DATABASE_URL. Or it was lost, or an older copy was brought back: then what is missing is only in its backups."
)


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

    async def forget(self, contact: str, keep: int = 0) -> bool:
        """Drop a contact that ended at least `keep` ms ago from the store."""

    async def contact(self, id: str) -> object | None:
        """The contact if the store has it."""

    async def audit(self, who: str, act: str, what: Mapping[str, object], origin: str) -> None:
        """Tell the audit log of a change."""

    async def now(self) -> int:
        """The queue's instant, ms."""


class Archive(Protocol):
    """What the projector asks of the history."""

    @property
    def untold(self) -> Untold:
        """What was changed in it without the ledger."""

    async def ledger(self, after: str, limit: int) -> tuple[tuple[Event, ...], bool]:
        """Archived events behind the entry `after`, whole entries; and whether there are more."""

    async def project(self, entries: Sequence[Event]) -> None:
        """Take over whole entries."""

    async def keep(self, entries: Sequence[Event]) -> None:
        """Keep whole entries as they are, for later."""

    async def forgettable(self, now: int, limit: int) -> tuple[tuple[str, str], ...]:
        """Contacts that the store needn't keep, each with its latest entry's id."""

    async def forgotten(self, gone: Sequence[str]) -> None:
        """The store has dropped them."""


async def nobody(text: str) -> None:
    """Whom an operator's text is told where nobody asked for it."""


async def unheard(entries: Sequence[Event]) -> None:
    """Whom it is told what the store has lost, where nobody asked for it."""


def half_an_hour() -> int:
    """How long an ended contact may be re-opened, where no plan says so."""
    return 30 * 60_000


@dataclass(slots=True)
class Projector:
    """One process at a time projects; another goes on where the cursor stands. Twice does no harm.

    `projected` counts events, `last_entry` is the id of the latest that is in the history; `reopen` says how
    long (ms) after its end a customer's message may open a contact again, so that the store must have it. `lost` hears
    at each beginning what the history has and the store doesn't any more.
    """

    queue: Ledger
    history: Archive
    holder: str
    term: int = LEASE
    projected: int = 0
    last_entry: str = "0-0"
    clock: Callable[[], float] = monotonic
    told: Callable[[str], Awaitable[None]] = nobody
    lost: Callable[[Sequence[Event]], Awaitable[None]] = unheard
    set_aside: int = 0
    reopen: Callable[[], int] = half_an_hour
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
            fence = await self.queue.lease(ROLE, self.holder, self.term)
            if fence is None:
                await asyncio.sleep(min(LOOK, self.term / 4000))
                continue
            await self._hold(fence)

    async def _hold(self, fence: int) -> None:
        after = await self.queue.cursor(ROLE)
        if not await self._compare(after):
            await asyncio.sleep(GATHER)
            return
        if not await self._ours(after):
            log.error("history.lacks", last=after)
            await self.told(OTHER.format(entry=after))
        renewed = tidied = self.clock()
        while True:
            events = await self.queue.events(after, BATCH)
            if events:
                after = await self._take(events)
                if not await self.queue.advance(ROLE, after, fence):
                    return
            if len(events) < BATCH:  # what is told one by one is written together, and offers go first
                await asyncio.sleep(GATHER if len(events) < MANY else 3 * GATHER)
            if self.clock() - renewed > min(RENEW, self.term / 3000):
                if await self.queue.lease(ROLE, self.holder, self.term) != fence:
                    return
                renewed = self.clock()
            if self.clock() - tidied > TIDY:
                await self._tell()
                await self.tidy()
                tidied = self.clock()

    async def _compare(self, after: str) -> bool:
        """Whether that could be found out: what the history has behind the cursor and the ledger hasn't.

        A process that died before it moved the cursor leaves something behind it that the ledger has. A store that
        has fallen back (a primary that lacked something, an old copy) has lost its cursor's last moves as well.
        """
        kept, _ = await self.history.ledger(after, COMPARED)
        if not kept:
            return True
        there, at = set[str](), after
        until = min(kept[-1].id, await self.queue.last_event(), key=_order)
        while _order(at) < _order(until):
            found = await self.queue.events(at, BATCH)
            if not found:
                return False  # too few replicas have it: it may be undone yet
            there.update(it.id for it in found)
            at = found[-1].id
        # Somebody whose lease had just run out may have moved the cursor meanwhile, and what it passed is trimmed.
        passed = _order(await self.queue.cursor(ROLE))
        gone = [it for it in kept if it.id not in there and _order(it.id) > passed]
        if gone:
            log.error("history.store_lacks", events=len(gone), last=gone[-1].id)
            await self.lost(gone)
        return True

    async def _ours(self, after: str) -> bool:
        """Whether the entry at the cursor is in this history: the cursor moves behind a commit."""
        ms, seq = _order(after)
        if (ms, seq) == (0, 0):
            return True
        before = f"{ms}-{seq - 1}" if seq else f"{ms - 1}-{(1 << 63) - 1}"
        kept, _ = await self.history.ledger(before, 1)
        return bool(kept) and kept[0].id == after

    async def release(self) -> None:
        """Let go of the role, if it is ours: another process goes on at once. After `run` has ended."""
        await self.queue.lease(ROLE, self.holder, 0)

    async def _take(self, events: Sequence[Event]) -> str:
        if self._behind_since is None:
            self._behind_since = self.clock()
        try:
            await self.history.project(events)
        except Exception as error:
            if _away(error):
                raise
            await self._one_by_one(events)
        self._behind_since = None
        self.projected += len(events)
        self.last_entry = events[-1].id
        return self.last_entry

    async def _one_by_one(self, events: Sequence[Event]) -> None:
        """Some entry breaks us, and would at every try: it is kept as it is, told of, and the others go on."""
        for entry, together in groupby(events, key=lambda event: event.id):
            each = list(together)
            try:
                await self.history.project(each)
            except Exception as error:
                if _away(error):
                    raise
                await self._set_aside(entry, each, error)

    async def _set_aside(self, entry: str, each: Sequence[Event], error: Exception) -> None:
        log.error("history.set_aside", entry=entry, kinds=[it.e for it in each], error=type(error).__name__)
        try:
            await self.history.keep(each)
        except Exception as refused:
            if _away(refused):
                raise
            log.error("history.lost", entry=entry, error=type(refused).__name__)
        self.set_aside += 1
        about = ", ".join(sorted({it.c for it in each if it.c})) or "no contact"
        await self.told(f"The history could not take in ledger entry {entry} ({about}): it was set aside.")

    async def _tell(self) -> None:
        """Tell the audit log what was changed without the ledger: twice if we die right in between, never not."""
        for it in await self.history.untold.first():
            await self.queue.audit(it.who, it.act, it.what, it.origin)
            await self.history.untold.told(it.id)

    async def tidy(self) -> int:
        """Trim the ledger, and drop from the store what ended long enough ago; how many contacts.

        A contact stays until everybody else who reads the ledger is past its latest event, however late.
        """
        others = [_order(await self.queue.cursor(name)) for name in OTHERS]
        if all(other > (0, 0) for other in others):  # one that never read anything may not be registered yet
            await self.queue.trim()
        gone = []
        reopen = self.reopen()
        now = await self.queue.now() - max(0, reopen - KEPT["closed"])
        for contact, last in await self.history.forgettable(now, FORGET):
            if all(_order(last) <= other for other in others):
                dropped = await self.queue.forget(contact, reopen)
                if dropped or await self.queue.contact(contact) is None:
                    gone.append(contact)
        if gone:
            await self.history.forgotten(gone)
            log.info("history.forgot", contacts=len(gone))
        return len(gone)

    async def settled(self) -> None:
        """Wait until everything in the ledger so far is in the history, whichever process puts it there."""
        last = _order(await self.queue.last_event())
        while _order(await self.queue.cursor(ROLE)) < last:  # noqa: ASYNC110 - another process may move it
            await asyncio.sleep(0.01)


def _away(error: Exception) -> bool:
    """Whether store or database is away, so that the same may work later."""
    return isinstance(error, StoreError) and not isinstance(error, HistoryRefused)


def _order(stream_id: str) -> tuple[int, int]:
    ms, _, seq = (stream_id or "0-0").partition("-")
    return int(ms), int(seq or 0)
