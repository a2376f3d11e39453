"""A newcomer is always answered, supervisors hear of them once a day and add them with a form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers_app import PLAN, Inside, inside

from tierline.channels.house import Actor, Told

WITH_LEVELS = PLAN.replace(
    "steps: [{tiers: [L1], until: 30m}, {then: hold}]",
    "steps: [{tiers: [L1], until: 30m}, {then: hold}]\n    skills: {network: 2}",
).replace("team: desk, tier: L1}", "team: desk, tier: L1, skills: {network: 3}}", 1)


async def _asked(it: Inside, who: Any) -> list[Any]:
    found = await it.call(f"/slack/messages?user={who.slack}")
    return [m for m in found if "wants to answer" in json.dumps(m)]


async def _form(it: Inside, who: Any, card: Any) -> Any:
    press = {"user": who.slack, "channel": card["channel"], "ts": card["ts"], "action_id": "agent.add"}
    await it.call("/slack/act", press)

    async def open_() -> list[Any]:
        return [v for v in await it.call(f"/slack/views?user={who.slack}") if '"tier"' in json.dumps(v)]

    return (await it.until(open_))[-1]


def _option(view: Any, field: str, name: str) -> str:
    block = next(b for b in view["blocks"] if b.get("block_id") == field)
    return str(next(o["value"] for o in block["element"]["options"] if o["text"]["text"] == name))


async def _stranger(it: Inside) -> Any:
    """Ben, whom the plan doesn't name any more."""
    plan = await it.api("/plan")
    without = "".join(line for line in plan["yaml"].splitlines(keepends=True) if "name: Ben" not in line)
    await it.app.plan.publish(without, "test", "Ben left", on=plan["version"])
    return it.person("Ben")


@pytest.mark.promise("newcomer-once-a-day")
async def test_supervisors_hear_of_a_stranger_once_a_day_and_the_stranger_is_always_answered(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path) as it:
        await _stranger(it)
        mira = next(p for p in it.rehearsal.cast.people if p.email == "mira@inside.example")
        for _ in range(3):
            assert "Ask mira@inside.example" in await it.slash("Ben", "available")
        await it.until(lambda: _asked(it, mira))
        assert len(await _asked(it, mira)) == 1
        await it.call("/clock", {"advance": "25h"})
        assert "Ask mira@inside.example" in await it.slash("Ben", "available")

        async def twice() -> bool:
            return len(await _asked(it, mira)) == 2

        await it.until(twice)


@pytest.mark.promise("newcomer-same-as")
async def test_a_supervisor_gives_a_newcomer_somebodys_levels_in_a_form_and_work_comes(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, WITH_LEVELS) as it:
        await _stranger(it)
        mira = next(p for p in it.rehearsal.cast.people if p.email == "mira@inside.example")
        await it.slash("Ben", "available")
        card = (await it.until(lambda: _asked(it, mira)))[0]
        view = await _form(it, mira, card)
        values = {"tier": _option(view, "tier", "L1"), "like": _option(view, "like", "Ada")}
        sent = {"user": mira.slack, "view_id": view["id"], "values": values}
        assert (await it.call("/slack/submit", sent))["ok"]

        async def done() -> list[Any]:
            found = await it.call(f"/slack/messages?user={mira.slack}")
            return [m for m in found if "was added to team desk as L1" in m["text"]]

        told = (await it.until(done))[0]
        assert told["ts"] == card["ts"] and "Levels and shift are those of Ada" in told["text"]
        assert "agent.add" not in json.dumps(told["blocks"]) and "Nothing is offered" not in told["text"]
        assert "available" in await it.slash("Ben", "available")
        assert await it.text("help me") == 200
        await it.accept("Ben", "help me")


async def test_who_is_no_supervisor_gets_no_form(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        ben = await _stranger(it)
        value = json.dumps({"user": ben.slack, "email": ben.email, "name": "Ben"})

        ada = Actor(it.person("Ada").slack, it.person("Ada").email, "Ada")
        for told in (await it.app.house.adding(ada, value), await it.app.house.add(ada, value, "", 1, "")):
            assert isinstance(told, Told) and not told.ok and "Only a supervisor" in told.text
        assert len((await it.api("/plan"))["yaml"].split("name: Ben")) == 1
