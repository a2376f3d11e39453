"""Lanes: who waits for Slack's pace holds nobody up, and what may come later is done later, as surely as the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tierline.channels.channel import NotDelivered
from tierline.channels.turn import afterwards, done_before, its_turn
from tierline.router import lanes as module
from tierline.router.lanes import Job, Lanes, Try
from tierline.router.slots import Slots


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT", 0.0001)
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.0001)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - lanes tell nobody
            await asyncio.sleep(0)


@pytest.mark.promise("offers-first")
async def test_an_offer_goes_out_however_many_lines_wait_for_their_turn() -> None:
    it, turn, done = Lanes(slots=Slots(4)), asyncio.Event(), list[str]()

    async def line(t: Try) -> None:
        with its_turn():
            await turn.wait()
        done.append("line")

    async def offer(t: Try) -> None:
        done.append("offer")

    it.submit("1-0", [Job(f"contact:C{n}", "line", line) for n in range(100)], False)
    await until(lambda: it.busy == 100)
    it.submit("2-0", [Job("offer:C1.1", "offer", offer)], False)
    await until(lambda: done == ["offer"])
    turn.set()
    await it.idle()
    assert done.count("line") == 100 and it.slots.free == 4 and it.done_until == "2-0"


async def test_no_more_than_the_slots_work_at_one_time_and_the_first_come_is_the_first_served() -> None:
    it, go, begun = Lanes(slots=Slots(2)), asyncio.Event(), list[int]()

    def job(n: int) -> Job:
        async def work(t: Try) -> None:
            begun.append(n)
            await go.wait()

        return Job(f"lane {n}", "job", work)

    it.submit("1-0", [job(n) for n in range(6)], False)
    await until(lambda: it.busy == 2)
    for _ in range(20):
        await asyncio.sleep(0)
    assert begun == [0, 1]
    go.set()
    await it.idle()
    assert begun == [0, 1, 2, 3, 4, 5] and it.slots.free == 2


async def test_whose_turn_has_come_goes_on_though_every_slot_is_taken() -> None:
    it, turn, go, done = Lanes(slots=Slots(1)), asyncio.Event(), asyncio.Event(), list[str]()

    async def line(t: Try) -> None:
        with its_turn():
            await turn.wait()
        done.append("line")

    async def long(t: Try) -> None:
        await go.wait()
        done.append("long")

    it.submit("1-0", [Job("a", "line", line)], False)
    await until(lambda: it.busy == 1)
    it.submit("2-0", [Job("b", "long", long)], False)
    await until(lambda: it.busy == 2)
    turn.set()
    await until(lambda: done == ["line"])
    go.set()
    await it.idle()
    assert it.slots.free == 1


async def test_who_is_stopped_while_waiting_for_a_slot_keeps_none() -> None:
    slots, order = Slots(1), list[str]()

    async def work(name: str) -> None:
        async with slots.one():
            order.append(name)

    async with slots.one():
        waiting = [asyncio.create_task(work(name)) for name in "abc"]
        await asyncio.sleep(0)
        waiting[0].cancel()
    waiting[1].cancel()  # it was just given the slot
    await asyncio.gather(*waiting, return_exceptions=True)
    assert order == ["c"] and slots.free == 1


@pytest.mark.promise("lines-before-cards")
async def test_what_is_left_for_later_holds_up_its_own_lane_alone_and_the_cursor() -> None:
    it, turn, done = Lanes(), asyncio.Event(), list[str]()

    async def card() -> None:
        with its_turn():
            await turn.wait()
        done.append("card")

    async def close(t: Try) -> None:
        done.append("closing line")
        await afterwards("head:C1", card)

    async def line(t: Try) -> None:
        done.append("customer's line")

    it.submit("1-0", [Job("contact:C1", "close", close)], False)
    it.submit("2-0", [Job("contact:C1", "line", line)], False)
    await until(lambda: len(done) == 2)
    assert done == ["closing line", "customer's line"] and it.done_until == ""
    turn.set()
    await it.idle()
    assert done[-1] == "card" and it.done_until == "2-0" and not it.pending


async def test_what_a_try_that_failed_has_left_is_done_once_and_tried_again_by_itself() -> None:
    it, tries, done = Lanes(), dict[str, int](), list[str]()

    def fails(name: str, times: int) -> None:
        tries[name] = tries.get(name, 0) + 1
        if tries[name] <= times:
            raise NotDelivered("not now", "ratelimited", retry_after=0.0)

    async def card() -> None:
        fails("card", 2)
        done.append("card")

    async def close(t: Try) -> None:
        await afterwards("head:C1", card)
        fails("close", 2)
        done.append("line")

    it.submit("1-0", [Job("contact:C1", "close", close)], False)
    await it.idle()
    assert done == ["line", "card"] and tries == {"close": 3, "card": 3}


async def test_without_lanes_it_is_done_at_once_and_a_task_of_a_jobs_own_leaves_nothing() -> None:
    done = list[str]()

    async def card() -> None:
        done.append("card")

    await afterwards("head:C1", card)
    assert done == ["card"]

    async def beside() -> None:
        with its_turn():
            await asyncio.sleep(0)
        await afterwards("head:C1", card)
        done.append("beside")

    async def job(t: Try) -> None:
        await asyncio.create_task(beside())

    it = Lanes(slots=Slots(1))
    it.submit("1-0", [Job("a", "job", job)], False)
    await it.idle()
    assert done == ["card", "card", "beside"] and it.slots.free == 1


async def test_only_what_was_in_hand_before_a_start_is_known_to_have_been_tried_before() -> None:
    it, seen = Lanes(), list[tuple[int, bool, bool]]()

    async def work(t: Try) -> None:
        assert done_before() == t.before
        seen.append((t.count, t.again, t.before))
        if t.count == 0:
            raise NotDelivered("not now", "ratelimited", retry_after=0.0)

    it.submit("1-0", [Job("a", "job", work)], True)
    it.submit("2-0", [Job("b", "job", work)], False)
    await it.idle()
    assert sorted(seen) == [(0, False, False), (0, True, True), (1, True, False), (1, True, True)]
