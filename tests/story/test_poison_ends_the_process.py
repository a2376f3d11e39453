"""A line whose handling ends the whole process, at each start: it is set aside, told of, and everything else goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from story_stage import EVA, JONAS, Json, Stage, open_stage

POISON = """
import os, signal
from tierline.router import deliver
from tierline.router.look import found_message
shown = deliver.Deliveries._line
async def line(self, event, t):
    found = await found_message(self.queue, event.c, event.n)
    if found is not None and "poison" in found[1].body:
        os.kill(os.getpid(), signal.SIGSEGV)
        signal.pause()
    await shown(self, event, t)
deliver.Deliveries._line = line
from tierline.__main__ import main
main()
"""
"""Our own start, with a library's crash built in."""


@pytest.mark.promise("poison")
async def test_it_is_set_aside_after_three_starts_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with open_stage(tmp_path, program=("-c", POISON)) as stage:
        await stage.slash("Ada", "available")
        assert await stage.text("help me", EVA) == 200
        await stage.accept("Ada", "help me")
        await stage.thread((await stage.contact())["id"])
        await asyncio.gather(stage.text("poison pill", EVA), stage.text("also help", JONAS))
        deaths = 1
        assert await _dies(stage)
        while True:
            await stage.process.start()
            if not await _dies(stage):
                break
            deaths += 1
        assert deaths == 3
        assert len(await _told(stage)) == 1
        await stage.text("still there?", EVA)
        await stage.until(lambda: _shown(stage, "still there?"))  # behind it, in the same thread
        assert not await _shown(stage, "poison pill")
        assert [it["text"] for it in (await stage.contact())["transcript"] if it["kind"] == "in"] == [
            "help me", "poison pill", "still there?",
        ]  # fmt: skip
        if not await stage.contacts(JONAS):  # its webhook met the first death: Twilio says it again
            await stage.text("also help", JONAS)
        await stage.accept("Ada", "also help")
        await stage.process.stop()
        await stage.up()
        assert await stage.text("and now?", EVA) == 200
        await stage.until(lambda: _shown(stage, "and now?"))
        assert len(await _told(stage)) == 1


async def _dies(stage: Stage) -> bool:
    """Whether it ends by itself; False once the poison has been told of."""
    running = stage.process.running
    assert running is not None

    async def known() -> str:
        if running.returncode is not None:
            return "dead"
        with contextlib.suppress(OSError):
            return "told" if await stage.ready() and await _told(stage) else ""
        return ""

    return bool(await stage.until(known) == "dead")


async def _told(stage: Stage) -> list[str]:
    return [it for it in await stage.alerts() if "broke" in it]


async def _shown(stage: Stage, text: str) -> list[Json]:
    return [it for it in await stage.channel("desk") if text in json.dumps(it)]
