"""A channel gets another id, is deleted, the app comes into another workspace: contacts' threads go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.test_slack_turns_against_us import slack
from tests.helpers_app import EVA, Inside, inside

OTHER = "C0ANOTHER01"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        assert await it.text("help me") == 200
        await it.accept("Ada", "help me")
        await it.until(lambda: shows(it, "help me"))
        yield it


async def messages(it: Inside, channel: str = "") -> list[dict[str, Any]]:
    """What stands in the team's channel, wherever that is by now."""
    room = next(c.id for c in slack(it).space.channels.values() if c.name == "desk" and not c.user)
    found: list[dict[str, Any]] = await it.call(f"/slack/messages?channel={channel or room}")
    return [one for one in found if not one.get("deleted")]


async def shows(it: Inside, text: str) -> list[dict[str, Any]]:
    """Messages inside threads with these words."""
    return [
        m
        for m in await messages(it)
        if m.get("thread_ts") not in (None, m["ts"]) and text in str(m["blocks"])
    ]


async def heads(it: Inside) -> list[dict[str, Any]]:
    return [
        m
        for m in await messages(it)
        if m.get("thread_ts") in (None, m["ts"]) and "contact.reply" in str(m["blocks"])
    ]


def moved(it: Inside, with_messages: bool) -> None:
    """The team's channel has another id now, as after a migration; or it is a new one without a past."""
    space = slack(it).space
    room = next(c for c in space.channels.values() if c.name == "desk")
    space.channels.pop(room.id)
    said = space.messages.pop(room.id, {})
    threads = {ts: space.threads.pop((at, ts)) for at, ts in list(space.threads) if at == room.id}
    room.id = OTHER
    space.channels[OTHER] = room
    if with_messages:
        for message in said.values():
            message.channel = OTHER
        space.messages[OTHER] = said
        space.threads.update({(OTHER, ts): replies for ts, replies in threads.items()})


@pytest.mark.promise("thread-found-again")
async def test_in_a_channel_with_another_id_a_contact_goes_on_in_the_thread_that_it_had(
    running: Inside,
) -> None:
    moved(running, with_messages=True)
    assert await running.text("are you there?") == 200
    (line,) = await running.until(lambda: shows(running, "are you there?"))
    (head,) = await heads(running)
    assert line["thread_ts"] == head["ts"] and len(await shows(running, "help me")) == 1
    reply = {
        "user": running.person("Ada").slack,
        "channel": OTHER,
        "thread_ts": head["ts"],
        "text": "Here I am",
    }
    await running.call("/slack/reply", reply)
    await running.until(lambda: running.got("Here I am", EVA))


@pytest.mark.promise("thread-found-again")
async def test_where_nothing_of_it_is_left_its_thread_opens_anew_with_all_that_was_said(
    running: Inside,
) -> None:
    moved(running, with_messages=False)
    assert await running.text("are you there?") == 200
    await running.until(lambda: shows(running, "are you there?"))
    assert await running.text("and now?") == 200
    await running.until(lambda: shows(running, "and now?"))
    for text in ("help me", "are you there?", "and now?"):
        assert len(await shows(running, text)) == 1
    assert len(await heads(running)) == 1


@pytest.mark.promise("failure-first")
@pytest.mark.promise("thread-found-again")
async def test_that_a_reply_failed_is_said_in_the_thread_that_was_found_again(running: Inside) -> None:
    await running.call("/faults", {"twilio": {"undelivered": 30005}, "receipts": "manual"})
    (head,) = await heads(running)
    reply = {
        "user": running.person("Ada").slack,
        "channel": head["channel"],
        "thread_ts": head["ts"],
        "text": "Hm",
    }
    await running.call("/slack/reply", reply)
    (sent,) = await running.until(lambda: running.got("Hm", EVA))
    moved(running, with_messages=False)
    await running.call(f"/sms/{sent['sid']}/status", {"status": "undelivered", "error_code": 30005})
    (cross,) = await running.until(lambda: shows(running, "reply.retry"))
    assert "Hm" in str(cross["blocks"]) and len(await heads(running)) == 1
