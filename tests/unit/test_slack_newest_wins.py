"""Of each card and each App Home only the newest version waits; how old the oldest is, is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tierline.channels.channel import NotDelivered, OutcomeUnknown
from tierline.channels.slack.latest import Draw, Latest
from tierline.channels.slack.pace import Gate, Minute, Urgency


@dataclass
class Places:
    """A room for so many; `spared` are those who went for nothing."""

    left: int = 0
    spared: int = 0

    def wait(self, now: float, urgency: Urgency) -> float:
        return 0.0 if self.left else 1000.0

    def take(self, now: float) -> None:
        self.left -= 1

    def spare(self) -> None:
        self.spared += 1


@dataclass
class Stage:
    """A waiting room in front of a gate that opens when told, and what was sent through it."""

    room: Places = field(default_factory=Places)
    sent: list[tuple[str, str]] = field(default_factory=list)
    now: float = 0.0
    answer: Callable[[str], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.gate = Gate(self.room, lambda: self.now)
        self.latest: Latest[str, str] = Latest(lambda: self.gate, self.send, lambda: self.now)

    async def send(self, key: str, version: str) -> None:
        self.sent.append((key, version))
        if self.answer is not None:
            await self.answer(version)

    def open(self, places: int) -> None:
        self.room.left = places
        self.gate._let()

    def wish(self, key: str, version: str | None, urgency: Urgency = Urgency.CARD) -> asyncio.Task[None]:
        return asyncio.create_task(self.latest.show(key, drawn(version), urgency))


def drawn(version: str | None) -> Draw[str]:
    async def draw() -> str | None:
        return version

    return draw


async def turns() -> None:
    """Let everybody who can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.promise("newest-wins")
async def test_of_many_versions_that_wait_one_is_sent_and_all_who_asked_are_served() -> None:
    stage = Stage()
    tasks = [stage.wish("card", f"v{n}") for n in range(5)]
    await turns()
    stage.open(9)
    await asyncio.gather(*tasks)
    assert stage.sent == [("card", "v4")] and stage.room.left == 8


@pytest.mark.promise("newest-wins")
async def test_a_version_that_comes_while_another_is_sent_follows_it_and_never_overtakes_it() -> None:
    stage, reach = Stage(), asyncio.Event()

    async def slowly(version: str) -> None:
        if version == "v1":
            await reach.wait()

    stage.answer = slowly
    stage.open(9)
    first = stage.wish("card", "v1")
    await turns()
    second, other = stage.wish("card", "v2"), stage.wish("another", "x")
    await asyncio.gather(other)
    assert stage.sent == [("card", "v1"), ("another", "x")] and not second.done()
    reach.set()
    await asyncio.gather(first, second)
    assert stage.sent[-1] == ("card", "v2")


async def test_a_greater_urgency_takes_the_waiting_version_along() -> None:
    stage = Stage()
    tasks = [stage.wish("home", "old", Urgency.HOME), stage.wish("card", "c")]
    await turns()
    tasks.append(stage.wish("home", "new", Urgency.OFFER))
    await turns()
    stage.open(1)
    await turns()
    assert stage.sent == [("home", "new")]
    stage.open(1)
    await asyncio.gather(*tasks)
    assert [key for key, _ in stage.sent] == ["home", "card"]


async def test_homes_wait_behind_cards_and_before_receipts() -> None:
    assert Urgency.CARD < Urgency.HOME < Urgency.TICK


async def test_what_is_right_already_uses_no_call() -> None:
    stage = Stage()
    stage.open(1)
    await stage.wish("home", None)
    assert stage.sent == [] and stage.room.spared == 1 and stage.latest.oldest == 0.0


@pytest.mark.promise("newest-wins")
async def test_how_long_the_oldest_has_been_out_of_date_is_known_also_through_failures() -> None:
    stage = Stage()
    tasks = [stage.wish("a", "1")]
    await turns()
    stage.now = 10.0
    tasks.append(stage.wish("b", "1"))
    await turns()
    stage.now = 15.0
    assert (len(stage.latest), stage.latest.oldest) == (2, 15.0)

    async def lost(version: str) -> None:
        raise OutcomeUnknown("no answer")

    stage.answer = lost
    stage.open(2)
    assert all(isinstance(it, OutcomeUnknown) for it in await asyncio.gather(*tasks, return_exceptions=True))
    stage.now = 20.0
    assert stage.latest.oldest == 20.0
    stage.answer = None
    stage.open(1)
    await stage.wish("a", "2")
    assert (len(stage.latest), stage.latest.oldest) == (1, 10.0)

    async def gone(version: str) -> None:
        raise NotDelivered("the message is gone", "message_not_found", permanent=True)

    stage.answer = gone
    stage.open(1)
    with pytest.raises(NotDelivered):
        await stage.wish("b", "2")
    assert (len(stage.latest), stage.latest.oldest) == (0, 0.0)


async def test_whoever_has_no_patience_left_hears_so_and_the_version_stays_in_the_room() -> None:
    stage = Stage()
    with pytest.raises(NotDelivered) as refused:
        await stage.latest.show("card", drawn("v1"), Urgency.OFFER, 0.01)
    assert refused.value.code == "ratelimited"
    stage.gate.pause(60)
    with pytest.raises(NotDelivered) as refused:
        await stage.latest.show("card", drawn("v2"), Urgency.OFFER, 20)
    assert refused.value.retry_after == 60
    stage.now = 61.0
    stage.open(1)
    await turns()
    assert stage.sent == [("card", "v2")]


async def test_who_asked_and_left_holds_nobody_up() -> None:
    stage = Stage()
    left, stays = stage.wish("card", "v1"), stage.wish("card", "v2")
    await turns()
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    stage.open(1)
    await stays
    assert stage.sent == [("card", "v2")]


async def test_closed_it_shows_nothing_more() -> None:
    stage = Stage()
    waits = stage.wish("card", "v1")
    await turns()
    stage.latest.close()
    stage.open(5)
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert stage.sent == []


def test_what_was_spared_is_there_for_the_next() -> None:
    minute = Minute(1)
    minute.take(0.0)
    minute.spare()
    assert minute.wait(0.0, Urgency.OFFER) == 0.0
