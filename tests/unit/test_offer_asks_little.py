"""What an offer's card shows of the customer's words: told by the arrival where nothing was said since."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from helpers_plan import EVA, SMALL, arrived, at, book

from tierline.queue.contact import Arrived
from tierline.queue.history.records import Customer
from tierline.queue.state import ContactView, Event, MessageView, OfferView
from tierline.router.alerts import Alerts
from tierline.router.classify import classify
from tierline.router.deliver import Deliveries
from tierline.router.lanes import Job, Try
from tierline.router.paging import Pager
from tierline.router.ringing import Ringing

NOW = at("2026-11-23 10:00")
BOOK = book(SMALL)
AGENT = next(iter(BOOK.by_id))
CAME = arrived("the line is down", "+4930100")
DECIDED = classify(BOOK, CAME, Customer(EVA), NOW)


class OneContact:
    """A queue with one offered contact, whose transcript is `said`; notes who asks for it."""

    def __init__(self, said: list[str]) -> None:
        self.said, self.asked, self.shown = said, 0, list[str]()

    async def contact(self, id: str) -> ContactView:
        live = OfferView(1, AGENT, False, NOW + 30_000)
        route = DECIDED.decision.route
        return ContactView(
            id, "offered", route, 0, NOW, NOW, NOW, CAME.thread, len(self.said), offers=(live,),
            facts=DECIDED.facts.to_json(),
        )  # fmt: skip

    async def messages(self, contact: str) -> tuple[MessageView, ...]:
        self.asked += 1
        return tuple(
            MessageView(i + 1, "in", json.dumps({"text": text}), NOW) for i, text in enumerate(self.said)
        )

    async def now(self) -> int:
        return NOW

    async def delivered(self, contact: str, offer: int, place: str) -> Any:
        return type("Answer", (), {"done": True})

    async def past_of(self, names: object, limit: int) -> tuple[()]:
        return ()

    async def offer(self, card: Any, again: bool) -> str:
        self.shown += card.lines
        return "D1:1"


class NoPages(Pager):
    """Nobody is on call."""

    def __init__(self) -> None:
        """Needs nothing."""

    def jobs(self, event: Event) -> list[Job]:
        return []


async def offered(queue: OneContact, *told: Event) -> list[str]:
    it = cast(Any, queue)
    alerts = Alerts(lambda: {})
    silent = Ringing(it, None, lambda: BOOK, alerts, it, it)
    deliveries = Deliveries(it, it, it, lambda: BOOK, alerts, it, queue.now, silent, NoPages())
    jobs = [job for event in told for job in deliveries.jobs(event) if job.name == "offer"]
    for job in jobs:
        await job.work(Try(0, False))
    return queue.shown


def event(kind: str, **more: object) -> Event:
    return Event(NOW, kind, "C1001", AGENT if kind == "offered" else "", 1, json.dumps(more), "1-0")


def come(it: Arrived = CAME) -> Event:
    return event("arrived", body=it.to_json(), facts=DECIDED.facts.to_json(), service=DECIDED.service.name)


async def test_of_a_contact_that_has_just_come_the_words_are_not_asked_for_again() -> None:
    queue = OneContact(["the line is down"])
    assert await offered(queue, come(), event("offered")) == ["the line is down"]
    assert queue.asked == 0


async def test_what_was_said_since_is_on_the_card() -> None:
    queue = OneContact(["the line is down", "and the lamp is red"])
    assert await offered(queue, come(), event("offered")) == queue.said


async def test_an_offer_whose_arrival_was_told_to_somebody_else_asks_for_the_words() -> None:
    queue = OneContact(["the line is down"])
    assert await offered(queue, event("offered")) == queue.said


class Waits(OneContact):
    """The contact is read only when somebody has asked for the customer's past."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(said)
        self.past = asyncio.Event()

    async def contact(self, id: str) -> ContactView:
        async with asyncio.timeout(10):
            await self.past.wait()
        return await super().contact(id)

    async def past_of(self, names: object, limit: int) -> tuple[()]:
        assert EVA in cast(tuple[str, ...], names)
        self.past.set()
        return ()


async def test_the_past_of_who_has_just_come_is_read_beside_the_rest() -> None:
    queue = Waits(["the line is down"])
    assert await offered(queue, come(), event("offered")) == ["the line is down"]
