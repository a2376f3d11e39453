"""`POST /api/v1/plan/replay`: the running product replays its own day in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from helpers_app import EVA, JONAS, PLAN, Inside, inside

from tierline.console import replay
from tierline.console.replay import Run
from tierline.console.replay_job import Job
from tierline.console.replay_views import lines
from tierline.router.rulebook import agent_id

BERLIN = ZoneInfo("Europe/Berlin")
DRAFT = PLAN.replace(
    "  help:\n",
    "  gold:\n    schedule: always\n    answer_within: 1m\n    priority: 5\n"
    "    steps: [{tiers: [L1], then: hold}]\n  help:\n",
    1,
).replace(  # fmt: skip
    "agents:\n", "rules: [{name: gold, when: {text: {any: [urgent]}}, set: {service: gold}}]\nagents:\n", 1
)


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path) as it:
        yield it


async def replayed(it: Inside, **body: object) -> Any:
    url = f"{it.product}/api/v1/plan/replay"
    async with it.http.post(url, json=body, headers=it.token) as answer:
        assert answer.status == 202, await answer.text()
        found = await answer.json()
    async with asyncio.timeout(60):
        while found["state"] == "running":
            await asyncio.sleep(0.1)
            found = await it.api(f"/plan/replay/{found['id']}")
    return found


async def a_day(it: Inside) -> str:
    """Two texts, one answered and closed; the day's date."""
    queue, ada = it.app.queue, agent_id("Ada")
    await queue.presence(ada, "available")
    assert await it.text("My line is down", EVA) == 200
    contact = (await queue.contacts())[0]
    offer = contact.offers[0]
    assert (await queue.accept(contact.id, offer.number, ada)).done
    assert (await queue.complete(contact.id, ada, "{}")).done
    assert await it.text("urgent: nothing works", JONAS) == 200
    await it.app.projector.settled()
    now = await queue.now()
    return str(datetime.fromtimestamp(now / 1000, BERLIN).date())


@pytest.mark.promise("replay-api")
async def test_a_day_is_replayed_and_a_draft_compared(running: Inside) -> None:
    day = await a_day(running)
    plain = await replayed(running, day=day)
    assert plain["state"] == "done", plain
    assert plain["result"]["reproduced"] and plain["result"]["differences"] == 0, plain["result"][
        "difference"
    ]
    assert plain["result"]["contacts"] == 2 and plain["result"]["comparison"] is None
    drafted = (await replayed(running, day=day, yaml=DRAFT))["result"]
    assert drafted["comparison"]["moved"] == 1
    assert drafted["comparison"]["services"] == [{"from": "help", "to": "gold", "contacts": 1}]
    told = "\n".join(lines(day, drafted))
    assert "0 differences" in told and "help → gold: 1" in told and "(gold)" in told


@pytest.mark.promise("replay-draft")
async def test_who_came_while_it_was_closed_at_once_is_told_as_that(running: Inside) -> None:
    """It was told as customers' facts that had changed since."""
    assert (await running.call_api("/services/help/close", {"text": "Fire alarm"}))["done"]
    assert await running.text("My line is down", EVA) == 200
    assert (await running.contact())["state"] == "parked"
    assert (await running.call_api("/services/help/open", {}))["done"]
    day = await a_day(running)
    found = (await replayed(running, day=day, yaml=DRAFT))["result"]
    assert found["comparison"]["decided_otherwise_today"] == 0 and found["comparison"]["closed_at_once"] == 1
    told = "\n".join(lines(day, found))
    assert (
        "1 contact came while their service was closed at once" in told and "have changed since" not in told
    )


@pytest.mark.promise("replay-draft")
async def test_people_whom_only_the_draft_has_are_named_as_not_asked(running: Inside) -> None:
    """Their being there seemed to change nothing."""
    day = await a_day(running)
    nina = DRAFT.replace(
        "agents:\n", "agents:\n  - {name: Nina, slack: nina@inside.example, team: desk, tier: L1}\n", 1
    )
    found = (await replayed(running, day=day, yaml=nina))["result"]
    assert found["comparison"]["people_not_there"] == ["Nina"]
    assert "Not there that day: Nina. Nobody knows" in "\n".join(lines(day, found))


@pytest.mark.promise("replay-today")
async def test_today_is_simulated_as_far_as_it_has_come(
    running: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To midnight there was nobody to come, and time enough to answer whoever waits now."""
    jobs: list[Job] = []

    async def noted(run: Run, job: Job) -> None:
        jobs.append(job)

    monkeypatch.setattr(replay, "_in_a_process", noted)
    before = await running.app.queue.now()
    for day in ("today", "yesterday"):
        await replayed(running, day=day)
    today, yesterday = jobs
    assert before < today.end <= await running.app.queue.now() + 1 and yesterday.end == today.start


async def test_a_changed_record_is_named_and_nothing_is_compared(running: Inside) -> None:
    day = await a_day(running)
    with sqlite3.connect(running.app.settings.data / "history.sqlite3") as raw:
        found = raw.execute(
            "SELECT ms, seq, i FROM events WHERE e = 'offered' ORDER BY ms, seq, i"
        ).fetchone()
        raw.execute("UPDATE events SET a = ? WHERE ms = ? AND seq = ? AND i = ?", (agent_id("Ben"), *found))
    raw.close()
    result = (await replayed(running, day=day, yaml=DRAFT))["result"]
    assert not result["reproduced"] and result["comparison"] is None
    assert (
        result["difference"]["entry"] == f"{found[0]}-{found[1]}" and "to Ben" in result["difference"]["what"]
    )
    assert "NOT reproduced" in "\n".join(lines(day, result))


async def test_what_cannot_be_replayed_is_refused_with_words(running: Inside) -> None:
    url = f"{running.product}/api/v1/plan/replay"
    for body, status in (
        ({"day": "someday"}, 400),
        ({}, 400),
        ({"day": "2099-01-01"}, 400),
        ({"day": "9999-12-31"}, 400),
        ({"day": "2026-11-20", "yaml": 3}, 400),
        ({"day": "2026-11-20", "yaml": "services: 3"}, 422),
    ):
        async with running.http.post(url, data=json.dumps(body), headers=running.token) as answer:
            assert answer.status == status, (body, await answer.text())
    async with running.http.get(f"{url}/77", headers=running.token) as answer:
        assert answer.status == 404
