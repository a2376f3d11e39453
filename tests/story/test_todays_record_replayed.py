"""A few texts are played through Slack; the day so far is done again by command, and a draft is compared with it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from story_stage import JONAS, PLAN, TOKEN, Stage

DRAFT = PLAN.replace(
    "{name: both, when: {text: {any: [both]}}", "{name: both, when: {text: {any: [both, router]}}"
)


async def tierline(stage: Stage, *words: str) -> str:
    """The command as a supervisor types it beside the running product; what it printed."""
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")}
    pipe = asyncio.subprocess.PIPE
    port = stage.product.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tierline", *words, stdout=pipe, stderr=asyncio.subprocess.STDOUT,
        env=env | {"PORT": port, "TIERLINE_API_TOKEN": TOKEN, "TIERLINE_DATA": str(stage.data), "COLUMNS": "200"},
        cwd=stage.process.home,
    )  # fmt: skip
    said = (await asyncio.wait_for(process.communicate(), 120))[0].decode()
    assert process.returncode == 0, said
    return said


@pytest.mark.timeout(300)
@pytest.mark.promise("replay-today")
async def test_the_day_so_far_is_reproduced_and_a_draft_compared_with_it(
    stage: Stage, tmp_path: Path
) -> None:
    await stage.slash("Ada", "available")
    await stage.text("my router is dead")
    await stage.accept("Ada", "router")
    contact = (await stage.contact())["id"]
    head = await stage.thread(contact)
    await stage.say("Ada", head, "Please switch it off and on")
    await stage.until(lambda: stage.got("off and on"))
    await stage.close("Ada", head)
    await stage.text("and my bill is wrong", JONAS)
    await stage.until(lambda: stage.cards("Ada", "bill"))

    async def recorded() -> str:
        said = await tierline(stage, "plan", "replay", "--day", "today")
        return said if "2 contacts arrived" in said else ""

    said = await stage.until(recorded, 120)
    assert "0 differences" in said and "3 offers and acceptances" in said
    (tmp_path / "draft.yaml").write_text(DRAFT)
    compared = await tierline(stage, "plan", "replay", "--day", "today", str(tmp_path / "draft.yaml"))
    assert "0 differences" in compared and "1 contacts would have been decided otherwise." in compared
    assert "help → both: 1" in compared and f"{contact} " in compared
