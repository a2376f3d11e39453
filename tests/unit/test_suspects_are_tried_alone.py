"""What ends the whole process is found out, set aside and told of; what only stood beside it is done (F6)."""

from __future__ import annotations

import asyncio

import pytest

from tierline.channels.channel import NotDelivered
from tierline.queue.failures import StoreUnavailable
from tierline.router import lanes as module
from tierline.router import suspects
from tierline.router.lanes import Job, Lanes, Try
from tierline.router.suspects import Suspects


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "SURVIVED", 0.3)
    monkeypatch.setattr(suspects, "CALM", 0.05)
    monkeypatch.setattr(module, "FIRST_WAIT", 0.0001)


class House:
    """One store through many lives of a process; a job that says `dies` ends the life it's in."""

    def __init__(self) -> None:
        self.said: set[str] = set()
        self.away = 0
        self.told: list[str] = []
        self.began: list[str] = []
        self.done: list[str] = []
        self.beside: dict[str, int] = {}

    async def once(self, key: str, ms: int) -> bool:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        new = key not in self.said
        self.said.add(key)
        return new

    async def known(self, key: str) -> bool:
        return key in self.said

    async def note(self, name: str) -> None:
        self.told.append(name)

    async def life(self, *names: str, replayed: bool = True, killed_after: float = 5.0) -> bool:
        """Do these jobs, each in a lane of its own; False when one of them, or somebody, ended the process."""
        ended = asyncio.Event()
        it = Lanes(broken=self.note, suspects=Suspects(self.once, self.known))

        def job(name: str) -> Job:
            async def work(t: Try) -> None:
                self.began.append(name)
                self.beside[name] = it.busy
                await asyncio.sleep(0.01)  # the others have begun, too
                if name.startswith("slow"):
                    await asyncio.sleep(0.1)
                if name.startswith("dies"):
                    ended.set()
                    await asyncio.Event().wait()
                self.done.append(name)

            return Job(name, name, work)

        for n, name in enumerate(names):
            it.submit(f"{n + 1}-0", [job(name)], replayed)
        idle = asyncio.create_task(it.idle())
        over = asyncio.create_task(ended.wait())
        await asyncio.wait({idle, over}, timeout=killed_after, return_when=asyncio.FIRST_COMPLETED)
        assert idle.done() or ended.is_set() or killed_after < 1
        lived = idle.done()
        if it.suspects is not None:
            for task in it.suspects.watching if not lived else ():
                task.cancel()  # a dead process writes nothing down
        for task in (idle, over):
            task.cancel()
        await it.stop(0)
        if lived and it.suspects is not None:
            await it.suspects.settled()
        return lived


@pytest.mark.promise("poison")
async def test_what_ends_the_process_each_time_is_set_aside_after_three_starts_and_the_rest_is_done() -> None:
    house, names = House(), ["good", "dies here", "better"]
    assert not await house.life(*names, replayed=False)
    assert not await house.life(*names)
    assert not await house.life(*names)
    assert house.beside["dies here"] == 1  # alone, the last time
    assert await house.life(*names)
    assert house.told == ["dies here (dies here)"] and house.began.count("dies here") == 3
    assert {"good", "better"} <= set(house.done)


async def test_a_process_that_something_else_ends_again_and_again_sets_nothing_aside() -> None:
    """Before it has been calm for a while nothing is tried alone, so nothing is blamed."""
    house = House()
    for _ in range(6):
        assert not await house.life("slow 1", "slow 2", killed_after=0.02)
    assert await house.life("slow 1", "slow 2")
    assert not house.told and sorted(house.done) == ["slow 1", "slow 2"]


async def test_a_kill_from_outside_while_one_was_tried_alone_blames_only_that_one() -> None:
    house = House()
    house.said = {f"begun:{n}-0.0" for n in (1, 2, 3)} | {"alone:2-0.0"}
    assert await house.life("one", "two", "three")
    assert house.told == ["two (two)"] and sorted(house.done) == ["one", "three"]
    assert house.beside == {"one": 1, "three": 1} or max(house.beside.values()) <= 2


async def test_what_is_done_for_the_first_time_writes_nothing_down() -> None:
    house = House()
    assert await house.life("one", "two", replayed=False) and not house.said


async def test_what_was_over_or_goes_on_for_long_is_no_suspect_any_more() -> None:
    house = House()
    assert await house.life("one", "two")
    assert {"survived:1-0.0", "survived:2-0.0"} <= house.said
    assert await house.life("one", "two")  # beside each other again
    assert not any(key.startswith("alone") for key in house.said)


async def test_a_store_that_is_away_blames_nobody_and_the_job_is_done_later() -> None:
    house = House()
    house.away = 1
    assert await house.life("one") and house.done == ["one"] and not house.told


async def test_a_stop_while_one_waits_to_be_tried_alone_holds_nothing_against_it() -> None:
    house = House()
    house.said = {"begun:1-0.0"}
    watch = Suspects(house.once, house.known, begun=asyncio.get_running_loop().time() + 100)
    it = Lanes(suspects=watch)

    async def work(t: Try) -> None:
        raise NotDelivered("never begun")

    it.submit("1-0", [Job("say:C1", "say", work)], True)
    async with asyncio.timeout(5):
        while not watch.waiting:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        await it.finish(60)
    await it.stop(0)
    assert house.said == {"begun:1-0.0"} and not watch.alone.locked()
