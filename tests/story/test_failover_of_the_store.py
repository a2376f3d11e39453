"""The whole product on a store behind Sentinels whose primary dies in the middle of a conversation."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from helpers_replicas import watched
from story_stage import EVA, JONAS, Stage, open_stage

from tierline.queue.history.database import FILE


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


@pytest.mark.promise("loss-is-told")
@pytest.mark.timeout(240)
async def test_a_primary_that_lacks_what_was_acknowledged_is_told_with_the_contacts_it_lacks(
    tmp_path: Path,
) -> None:
    """A replica comes back from before a text, and is elected because everybody who has it is dead."""
    async with (
        watched(tmp_path / "servers", "--min-replicas-to-write", "1") as servers,
        open_stage(tmp_path, servers.url()) as stage,
    ):
        await stage.slash("Ada", "available")
        assert await stage.text("my server is down") == 200
        await stage.accept("Ada", "my server is down")
        kept = (await stage.contact())["id"]
        first, elder, straggler = servers.nodes
        await straggler.kill()
        assert await stage.text("and mine", JONAS) == 200
        gone = (await stage.contact(JONAS))["id"]
        await stage.until(lambda: _written(stage, gone))
        for server in (first, elder):
            await server.kill()
        await straggler.start()

        async def elected() -> bool:
            return await servers.primary() is straggler

        await stage.until(elected)
        await elder.back(straggler)
        await stage.until(stage.ready)

        async def told() -> list[str]:
            return [it for it in await stage.alerts() if f"Gone from the queue: {gone}." in it]

        await stage.until(told)
        assert len(await told()) == 1

        async def lacks() -> list[str]:
            return [it for it in await stage.alerts() if "lacks at least" in it]

        await stage.until(lacks)
        assert len(await lacks()) == 1
        seen = await stage.account()
        assert seen["store"]["lacked"] > 0 and any("lacks" in it for it in seen["store"]["warnings"])
        assert (await stage.contact())["owner"]["name"] == "Ada"
        lost = await stage.api(f"/contacts/{gone}")  # the history has it whole
        assert [m["text"] for m in lost["transcript"] if m["direction"] == "in"] == ["and mine"]
        assert await stage.text("is anybody there?", JONAS) == 200
        newest = (await stage.contacts(JONAS))[-1]["id"]
        assert newest not in (kept, gone) and int(newest[1:]) > int(gone[1:]) + 900


def _written(stage: Stage, contact: str) -> bool:
    """Whether the history has it."""
    with contextlib.closing(sqlite3.connect(f"file:{stage.data / FILE}?mode=ro", uri=True)) as reading:
        return bool(reading.execute("SELECT 1 FROM contacts WHERE id = ?", [contact]).fetchall())
