"""A rush of contacts that come to one step: the store is asked for the first of each minute, and one alert is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from helpers_plan import EVA, SMALL, arrived, at, book

from tierline.queue.history.records import Customer
from tierline.queue.state import ContactView, Event
from tierline.router.alerts import Alerts
from tierline.router.classify import classify
from tierline.router.lanes import Try
from tierline.router.step_alerts import MINUTE, StepAlerts

NOW = at("2026-11-23 10:00")
BOOK = book(SMALL)
DECIDED = classify(BOOK, arrived("the line is down", "+4930100"), Customer(EVA), NOW)
SERVICE = DECIDED.service.name


class Rush:
    """A queue that keeps windows as the store does, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked, self.windows = 0, dict[str, list[int]]()

    async def contact(self, id: str) -> ContactView:
        self.asked += 1
        route = DECIDED.decision.route
        return ContactView(
            id, "waiting", route, 0, NOW, NOW, NOW, f"sms:{id}:", 1, facts=DECIDED.facts.to_json()
        )

    async def window(self, name: str, instant: int, ms: int) -> int:
        self.asked += 1
        begun = self.windows.setdefault(name, [])
        before = max((it for it in begun if it <= instant), default=None)
        if before is not None and instant - before < ms:
            return before
        begun.append(instant)
        return instant


def nobody(n: int, t: int) -> Event:
    return Event(t, "nobody", f"C{n}", x='{"step":0}', id=f"{t}-{n}")


def came(*numbers: int) -> Mapping[str, Event]:
    told = json.dumps({"service": SERVICE})
    return {f"C{n}": Event(NOW, "arrived", f"C{n}", x=told) for n in numbers}


async def happen(it: StepAlerts, *events: Event) -> None:
    for event in events:
        for job in it.jobs(event):
            await job.work(Try(0, False))


def watched(rush: Rush, arrivals: Mapping[str, Event]) -> tuple[StepAlerts, list[str]]:
    told: list[str] = []

    async def tell(notice: Any) -> None:
        told.append(notice.text)

    alerts = Alerts(lambda: {"slack": tell})
    return StepAlerts(cast(Any, rush), lambda: BOOK, alerts, arrivals), told


async def test_a_thousand_within_a_minute_are_one_look_and_one_alert() -> None:
    rush = Rush()
    it, told = watched(rush, came(*range(1001, 2001)))
    await happen(it, *(nobody(n, NOW + n - 1001) for n in range(1001, 2001)))
    await it.alerts.drain()
    assert len(told) == 1 and "C1001" in told[0] and rush.asked == 2


async def test_the_next_minute_is_told_anew() -> None:
    rush = Rush()
    it, told = watched(rush, came(1001, 1002, 1003))
    await happen(it, nobody(1001, NOW), nobody(1002, NOW + MINUTE - 1), nobody(1003, NOW + MINUTE))
    await it.alerts.drain()
    assert len(told) == 2 and "C1003" in told[1]


async def test_the_one_that_the_alert_is_for_is_told_again_after_a_kill() -> None:
    """The windows are the store's: a new process asks, and the first contact's job says it again."""
    rush, first = Rush(), nobody(1001, NOW)
    await happen(watched(rush, came(1001))[0], first)
    it, told = watched(rush, came(1001, 1002))
    await happen(it, replace(first), nobody(1002, NOW + 5))
    await it.alerts.drain()
    assert len(told) == 1 and "C1001" in told[0]


async def test_whom_somebody_was_asked_for_is_always_looked_at() -> None:
    rush = Rush()
    it, _ = watched(rush, {})
    await happen(it, nobody(1001, NOW), nobody(1002, NOW + 1))
    await it.alerts.drain()
    assert rush.asked == 4
