"""kill -9 while somebody calls: the provider holds the line, and what was begun is gone on with after the start."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_stage import DESK, EVA, PLAN, Json, Stage, open_stage, store_pid

PHONES = {"Ada": "+491700000001", "Ben": "+491700000002"}
CALLS = PLAN.replace("entry: [", f'entry: [{{channel: voice, to: "{DESK}", service: help}}, ')
for name, number in PHONES.items():
    CALLS = CALLS.replace(f"name: {name},", f'name: {name}, phone: "{number}",')


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """As everywhere here, with telephones."""
    async with open_stage(tmp_path, plan=CALLS) as it:
        yield it


async def again(stage: Stage) -> None:
    """Product and store die at once; then it is started again."""
    pid = store_pid(stage.data)
    await stage.process.kill()
    os.kill(pid, signal.SIGKILL)
    await stage.up()


async def leg(stage: Stage, sid: str) -> Json:
    found: Json = await stage.call(f"/calls/{sid}")
    return found


async def heard(stage: Stage, sid: str, text: str) -> bool:
    return any(text in str(it.get("text", "")) for it in (await leg(stage, sid))["heard"])


async def plays(stage: Stage, sid: str) -> bool:
    return any(it["kind"] == "play" for it in (await leg(stage, sid))["heard"])


async def ringing(stage: Stage, name: str) -> str | None:
    number = PHONES[name].replace("+", "%2B")
    found = [it for it in await stage.call(f"/calls?number={number}") if it["status"] == "ringing"]
    return str(found[-1]["sid"]) if found else None


async def where(stage: Stage, sid: str, begins: str) -> bool:
    return str((await leg(stage, sid))["where"]).startswith(begins)


async def takes(stage: Stage, name: str) -> str:
    """`name` answers, hears who calls, and presses 1."""
    sid = str(await stage.until(lambda: ringing(stage, name)))
    await stage.call(f"/calls/{sid}/answer", {})
    await stage.until(lambda: heard(stage, sid, "ress 1"))
    await stage.call(f"/calls/{sid}/press", {"digits": "1"})
    return sid


async def together(stage: Stage, *sids: str) -> bool:
    legs = [await leg(stage, sid) for sid in sids]
    return len({it["where"] for it in legs}) == 1 and not any(it["on_hold"] for it in legs)


async def calls(stage: Stage) -> str:
    sid = str((await stage.call("/calls", {"from": EVA, "to": DESK}))["sid"])
    await stage.until(lambda: where(stage, sid, "waiting"))
    return sid


async def has(stage: Stage, name: str) -> bool:
    it = await stage.contact()
    return it["state"] == "active" and bool(it["owner"]) and it["owner"]["name"] == name


@pytest.mark.promise("call-killed")
async def test_who_waits_on_the_line_keeps_the_place_and_is_answered(stage: Stage) -> None:
    eva = await calls(stage)
    await stage.until(
        lambda: plays(stage, eva)
    )  # a piece of it outlasts the start; whoever asks meanwhile finds nobody
    await again(stage)
    assert (await stage.contact())["state"] == "waiting"
    await stage.slash("Ada", "available")
    ada = await takes(stage, "Ada")
    await stage.until(lambda: together(stage, eva, ada))
    await stage.until(lambda: has(stage, "Ada"))


@pytest.mark.promise("call-killed")
@pytest.mark.parametrize("way", ["transfer", "speak"])
async def test_amid_a_handover_the_customer_has_one_agent_in_the_end(stage: Stage, way: str) -> None:
    await stage.slash("Ada", "available")
    eva = await calls(stage)
    ada = await takes(stage, "Ada")
    await stage.until(lambda: together(stage, eva, ada))
    await stage.slash("Ben", "available")
    number = (await stage.contact())["id"]
    await stage.slash("Ada", f"{way} {number} Ben cannot log in")
    await stage.until(lambda: ringing(stage, "Ben"))
    await again(stage)
    assert (await leg(stage, eva))["where"] != "ended"
    ben = await takes(stage, "Ben")
    if way == "speak":
        await stage.until(lambda: where(stage, ben, "conference"))
        await stage.until(stage.socket_open)
        await stage.slash("Ada", f"hand over {number}")
    await stage.until(lambda: together(stage, eva, ben))
    await stage.until(lambda: where(stage, ada, "ended"))
    await stage.until(lambda: has(stage, "Ben"))
