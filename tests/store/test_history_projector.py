"""The projector: the ledger is trimmed behind what is in the history, the store forgets what nobody needs any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from pathlib import Path

import pytest
from helpers_history import history as history
from helpers_history import rows, story, told
from helpers_queue import START, make_queue, on_duty, plain_route, text_in
from helpers_store import until

from tierline.queue.client import Client
from tierline.queue.history import projector as module
from tierline.queue.history.database import HistoryUnavailable
from tierline.queue.history.fold import KEPT
from tierline.queue.history.history import History
from tierline.queue.history.projector import Projector
from tierline.queue.state import Event

END = 1_600
"""When `story()` is closed."""


def order(id: str) -> tuple[int, int]:
    ms, _, seq = id.partition("-")
    return int(ms), int(seq)


class Ledger:
    """The queue's side of it, in memory: a ledger, cursors with fences, a lease, contacts that can be forgotten."""

    def __init__(self, *contacts: str) -> None:
        self.entries: list[list[Event]] = []
        self.cursors: dict[str, str] = {}
        self.fences: dict[str, int] = {}
        self.holder, self.fence, self.instant = "", 0, 0
        self.contacts = set(contacts)
        self.trimmed: list[str] = []
        self.ended: dict[str, int] = {}

    def add(self, events: list[Event]) -> None:
        self.entries += [list(together) for _, together in groupby(events, key=lambda it: it.id)]

    async def lease(self, role: str, holder: str, ms: int) -> int | None:
        if self.holder not in ("", holder):
            return None
        self.fence += not self.holder
        self.holder = holder
        return self.fence

    async def cursor(self, consumer: str) -> str:
        return self.cursors.get(consumer, "0-0")

    async def advance(self, consumer: str, id: str, fence: int) -> bool:
        if self.fences.get(consumer, 0) > fence:
            return False
        self.fences[consumer], self.cursors[consumer] = fence, id
        return True

    async def last_event(self) -> str:
        return self.entries[-1][0].id if self.entries else "0-0"

    async def events(self, after: str, count: int, block: int | None = None) -> list[Event]:
        await asyncio.sleep(0)
        found = [it for it in self.entries if order(it[0].id) > order(after)][:count]
        if not found:
            await asyncio.sleep(0.005)
        return [event for entry in found for event in entry]

    async def trim(self) -> int:
        behind = min((order(it) for it in self.cursors.values()), default=(0, 0))
        self.trimmed += [it[0].id for it in self.entries if order(it[0].id) < behind]
        self.entries = [it for it in self.entries if order(it[0].id) >= behind]
        return 0

    async def contact(self, id: str) -> object | None:
        return id if id in self.contacts else None

    async def forget(self, contact: str, keep: int = 0) -> bool:
        if self.instant < self.ended.get(contact, 0) + keep:
            return False
        self.contacts.discard(contact)
        return True

    async def audit(self, who: str, act: str, what: Mapping[str, object], origin: str) -> None:
        n = len(self.entries) + 1
        self.add([told(n, "audit", id=f"{n}-0", who=who, act=act, what=what, origin=origin)])

    async def now(self) -> int:
        return self.instant


@asynccontextmanager
async def running(work: Callable[[], Awaitable[None]]) -> AsyncIterator[asyncio.Task[None]]:
    async def go() -> None:
        await work()

    task = asyncio.create_task(go())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, HistoryUnavailable):
            await task


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIDY", 0.0)
    monkeypatch.setattr(module, "RENEW", 0.01)


async def test_everything_in_the_ledger_comes_into_the_history_and_settled_says_when(
    history: History,
) -> None:
    queue = Ledger("C1001")
    queue.add(story())
    projector = Projector(queue, history, "one")
    async with running(projector.run):
        await asyncio.wait_for(projector.settled(), 20)
        assert len((await rows(history))["events"]) == len(story())
        queue.add([told(9_000, "plan", id="900-0", version=3)])
        await asyncio.wait_for(projector.settled(), 20)
        await until(lambda: projector.last_entry == "900-0" and projector.lag == 0)
    assert projector.projected == len(story()) + 1


@pytest.mark.promise("history-3")
async def test_a_broken_database_loses_nothing_and_the_ledger_waits_for_it(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Ledger("C1001")
    queue.cursors["outbox"] = "999-0"
    queue.add(story())
    projector = Projector(queue, history, "one", clock=iter(range(1_000_000)).__next__)

    async def broken(self: History, entries: object) -> None:
        raise HistoryUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(History, "project", broken)
        for _ in range(3):
            with pytest.raises(HistoryUnavailable):
                await projector.run()
    assert projector.lag > 0 and not queue.trimmed and await queue.cursor("history") == "0-0"
    async with running(projector.run):
        await asyncio.wait_for(projector.settled(), 20)
        await until(lambda: projector.lag == 0 and queue.trimmed)
    assert len((await rows(history))["events"]) == len(story())


async def test_a_process_that_dies_between_commit_and_cursor_projects_nothing_twice(history: History) -> None:
    queue = Ledger("C1001")
    queue.add(story())
    await history.project(story())  # the commit; the cursor never moved
    before = await rows(history)
    projector = Projector(queue, history, "two")
    async with running(projector.run):
        await asyncio.wait_for(projector.settled(), 20)
    assert await rows(history) == before


@pytest.mark.promise("loss-is-told")
async def test_what_the_history_has_and_the_store_has_lost_is_told(history: History) -> None:
    """The store fell back to a moment before some entries and its cursor's last moves, and went on from there."""
    whole = story()
    await history.project(whole)
    queue = Ledger("C1001")
    queue.add([it for it in whole if order(it.id) <= (6, 0)])
    queue.cursors["history"] = "4-0"
    queue.add([told(9_000, "presence", a="ada", id="900-0", presence="away")])
    heard: list[list[Event]] = []

    async def lost(entries: Sequence[Event]) -> None:
        heard.append(list(entries))

    async with running(Projector(queue, history, "one", lost=lost).run):
        await until(lambda: queue.cursors["history"] == "900-0")
    assert heard == [[it for it in await archived(history) if (6, 0) < order(it.id) < (900, 0)]]
    assert {it.c for it in heard[0]} == {"C1001", ""}
    async with running(
        Projector(queue, history, "two", lost=lost).run
    ):  # from behind it nothing is told again
        await until(lambda: queue.fence)
    assert len(heard) == 1


@pytest.mark.promise("loss-is-told")
async def test_who_carries_the_record_on_in_another_history_says_so(history: History, tmp_path: Path) -> None:
    """Two processes with one store and a history each, by mistake: each has a part of the record, and nobody knew."""
    other = await History.open(None, tmp_path / "other")
    queue, heard = Ledger("C1001"), list[str]()

    async def tell(text: str) -> None:
        heard.append(text)

    async def carried(into: History, entry: str) -> None:
        queue.add([told(9_000, "presence", a="ada", id=entry, presence="away")])
        async with running(Projector(queue, into, "one", told=tell).run):
            await until(lambda: queue.cursors.get("history") == entry)

    for entry in ("900-0", "900-1", "901-0"):
        await carried(history, entry)
    assert not heard  # its own, from wherever it goes on
    await carried(other, "902-0")
    assert "entry 901-0" in heard[0] and "DATABASE_URL" in heard[0]
    await carried(history, "903-0")
    assert "entry 902-0" in heard[1] and len(heard) == 2
    await other.close()


async def test_nothing_is_taken_for_lost_while_the_ledger_is_not_safe_to_read_or_trimmed_meanwhile(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history.project(story())
    queue = Ledger("C1001")
    queue.add(story())
    heard: list[Sequence[Event]] = []

    async def lost(entries: Sequence[Event]) -> None:
        heard.append(entries)

    asked = 0

    async def unsure(after: str, count: int, block: int | None = None) -> list[Event]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(queue, "events", unsure)
        async with running(Projector(queue, history, "one", lost=lost).run):
            await until(lambda: asked > 2)

    async def trimmed(after: str, count: int, block: int | None = None) -> list[Event]:
        """The former holder, whose lease ran out as it wrote, moves its cursor and trims."""
        queue.cursors["history"] = story()[-1].id
        return [it for it in story() if it.id == story()[-1].id]

    with monkeypatch.context() as patch:
        patch.setattr(queue, "events", trimmed)
        assert await Projector(queue, history, "two", lost=lost)._compare("0-0")
    assert heard == []


async def archived(history: History) -> list[Event]:
    found, _ = await history.ledger("0-0", 1_000)
    return list(found)


async def test_only_the_holder_of_the_role_projects_and_the_next_goes_on(history: History) -> None:
    queue = Ledger("C1001")
    queue.holder, queue.fence = "other", 1
    queue.add(story()[:3])
    projector = Projector(queue, history, "one")
    async with running(projector.run):
        for _ in range(20):
            await asyncio.sleep(0)
        assert projector.projected == 0
        queue.holder = ""
        await asyncio.wait_for(projector.settled(), 20)
    assert projector.projected == 3


async def test_a_holder_who_overslept_moves_no_cursor(history: History) -> None:
    queue = Ledger("C1001")
    queue.add(story())
    queue.fences["history"] = 7  # somebody later has been here
    projector = Projector(queue, history, "one")
    async with running(projector.run):
        await until(lambda: projector.projected)
    assert await queue.cursor("history") == "0-0"


@pytest.mark.promise("history-3")
async def test_the_ledger_is_not_trimmed_before_the_outbox_has_ever_read_it(history: History) -> None:
    queue = Ledger("C1001")
    queue.add(story())
    projector = Projector(queue, history, "one")
    async with running(projector.run):
        await asyncio.wait_for(projector.settled(), 20)
    await projector.tidy()
    assert not queue.trimmed
    await queue.advance("outbox", "3-0", 1)
    await projector.tidy()
    assert queue.trimmed == ["1-0", "2-0"]


async def test_an_ended_contact_leaves_the_store_when_its_time_is_up_and_the_outbox_is_past_it(
    history: History,
) -> None:
    queue = Ledger("C1001")
    await history.project(story())
    last = story()[-1].id
    for instant, outbox, left in [
        (END + KEPT["closed"] - 1, last, True),
        (END + KEPT["closed"], "5-0", True),
        (END + KEPT["closed"], last, False),
    ]:
        queue.instant, queue.cursors["outbox"] = instant, outbox
        projector = Projector(queue, history, "a new process each time")
        await projector.tidy()
        assert ("C1001" in queue.contacts) is left
    assert (await rows(history))["endings"] == []
    assert await history.contact("C1001") is not None


async def test_what_a_message_may_still_reopen_stays_in_the_store(history: History) -> None:
    """However long the plan lets a contact be re-opened, and whatever the store's own reckoning of its end."""
    queue, hour = Ledger("C1001"), 3_600_000
    await history.project(story())
    queue.cursors["outbox"] = story()[-1].id
    queue.ended["C1001"] = END + 5_000  # closed again by a router that the history hasn't heard of
    projector = Projector(queue, history, "one", reopen=lambda: 2 * hour)
    for instant, gone in [
        (END + KEPT["closed"], 0),
        (END + 2 * hour, 0),
        (END + 2 * hour + 4_999, 0),
        (END + 2 * hour + 5_000, 1),
        (END + 3 * hour, 0),
    ]:
        queue.instant = instant
        assert await projector.tidy() == gone
    assert queue.contacts == set()


async def test_what_was_set_aside_stays_for_a_supervisor_and_what_was_brought_back_stays(
    history: History,
) -> None:
    queue = Ledger("C1001", "C1002")
    dead = [told(1_000, "arrived", "C1001", id="1-0"), told(1_000, "dead", "C1001", id="2-0", reason="x")]
    back = [
        told(1_000, "arrived", "C1002", id="3-0"), told(1_000, "abandoned", "C1002", id="4-0", reason="x"),
        told(1_000, "revived", "C1002", id="5-0"),
    ]  # fmt: skip
    await history.project([*dead, *back])
    queue.cursors["outbox"] = "9-0"
    projector = Projector(queue, history, "one")
    queue.instant = 1_000 + KEPT["dead"] - 1
    assert await projector.tidy() == 0
    queue.instant = 1_000 + 10 * KEPT["dead"]
    assert await projector.tidy() == 1
    assert queue.contacts == {"C1002"}


@pytest.mark.promise("history-3")
async def test_a_real_queue_is_projected_and_forgets_what_ended(
    history: History, client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    await on_duty(queue, "ada")
    contact = await text_in(queue, 1, plain_route())
    await queue.accept(contact, 1, "ada", now=START)
    held = await queue.hold_reply(contact, "ada", '{"text":"oops"}', "1.1", 8_000, now=START)
    await queue.undo_reply(contact, held.n, "ada", now=START)
    projector = Projector(queue, history, "one")
    async with running(projector.run):
        await asyncio.wait_for(projector.settled(), 30)
        record = await history.contact(contact)
        assert record is not None and (record.state, record.owner) == ("active", "ada")
        assert [(it.kind, it.status, it.body) for it in record.messages[1:]] == [
            ("reply", "undone", '{"text":"oops"}')
        ]
        await queue.complete(contact, "ada", '{"disposition":"solved"}', now=START)
        await asyncio.wait_for(projector.settled(), 30)
        assert await queue.contact(contact) is not None  # the outbox hasn't seen its end
        await queue.advance("outbox", await queue.last_event(), 1)

        async def gone() -> bool:
            return await queue.contact(contact) is None

        await until(gone, 30)
    record = await history.contact(contact)
    assert record is not None and (record.state, record.disposition) == ("closed", "solved")
    assert await history.seen("SM1") == (contact, 1)
    assert len(await queue.events("0-0", 100)) == 1  # what every consumer has behind it is trimmed
    await history.rebuild()
    assert await history.contact(contact) == record
