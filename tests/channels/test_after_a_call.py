"""What follows a call: its wrap-up in the thread, how it ended, what the customer thinks, texts to who hung up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_first_call import together, waiting

from tests.channels.phone_stage import CALLS, Stage, telephone
from tests.helpers_app import Json

SLOW = CALLS.replace("wrap_up: 30s", "wrap_up: 2m")


async def talked(it: Stage) -> str:
    """Eva has talked with Ada and has hung up: the wrap-up goes on; the agent's leg."""
    await it.inside.slash("Ada", "available")
    sid = await it.dial()
    await waiting(it, sid)
    leg = await together(it, sid, "Ada")
    await it.inside.until(lambda: pressable(it, "contact.close"))
    await it.do(sid, "hangup")
    await it.inside.until(lambda: state(it, "wrapping"))
    return leg


async def state(it: Stage, name: str) -> bool:
    return str((await it.inside.contacts())[0]["state"]) == name


async def pressable(it: Stage, action: str, words: str = "") -> list[Json]:
    """Messages in #desk that have that button and these words."""
    found = await it.inside.channel("desk")
    return [m for m in found if f'"{action}"' in (all_ := json.dumps(m["blocks"])) and words in all_]


async def press(it: Stage, name: str, action: str, words: str = "") -> None:
    message = (await it.inside.until(lambda: pressable(it, action, words)))[-1]
    who = it.inside.person(name).slack
    body = {"user": who, "channel": message["channel"], "ts": message["ts"], "action_id": action}
    await it.inside.call("/slack/act", body)


async def fill_in(it: Stage, name: str, **values: str) -> None:
    """The close modal that is open before `name`."""
    who = it.inside.person(name).slack

    async def form() -> Json | None:
        views = await it.inside.call(f"/slack/views?user={who}")
        return next((v for v in views if '"disposition"' in json.dumps(v)), None)

    view = await it.inside.until(form)
    await it.inside.call("/slack/submit", {"user": who, "view_id": view["id"], "values": values})


async def outcome(it: Stage) -> Json:
    found: Json = (await it.inside.contact())["outcome"]
    return found


async def says(it: Stage, words: str) -> bool:
    return words in json.dumps(await it.inside.channel("desk"), ensure_ascii=False)


@pytest.mark.promise("wrap-done")
async def test_done_says_how_the_call_ended_and_the_agent_is_free_at_once(tmp_path: Path) -> None:
    async with telephone(tmp_path, SLOW) as it:
        await talked(it)
        await press(it, "Ada", "contact.close", "Wrap-up until")
        await fill_in(it, "Ada", disposition="0:solved", resolution="new cable")
        await it.inside.until(lambda: state(it, "closed"))

        async def known() -> bool:
            return (await outcome(it)).get("resolution") == "new cable"

        await it.inside.until(known)
        assert (await outcome(it))["disposition"] == "solved"
        await it.inside.until(lambda: says(it, "is closed: solved"))


@pytest.mark.promise("wrap-longer")
async def test_more_time_is_given_twice_and_the_new_end_is_shown(tmp_path: Path) -> None:
    async with telephone(tmp_path, SLOW) as it:
        await talked(it)
        before = await pressable(it, "contact.longer")
        await press(it, "Ada", "contact.longer")
        await it.inside.until(lambda: pressable(it, "contact.longer", "More time"))
        assert "<!date^" in json.dumps(before[0]["blocks"])
        await press(it, "Ada", "contact.longer", "More time")

        async def last() -> bool:
            lines = await pressable(it, "contact.close", "More time")
            return bool(lines) and '"contact.longer"' not in json.dumps(lines[-1]["blocks"])

        await it.inside.until(last)
        await it.inside.call("/clock", {"advance": "5m"})
        assert await state(it, "wrapping")
        await it.inside.call("/clock", {"advance": "90s"})
        await it.inside.until(lambda: state(it, "closed"))


@pytest.mark.promise("wrap-later")
async def test_how_it_ended_can_still_be_said_when_the_time_is_up(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await talked(it)
        await it.inside.call("/clock", {"advance": "40s"})
        await it.inside.until(lambda: state(it, "closed"))
        await press(it, "Ada", "contact.close", "Wrap-up until")
        await fill_in(it, "Ada", disposition="1:answered", root_cause="an old router")

        async def known() -> bool:
            return (await outcome(it)).get("root_cause") == "an old router"

        await it.inside.until(known)
        assert (await outcome(it))["by"] == "Ada"
        await it.inside.until(lambda: says(it, "Ada says how it ended: answered; an old router"))


@pytest.mark.promise("wrap-notes")
async def test_what_is_typed_during_the_wrap_up_is_kept_as_a_note(tmp_path: Path) -> None:
    async with telephone(tmp_path, SLOW) as it:
        await talked(it)
        head = (await it.inside.channel("desk"))[0]
        who = it.inside.person("Ada").slack
        body = {"user": who, "channel": head["channel"], "thread_ts": head["ts"], "text": "fuse was blown"}
        await it.inside.call("/slack/reply", body)

        async def kept() -> bool:
            said = (await it.inside.contact())["transcript"]
            return any(m["kind"] == "note" and m["text"] == "fuse was blown" for m in said)

        await it.inside.until(kept)
        assert "is closed" in await it.inside.slash("Ada", "done C1001 solved new fuse")
        await it.inside.until(lambda: state(it, "closed"))
        assert not await it.inside.got("fuse")
