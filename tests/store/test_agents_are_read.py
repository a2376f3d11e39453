"""Agents are read one or all, and however many there are, nobody else stands still meanwhile."""

from __future__ import annotations

import asyncio

from calls_stage import stage_of

from tierline.queue.client import Client
from tierline.skills.skill import Capacity, Profile


async def test_one_agent_is_read_as_among_all(client: Client, site: str) -> None:
    stage = await stage_of(client, site)
    for name, view in (await stage.queue.agents()).items():
        assert await stage.queue.agent_view(name) == view
    assert await stage.queue.agent_view("Nobody") is None and await stage.queue.agent_view('Be"n') is None


async def test_many_agents_are_read_without_holding_up_the_loop(client: Client, site: str) -> None:
    stage = await stage_of(client, site)
    for i in range(1_200):
        await stage.queue.agent(f"A{i}", Profile("desk"), Capacity(), 15, (), True)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    answered = stage.queue.ask

    async def ask(*words: object, **more: object) -> object:
        nonlocal turns
        found = await answered(*words, **more)  # type: ignore[arg-type]
        turns = 0
        return found

    stage.queue.ask = ask  # type: ignore[method-assign,assignment]
    assert len(await stage.queue.agents()) > 1_200
    assert turns >= 2, "the others had their turns while the agents were decoded"
    beside.cancel()
