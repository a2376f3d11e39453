"""The active plan: read from the store, followed when another process publishes, and mustered into the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from ..queue.engine import Queue
from ..queue.engine_site import Waiting
from .plan.check import empty_plan
from .plan.diff import diff as compare
from .plan.errors import PlanErrors
from .plan.load import load_async
from .plan.model import Plan
from .roster import muster
from .rulebook import Rulebook
from .situation import Situation

log = structlog.get_logger()

FOLLOW = 0.5
"""Seconds between looks at the active version: all routers follow within a second."""
SETTLED = 5.0
"""Seconds that a publication waits for this process to have written the agents; it is active all the same."""
MOST_LINES = 200
"""Lines of a diff that are kept with a version."""


class Stale(Exception):
    """Somebody published meanwhile: `version` is the active one now."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} was published meanwhile: look at it and publish again")
        self.version = version


@dataclass(slots=True)
class ActivePlan:
    """Holds the rulebook that decisions are made with; call it to get it."""

    queue: Queue
    book: Rulebook
    situation: Situation = Situation()
    shown: tuple[Rulebook, Situation, Rulebook] | None = None
    # Several in one process ask for it.
    taking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    draft: Plan | None = field(default=None, repr=False)
    written: Rulebook | None = field(default=None, repr=False)  # whose agents this process wrote last
    changes: dict[str, int | None] = field(default_factory=dict, repr=False)

    @classmethod
    async def open(
        cls, queue: Queue, first: Plan | PlanErrors | None, author: str, after: int = 0
    ) -> ActivePlan:
        """The active plan; when there is none yet, `first` (or the empty plan) becomes version `after` + 1.

        `after` is the last version that the history knows: a number means one plan for ever, also when a
        store was lost.

        Raises `first` when it is the mistakes of the plan that would have to be the first.
        """
        known = first if isinstance(first, Plan) else await asyncio.to_thread(empty_plan)
        it = cls(queue, Rulebook(known, 0))
        if await queue.plan() is None:
            if isinstance(first, PlanErrors):
                raise first
            await queue.publish(
                after + 1, known.source, author, "first start", expected_version=0, origin=author
            )
        await it.heed()
        await it.follow()
        return it

    def __call__(self) -> Rulebook:
        """The rulebook of the active version, in the present situation."""
        if self.shown is None or self.shown[0] is not self.book or self.shown[1] is not self.situation:
            self.shown = self.book, self.situation, self.book.under(self.situation)
        return self.shown[2]

    async def heed(self) -> None:
        """See which services are closed at once, and which incidents there are."""
        number, troubles = await self.queue.situation()
        found = Situation.read(troubles, number)
        if found != self.situation:
            self.situation = found

    async def follow(self) -> bool:
        """Take over the version in the store if it is another one; whether it was."""
        async with self.taking:
            return await self._follow()

    async def _follow(self) -> bool:
        active = await self.queue.plan()
        if active is None or active.version == self.book.version:
            return False
        plan = await self.read(active.yaml, f"plan version {active.version}")
        book = Rulebook(plan, active.version)
        written = book.under(self.situation)
        self.changes = await muster(self.queue, written, await self.queue.now(), self.written)
        self.book, self.written, self.draft = book, written, None
        log.info("plan.active", version=active.version, agents=len(plan.agents), services=len(plan.services))
        return True

    async def read(self, source: str, name: str) -> Plan:
        """The plan in `source`; one that was read before isn't read again: a large one takes seconds.

        Raises PlanErrors.
        """
        for known in (self.book.plan, self.draft):
            if known is not None and known.source == source:
                return known
        self.draft = await load_async(source, name)
        return self.draft

    def mustered(self, version: int) -> dict[str, int | None] | None:
        """What `muster` gave when this process wrote the agents of that version; None when it hasn't."""
        return dict(self.changes) if self.written is not None and self.written.version == version else None

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            await self.follow()
            await self.heed()
            await asyncio.sleep(FOLLOW)

    async def publish(
        self,
        source: str,
        author: str,
        reason: str,
        on: int | None = None,
        waiting: Waiting = "new",
        origin: str = "",
        diff: Sequence[str] | None = None,
    ) -> int:
        """Check `source` and make it the active version; its number.

        Raises PlanErrors when it has mistakes, Stale when `on` (the version it was drafted from) isn't active.
        `origin` says from where, for the audit log; `diff` in words is worked out unless it is given.
        """
        draft = await self.read(source, "draft")
        base = self.book.version if on is None else on
        lines = diff if diff is not None else await asyncio.to_thread(compare, self.book.plan, draft)
        done = await self.queue.publish(
            base + 1, source, author, reason, base, waiting, origin, _kept(lines, base)
        )
        if done.outcome == "stale":
            raise Stale(done.version)
        await self._settled()
        return done.version

    async def _settled(self) -> None:
        """Taken over here, or told so: what is published is published, and `run` goes on with it."""
        following = asyncio.create_task(self.follow(), name="taking the plan over")
        done, _ = await asyncio.wait([following], timeout=SETTLED)
        if not done:
            log.warning("plan.slow", version=self.book.version, waited=SETTLED)
            following.add_done_callback(lambda it: it.cancelled() or it.exception())
        elif (error := following.exception()) is not None:
            log.warning("plan.not_followed", error=type(error).__name__)


def _kept(lines: Sequence[str], base: int) -> Sequence[str]:
    """As many as are kept with a version; where there are more, the last one says so."""
    if len(lines) <= MOST_LINES:
        return lines
    left = len(lines) - MOST_LINES + 1
    return [
        *lines[: MOST_LINES - 1],
        f"{left} changes more: `tierline plan diff {base} {base + 1}` tells all",
    ]
