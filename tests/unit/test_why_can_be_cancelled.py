"""Whoever stops asking why is heard, also at the very moment at which the history answers."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from helpers_plan import book

from tierline.queue.engine import Queue
from tierline.queue.history.records import ContactRecord
from tierline.router.explain import account, look

PLAN = """
site: cancelled
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@why.example]
schedules: {always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}}
services: {help: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}}
entry: [{channel: sms, to: "+4930100", service: help}]
agents: [{name: Ada, slack: ada@why.example, team: desk, tier: L1}]
"""


class Counter:
    """A queue that knows no contact or any, and a history whose answer and the caller's end come together."""

    def __init__(self, knows: bool) -> None:
        self.knows, self.asked_after = knows, 0
        self.caller: asyncio.Task[object] | None = None

    async def contact(self, contact: str) -> object | None:
        return object() if self.knows else None

    async def agents(self) -> dict[str, object]:
        return {}

    async def due(self, names: object) -> dict[str, int]:
        return {}

    async def desk_up(self) -> bool:
        self.asked_after += 1
        await asyncio.sleep(0)
        return True

    async def events(self, after: str, limit: int) -> list[object]:
        self.asked_after += 1
        await asyncio.sleep(0)
        return []


class Moments:
    def __init__(self, queue: Counter) -> None:
        self.queue = queue

    def _ends(self) -> None:
        assert self.queue.caller is not None
        self.queue.caller.cancel()

    async def latest(self, contact: str, agents: object) -> dict[tuple[str, str], int]:
        self._ends()
        return {}

    async def contact(self, contact: str) -> ContactRecord | None:
        self._ends()
        return cast(ContactRecord, type("Record", (), {"events": ()})())


@pytest.mark.parametrize(("ask", "knows"), [(look, True), (account, False)])
async def test_a_question_that_is_cancelled_as_its_answer_comes_ends_there(
    ask: Any, knows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierline.router.explain.timers", lambda view, agents: ())
    queue = Counter(knows)
    queue.caller = asyncio.create_task(ask(cast(Queue, queue), book(PLAN), Moments(queue), "C1001"))
    await asyncio.wait({queue.caller})
    assert queue.caller.cancelled() and queue.asked_after <= 1
