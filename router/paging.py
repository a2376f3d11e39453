"""Whoever is on call is paged until somebody acknowledges or nobody waits any more: by Slack, text and call.

What is on stands in the store (`pages.py`); what is due is worked out from when it began, so a restart forgets nothing.

    attempt 0 at once ─ 1 after `every` ─ 2 … two to each, then the next in turn; a whole round in vain is told
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import structlog

from ..channels.channel import Button, Channel, DeliveryError, Desk, NotDelivered, Words
from ..channels.fence import still_ours
from ..channels.phone import Phones, Ring
from ..queue.engine import Queue
from ..queue.state import Event
from .alerts import Alerts
from .lanes import Job, Try
from .look import more
from .pages import ACKNOWLEDGED, PAGE, Page, Pages, parse, waits_for
from .plan.model import AgentSpec, OnCall, Plan
from .rota import TRIES, attempt, due_at, paged
from .rulebook import agent_id, span

log = structlog.get_logger()

EVERY = 2.0
"""Seconds between looks at what is due."""
RINGS = 30
DEADLINE = 20.0
"""Seconds for one way: a call may wait for its turn."""
NOBODY = "nobody waits any more"
Way = Literal["call", "sms", "slack"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One page to one person; `at` is when it was due, ms. `again`: an earlier life of ours may have made it."""

    page: Page
    number: int
    agent: AgentSpec
    at: int
    waiting: int
    longest: int  # ms
    again: bool

    @property
    def key(self) -> str:
        """Under which what it sends is found again."""
        return f"page.{self.page.id}.{self.number}"

    @property
    def text(self) -> str:
        """What it is about."""
        minutes = max(1, round(self.longest / 60_000))
        return f"{self.waiting} waiting for {self.page.service}, the longest for {minutes} min"


@dataclass(slots=True)
class Pager:
    """Pages while `mine` says that this process delivers. `phones` None: there is no voice door."""

    queue: Queue
    pages: Pages
    plan: Callable[[], Plan]
    desk: Desk
    doors: Mapping[str, Channel]
    phones: Phones | None
    alerts: Alerts
    mine: Callable[[], bool]
    done: set[tuple[str, int, str]] = field(default_factory=set)  # (page, attempt, way)
    tried: set[tuple[str, int, str]] = field(default_factory=set)
    waits: dict[str, str] = field(default_factory=dict)  # page → somebody who waited for it when last looked
    since: int | None = None  # when this process began to deliver, ms

    # ---- what the ledger causes ---------------------------------------------------------------------------------

    def jobs(self, event: Event) -> list[Job]:
        """A step that pages has opened; a page was acknowledged or is over."""
        if event.e in ("step", "queued") and any(it.page for s in self.plan().services for it in s.steps):
            return [Job(f"page:{event.c}", "page", lambda t: self._begin(event))]
        if event.e == "alert" and str(more(event).get("name")).startswith((PAGE, ACKNOWLEDGED)):
            return [Job("alerts", "page", lambda t: self._tell(event, t))]
        return []

    async def _begin(self, event: Event) -> None:
        contact = await self.queue.contact(event.c)
        if contact is not None:
            await self.pages.begin(contact, await self.queue.now())

    async def _tell(self, event: Event, t: Try) -> None:
        """`alerts` hear who has acknowledged, and of a page that ended before anybody did."""
        said = more(event)
        name, text, on = str(said.get("name")), str(said.get("text") or ""), bool(said.get("on"))
        if name.startswith(ACKNOWLEDGED):
            place = name.removeprefix(ACKNOWLEDGED)
            told = (
                f"{self.pages.called(text.partition(' ')[0])} has acknowledged the page: {_service(place)}."
                if on
                else ""
            )
        elif on:
            page = parse(name, text)
            told = f"{page.on_call} is paged: {page.service}, {page.contact} among them." if page else ""
        else:
            told = f"The page is over: {_service(name.removeprefix(PAGE))}: {text}." if text else ""
        if told:
            await self.alerts.once(f"{name}:{on}", told, every=1.0, at=event.t / 1000, again=t.again)

    # ---- what is due --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        still_ours.set(self.mine)
        while True:
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look(await self.queue.now())
            else:
                self.since = None

    async def look(self, now: int) -> None:
        """One round at `now` (ms)."""
        if self.since is None:
            self.since = now
            self.done.clear()
            self.tried.clear()
        standing = await self.pages.standing()
        self.waits = {page.id: self.waits.get(page.id, page.contact) for page in standing}
        for page in standing:
            on_call = next((it for it in self.plan().on_call if it.name == page.on_call), None)
            if on_call is None:
                await self.pages.over(page, "the plan has no such on-call any more")
            elif not await self._waits(page):
                await self.pages.over(page, NOBODY)
            elif not page.by:
                await self._page(page, on_call, now)
            elif await self._forgotten(page, on_call, now):
                await self.pages.raise_again(page, now)

    async def _waits(self, page: Page) -> bool:
        """Whether anybody does: mostly the one who did before, and all are looked at only when they don't."""
        one = await self.queue.contact(self.waits[page.id])
        if one is not None and waits_for(page, one):
            return True
        others = await self.pages.waiting(page)
        if others:
            self.waits[page.id] = others[0].id
        return bool(others)

    async def _forgotten(self, page: Page, on_call: OnCall, now: int) -> bool:
        """Whether it was acknowledged, and somebody has waited for it ever since, or since they came, for too long."""
        if on_call.again is None or now - page.at < span(on_call.again):
            return False
        waiting = await self.pages.waiting(page)
        return any(now - max(it.base, page.at) >= span(on_call.again) for it in waiting)

    async def _page(self, page: Page, on_call: OnCall, now: int) -> None:
        plan, number = self.plan(), attempt(on_call, page.since, now)
        agent = plan.agent(paged(on_call, plan.timezone, page.since, number))
        todo = [way for way in on_call.page if (page.id, number, way) not in self.done]
        if agent is None or not todo:
            return
        waiting, at = await self.pages.waiting(page), due_at(on_call, page.since, number)
        longest = max((now - it.base for it in waiting), default=now - page.since)
        before = at <= (self.since or now)
        it = Attempt(page, number, agent, at, max(1, len(waiting)), longest, before)
        await asyncio.gather(*(self._one(way, it, self._way(way, it)) for way in todo))
        rounds = number // (TRIES * len(on_call.agents))
        if rounds:
            told = f"Nobody has acknowledged the page yet: {it.text} ({page.on_call})."
            await self.alerts.once(f"unanswered:{page.id}:{rounds}", told, at=page.since / 1000, again=before)

    def _way(self, way: Way, it: Attempt) -> Callable[[bool], Awaitable[object]] | None:
        """Pages by one way, told whether it may have happened before; None where there is no such way now."""
        plan, phone = self.plan(), it.agent.phone or ""
        match way:
            case "slack":
                return lambda again: self._by_slack(it, again)
            case "sms" if "sms" in self.doors and phone:
                return lambda again: self._by_text(it, Sender.sms(plan), again)
            case "call" if self.phones is not None and phone:
                phones = self.phones
                return lambda again: self._by_call(phones, it, Sender.voice(plan), again)
            case _:
                return None

    async def _one(self, way: Way, it: Attempt, page: Callable[[bool], Awaitable[object]] | None) -> None:
        """One way of an attempt; what didn't verifiably happen is tried again at the next look."""
        mark = (it.page.id, it.number, way)
        again, why = it.again or mark in self.tried, "it is not connected"
        self.tried.add(mark)
        if page is not None:
            try:
                async with asyncio.timeout(DEADLINE):
                    await page(again)
            except (DeliveryError, TimeoutError) as error:
                log.warning("page.not_sent", way=way, page=it.page.id, error=type(error).__name__)
                if not isinstance(error, NotDelivered) or not error.permanent:
                    return
                why = error.reason
            else:
                self.done.add(mark)
                return
        self.done.add(mark)
        text = f"{it.agent.name} can't be paged by {way}: {why}."
        await self.alerts.once(f"unpaged:{it.agent.name}:{way}", text)

    async def _by_slack(self, it: Attempt, again: bool) -> None:
        text = f":pager: *{it.text}*, and nobody has taken them. You are on call ({it.page.on_call})."
        button = Button("page.acknowledge", "Acknowledge", it.page.id, "primary")
        await self.desk.tell(it.agent.slack, text, (button,), key=it.key, again=again)

    async def _by_text(self, it: Attempt, sender: str, again: bool) -> None:
        text = f"Tierline: {it.text}. You are on call ({it.page.on_call}). Reply 1 to acknowledge."
        door, phone = self.doors["sms"], it.agent.phone or ""
        words = Words(it.key, phone, sender, text, since=it.at)
        if not again or await door.find(words) is None:
            await door.say(words)

    async def _by_call(self, phones: Phones, it: Attempt, sender: str, again: bool) -> None:
        about = {"p": it.page.id, "a": agent_id(it.agent.name)}
        ring = Ring(it.key, it.agent.phone or "", sender, "page", about, RINGS, it.at)
        if not again or await phones.find_ring(ring, frozenset()) is None:
            await phones.ring(ring)


class Sender:
    """From which number of ours a page comes."""

    @staticmethod
    def sms(plan: Plan) -> str:
        """The one that texts are sent from, else the first door for texts."""
        return plan.channels.sms.sender or _door(plan, "sms")

    @staticmethod
    def voice(plan: Plan) -> str:
        """The first door for calls, else that for texts."""
        return _door(plan, "voice") or Sender.sms(plan)


def _door(plan: Plan, channel: str) -> str:
    return next((it.to for it in plan.entry if it.channel == channel and it.to), "")


def _service(place: str) -> str:
    return place.partition(":")[2]
