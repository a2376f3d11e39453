"""What a caller hears of minutes, and when nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from calls_stage import OURS, Stage, stage_of

from tierline.channels.phone import Ask, Call, Say
from tierline.queue.client import Client
from tierline.queue.history.records import Taken
from tierline.router.lineup import Lineup

MINUTE = 60_000


@pytest.fixture
async def stage(client: Client, site: str) -> Stage:
    return await stage_of(client, site)


async def line_of(stage: Stage, waits: Sequence[int]) -> Lineup:
    """The stage's line, and calls that were taken within the last minutes after waiting so long."""
    now = await stage.queue.now()
    calls = [
        Taken("help", now - (n + 1) * MINUTE - wait, now - (n + 1) * MINUTE, "Ada")
        for n, wait in enumerate(waits)
    ]

    async def taken(since: int) -> Sequence[Taken]:
        return [it for it in calls if it.accepted >= since]

    it = Lineup(lambda: stage.queue, taken)
    stage.board.line.lineup = it
    return it


async def hears(stage: Stage, sid: str, contact: str) -> str:
    (asked,) = await stage.board.asked("wait", Call(sid, "+49151", OURS, {"c": contact}))
    assert isinstance(asked, Ask)
    return " ".join(it.text for it in asked.prompt if isinstance(it, Say))


async def waiting(stage: Stage, n: int) -> list[str]:
    """So many callers, of whom nobody is asked for: the contacts in order."""
    return [await stage.called(f"CA{i}", f"+49151{i:08d}") for i in range(n)]


@pytest.mark.promise("call-estimate")
async def test_minutes_are_told_with_the_place_and_then_only_fewer(stage: Stage) -> None:
    contacts = await waiting(stage, 3)
    line = await line_of(stage, [2 * MINUTE] * 6)
    first = await hears(stage, "CA2", contacts[2])
    assert "number 3 in line" in first and "minutes" in first
    assert await hears(stage, "CA2", contacts[2]) == ""
    line.paces, line.at = {"help": 30 * MINUTE}, 0  # a place nearer, and the line has become slow
    await stage.queue.abandon(contacts[1])
    slower = await hears(stage, "CA2", contacts[2])
    assert "number 2 in line" in slower and "minute" not in slower


@pytest.mark.promise("call-estimate")
async def test_after_two_calls_only_the_place_is_told(stage: Stage) -> None:
    contacts = await waiting(stage, 2)
    await line_of(stage, [2 * MINUTE] * 2)
    said = await hears(stage, "CA1", contacts[1])
    assert "number 2 in line" in said and "minute" not in said


async def test_a_history_that_is_away_costs_the_minutes_alone(stage: Stage) -> None:
    contacts = await waiting(stage, 2)

    async def away(since: int) -> Sequence[Taken]:
        raise OSError("away")

    stage.board.line.lineup = Lineup(lambda: stage.queue, away)
    said = await hears(stage, "CA1", contacts[1])
    assert "number 2 in line" in said and "minute" not in said
