"""The active plan: read from the store, followed when another process publishes, and mustered into the queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from ..queue.engine import Queue
from .plan.check import empty_plan
from .plan.errors import PlanErrors
from .plan.load import load_async
from .plan.model import Plan
from .roster import muster
from .rulebook import Rulebook

log = structlog.get_logger()

FOLLOW = 0.5
"""Seconds between looks at the active version: all routers follow within a second."""


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

    @classmethod
    async def open(cls, queue: Queue, first: Plan | PlanErrors | None, author: str) -> ActivePlan:
        """The active plan; when there is none yet, `first` (or the empty plan) becomes version 1.

        Raises `first` when it is the mistakes of the plan that would have to be the first.
        """
        it = cls(queue, Rulebook(first if isinstance(first, Plan) else empty_plan(), 0))
        if await queue.plan() is None:
            if isinstance(first, PlanErrors):
                raise first
            plan = first or empty_plan()
            await queue.publish(1, plan.source, author, "first start", expected_version=0)
        await it.follow()
        return it

    def __call__(self) -> Rulebook:
        """The rulebook of the active version."""
        return self.book

    async def follow(self) -> bool:
        """Take over the version in the store if it is another one; whether it was."""
        active = await self.queue.plan()
        if active is None or active.version == self.book.version:
            return False
        plan = self.book.plan  # reading the same text again would cost a start 50 ms
        if plan.source != active.yaml:
            plan = await load_async(active.yaml, f"plan version {active.version}")
        book = Rulebook(plan, active.version)
        await muster(self.queue, book, await self.queue.now())
        self.book = book
        log.info("plan.active", version=active.version, agents=len(plan.agents), services=len(plan.services))
        return True

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            await self.follow()
            await asyncio.sleep(FOLLOW)

    async def publish(self, source: str, author: str, reason: str, on: int | None = None) -> int:
        """Check `source` and make it the active version; its number.

        Raises PlanErrors when it has mistakes, Stale when `on` (the version it was drafted from) isn't active.
        """
        await load_async(source, "draft")
        base = self.book.version if on is None else on
        done = await self.queue.publish(base + 1, source, author, reason, expected_version=base)
        if done.outcome == "stale":
            raise Stale(done.version)
        await self.follow()
        return done.version
