"""The store's clock counts. What a router's own clock says, or does in the middle, changes nothing (F34, F45-F47)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers_app import EVA, JONAS, Inside, inside

DAY = 86_400
REAL, REAL_NS = time.time, time.time_ns


class Clock:
    """The process's wall clock, moved by `by` seconds; monotonic time goes on as ever."""

    def __init__(self) -> None:
        self.by = 0.0

    def time(self) -> float:
        return REAL() + self.by

    def time_ns(self) -> int:
        return REAL_NS() + int(self.by * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    it = Clock()
    monkeypatch.setattr(time, "time", it.time)
    monkeypatch.setattr(time, "time_ns", it.time_ns)
    yield it
    it.by = 0.0


async def _store_now(it: Inside) -> int:
    seconds, micros = await it.app.store.client.call("TIME")  # type: ignore[misc]
    return int(seconds) * 1000 + int(micros) // 1000  # type: ignore[call-overload]


def _ms(instant: str) -> float:
    return datetime.fromisoformat(instant).astimezone(UTC).timestamp() * 1000


@pytest.mark.promise("clock-of-the-store")
@pytest.mark.parametrize("days", [3, -3])
async def test_a_router_three_days_off_gives_places_offers_and_leases_as_the_store_counts(
    tmp_path: Path, clock: Clock, days: int
) -> None:
    clock.by = days * DAY
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        begun = await _store_now(it)
        assert await it.text("first") == 200
        await it.until(lambda: it.cards("Ada", "first"))
        contact = await it.contact()
        offer = next(o for o in contact["offers"] if o["state"] == "pending")
        ended = await _store_now(it)
        view = await it.app.queue.contact(contact["id"])
        assert (
            view is not None and begun <= view.rank // 1000 - 600_000 - 15 * 60_000 <= ended
        )  # answer_within and lag of texts
        assert begun <= _ms(offer["deadline"]) - 60_000 <= ended
        await it.accept("Ada", "first")

        async def active() -> bool:
            return (await it.contact())["state"] == "active"  # type: ignore[no-any-return]

        await it.until(active)
        assert (await it.app.ready())["ready"]


@pytest.mark.promise("clock-of-the-store")
@pytest.mark.parametrize("hours", [1, -1, 72, -72])
async def test_a_clock_that_jumps_in_the_middle_fires_nothing_early_and_nothing_never(
    tmp_path: Path, clock: Clock, hours: int
) -> None:
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        assert await it.text("first") == 200
        await it.until(lambda: it.cards("Ada", "first"))
        fence = await it.app.queue.lease("outbox", it.app.holder, 10_000)
        clock.by = hours * 3_600.0
        assert await it.text("second", JONAS) == 200
        assert (await it.agent("Ada"))["presence"] == "available"
        offers = (await it.contact(EVA))["offers"]
        assert [o["state"] for o in offers] == ["pending"]  # nothing was missed or withdrawn
        await it.accept("Ada", "first")
        await it.until(lambda: it.cards("Ada", "second"))
        ranks = [(await it.app.queue.contact((await it.contact(who))["id"])) for who in (EVA, JONAS)]
        assert ranks[0] is not None and ranks[1] is not None and ranks[0].rank < ranks[1].rank
        assert await it.app.queue.lease("outbox", it.app.holder, 10_000) == fence
        deaths = {name: seen.deaths for name, seen in it.app.supervisor.watched.items()}
        assert not any(deaths.values()), deaths
