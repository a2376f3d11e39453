"""Texts whose last receipt is missing: whoever delivers looks them up, a few at a time, each at its age, for six hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers_queue import START, make_queue, plain_route, text_in

from tierline.channels.channel import OutcomeUnknown, Sent, Words
from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.history.history import History
from tierline.queue.history.projector import Projector
from tierline.router.overdue import A_ROUND, LOOKS, Overdue

MINUTE, HOUR = 60_000, 3_600_000


@dataclass
class Carrier:
    """Says of every text what it is told to say, and remembers what it was asked."""

    says: Sent = field(default_factory=lambda: Sent("", "sent"))
    asked: list[str] = field(default_factory=list)
    down: bool = False

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def say(self, words: Words) -> Sent:
        raise AssertionError("nothing is sent")

    async def find(self, words: Words) -> Sent | None:
        raise AssertionError("nothing is looked for")

    async def status(self, provider_id: str) -> Sent:
        self.asked.append(provider_id)
        if self.down:
            raise OutcomeUnknown
        return Sent(provider_id, self.says.status, self.says.error)


@dataclass
class Place:
    """A queue whose ledger is projected into a history, and a carrier."""

    queue: Queue
    history: History
    projector: Projector
    carrier: Carrier = field(default_factory=Carrier)

    async def sends(self, n: int, at: int, status: str = "sent") -> str:
        """A text left at `at` and nothing more was heard of it; its contact."""
        contact = await text_in(self.queue, n, plain_route(), now=at)
        done = await self.queue.text(contact, "received", "{}", unasked=False, now=at)
        for said in ("sending", status):
            provider = f"SM{n}" if said != "sending" else ""
            await self.queue.receipt(contact, done.n, said, provider, now=at)
        return contact

    async def projected(self) -> None:
        after = await self.queue.cursor("history")
        while events := await self.queue.events(after, 100):
            await self.history.project(events)
            after = events[-1].id

    def worker(self) -> Overdue:
        """Another process that has come to deliver."""
        return Overdue(self.queue, {"sms": self.carrier}, self.history, mine=lambda: True)

    async def asked(self, worker: Overdue, now: int) -> list[str]:
        """Whom a worker's rounds at one instant ask for, until nothing is due."""
        begun = len(self.carrier.asked)
        while await worker.look(now):
            pass
        return self.carrier.asked[begun:]


@pytest.fixture
async def place(client: Client, site: str, tmp_path: Path) -> AsyncIterator[Place]:
    history = await History.open(None, tmp_path)
    queue = await make_queue(client, site)
    yield Place(queue, history, Projector(queue, history, "one"))
    await history.close()


@pytest.mark.promise("receipts-looked-up")
async def test_another_process_looks_up_what_left_before_it_came_and_notes_what_it_hears(
    place: Place,
) -> None:
    contact = await place.sends(1, START)
    await place.projected()
    place.carrier.says = Sent("", "delivered")
    assert await place.asked(place.worker(), START + 30 * MINUTE) == ["SM1"]
    assert (await place.queue.messages(contact))[-1].status == "delivered"
    await place.projected()
    assert await place.asked(place.worker(), START + HOUR) == []


async def test_a_carrier_that_never_says_more_is_asked_at_each_age_and_then_no_more(place: Place) -> None:
    await place.sends(1, START)
    await place.projected()
    worker = place.worker()
    assert await place.asked(worker, START) == []
    for age in LOOKS:
        assert await place.asked(worker, START + age - 1) == []
        assert await place.asked(worker, START + age) == ["SM1"]
    assert await place.asked(worker, START + 2 * LOOKS[-1]) == []
    assert await place.asked(place.worker(), START + LOOKS[-1] + 1) == []  # nor by whoever comes later


async def test_a_crowd_is_looked_up_a_few_at_a_time_and_what_left_just_now_does_not_wait_behind_it(
    place: Place,
) -> None:
    for n in range(2 * A_ROUND):
        await place.sends(n, START + n)
    await place.projected()
    worker = place.worker()
    now = START + HOUR
    assert await worker.look(now) == A_ROUND
    await place.sends(77, now)
    await place.projected()
    place.carrier.asked.clear()
    assert await worker.look(now + MINUTE) == A_ROUND
    assert place.carrier.asked[0] == "SM77"
    rest = await place.asked(worker, now + MINUTE)
    assert len(rest) == 1 and not set(rest) & set(place.carrier.asked[:A_ROUND])


async def test_a_look_that_fails_is_made_again_at_the_next_age(place: Place) -> None:
    contact = await place.sends(1, START)
    await place.projected()
    worker, place.carrier.down = place.worker(), True
    assert await place.asked(worker, START + LOOKS[0]) == ["SM1"]
    place.carrier.down, place.carrier.says = False, Sent("", "failed", "the phone is off")
    assert await place.asked(worker, START + LOOKS[1]) == ["SM1"]
    last = (await place.queue.messages(contact))[-1]
    assert (last.status, last.error) == ("failed", "the phone is off")


async def test_what_is_sent_again_counts_from_then(place: Place) -> None:
    contact = await place.sends(1, START, status="failed")
    n = (await place.queue.messages(contact))[-1].n
    await place.projected()
    worker = place.worker()
    assert await place.asked(worker, START + HOUR) == []
    assert (await place.queue.retry_reply(contact, n, now=START + HOUR)).done
    await place.queue.receipt(contact, n, "sending", now=START + HOUR)
    await place.queue.receipt(contact, n, "sent", "SM2", now=START + HOUR)
    await place.projected()
    assert await place.asked(worker, START + HOUR + LOOKS[0]) == ["SM2"]
