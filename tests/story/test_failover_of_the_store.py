"""The whole product on a store behind Sentinels whose primary dies in the middle of a conversation."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_replicas import watched
from story_stage import EVA, JONAS, open_stage


@pytest.mark.promise("failover-mid-conversation")
@pytest.mark.timeout(180)
async def test_a_conversation_goes_on_after_the_stores_primary_has_died(tmp_path: Path) -> None:
    """Nobody is asked twice, nothing is sent twice, and who writes after it is taken as before."""
    async with (
        watched(tmp_path / "servers", "--min-replicas-to-write", "1") as servers,
        open_stage(tmp_path, servers.url()) as stage,
    ):
        await stage.slash("Ada", "available")
        assert await stage.text("my server is down") == 200
        await stage.accept("Ada", "my server is down")
        head = await stage.thread((await stage.contact())["id"])
        first = await servers.primary()
        assert first is not None
        await first.kill()

        async def taken() -> bool:
            return await stage.text("and mine", JONAS) == 200

        await stage.until(taken)
        await stage.say("Ada", head, "have you tried another?")
        await stage.until(lambda: stage.got("have you tried another?"))
        assert len(await stage.got("have you tried another?", EVA)) == 1
        now = await servers.primary()
        assert now is not None
        await first.back(now)
        await stage.until(stage.ready)
        assert (await stage.contact())["owner"]["name"] == "Ada"
        assert len(await stage.contacts(JONAS)) == 1
        await stage.close("Ada", head)
