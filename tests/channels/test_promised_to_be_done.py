"""A contact that is promised to be done: its owner hears while there is time, whoever can mend it when it is late."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers_app import Inside, inside
from test_handing_over import PLAN, direct, open_with, says

DONE_SOON = PLAN.replace(
    "answer_within: 10m", "answer_within: 10m\n    resolve_within: {sms: 2h}", 1
).replace("offer: 60s,", "offer: 60s, nudge: never,")


async def put_down(it: Inside, contact: str) -> bool:
    """Whether its timeline has it."""
    whole = await it.api(f"/contacts/{contact}")
    return any("It was to be done by now" in m["text"] for m in whole["timeline"])


@pytest.mark.promise("promise-solved")
async def test_what_isnt_done_in_time_is_told_before_and_after_and_put_down(tmp_path: Path) -> None:
    assert DONE_SOON != PLAN
    async with inside(tmp_path, DONE_SOON) as it:
        contact = await open_with(it, "Ada")
        assert "to be done" in json.dumps(await it.channel("desk"))
        row = (await it.api("/contacts"))[0]
        assert row["id"] == contact and row["resolve_due"] > row["due"]
        whole = (await it.api(f"/contacts/{contact}"))["promises"]
        assert whole["first_answer"] == {"due": row["due"], "state": "open"} and whole["next_answer"] is None
        assert whole["resolution"] == {"due": row["resolve_due"], "state": "open"}
        await it.call("/clock", {"advance": "100m"})
        warned = (await it.until(lambda: direct(it, "Ada", "is promised to be done")))[0]
        assert contact in json.dumps(warned) and "Go to the thread" in json.dumps(warned)
        assert not await it.told("was promised to be done")
        await it.call("/clock", {"advance": "21m"})
        late = await it.until(lambda: it.told("was promised to be done"))
        assert contact in late[0] and "Ada has it" in late[0]
        await it.until(lambda: says(it, "desk", "It was to be done by now"))
        await it.until(lambda: put_down(it, contact))
        whole = (await it.api(f"/contacts/{contact}"))["promises"]
        assert (whole["first_answer"]["state"], whole["resolution"]["state"]) == ("late", "late")
        assert "not done in time" in await it.slash("Mira", "board")


@pytest.mark.promise("promise-solved")
async def test_what_nobody_has_is_told_to_whoever_can_mend_it(tmp_path: Path) -> None:
    async with inside(tmp_path, DONE_SOON) as it:
        await it.text("nobody is there")
        await it.call("/clock", {"advance": "100m"})
        assert "nobody has it" in (await it.until(lambda: it.told("is promised to be done")))[0]
