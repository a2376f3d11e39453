"""A stop waits for what is under way as a request; what only waits for its turn is the next start's at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tierline.channels.slack.background import Background
from tierline.channels.slack.blocks import Message
from tierline.channels.slack.pace import Gate, Urgency
from tierline.channels.slack.send import Sender
from tierline.router.lanes import Job, Lanes, Try

HUNDRED = 100.0
"""Seconds of grace: nothing here comes near it."""


@dataclass
class Places:
    """A room for so many, and for nobody else."""

    left: int

    def wait(self, now: float, urgency: Urgency) -> float:
        return 0.0 if self.left else HUNDRED

    def take(self, now: float) -> None:
        self.left -= 1


class Client:
    """Slack's library, whose every call waits until it is let through."""

    base_url = "https://slack.example/api/"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.begun, self.let = asyncio.Event(), asyncio.Event()

    async def api_call(self, method: str, **args: Any) -> Any:
        self.calls.append(method)
        self.begun.set()
        await self.let.wait()

        class Answer:
            data: Mapping[str, object] = {"ok": True, "ts": "1.1"}

        return Answer()


def lanes_of(*jobs: Job) -> Lanes:
    it = Lanes()
    it.submit("1-0", list(jobs), False)
    return it


@pytest.mark.promise("stop-finishes")
async def test_a_stop_finishes_the_request_that_is_under_way_and_leaves_those_behind_it() -> None:
    client, done = Client(), []
    sender = Sender(cast(Any, client), cast(Any, None))
    sender._gate("post C1", "chat.postMessage").room = Places(1)

    def line(n: int) -> Job:
        async def work(t: Try) -> None:
            await sender.post("C1", Message(f"line {n}", ()), Urgency.CUSTOMER)
            done.append(n)

        return Job(f"contact:C{n}", "line", work)

    it = lanes_of(*(line(n) for n in range(40)))
    async with asyncio.timeout(HUNDRED / 20):
        await client.begun.wait()
    ending = asyncio.create_task(it.finish(HUNDRED))
    await asyncio.sleep(0.05)  # the stop looks every 10 ms: it has seen who only waits
    assert not ending.done()
    client.let.set()
    async with asyncio.timeout(HUNDRED / 20):
        await ending
    assert done == [0] and client.calls == ["chat.postMessage"] and it.done_until == ""
    await it.stop(0)
    sender.close()


@pytest.mark.parametrize("how", ["update", "react"])
async def test_changes_and_marks_that_wait_are_left_as_well(how: str) -> None:
    client = Client()
    sender = Sender(cast(Any, client), cast(Any, None))
    method = "chat.update" if how == "update" else "reactions.add"
    gate = sender._gate(method, method)
    gate.pause(10.0)

    async def work(t: Try) -> None:
        if how == "update":
            await sender.update("C1", "1.1", Message("newest", ()), Urgency.CARD)
        else:
            await sender.react("C1", "1.1", "x", True, Urgency.FAILURE)

    it = lanes_of(*(Job(f"contact:C{n}", "mark", work) for n in range(4)))
    async with asyncio.timeout(HUNDRED / 20):
        while it.busy < 4:  # noqa: ASYNC110 - lanes tell nobody
            await asyncio.sleep(0)
    async with asyncio.timeout(HUNDRED / 20):
        await it.finish(HUNDRED)
    assert not client.calls and it.open == 4
    await it.stop(0)
    sender.close()


async def test_who_got_their_turn_in_the_same_moment_has_sent_nothing() -> None:
    gate, begun = Gate(Places(0)), []

    async def work(t: Try) -> None:
        await gate.enter(Urgency.CARD, HUNDRED)
        begun.append(True)

    it = lanes_of(Job("contact:C1", "line", work))
    async with asyncio.timeout(HUNDRED / 20):
        while not gate._waiting:  # noqa: ASYNC110 - a gate tells nobody
            await asyncio.sleep(0)
    ending = asyncio.create_task(it.finish(HUNDRED))
    gate.room = Places(1)
    gate._let()
    await ending
    assert bool(begun) == (it.open == 0)  # either it went on and is done, or it is the next start's
    await it.stop(0)
    gate.close()


async def test_an_emoji_that_waits_holds_up_no_stop_and_an_answer_does() -> None:
    gate, said = Gate(Places(0)), []

    async def emoji() -> None:
        await gate.enter(Urgency.TICK, HUNDRED)

    async def answer() -> None:
        await gate.enter(Urgency.OFFER, HUNDRED)
        said.append("answer")

    it = Background()
    it.spawn_comfort(emoji())
    async with asyncio.timeout(HUNDRED / 20):
        await asyncio.sleep(0)
        await it.stop(HUNDRED)
    it.spawn_comfort(emoji())
    it.spawn(answer())
    stopping = asyncio.create_task(it.stop(HUNDRED))
    await asyncio.sleep(0.03)
    assert not stopping.done()
    gate.room = Places(1)
    gate._let()
    async with asyncio.timeout(HUNDRED / 20):
        await stopping
    assert said == ["answer"] and not it.tasks
    gate.close()
