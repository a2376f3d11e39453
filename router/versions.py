"""A supervisor's verbs on the plan: look, check, publish, go back; told before it happens what it does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from ..queue.engine import Queue
from ..queue.engine_site import Waiting
from ..queue.failures import StoreError
from ..queue.history.records import Customer, PlanVersion
from ..queue.state import Event
from .active import ActivePlan
from .coverage import Finding, coverage
from .dry_run import DryRun, Past, dry_run
from .plan.diff import diff
from .plan.load import load_async
from .plan.model import Plan
from .rulebook import Rulebook
from .walk import ABREAST, Count, count

log = structlog.get_logger()

TAIL = 2_000
"""Ledger entries behind the history's place that are looked through for versions it hasn't got yet."""


class Histories(Protocol):
    """What is asked of the history."""

    async def plans(self, limit: int = 1_000) -> tuple[PlanVersion, ...]:
        """The latest versions, oldest first, without their yaml."""

    async def plan(self, version: int) -> PlanVersion | None:
        """One version whole."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        """The customer with that key or address (and what an event became)."""

    async def arrived(self, limit: int) -> tuple[Event, ...]:
        """The latest new contacts, as the ledger told them."""


class Stranded(Exception):
    """The draft lacks services in which contacts wait, and they were not to be moved."""

    def __init__(self, services: Sequence[tuple[str, int]]) -> None:
        self.services = tuple(services)
        told = ", ".join(f"{n} in {name}" for name, n in services)
        super().__init__(
            f"contacts wait in services that this plan no longer has ({told}): publish it so that those who wait "
            "are re-evaluated, or keep the service until they are served"
        )


class NoSuchVersion(Exception):
    """There is no version of that number, or it isn't kept any more."""

    def __init__(self, version: int) -> None:
        super().__init__(f"there is no plan version {version}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What there is to know of a draft before it is published. `count` None: the history is away, so nobody can tell."""

    plan: Plan
    on: int
    diff: tuple[str, ...]
    warnings: tuple[str, ...]
    coverage: tuple[Finding, ...]
    count: Count | None


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published, and what was known of it before."""

    version: int
    waiting: Waiting
    checked: Checked


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of one site's plan."""

    queue: Queue
    plan: ActivePlan
    history: Histories

    # ---- before -------------------------------------------------------------------------------------------------

    async def check(self, source: str, name: str = "draft") -> Checked:
        """All about a draft. Raises PlanErrors when it has mistakes."""
        draft = await self.plan.read(source, name)
        old = self.plan()
        now = await self.queue.now()
        book = Rulebook(draft, old.version + 1)
        lines = await asyncio.to_thread(diff, old.plan, draft)
        gaps = await asyncio.to_thread(coverage, book, now)
        counted = await self._count(old, book.under(self.plan.situation))
        warnings = [f"line {it.line}: {it.message}" for it in draft.warnings]
        if counted is not None:
            warnings += [
                f"{n} wait in {service}, which this plan no longer has" for service, n in counted.stranded
            ]
        warnings += await self._leaving(old, book)
        return Checked(draft, old.version, lines, tuple(warnings), gaps, counted)

    async def _leaving(self, old: Rulebook, book: Rulebook) -> list[str]:
        """Whoever the draft removes while they have work in hand."""
        people = (await self.queue.agents()).items()
        gone = [(name, len(it.contacts)) for name, it in people if name not in book.by_id and it.contacts]
        names = {name: spec.name for name, spec in old.by_id.items()}
        return [
            f"{names.get(name, name)} is removed and has {n} in hand: it goes to others" for name, n in gone
        ]

    async def _count(self, old: Rulebook, book: Rulebook) -> Count | None:
        try:
            return await count(self.queue, self.history, old, book)
        except StoreError as error:
            log.warning("plan.uncounted", error=type(error).__name__)
            return None

    async def dry_run(self, source: str, last: int) -> DryRun:
        """Which of the last contacts would have gone elsewhere. Raises PlanErrors, HistoryUnavailable.

        Plan against plan: what is closed at once just now is neither's doing.
        """
        draft = await self.plan.read(source, "draft")
        past = [it for event in await self.history.arrived(last) if (it := Past.of(event)) is not None]
        customers: dict[str, Customer | None] = {}
        keys = list(dict.fromkeys(it.customer for it in past))
        for i in range(0, len(keys), ABREAST):
            some = keys[i : i + ABREAST]
            answers = await asyncio.gather(*(self.history.arriving(key, "") for key in some))
            customers |= {key: customer for key, (customer, _) in zip(some, answers, strict=True)}
        old = self.plan.book
        return await asyncio.to_thread(dry_run, old, Rulebook(draft, old.version + 1), past, customers)

    # ---- publishing ---------------------------------------------------------------------------------------------

    async def publish(
        self, source: str, author: str, reason: str, on: int | None, waiting: Waiting, origin: str
    ) -> Publication:
        """Make a draft the active version.

        Raises PlanErrors, Stale (another version was published meanwhile), Stranded.
        """
        checked = await self.check(source)
        base = checked.on if on is None else on
        if waiting == "new" and checked.count is not None and checked.count.stranded:
            raise Stranded(checked.count.stranded)
        version = await self.plan.publish(source, author, reason, base, waiting, origin, checked.diff)
        return Publication(version, waiting, checked)

    async def rollback(
        self, to: int, author: str, reason: str, on: int | None, waiting: Waiting, origin: str
    ) -> Publication:
        """Publish what version `to` said as a new version. Raises NoSuchVersion, and as `publish`."""
        yaml = (await self.version(to)).yaml
        why = f"rollback to {to}" + (f": {reason}" if reason else "")
        return await self.publish(yaml, author, why, on, waiting, origin)

    # ---- looking back -------------------------------------------------------------------------------------------

    async def versions(self) -> tuple[PlanVersion, ...]:
        """All versions, oldest first, without their yaml; those that the history hasn't got yet included."""
        found = {it.version: it for it in await self._recent()}
        try:
            found |= {it.version: it for it in await self.history.plans()}
        except StoreError as error:
            log.warning("plan.history_away", error=type(error).__name__)
        return tuple(replace(found[n], yaml="") for n in sorted(found))

    async def version(self, number: int) -> PlanVersion:
        """One version whole; the history, which knows whom it moved, first. Raises NoSuchVersion."""
        recent = next((it for it in await self._recent() if it.version == number and it.yaml), None)
        try:
            found = await self.history.plan(number)
        except StoreError as error:
            if recent is None:
                raise
            log.warning("plan.history_away", error=type(error).__name__)
            found = None
        found = found if found is not None and found.yaml else recent
        if found is None:
            raise NoSuchVersion(number)
        return found

    async def diff(self, one: int, other: int) -> tuple[str, ...]:
        """What version `other` says otherwise than `one`. Raises NoSuchVersion."""
        plans = [await load_async((await self.version(n)).yaml, f"plan version {n}") for n in (one, other)]
        return await asyncio.to_thread(diff, plans[0], plans[1])

    async def _recent(self) -> tuple[PlanVersion, ...]:
        """What the store itself knows: the active version, the one before, and what the ledger still holds."""
        active = await self.queue.plan()
        if active is None:
            return ()
        now = PlanVersion(
            active.version, active.at, active.author, active.reason, active.waiting, active.diff, active.yaml
        )
        found = {active.version: now}
        events = await self.queue.events(await self.queue.cursor("history"), TAIL)
        found |= {it.version: it for event in events if (it := PlanVersion.of(event)) is not None}
        if active.before and active.before not in found and active.before_yaml:
            known = await self._known(active.before)
            found[active.before] = known or PlanVersion(
                active.before, 0, "", "", "new", (), active.before_yaml
            )
        return tuple(found.values())

    async def _known(self, number: int) -> PlanVersion | None:
        try:
            return await self.history.plan(number)
        except StoreError:
            return None
