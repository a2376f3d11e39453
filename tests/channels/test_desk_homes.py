"""App Homes on the stand-in: only those who look are kept fresh, and in the end what they see is the newest."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from desk_stage import DeskStage, desk_stage, eventually
from helpers_app import inside
from slack_stage import ADA, LIN, until

from tierline.channels.slack.blocks import Json
from tierline.channels.slack.homes import WATCHED
from tierline.channels.slack.latest import Draw


def home(text: str) -> Draw[Json]:
    async def draw() -> Json:
        words = {"type": "plain_text", "text": text}
        return {"type": "home", "blocks": [{"type": "section", "text": words}]}

    return draw


async def shows(on: DeskStage, text: str, user: str = ADA) -> Any:
    async def look() -> bool:
        return text in str(await on.stage.get("home", user=user))

    return await eventually(look, 80)


def published(on: DeskStage) -> list[Any]:
    return [one for one in on.stage.wire.exchanges if one.path.endswith("views.publish")]


@pytest.mark.promise("newest-wins")
async def test_a_home_that_changes_often_ends_with_its_newest_version_in_few_calls() -> None:
    async with desk_stage() as on:
        on.desk.homes.opened(ADA, home("version 0"))
        await shows(on, "version 0")
        on.stage.faults.slack.delay = 0.1
        for n in range(1, 41):
            on.desk.homes.changed(ADA, home(f"version {n}."))
            await asyncio.sleep(0.005)
        await shows(on, "version 40.")
        await until(lambda: on.desk.figures()["homes_stale"] == 0)
        assert len(published(on)) < 10


@pytest.mark.promise("homes-watched")
async def test_only_who_opened_their_home_lately_is_shown_anything() -> None:
    async with desk_stage() as on:
        on.desk.homes.changed(LIN, home("unseen"))
        on.desk.homes.opened(ADA, home("seen"))
        await shows(on, "seen")
        assert on.desk.homes.watched() == (ADA,)
        at = on.desk.homes.clock() + WATCHED + 1
        on.desk.homes.clock = lambda: at
        on.desk.homes.changed(ADA, home("late"))
        assert on.desk.homes.watched() == ()
        await on.desk.tell("#support", "meanwhile")
        assert len(published(on)) == 1
        on.desk.homes.opened(ADA, home("again"))
        await shows(on, "again")


async def test_a_home_that_slack_does_not_take_is_shown_when_it_does() -> None:
    async with desk_stage() as on:
        on.desk.homes.opened(ADA, home("first"))
        await shows(on, "first")
        on.stage.faults.slack.retry_after = 1
        on.desk.homes.changed(ADA, home("after all"))
        await until(lambda: any(one.status == 429 for one in published(on)))
        assert on.desk.figures()["homes_oldest_s"] >= 0 and on.desk.figures()["homes_stale"] == 1
        on.stage.faults.slack.retry_after = None
        await shows(on, "after all")
        await until(lambda: on.desk.figures()["homes_stale"] == 0)


async def test_a_home_that_cannot_be_drawn_just_now_is_drawn_later() -> None:
    async with desk_stage() as on:
        tries = []

        async def draw() -> Json:
            tries.append(1)
            if len(tries) == 1:
                raise RuntimeError("the store is away")
            return await home("drawn")() or {}

        on.desk.homes.opened(ADA, draw)
        await shows(on, "drawn")


async def test_homes_keep_within_slacks_limits() -> None:
    async with desk_stage(limits=True) as on:
        for user in (ADA, LIN):
            on.desk.homes.opened(user, home("first"))
            await shows(on, "first", user)
        for n in range(300):
            on.desk.homes.changed((ADA, LIN)[n % 2], home(f"change {n}."))
            await asyncio.sleep(0)
        await shows(on, "change 298.")
        await shows(on, "change 299.", LIN)
        assert [one.status for one in on.stage.wire.exchanges if one.status == 429] == []


@pytest.mark.promise("newest-wins")
async def test_what_is_out_of_date_is_told_in_readyz_and_metrics(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        assert await it.text("help me") == 200
        await it.accept("Ada", "help me")
        assert it.app.desk_raw is not None
        it.app.desk_raw.homes.opened(it.person("Ada").slack, home("hers"))
        await it.call("/faults", {"slack": {"rate_limit": {"retry_after": 30}}})
        it.app.desk_raw.homes.changed(it.person("Ada").slack, home("newer"))

        async def told() -> bool:
            shown = (await it.app.ready())["desk"]
            assert isinstance(shown, dict)
            return shown["homes_stale"] == 1 and shown["homes_oldest_s"] > 0

        await it.until(told)
        figures = it.app.metrics().decode()
        assert "tierline_slack_homes_stale 1.0" in figures and "tierline_slack_cards_oldest_s 0.0" in figures
        await it.call("/faults", {})
