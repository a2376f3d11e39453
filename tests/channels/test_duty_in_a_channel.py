"""Buttons for on and off duty in a team's channel: whoever presses acts for themselves, and the buttons stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from boss_stage import Boss
from helpers_app import inside


@pytest.mark.promise("duty-in-channel")
async def test_agents_go_on_and_off_duty_by_buttons_in_their_teams_channel(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        mira = Boss(it)
        assert "there are: desk" in (await mira.types("duty nobodys"))["text"]
        for _ in range(2):  # twice is once
            assert "The buttons stand in #desk" in (await mira.types("duty desk"))["text"]
        found = [m for m in await it.channel("desk") if "On duty for desk?" in json.dumps(m)]
        assert len(found) == 1

        async def presses(name: str, action: str) -> None:
            place = {"channel": found[0]["channel"], "ts": found[0]["ts"], "action_id": action}
            await it.call("/slack/act", {"user": it.person(name).slack, **place})

        async def is_now(name: str, presence: str) -> None:
            async def look() -> bool:
                return bool((await it.agent(name))["presence"] == presence)

            await it.until(look, 10)

        await presses("Ada", "duty.on")
        await is_now("Ada", "available")
        assert (await it.agent("Ben"))["presence"] == "offline"
        await presses("Ada", "duty.break")
        await is_now("Ada", "away")
        await presses("Ada", "duty.off")
        await is_now("Ada", "offline")
        left: Any = [
            m for m in await it.channel("desk") if "duty.on" in json.dumps(m) and not m.get("deleted")
        ]
        assert len(left) == 1 and left[0]["ts"] == found[0]["ts"]  # for whoever comes next
