"""Somebody with live work leaves the plan, moves to another team, or was the last one there (F86, F87)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from helpers_app import EVA, JONAS, PLAN, Inside, inside

from tierline.router.rulebook import agent_id

ADA, BEN = agent_id("Ada"), agent_id("Ben")
ADAS = "  - {name: Ada, slack: ada@inside.example, team: desk, tier: L1}\n"
TOLD = (
    PLAN.replace("hold_reply: 1s", "hold_reply: 1s, grace: 1s")
    + "texts: {received: {en: 'We have it and answer by {due}.'}}\n"
)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path, TOLD) as it:
        await it.slash("Ada", "available")
        yield it


async def publish(it: Inside, yaml: str) -> None:
    body = {"yaml": yaml, "author": "mira", "reason": "people change"}
    async with it.http.put(f"{it.product}/api/v1/plan", json=body, headers=it.token) as answer:
        assert answer.status == 200, await answer.text()


async def owned_and_offered(it: Inside) -> tuple[Any, Any]:
    """Ada owns Eva's contact and is asked for Jonas's."""
    assert await it.text("mine", EVA) == 200
    await it.accept("Ada", "mine")
    await it.until(lambda: _state(it, EVA, "active"))
    assert await it.text("not yet mine", JONAS) == 200
    await it.until(lambda: _state(it, JONAS, "offered"))
    return await it.contact(EVA), await it.contact(JONAS)


async def _state(it: Inside, sender: str, *states: str) -> Any:
    found = await it.contact(sender)
    return found if found["state"] in states else None


@pytest.mark.promise("agent-deleted")
async def test_who_is_taken_out_of_the_plan_loses_no_contact(running: Inside) -> None:
    owned, offered = await owned_and_offered(running)
    await publish(running, TOLD.replace(ADAS, ""))
    for before, sender in ((owned, EVA), (offered, JONAS)):
        after = await running.until(lambda s=sender: _state(running, s, "waiting", "offered"))
        assert after["rank"] == before["rank"] and after["owner"] is None
    await running.until(lambda: _gone(running))
    way = " ".join(m["text"] for m in (await running.api(f"/contacts/{owned['id']}/why"))["timeline"])
    assert "back in the queue with its rank" in way
    await running.slash("Ben", "available")
    await running.accept("Ben", "mine")
    taken = await running.until(lambda: _state(running, EVA, "active"))
    assert taken["owner"]["name"] == "Ben"


async def _gone(it: Inside) -> bool:
    return ADA not in await it.app.queue.agents()


async def test_who_moves_to_another_team_keeps_what_they_may_still_have(running: Inside) -> None:
    owned, _ = await owned_and_offered(running)
    moved = TOLD.replace(
        'teams: {desk: {channel: "#desk"}}', 'teams: {desk: {channel: "#desk"}, night: {channel: "#ops"}}'
    )
    await publish(running, moved.replace(ADAS, ADAS.replace("team: desk", "team: night")))
    ada = await running.until(lambda: _in_team(running, "night"))
    assert owned["id"] in ada["contacts"]
    kept = await running.contact(EVA)
    assert kept["state"] == "active" and kept["owner"]["name"] == "Ada" and kept["rank"] == owned["rank"]


async def _in_team(it: Inside, team: str) -> Any:
    found = await it.agent("Ada")
    profile = (await it.app.queue.agents())[ADA].profile
    return found if found["team"] == team == profile.team else None


@pytest.mark.promise("last-leaves")
async def test_when_the_last_one_leaves_the_contact_stays_and_a_supervisor_is_told(running: Inside) -> None:
    assert await running.text("anybody there?", EVA) == 200
    before = await running.until(lambda: _state(running, EVA, "offered"))
    await running.until(lambda: running.got("We have it and answer by"))
    await running.slash("Ada", "offline")
    waiting = await running.until(lambda: _state(running, EVA, "waiting"))
    assert waiting["rank"] == before["rank"] and waiting["step"] == waiting["steps"], (
        "no step waits for nobody"
    )
    await running.until(lambda: running.told(f"{before['id']}"))
    why = await running.api(f"/contacts/{before['id']}/why")
    assert {row["agent"]: row["reason"] for row in why["agents"]} == {"Ada": "offline", "Ben": "offline"}
    assert any("nobody on shift could have served" in m["text"] for m in why["timeline"])
    await running.slash("Ben", "available")
    await running.until(lambda: _state(running, EVA, "offered"))


@pytest.mark.promise("last-leaves")
async def test_also_in_a_service_of_one_step_a_supervisor_is_told_that_nobody_is_there(
    tmp_path: Path,
) -> None:
    one = TOLD.replace(
        "steps: [{tiers: [L1], until: 30m}, {then: hold}]", "steps: [{tiers: [L1], then: hold}]"
    )
    async with inside(tmp_path, one) as it:
        assert await it.text("anybody there?", EVA) == 200
        contact = (await it.contact(EVA))["id"]
        await it.until(lambda: it.told(f"{contact} (help): nobody on shift may take it"))
        why = await it.api(f"/contacts/{contact}/why")
        assert any("nobody on shift may take it" in m["text"] for m in why["timeline"])
        await it.slash("Ada", "available")
        await it.accept("Ada", "anybody there?")
