"""A new plan and those who wait: how many it would move, and moving them, while offers go on.

The walk's place stands in the store, so whichever worker is there goes on with it. Contacts are taken a page at a
time, each moved by one script that refuses when the plan or the contact has changed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from ..queue.engine import Queue
from ..queue.engine_site import Walk
from ..queue.history.records import Customer
from ..queue.state import ContactView
from .active import ActivePlan
from .facts import Facts
from .plan.load import load_async
from .reconsider import MOVABLE, Waiting, reconsider, said
from .rulebook import Rulebook

log = structlog.get_logger()

ROLE = "reevaluate"
LEASE = 6_000
"""ms after which another goes on where one fell silent; two at once would do no harm, only the work twice."""
LOOK = 0.5
"""Seconds between looks for a walk: all begin within a second of the publishing."""
PAGE = 100
"""Contacts read, decided and moved before the walk's place is noted."""
COUNT_WAIT = 5.0
"""Seconds for counting: a check answers all the same where very many wait."""
ABREAST = 20
"""Contacts of which is read at once."""
FOLLOWED = 2_000
"""ms after the publishing in which a router may still have decided by the version before."""


class Records(Protocol):
    """What a walk asks of the history."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        """The customer with that key or address (and what an event became): asked by the shortest way."""


@dataclass(frozen=True, slots=True)
class Count:
    """Who waits, and whom a plan would move: by (service, service it would go to)."""

    waiting: int = 0
    moves: tuple[tuple[str, str, int], ...] = ()
    stranded: tuple[tuple[str, int], ...] = ()  # services that the plan no longer has, with who waits there
    whole: bool = True  # False: there was no time to look at all of them

    @property
    def moved(self) -> int:
        """How many."""
        return sum(n for _, _, n in self.moves)

    def lines(self) -> tuple[str, ...]:
        """In words."""
        if not self.waiting:
            return ("Nobody waits.",)
        first = f"{self.waiting} wait{'s' if self.waiting == 1 else ''}; re-evaluating moves {self.moved}"
        if not self.whole:
            first = f"More wait than could be counted in time; of {self.waiting}, re-evaluating moves {self.moved}"
        parts = [f"{n} from {a} to {b}" if a != b else f"{n} in {a} (other terms)" for a, b, n in self.moves]
        return (f"{first}{': ' + ', '.join(parts) if parts else ''}.",)


async def known(queue: Queue, records: Records, view: ContactView) -> Waiting | None:
    """What a decision about `view` needs. Raises StoreError when queue or history are away: never guess."""
    begun = said(await queue.messages(view.id))
    if begun is None:
        return None
    facts = Facts.parse(view.facts)
    address = facts.customer or begun[0].sender
    customer, _ = await records.arriving(address, "")
    return Waiting(view, begun[0], begun[1], customer or Customer(begun[0].sender))


async def all_known(queue: Queue, records: Records, views: Sequence[ContactView]) -> list[Waiting | None]:
    """`known` of each, several at once."""
    found: list[Waiting | None] = []
    for i in range(0, len(views), ABREAST):
        found += await asyncio.gather(*(known(queue, records, view) for view in views[i : i + ABREAST]))
    return found


async def waiting(queue: Queue, after: int = 0) -> AsyncIterator[tuple[list[ContactView], int]]:
    """Pages of those who wait, by number, each with the number behind which it goes on."""
    while True:
        page, here = await queue.page(after, PAGE)
        if here is None:
            return
        yield [view for view in page if view.state in MOVABLE and not view.owner], here
        after = here


async def count(
    queue: Queue, records: Records, old: Rulebook, book: Rulebook, within: float = COUNT_WAIT
) -> Count:
    """Whom `book` would move, and nothing is done; after `within` seconds, of those looked at by then."""
    clock = asyncio.get_running_loop().time
    ends, whole = clock() + within, True
    seen, stranded, moves = 0, Counter[str](), Counter[tuple[str, str]]()
    async for page, _ in waiting(queue):
        now = await queue.now()
        for view, it in zip(page, await all_known(queue, records, page), strict=True):
            seen += 1
            if view.service not in book.services:
                stranded[view.service] += 1
            if it is not None and (move := reconsider(old, book, it, now)) is not None:
                moves[move.from_service, move.to_service] += 1
            await asyncio.sleep(0)  # deciding takes up to a millisecond: nobody else waits for more
        if clock() > ends:
            whole = False
            break
    found = tuple((a, b, n) for (a, b), n in sorted(moves.items()))
    return Count(seen, found, tuple(sorted(stranded.items())), whole)


@dataclass(slots=True)
class Walker:
    """Carries out the walk that a publishing began. `told` hears the outcome in words."""

    queue: Queue
    plan: ActivePlan
    records: Records
    holder: str
    told: Callable[[str], Awaitable[None]]
    term: int = LEASE
    old: Rulebook | None = field(default=None, repr=False)

    async def run(self) -> None:
        """Walk whenever there is something to walk; raises StoreError when store or history are away."""
        while True:
            if await self.queue.walk() is not None:
                await self.walk()
            await asyncio.sleep(LOOK)

    async def walk(self) -> Walk | None:
        """Go on with the walk, if nobody else is at it; its last state, when this one ended it."""
        if await self.queue.lease(ROLE, self.holder, self.term) is None:
            return None
        await self.plan.follow()
        walk, active = await self.queue.walk(), await self.queue.plan()
        if walk is None or active is None or walk.version != active.version:
            return None
        if self.plan().version != walk.version:
            return None
        before = Rulebook(await load_async(active.before_yaml or active.yaml), active.before)
        self.old = before.under(self.plan.situation)
        while True:
            async for page, here in waiting(self.queue, walk.after):
                walk = await self._page(walk, page, here)
                if await self.queue.walked(walk) is None:
                    return None  # another version is walked now
                if await self.queue.lease(ROLE, self.holder, self.term) is None:
                    return None
            if await self.queue.now() - walk.at >= FOLLOWED:
                break
            await asyncio.sleep(LOOK)
        return await self._end(walk)

    async def _page(self, walk: Walk, page: list[ContactView], here: int) -> Walk:
        now = await self.queue.now()
        # What arrived after the publishing and was decided by this version isn't one of those who waited.
        old = [it for it in page if _version(it) != walk.version or it.arrived < walk.at]
        todo = [it for it in old if _version(it) != walk.version]  # a crash may have left some done
        for it in await all_known(self.queue, self.records, todo):
            if it is not None:
                await self._move(walk.version, it, now)
        return replace(walk, after=here, seen=walk.seen + len(old))

    async def _move(self, version: int, it: Waiting, now: int) -> None:
        """Move it if the plan says so. What changed under our hands is looked at again, a few times."""
        known_now: Waiting | None = it
        for _ in range(5):
            if known_now is None:
                return
            move = reconsider(self.old or self.plan(), self.plan(), known_now, now)
            if move is None:
                return
            judged = known_now.view
            answer = await self.queue.reevaluate(version, judged.id, judged.facts, move.decision)
            if answer.outcome != "stale":
                return
            view = await self.queue.contact(judged.id)
            known_now = await known(self.queue, self.records, view) if view is not None else None
        log.warning("reevaluate.skipped", contact=it.view.id)

    async def _end(self, walk: Walk) -> Walk | None:
        moved = await self.queue.walked(walk, over=True)
        if moved is None:
            return None
        log.info("reevaluate.done", version=walk.version, seen=walk.seen, moved=moved)
        told = f"Plan version {walk.version}: {moved} of {walk.seen} who waited were moved."
        await self.told(f":twisted_rightwards_arrows: {told}")
        return replace(walk, moved=moved)


def _version(view: ContactView) -> int:
    return Facts.parse(view.facts).version
