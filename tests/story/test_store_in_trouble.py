"""The store stops, hangs, dies: an honest 503 inside the deadline, alerts told once, and on it goes."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from helpers_proxy import LoopbackProxy
from story_stage import JONAS, OPS, Stage, open_stage, store_pid

from tierline.queue.embedded import EmbeddedStore


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[tuple[Stage, LoopbackProxy]]:
    """The product on a store of somebody else's, behind a network that can fail."""
    store = await EmbeddedStore.start(tmp_path / "store")
    proxy = await LoopbackProxy.start(store._socket)
    try:
        async with open_stage(tmp_path, proxy.url("redis")) as stage:
            yield stage, proxy
    finally:
        await proxy.close()
        await store.stop()


async def _told(stage: Stage, part: str) -> list[str]:
    return [text for text in await stage.alerts() if part in text]


@pytest.mark.promise("store-refusal")
@pytest.mark.promise("alerts-once")
@pytest.mark.parametrize("how", ["frozen", "unreachable"])
async def test_texts_are_refused_honestly_until_it_answers_again(
    proxied: tuple[Stage, LoopbackProxy], how: str
) -> None:
    stage, proxy = proxied
    await stage.slash("Ada", "available")
    assert await stage.text("before") == 200
    await stage.accept("Ada", "before")
    await stage.until(lambda: _active(stage))  # a press on its way when the store stops is told "try again"
    if how == "frozen":
        proxy.stop()
    else:
        await proxy.refuse()
    assert await stage.text("meanwhile", JONAS) == 503
    await stage.until(lambda: _told(stage, "store is in trouble"))
    await stage.until(lambda: stage.got("store is in trouble", OPS))
    if how == "frozen":
        proxy.go()
    else:
        await proxy.open()
    await stage.until(lambda: _told(stage, "store answers again"))
    await stage.until(stage.ready)
    assert await stage.text("after", JONAS) == 200
    it = await stage.contact(JONAS)
    words = [m["text"] for m in it["transcript"] if m["direction"] == "in"]
    assert words == ["after"]  # what was refused is still its sender's
    await stage.accept("Ada", "after")
    assert len(await _told(stage, "store is in trouble")) == 1
    assert len(await _told(stage, "store answers again")) == 1


@pytest.mark.promise("store-restart")
async def test_an_embedded_store_that_is_killed_comes_back_with_everything(stage: Stage) -> None:
    await stage.slash("Ada", "available")
    assert await stage.text("before") == 200
    await stage.accept("Ada", "before")
    await stage.until(lambda: _active(stage))
    pid = store_pid(stage.data)
    os.kill(pid, signal.SIGKILL)
    await stage.until(lambda: store_pid(stage.data) != pid)
    await stage.until(stage.ready)
    it = await stage.contact()
    assert (it["state"], it["owner"]["name"]) == ("active", "Ada")
    assert await stage.text("after", JONAS) == 200
    await stage.accept("Ada", "after")


async def _active(stage: Stage) -> bool:
    return (await stage.contact())["state"] == "active"
