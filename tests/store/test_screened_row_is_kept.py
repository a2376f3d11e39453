"""The row of calls that an agent's phone answered without a key outlives the process that counts it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from helpers_queue import make_queue

from tierline.bench.races.scene import BOOK
from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.state import Event
from tierline.router.lanes import Try
from tierline.router.screened import Screened


class Told:
    """Who was sent a contact card."""

    def __init__(self) -> None:
        self.to: list[str] = []

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        self.to.append(to)


async def happens(queue: Queue, desk: Told, kind: str, at: int, reason: str = "") -> None:
    """In a process that has just begun."""
    screened = Screened(queue, cast(Any, desk), lambda: BOOK, lambda contact: contact != "C7")
    x = f'{{"reason":"{reason}"}}' if reason else "{}"
    for job in screened.jobs(Event(at, kind, "C1", "Ada", at, x, id=f"{at}-0")):
        await job.work(Try(0, False))


@pytest.mark.promise("call-screened")
async def test_a_row_of_two_is_seen_across_a_restart_and_told_once(client: Client, site: str) -> None:
    queue, desk = await make_queue(client, site), Told()
    await happens(queue, desk, "missed", 1_000, "no key")
    assert desk.to == []
    await happens(queue, desk, "missed", 2_000, "machine")
    assert desk.to == ["ada@races.example"]
    await happens(queue, desk, "missed", 2_000, "machine")  # the same again, as after a kill
    await happens(queue, desk, "missed", 3_000, "no key")
    await happens(queue, desk, "missed", 4_000, "no key")
    assert desk.to == ["ada@races.example"]


@pytest.mark.parametrize(("kind", "reason"), [("accepted", ""), ("declined", ""), ("missed", "no answer")])
async def test_whatever_else_they_do_with_a_call_ends_the_row(
    client: Client, site: str, kind: str, reason: str
) -> None:
    queue, desk = await make_queue(client, site), Told()
    await happens(queue, desk, "missed", 1_000, "no key")
    await happens(queue, desk, kind, 1_500, reason)
    await happens(queue, desk, "missed", 2_000, "no key")
    assert desk.to == []
