"""Slack is asked no faster than it allows, the urgent first, and never before it said that it may be asked again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tierline.channels.channel import NotDelivered, OutcomeUnknown
from tierline.channels.slack.pace import Drip, Gate, Minute, Urgency
from tierline.channels.slack.refusals import MAYBE, PERMANENT, TOKEN, refusal, unavailable


@dataclass
class Open:
    """A room that lets through as many as it is told to."""

    places: int = 0

    def wait(self, now: float, urgency: Urgency) -> float:
        return 0.0 if self.places else 1000.0

    def take(self, now: float) -> None:
        self.places -= 1


async def test_who_waits_goes_by_urgency_and_then_by_arrival() -> None:
    room = Open()
    gate, order = Gate(room), []

    async def call(name: str, urgency: Urgency) -> None:
        await gate.enter(urgency, 60)
        order.append(name)

    wanted = [("tick", Urgency.TICK), ("card", Urgency.CARD), ("offer 1", Urgency.OFFER), ("failure", Urgency.FAILURE),
              ("offer 2", Urgency.OFFER), ("customer", Urgency.CUSTOMER)]  # fmt: skip
    async with asyncio.TaskGroup() as group:
        for name, urgency in wanted:
            group.create_task(call(name, urgency))
        await asyncio.sleep(0)
        room.places = len(wanted)
        gate._let()
    assert order == ["offer 1", "offer 2", "failure", "customer", "card", "tick"]
    gate.close()


async def test_who_has_no_patience_left_is_told_when_to_come_again() -> None:
    gate = Gate(Open())
    with pytest.raises(NotDelivered) as refused:
        await gate.enter(Urgency.OFFER, 0.0)
    assert refused.value.code == "ratelimited" and refused.value.retry_after == 1000.0
    gate.close()


async def test_after_a_retry_after_nobody_goes_before_its_time() -> None:
    now = [0.0]
    gate = Gate(Minute(50), lambda: now[0])
    gate.pause(30)
    with pytest.raises(NotDelivered) as refused:
        await gate.enter(Urgency.OFFER, 20)
    assert refused.value.retry_after == 30
    now[0] = 30.1
    await gate.enter(Urgency.OFFER, 20)


def test_a_minute_holds_no_more_than_its_calls_and_keeps_some_for_the_urgent() -> None:
    minute, now = Minute(50), 0.0
    while minute.wait(now, Urgency.TICK) == 0:
        minute.take(now)
        now += 0.1
    assert len(minute.taken) == 25
    while minute.wait(now, Urgency.OFFER) == 0:
        minute.take(now)
        now += 0.1
    assert len(minute.taken) == 50
    assert minute.wait(now + minute.wait(now, Urgency.OFFER) + 0.01, Urgency.OFFER) == 0


def test_a_channel_takes_a_short_burst_and_then_one_a_second() -> None:
    drip, at = Drip(at=0.0), []
    for tenth in range(101):
        now = tenth / 10
        while drip.wait(now, Urgency.OFFER) == 0:
            drip.take(now)
            at.append(now)
    assert at[:4] == [0.0] * 4 and len(at) in (13, 14)


@pytest.mark.parametrize("code", sorted(PERMANENT))
def test_what_can_never_work_is_permanent_and_in_words(code: str) -> None:
    found = refusal("chat.postMessage", code)
    assert isinstance(found, NotDelivered) and found.permanent and "_" not in found.reason


@pytest.mark.parametrize("code", sorted(TOKEN))
def test_trouble_with_the_app_is_never_blamed_on_one_message(code: str) -> None:
    found = refusal("chat.postMessage", code)
    assert isinstance(found, NotDelivered) and not found.permanent and code == found.code


def test_what_may_have_happened_is_looked_up_before_it_is_repeated() -> None:
    assert all(isinstance(refusal("chat.postMessage", code), OutcomeUnknown) for code in MAYBE)
    assert isinstance(unavailable("chat.postMessage", 500), OutcomeUnknown)
    assert isinstance(unavailable("chat.update", 503), NotDelivered)
