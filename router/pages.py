"""Pages: a service's customers wait in a step that says `page: NAME`, until somebody on call acknowledges. In the store.

    step opens ─▶ begun ─┬▶ attempts, each `every` (paging.py) ─▶ acknowledged ─▶ nobody waits any more: over
                  ▲      ├▶ nobody waits any more: over              │
                  └──────┴──────── somebody still waits, `again` later ◀┘

A page is one of the store's troubles, `page:<step>:<service>`, and so is its acknowledgement: all processes see both, a
restart finds them, and the ledger tells when each began and ended. One page per service and step at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from zlib import crc32

from ..channels.channel import Taken
from ..channels.house import Told
from ..channels.phone import Ask, Call, Go, HangUp, Heard
from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.state import QUEUED, ContactView
from . import spoken
from .look import agents_language
from .plan.model import AgentSpec
from .rulebook import Rulebook, agent_id

PAGE, ACKNOWLEDGED = "page:", "paged:"
SETTLED = "It is settled already: nobody is paged for it any more."
WORDS = frozenset({"1", "ok", "ack"})
"""What somebody on call texts back to acknowledge."""
KEY_TIME, PROMPTS = 6, 2
"""Seconds for the key after the prompt, and how often it is said."""


@dataclass(frozen=True, slots=True)
class Page:
    """`step` counts from 0; `since` in ms; `by` the agent who has acknowledged, "" for nobody yet, `at` when (ms)."""

    service: str
    step: int
    on_call: str
    since: int
    contact: str  # the one that opened the step
    by: str = ""
    at: int = 0

    @property
    def place(self) -> str:
        """Which page of the site it is, at any time."""
        return f"{self.step}:{self.service}"

    @property
    def id(self) -> str:
        """This one and no later one."""
        return f"{self.since}-{crc32(self.place.encode()):08x}"

    def text(self) -> str:
        """As it stands in the store."""
        return json.dumps([self.on_call, self.since, self.contact], separators=(",", ":"))


def read(troubles: Mapping[str, str]) -> tuple[Page, ...]:
    """The pages among the store's troubles, those that began first, first; what can't be read is none."""
    found = []
    for name, text in troubles.items():
        if (page := parse(name, text)) is not None:
            by, _, at = troubles.get(ACKNOWLEDGED + page.place, "").partition(" ")
            known = int(at) if at.isdecimal() else page.since if by else 0
            found.append(replace(page, by=by, at=known))
    return tuple(sorted(found, key=lambda it: (it.since, it.place)))


def acknowledgement(agent: str, at: int) -> str:
    """As it stands in the store that `agent` (the queue's id) has acknowledged at `at` (ms)."""
    return f"{agent} {at}"


def parse(name: str, text: str) -> Page | None:
    """One trouble; None when it is no page."""
    step, _, service = name.removeprefix(PAGE).partition(":")
    if not name.startswith(PAGE) or not step.isdecimal():
        return None
    try:
        on_call, since, contact = json.loads(text)
        return Page(service, int(step), str(on_call), int(since), str(contact))
    except (ValueError, TypeError):
        return None


def asks_for(book: Rulebook, contact: ContactView) -> str:
    """The on-call that the contact's open step pages; "" for none, and while somebody has it or had it to hand over."""
    service = book.services.get(contact.service)
    if service is None or contact.state not in QUEUED or contact.owner or contact.step >= len(service.steps):
        return ""
    return service.steps[contact.step].page or ""


def waits_for(page: Page, contact: ContactView) -> bool:
    """Whether the contact belongs to nobody and has come to the page's step of its service, or farther."""
    here = contact.service == page.service and contact.step >= page.step
    return here and contact.state in QUEUED and not contact.owner


@dataclass(slots=True)
class Pages:
    """What every process does with pages: begin one, acknowledge one."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]

    async def standing(self) -> tuple[Page, ...]:
        """All that are on, acknowledged or not."""
        return read(await self.queue().alerts())

    async def begin(self, contact: ContactView, now: int) -> None:
        """A contact has come to a step; its on-call is paged unless they are for this service and step already."""
        if name := asks_for(self.book(), contact):
            page = Page(contact.service, contact.step, name, now, contact.id)
            await self.queue().alert(PAGE + page.place, True, page.text())

    async def acknowledge(self, id: str, agent: str) -> Told:
        """`agent` (the queue's id) takes care of the page `id`."""
        page = next((it for it in await self.standing() if it.id == id), None)
        if page is None:
            return Told(False, SETTLED)
        told = acknowledgement(agent, await self.queue().now())
        if not page.by and await self.queue().alert(ACKNOWLEDGED + page.place, True, told):
            return Told(True, f"You have acknowledged it: nobody else is paged for {page.service}.")
        by = page.by or next((it.by for it in await self.standing() if it.id == id), "")
        if by == agent:
            return Told(True, f"You have acknowledged it: nobody else is paged for {page.service}.")
        return Told(False, f"{self.called(by)} has acknowledged it already.")

    async def over(self, page: Page, why: str) -> None:
        """It ends, acknowledged or not."""
        if page.by:
            await self.queue().alert(ACKNOWLEDGED + page.place, False, why)
        await self.queue().alert(PAGE + page.place, False, why)

    async def raise_again(self, page: Page, now: int) -> None:
        """Somebody has acknowledged it, and whoever waits waits on: a new page begins at `now` (ms)."""
        minutes = (now - page.at) // 60_000
        await self.over(
            page, f"{self.called(page.by)} acknowledged {minutes} min ago, and nobody was taken since"
        )
        anew = replace(page, since=now, by="", at=0)
        await self.queue().alert(PAGE + anew.place, True, anew.text())

    def called(self, agent: str) -> str:
        """Somebody's name."""
        return self.book().called(agent) or "somebody"

    # ---- by phone -----------------------------------------------------------------------------------------------

    async def answered(self, call: Call) -> Heard:
        """The phone of somebody on call was answered: what it is about, and 1 acknowledges."""
        id, agent, said = call.about.get("p", ""), call.about.get("a", ""), int(call.about.get("k", "0"))
        language = agents_language(self.book(), agent)
        if call.digits == "1":
            told = await self.acknowledge(id, agent)
            return (spoken.line(self.book(), "page_done" if told.ok else "page_over", language), HangUp())
        page = next((it for it in await self.standing() if it.id == id and not it.by), None)
        if page is None:
            return (spoken.line(self.book(), "page_over", language), HangUp())
        if said >= PROMPTS:
            return (HangUp(),)
        now, waiting = await self.queue().now(), await self.waiting(page)
        longest = max((now - it.base for it in waiting), default=now - page.since) // 1000
        prompt = spoken.page(self.book(), page.service, max(1, len(waiting)), longest, language)
        again = Go("page", {**call.about, "k": str(said + 1)})
        return (Ask(prompt, again, language, digits=1, timeout=KEY_TIME),)

    async def waiting(self, page: Page) -> list[ContactView]:
        """Who waits for the service, in the page's step or farther, and belongs to nobody; at most 200 of them."""
        found = await self.queue().contacts(tuple(QUEUED), service=page.service, limit=200)
        return [it for it in found if waits_for(page, it)]

    # ---- by text ------------------------------------------------------------------------------------------------

    async def texted(self, arrived: Arrived) -> Taken | None:
        """A "1" of somebody on call who is paged acknowledges; None for everything else."""
        agent = self._on_call(arrived)
        if agent is None or arrived.text.strip().casefold() not in WORDS:
            return None
        theirs = [it for it in await self.standing() if agent.name in self._agents(it)]
        for page in theirs:
            await self.acknowledge(page.id, agent_id(agent.name))
        return Taken("added", theirs[0].contact, 0) if theirs else None

    def _on_call(self, arrived: Arrived) -> AgentSpec | None:
        if arrived.channel != "sms" or not self.book().plan.on_call:
            return None
        return next((it for it in self.book().plan.agents if it.phone == arrived.sender), None)

    def _agents(self, page: Page) -> tuple[str, ...]:
        return next((it.agents for it in self.book().plan.on_call if it.name == page.on_call), ())
