"""kill -9 at any point, start again with the same data: the contact is there, once, with one owner."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from story_stage import JONAS, Stage, store_pid


async def again(stage: Stage) -> None:
    """Both die at once, as when the power goes; then it is started again."""
    pid = store_pid(stage.data)
    await stage.process.kill()
    os.kill(pid, signal.SIGKILL)
    await stage.up()


@pytest.mark.promise("survives-kill")
async def test_while_it_waits(stage: Stage) -> None:
    assert await stage.text("help me") == 200
    await again(stage)
    assert (await stage.contact())["state"] == "waiting"
    await stage.slash("Ada", "available")
    await stage.accept("Ada", "help me")
    await stage.until(lambda: _owned(stage, "Ada"))


@pytest.mark.promise("survives-kill")
async def test_while_it_is_offered(stage: Stage) -> None:
    await stage.slash("Ada", "available")
    await stage.text("help me")
    await stage.until(lambda: stage.cards("Ada", "help me"))
    await again(stage)
    await stage.until(lambda: _state(stage, "offered"))
    await stage.until(lambda: stage.cards("Ada", "help me"))
    ada = next(a for a in await stage.api("/agents") if a["name"] == "Ada")
    assert ada["presence"] == "available"  # a gap of ours is nobody's miss
    await stage.accept("Ada", "help me")
    await stage.until(lambda: _owned(stage, "Ada"))


@pytest.mark.promise("survives-kill")
async def test_right_after_the_accept(stage: Stage) -> None:
    await stage.slash("Ada", "available")
    await stage.slash("Ben", "available")
    await stage.text("help me")
    name, card = await stage.until(lambda: _any_card(stage))
    await stage.press(name, card, "offer.accept")
    await again(stage)
    await stage.until(lambda: _settled(stage))
    it = await stage.contact()
    if it["state"] == "active":  # the click came before the end
        assert it["owner"]["name"] == name
        head = await stage.thread(it["id"])
        await stage.say(name, head, "Here I am.")
        await stage.until(lambda: stage.got("Here I am."))
        assert len(await stage.heads(it["id"])) == 1
    else:
        assert it["owner"] is None and len(it["offers"]) == 1


@pytest.mark.promise("reply-once")
async def test_while_a_reply_is_held(stage: Stage) -> None:
    await stage.slash("Ada", "available")
    await stage.text("help me")
    await stage.accept("Ada", "help me")
    it = await stage.until(lambda: _owned(stage, "Ada"))
    head = await stage.thread(it["id"])
    await stage.say("Ada", head, "Try it now.")
    await stage.until(lambda: _said(stage, "Try it now."))
    await again(stage)
    await stage.until(lambda: stage.got("Try it now."))
    await stage.until(lambda: _status(stage, "Try it now.", "delivered"))
    assert len(await stage.got("Try it now.")) == 1
    assert (await stage.contact())["owner"]["name"] == "Ada"


@pytest.mark.promise("ack-durable")
async def test_amid_a_burst_every_text_that_was_acknowledged_is_there_once(stage: Stage) -> None:
    acknowledged: list[str] = []

    async def write(n: int) -> None:
        sender = f"+49151{n:08d}"
        if await stage.text(f"text {n}", sender) == 200:
            acknowledged.append(sender)

    burst = [asyncio.create_task(write(n)) for n in range(60)]
    await stage.until(lambda: len(acknowledged) >= 5)
    await again(stage)
    await asyncio.gather(*burst)
    assert len(acknowledged) >= 5
    for sender in acknowledged:
        it = await stage.contact(sender)
        assert [m["direction"] for m in it["transcript"]].count("in") == 1


@pytest.mark.promise("survives-stop")
async def test_an_ordinary_stop_and_start_loses_nothing(stage: Stage) -> None:
    await stage.slash("Ada", "available")
    await stage.text("first")
    await stage.accept("Ada", "first")
    await stage.until(lambda: _owned(stage, "Ada"))
    await stage.text("second", JONAS)
    assert await stage.process.stop() == 0
    await stage.up()
    assert (await stage.contact())["owner"]["name"] == "Ada"
    assert (await stage.contact(JONAS))["state"] in ("waiting", "offered")
    await stage.until(lambda: stage.cards("Ada", "second"))


async def _owned(stage: Stage, name: str) -> dict[str, object] | None:
    it = await stage.contact()
    return it if it["state"] == "active" and it["owner"] and it["owner"]["name"] == name else None


async def _state(stage: Stage, state: str) -> bool:
    return (await stage.contact())["state"] == state


async def _settled(stage: Stage) -> bool:
    it = await stage.contact()
    return it["state"] == "active" or bool(it["offers"])


async def _said(stage: Stage, text: str) -> bool:
    return any(text in m["text"] for m in (await stage.contact())["transcript"])


async def _status(stage: Stage, text: str, status: str) -> bool:
    return any(m["text"] == text and m["status"] == status for m in (await stage.contact())["transcript"])


async def _any_card(stage: Stage) -> tuple[str, dict[str, object]] | None:
    for name in ("Ada", "Ben"):
        if found := await stage.cards(name, "help me"):
            return name, found[0]
    return None
