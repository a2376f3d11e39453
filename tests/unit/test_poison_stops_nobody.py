"""What always breaks is given up and told of; what stands beside and behind it goes on (F6, F13)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tierline.channels.channel import NotDelivered
from tierline.queue.failures import StoreUnavailable
from tierline.queue.history import projections
from tierline.queue.history.database import HistoryUnavailable
from tierline.queue.history.fold import Position, Tale
from tierline.queue.history.history import History
from tierline.queue.history.projector import Projector
from tierline.queue.state import Event
from tierline.router import lanes
from tierline.router.lanes import Job, Lanes, Try


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "FIRST_WAIT", 0.0001)
    monkeypatch.setattr(lanes, "LONGEST_WAIT", 0.0001)


@pytest.mark.promise("poison")
async def test_a_job_that_always_breaks_is_told_of_once_and_its_lane_goes_on(hasty: None) -> None:
    told: list[str] = []
    done: list[str] = []
    away = iter([StoreUnavailable("away"), NotDelivered("busy"), None])

    async def poison(t: Try) -> None:
        raise KeyError("bug")

    async def given_up() -> None:
        if (error := next(away)) is not None:
            raise error
        done.append("given up")

    async def good(t: Try) -> None:
        done.append("good")

    async def note(name: str) -> None:
        told.append(name)
        raise RuntimeError("nobody hears")

    it = Lanes(broken=note)
    it.submit(
        "1-0",
        [Job("say:C1", "say", poison, given_up), Job("say:C1", "line", poison), Job("say:C1", "then", good)],
        False,
    )
    async with asyncio.timeout(90):
        await it.idle()
    assert done == ["given up", "good"] and told == ["line (say:C1)"] and it.done_until == "1-0"


async def test_giving_up_that_breaks_as_well_comes_to_an_end(hasty: None) -> None:
    told: list[str] = []

    async def poison(t: Try) -> None:
        raise KeyError("bug")

    async def worse() -> None:
        raise KeyError("worse")

    async def note(name: str) -> None:
        told.append(name)

    it = Lanes(broken=note)
    it.submit("1-0", [Job("say:C1", "say", poison, worse)], False)
    async with asyncio.timeout(90):
        await it.idle()
    assert told == ["say given up (say:C1)"]


def _event(n: int, contact: str, kind: str = "queued") -> Event:
    return Event(n, kind, contact, "", 1, '{"rank": 1}', id=f"{n}-0")


@pytest.mark.promise("poison")
async def test_an_event_that_breaks_the_history_is_kept_told_of_and_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = projections.fold

    def fold(tale: Tale, event: Event, position: Position) -> None:
        if event.e == "poison":
            raise ZeroDivisionError
        real(tale, event, position)

    monkeypatch.setattr(projections, "fold", fold)
    told: list[str] = []

    async def note(text: str) -> None:
        told.append(text)

    history = await History.open(None, tmp_path)
    try:
        projector = Projector(None, history, "one", told=note)  # type: ignore[arg-type]
        events = [_event(1, "C1001"), _event(2, "C1002", "poison"), _event(3, "C1003"), _event(4, "C1002")]
        assert await projector._take(events) == "4-0"
        assert projector.set_aside == 1 and len(told) == 1 and "C1002" in told[0]
        assert {r.id for r in await history.contacts(None, None, 10)} == {"C1001", "C1002", "C1003"}
        monkeypatch.setattr(projections, "fold", real)
        assert await history.rebuild() == 4  # the poison is in the archive: a mended version can read it
    finally:
        await history.close()


@pytest.mark.parametrize("error", [HistoryUnavailable("locked"), StoreUnavailable("away")])
async def test_a_database_that_is_away_sets_nothing_aside(error: Exception) -> None:
    class Away:
        async def project(self, entries: object) -> None:
            raise error

    projector = Projector(None, Away(), "one")  # type: ignore[arg-type]
    with pytest.raises(type(error)):
        await projector._take([_event(1, "C1001")])
    assert projector.set_aside == 0
