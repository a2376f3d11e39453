"""`tierline plan replay` beside a running product: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from helpers_app import EVA, JONAS, PLAN, Inside, inside
from typer.testing import CliRunner

from tierline.__main__ import add_the_rest, cli
from tierline.router.rulebook import agent_id

COMMANDS = add_the_rest(cli)
DRAFT = PLAN.replace(
    "agents:\n", "rules: [{name: soon, when: {text: {any: [urgent]}}, set: {priority: 5}}]\nagents:\n", 1
)


@pytest_asyncio.fixture
async def it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inside]:
    async with inside(tmp_path / "home", PLAN) as running:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TIERLINE_DATA", str(tmp_path / "var"))
        monkeypatch.setenv("PORT", running.product.rpartition(":")[2])
        monkeypatch.setenv("TIERLINE_API_TOKEN", running.rehearsal.api_token)
        yield running


async def typed(*words: str, code: int = 0) -> str:
    run = CliRunner().invoke
    found = await asyncio.to_thread(run, COMMANDS, ["plan", "replay", *words], env={"COLUMNS": "200"})
    assert found.exit_code == code, (words, found.output)
    return str(found.output)


@pytest.mark.promise("replay-command")
async def test_a_day_is_replayed_by_command_and_a_draft_compared(it: Inside, tmp_path: Path) -> None:
    ada = agent_id("Ada")
    await it.app.queue.presence(ada, "available")
    await it.text("My line is down", EVA)
    offered = (await it.app.queue.contacts())[0]
    assert (await it.app.queue.accept(offered.id, offered.offers[0].number, ada)).done
    await it.text("urgent: nothing works", JONAS)
    await it.app.projector.settled()

    plain = await typed("--day", "today")
    assert "2 contacts arrived" in plain and "0 differences" in plain and "draft" not in plain
    (tmp_path / "draft.yaml").write_text(DRAFT)
    compared = await typed("draft.yaml", "--day", "today")
    assert "1 contacts would have been decided otherwise." in compared and "(soon)" in compared
    assert "0 contacts arrived" in await typed("--day", "yesterday")

    (tmp_path / "bad.yaml").write_text("services: 3\n")
    await typed("bad.yaml", "--day", "today", code=1)
    assert "directory" in (await typed(str(tmp_path), "--day", "today", code=2)).lower()
    assert "a date such as" in await typed("--day", "someday", code=2)
    assert "has not been yet" in await typed("--day", "2099-01-01", code=1)

    with sqlite3.connect(it.app.settings.data / "history.sqlite3") as raw:
        raw.execute("UPDATE events SET a = ? WHERE e = 'offered'", (agent_id("Ben"),))
    raw.close()
    told = await typed("draft.yaml", "--day", "today", code=1)
    assert "NOT reproduced" in told and "to Ben" in told and "decided otherwise" not in told
