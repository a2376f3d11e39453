"""Slack was away for a while: what waited is asked for once, in order, at Slack's own pace (F65)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.test_slack_turns_against_us import slack
from tests.helpers_app import OPS, Inside, inside
from tierline.router import desk_watch

CUSTOMERS, LINES = 4, 6


def number(n: int) -> str:
    return f"+4915140000{n:03}"


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inside]:
    monkeypatch.setattr(desk_watch, "PROBE", 0.2)
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        for n in range(CUSTOMERS):
            assert await it.text(f"help {n}", number(n)) == 200
            await it.accept("Ada", f"help {n}")
        yield it


async def lines(it: Inside, text: str) -> list[Any]:
    return [m for m in await it.channel("desk") if m.get("thread_ts") and text in str(m["blocks"])]


def asked(it: Inside, since: int, status: int) -> list[str]:
    wire = it.rehearsal.sandbox.wire
    rows = [e for e in wire.exchanges if e.n > since and e.service == "slack" and e.direction == "out"]
    return [e.path for e in rows if e.status == status]


def for_threads(it: Inside, since: int) -> list[str]:
    """Calls about a team's channel; what tells #ops of the trouble is not among them."""
    room = next(p.id for p in it.rehearsal.cast.places if p.name == "desk")
    rows = [e for e in it.rehearsal.sandbox.wire.exchanges if e.n > since and e.service == "slack"]
    return [e.path for e in rows if isinstance(e.params, dict) and e.params.get("channel") == room]


@pytest.mark.promise("slack-no-storm")
async def test_all_that_customers_wrote_meanwhile_is_there_and_slack_is_asked_little(running: Inside) -> None:
    await running.until(lambda: lines(running, f"help {CUSTOMERS - 1}"))
    await running.call("/faults", {"slack": {"down": True}})
    for n in range(CUSTOMERS):
        assert await running.text(f"first {n}", number(n)) == 200
    await running.until(lambda: running.got("Slack doesn't answer", OPS))
    wire = running.rehearsal.sandbox.wire
    down = wire.count
    for k in range(1, LINES):
        for n in range(CUSTOMERS):
            assert await running.text(f"line {n}-{k}", number(n)) == 200
    await asyncio.sleep(
        2.0
    )  # meanwhile a look each `PROBE` asks a Slack that is down, and what stood in the row already, once
    assert 0 < len(asked(running, down, 503)) < 40 and len(for_threads(running, down)) <= CUSTOMERS
    up = wire.count
    await running.call("/faults", {})
    last = f"line {CUSTOMERS - 1}-{LINES - 1}"
    await running.until(lambda: lines(running, last))
    for n in range(CUSTOMERS):
        await running.until(lambda n=n: lines(running, f"line {n}-{LINES - 1}"))
        for text in (f"first {n}", *(f"line {n}-{k}" for k in range(1, LINES))):
            assert len(await lines(running, text)) == 1
    posts = [path for path in asked(running, up, 200) if path.endswith("chat.postMessage")]
    assert len(posts) <= 2 * CUSTOMERS + 2 and not asked(running, up, 429)
    looks = [path for path in asked(running, up, 200) if path.endswith("conversations.replies")]
    assert len(looks) <= CUSTOMERS  # only what may stand there already, as its answer was lost, is looked for
    assert len(await running.got("Slack doesn't answer", OPS)) == 1
    assert len(await running.until(lambda: running.got("Slack answers again", OPS))) == 1


@pytest.mark.promise("slack-down")
async def test_offers_go_on_and_nobody_was_blamed_for_the_hour(running: Inside) -> None:
    await running.call("/faults", {"slack": {"down": True}})
    assert await running.text("somebody new", "+4915140000900") == 200
    await running.until(lambda: running.got("Slack doesn't answer", OPS))
    assert (await running.agent("Ada"))["presence"] == "available"
    await running.call("/faults", {})
    await running.until(lambda: running.got("Slack answers again", OPS))
    await running.until(lambda: running.got("Slack answers again", OPS))
    await running.until(lambda: slack(running).sockets.count == 2)
    await running.slash("Ben", "available")
    await running.until(lambda: running.cards("Ben", "somebody new"))
    assert (await running.agent("Ada"))["presence"] == "available"
