"""Supervised tasks, alerts, and jobs in lanes: what dies is started again, trouble is told once, nothing overtakes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.channel import NotDelivered, OutcomeUnknown
from tierline.queue.engine import Queue
from tierline.queue.failures import StoreUnavailable
from tierline.queue.state import Event
from tierline.router import alerts as alerts_module
from tierline.router import lanes, supervise
from tierline.router.alerts import Alerts, Notice
from tierline.router.lanes import Job, Lanes, Try
from tierline.router.outbox import LeaseLost, Outbox
from tierline.router.supervise import Supervisor


async def until(holds: Callable[[], object]) -> None:
    for _ in range(20_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came true")


# ---- tasks --------------------------------------------------------------------------------------------------------


@pytest.mark.promise("run-restarts")
async def test_a_task_that_dies_is_started_again_and_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 0.001)
    starts = 0
    alive = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise ValueError("redis://:secret@host")
        if starts == 3:
            alive.set()
            await asyncio.Event().wait()

    it = Supervisor()
    it.run("outbox", work)
    async with asyncio.timeout(90):
        await alive.wait()
    seen = it.watched["outbox"]
    assert (seen.up, seen.deaths, it.healthy) == (True, 2, True)
    assert seen.error == "ended" and "secret" not in repr(seen)
    await it.stop()


async def test_while_a_task_is_down_the_process_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 60.0)
    monkeypatch.setattr(supervise, "LONGEST_PAUSE", 60.0)

    async def work() -> None:
        raise ValueError

    it = Supervisor()
    it.run("watch", work)
    await until(lambda: it.watched["watch"].deaths)
    assert not it.healthy and it.watched["watch"].error == "ValueError"
    await it.stop()


async def test_a_stop_is_heeded_by_a_task_that_breaks_at_the_same_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A group of tasks one of which breaks while it is being cancelled raises that error, and no cancellation."""
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 0.001)
    starts = 0
    inside = asyncio.Event()

    async def breaks_when_cancelled() -> None:
        try:
            inside.set()
            await asyncio.Event().wait()
        finally:
            raise StoreUnavailable("gone")

    async def work() -> None:
        nonlocal starts
        starts += 1
        async with asyncio.TaskGroup() as group:
            group.create_task(breaks_when_cancelled())

    it = Supervisor()
    it.run("outbox", work)
    await inside.wait()
    async with asyncio.timeout(60):
        await it.stop()
    assert starts == 1


async def test_a_stop_is_repeated_for_a_task_that_loses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries lose cancellations, too: a stop must not hang for that."""
    monkeypatch.setattr(supervise, "INSIST", 0.001)
    lost = 0

    async def work() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    it = Supervisor()
    it.run("desk", work)
    await until(lambda: it.watched["desk"].up)
    async with asyncio.timeout(60):
        await it.stop()
    assert lost == 3


async def test_an_outbox_told_to_stop_as_it_loses_its_role_does_not_take_it_again() -> None:
    """The group of its tasks then raises the loss alone; the stop would be forgotten."""
    asked = 0
    inside = asyncio.Event()

    class Store:
        async def lease(self, role: str, holder: str, term: int) -> int:
            nonlocal asked
            asked += 1
            return asked

        async def cursor(self, role: str) -> str:
            try:
                inside.set()
                await asyncio.Event().wait()
            finally:
                raise LeaseLost

    box = Outbox(cast(Queue, Store()), lambda event: [], "one")
    running = asyncio.create_task(box.run())
    await inside.wait()
    running.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await running
    assert asked == 1 and not box.mine


async def test_an_outbox_that_lost_its_role_takes_it_again_when_it_is_free() -> None:
    """Whoever slept past its lease is the one to take over when the other sleeps."""
    asked, terms = 0, 0
    again = asyncio.Event()

    class Store:
        async def lease(self, role: str, holder: str, term: int) -> int:
            nonlocal asked
            asked += 1
            return asked

        async def cursor(self, role: str) -> str:
            nonlocal terms
            terms += 1
            if terms == 1:
                raise LeaseLost
            again.set()
            await asyncio.Event().wait()
            return "0-0"

    box = Outbox(cast(Queue, Store()), lambda event: [], "one")
    it = Supervisor()
    it.run("outbox", box.run)
    async with asyncio.timeout(60):
        await again.wait()
    assert it.healthy and box.mine
    await it.stop()


@pytest.mark.promise("outbox-cursor")
async def test_what_is_on_its_way_as_an_outbox_begins_anew_arrives_before_it_is_looked_for() -> None:
    """Slack carries out a call whose caller has gone: a look that comes before would find nothing."""
    on_its_way, tells, arrives = asyncio.Event(), asyncio.Event(), asyncio.Event()
    said: list[str] = []

    class Store:
        reads = 0

        async def lease(self, role: str, holder: str, term: int) -> int:
            return 1

        async def cursor(self, role: str) -> str:
            return "0-0"

        async def last_event(self) -> str:
            return "1-0" if self.reads else "0-0"

        async def advance(self, role: str, entry: str, fence: int) -> bool:
            return True

        async def known(self, key: str) -> bool:
            return False

        async def once(self, key: str, ms: int) -> bool:
            return True

        async def reader(self) -> Any:
            class Reader:
                async def close(self) -> None:
                    """Nothing to let go of."""

            return Reader()

        async def events(self, after: str, count: int, block: int, reader: object) -> list[Event]:
            if after == "0-0":
                return [Event(1, "accepted", "C1", id="1-0")]
            self.reads += 1
            if self.reads == 1:
                await on_its_way.wait()
                tells.set()
                raise StoreUnavailable("it starts anew")
            await asyncio.Event().wait()
            return []

    async def work(t: Try) -> None:
        said.append("looks" if t.again else "posts")
        if not t.again:
            on_its_way.set()
            await arrives.wait()
            said.append("arrived")

    box = Outbox(cast(Queue, Store()), lambda event: [Job("contact:C1", "opens", work)], "one")
    it = Supervisor()
    it.run("outbox", box.run)
    await tells.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert said == ["posts"] and not box.mine
    arrives.set()
    await until(lambda: len(said) == 3)
    assert said == ["posts", "arrived", "looks"]
    await it.stop()


# ---- alerts -------------------------------------------------------------------------------------------------------


def telling(*names: str) -> tuple[Alerts, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []

    def way(name: str) -> Callable[[str], Awaitable[None]]:
        async def tell(it: Notice) -> None:
            if name == "broken":
                raise NotDelivered("no such channel")
            told.append((name, it.text))

        return tell

    return Alerts(lambda: {name: way(name) for name in names}), told


@pytest.mark.promise("alerts-once")
async def test_trouble_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    alerts, told = telling("slack")
    for _ in range(3):
        await alerts.begin("store", "The store is away.")
    for _ in range(3):
        await alerts.end("store", "The store is back.")
    await alerts.drain()
    assert [text.split(" ", 1)[1] for _, text in told] == ["The store is away.", "The store is back."]
    await alerts.begin("store", "Again.")
    await alerts.drain()
    assert len(told) == 3


async def test_the_end_of_what_never_began_is_not_told() -> None:
    alerts, told = telling("slack")
    await alerts.end("slack", "Slack is back.")
    await alerts.drain()
    assert told == []


@pytest.mark.promise("alerts-ways")
async def test_a_way_that_fails_does_not_silence_the_others() -> None:
    alerts, told = telling("broken", "sms", "email")
    await alerts.begin("slack", "Slack is away.")
    await alerts.drain()
    assert sorted(name for name, _ in told) == ["email", "sms"]


async def test_an_alert_whose_answer_was_lost_is_looked_for_before_it_is_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alerts_module, "PAUSES", (0.001, 0.001))
    notices: list[Notice] = []

    async def tell(it: Notice) -> None:
        notices.append(it)
        if len(notices) < 3:
            raise OutcomeUnknown("no answer")

    alerts = Alerts(lambda: {"slack": tell})
    await alerts.begin("store", "The store is away.")
    await until(lambda: not alerts.tasks)
    assert [it.again for it in notices] == [False, True, True]
    assert len({it.key for it in notices}) == 1


async def test_what_is_over_is_not_told_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_module, "PAUSES", (0.05, 0.05))
    said: list[str] = []

    async def tell(it: Notice) -> None:
        said.append(it.text)
        raise NotDelivered("busy")

    alerts = Alerts(lambda: {"slack": tell})
    await alerts.begin("store", "away")
    await until(lambda: said)
    del alerts.trouble["store"]
    await until(lambda: not alerts.tasks)
    assert len(said) == 1


async def test_an_alert_of_an_earlier_life_has_the_same_key() -> None:
    """What happened at the same instant is the same alert, for a process that was started again too."""
    keys = []
    for again in (False, True):
        notices: list[Notice] = []

        async def tell(it: Notice, notices: list[Notice] = notices) -> None:
            notices.append(it)

        alerts = Alerts(lambda tell=tell: {"slack": tell})  # type: ignore[misc]
        await alerts.coalesced("step:outage:3", "C1 waits", at=1_800_000_000.0, again=again)
        await alerts.drain()
        assert [it.again for it in notices] == [again]
        keys.append(notices[0].key)
    assert keys[0] == keys[1]


async def test_many_contacts_in_one_step_are_one_alert() -> None:
    alerts, told = telling("slack")
    for n in range(50):
        await alerts.coalesced("step:outage:3", f"C{n} waits")
    await alerts.coalesced("step:howto:2", "another step")
    await alerts.drain()
    assert len(told) == 2


# ---- lanes --------------------------------------------------------------------------------------------------------


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "FIRST_WAIT", 0.0001)
    monkeypatch.setattr(lanes, "LONGEST_WAIT", 0.0001)


def job(lane: str, name: str, work: Callable[[Try], Awaitable[None]]) -> Job:
    return Job(lane, name, work)


@pytest.mark.skipif(sys.platform != "linux", reason="CLOCK_BOOTTIME is Linux's")
async def test_a_lease_runs_out_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The monotonic clock stands still meanwhile; whoever wakes must see at once that the role may be another's."""
    slept = 0.0
    real = time.clock_gettime

    def clock(which: int) -> float:
        return real(which) + (slept if which == time.CLOCK_BOOTTIME else 0.0)

    class Role:
        async def lease(self, role: str, holder: str, ms: int) -> int:
            return 1

    monkeypatch.setattr("tierline.router.outbox.time.clock_gettime", clock)
    it = Outbox(cast(Any, Role()), lambda event: [], "one")
    await it._ask()
    assert it.mine
    slept = 60.0
    assert not it.mine


@pytest.mark.promise("outbox-order")
async def test_a_lane_keeps_its_order_through_failures_and_others_go_on_beside_it(hasty: None) -> None:
    done: list[str] = []
    gate = asyncio.Event()
    failures = iter([NotDelivered("busy"), OutcomeUnknown(), StoreUnavailable("away"), TimeoutError()])

    async def stubborn(t: Try) -> None:
        if (error := next(failures, None)) is not None:
            raise error
        assert (t.count, t.again) == (4, True)
        await gate.wait()
        done.append("first")

    async def then(t: Try) -> None:
        done.append("second")

    async def beside(t: Try) -> None:
        done.append("beside")

    it = Lanes()
    it.submit("1-0", [job("say:C1", "a", stubborn), job("say:C2", "b", beside)], replayed=False)
    it.submit("2-0", [job("say:C1", "c", then)], replayed=False)
    await until(lambda: done == ["beside"])
    assert it.done_until == ""  # the first entry isn't finished: a restart must find it again
    gate.set()
    await it.idle()
    assert done == ["beside", "first", "second"] and it.done_until == "2-0"


async def test_what_is_refused_for_good_or_can_never_work_does_not_stop_what_stands_behind_it(
    hasty: None,
) -> None:
    tries = {"refused": 0, "broken": 0, "good": 0}

    async def refused(t: Try) -> None:
        tries["refused"] += 1
        raise NotDelivered("no such user", permanent=True)

    async def broken(t: Try) -> None:
        tries["broken"] += 1
        raise KeyError("bug")

    async def good(t: Try) -> None:
        tries["good"] += 1

    it = Lanes()
    it.submit(
        "1-0", [job("x", "refused", refused), job("x", "broken", broken), job("x", "good", good)], False
    )
    await it.idle()
    assert tries == {"refused": 1, "broken": 3, "good": 1} and it.done_until == "1-0"


async def test_jobs_that_may_have_run_in_an_earlier_life_know_it() -> None:
    seen: list[Try] = []

    async def look(t: Try) -> None:
        seen.append(t)

    it = Lanes()
    it.submit("1-0", [job("a", "a", look)], replayed=True)
    it.submit("2-0", [job("a", "b", look)], replayed=False)
    await it.idle()
    assert [t.again for t in seen] == [True, False]


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=3), min_size=1, max_size=8)
)
@pytest.mark.promise("outbox-cursor")
def test_the_cursor_never_passes_an_unfinished_job(entries: list[list[tuple[int, int]]]) -> None:
    """Each entry has jobs (lane, failures before it works)."""

    async def play() -> None:
        it = Lanes()
        unfinished = {f"{n}-0": len(entry) for n, entry in enumerate(entries, 1)}
        order: dict[int, list[int]] = {}

        def work(entry: str, lane: int, fails: int, number: int) -> Callable[[Try], Awaitable[None]]:
            async def run(t: Try) -> None:
                passed = [e for e in unfinished if it.done_until and _n(e) <= _n(it.done_until)]
                assert all(unfinished[e] == 0 for e in passed)
                if t.count < fails:
                    raise NotDelivered("busy", retry_after=0.0)
                order.setdefault(lane, []).append(number)
                unfinished[entry] -= 1

            return run

        number = 0
        for n, entry in enumerate(entries, 1):
            jobs = []
            for lane, fails in entry:
                number += 1
                jobs.append(job(f"lane {lane}", "x", work(f"{n}-0", lane, fails, number)))
            it.submit(f"{n}-0", jobs, replayed=False)
        await it.idle()
        assert it.done_until == f"{len(entries)}-0"
        assert all(numbers == sorted(numbers) for numbers in order.values())

    asyncio.run(play())


def _n(entry: str) -> int:
    return int(entry.partition("-")[0])
