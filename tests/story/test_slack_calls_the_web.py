"""HTTP mode with many processes: web processes take Slack's requests and work on them, a worker delivers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from many_stage import Crew, open_crew, roll, slash, take
from story_stage import EVA, JONAS


async def _home_says(crew: Crew, name: str, words: str) -> bool:
    params = {"user": crew.person(name).slack}
    async with crew.http.get(f"{crew.base}/sandbox/api/slack/home", params=params) as answer:
        return words in await answer.text()


async def _opens_home(crew: Crew, name: str, words: str) -> None:
    body = {"user": crew.person(name).slack}
    async with crew.http.post(f"{crew.base}/sandbox/api/slack/home", json=body) as answer:
        assert answer.status == 200
    await crew.until(lambda: _home_says(crew, name, words))


@pytest.mark.promise("slack-http-many")
@pytest.mark.promise("homes-by-all")
@pytest.mark.timeout(600)
async def test_requests_are_worked_on_where_they_come_in_and_nobody_is_asked_while_none_would_be_heard(
    tmp_path: Path,
) -> None:
    async with open_crew(tmp_path, webs=2, workers=2, slack_http=True) as crew:
        await slash(crew, "Ada", "available")
        assert await crew.text("my server is down") == 200
        await take(crew, "Ada", "my server is down", EVA)
        head = await crew.thread((await crew.contact(EVA))["id"])
        await crew.say("Ada", head, "We are on it")
        await crew.until(lambda: crew.got("We are on it"))
        assert set((await crew.offers_shown()).values()) == {1}, "each offer is shown once"
        await _opens_home(crew, "Ada", "You are available")
        for web in crew.webs:  # whoever heard that she looks at her Home is gone then
            await roll(crew, web)
        await crew.close("Ada", head)
        await slash(crew, "Ada", "away 30m lunch")
        await crew.until(lambda: _home_says(crew, "Ada", "You are away"))
        await slash(crew, "Ada", "available")

        async def closed() -> bool:
            return bool((await crew.contact(EVA))["state"] in ("closed", "wrapping"))

        await crew.until(closed)
        # Nobody could press a button now: nobody is offered anything, and it is told.
        for web in crew.webs:
            await web.kill()

        async def told() -> Any:
            return [text for text in await crew.alerts() if "no process takes Slack's requests" in text]

        assert len(await crew.until(told, 180)) == 1
        await crew.started(*crew.webs)

        async def well() -> Any:
            return [text for text in await crew.alerts() if "offers go on" in text]

        await crew.until(well, 180)
        assert await crew.text("me too", JONAS) == 200
        await take(crew, "Ada", "me too", JONAS)
