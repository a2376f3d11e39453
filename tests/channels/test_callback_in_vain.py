"""A customer who asked for a callback and is never reached is closed, and whoever can do otherwise hears of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_customer_first import asks_for_callback, state

from tests.channels.phone_stage import CALLS, Stage, telephone

ONCE_MORE = CALLS.replace("wrap_up: 30s", "wrap_up: 30s, callback_again: [5m]")


async def tried_in_vain(it: Stage) -> None:
    """Ada takes it, and the customer's line is busy."""
    agent = str(await it.inside.until(lambda: it.ringing("Ada")))
    await it.do(agent, "answer")
    await it.inside.until(lambda: it.heard(agent))
    await it.do(agent, "press", digits="1")
    await it.do(str(await it.inside.until(lambda: it.ringing("Eva"))), "busy")


@pytest.mark.promise("call-back-in-vain")
async def test_when_the_last_try_was_in_vain_alerts_and_its_agent_hear_how_to_go_on(tmp_path: Path) -> None:
    async with telephone(tmp_path, ONCE_MORE) as it:
        await asks_for_callback(it)
        await it.inside.slash("Ada", "available")
        await tried_in_vain(it)

        async def parked() -> bool:
            return await state(it) == "parked"

        await it.inside.until(parked)
        assert await it.inside.told("not reached") == []
        await it.inside.call("/clock", {"advance": "301s"})
        await tried_in_vain(it)
        (told,) = await it.inside.until(lambda: it.inside.told("not reached"))
        assert "was called 2 times" in told and "/tierline reopen C1001" in told

        async def agent_knows() -> bool:
            found = await it.inside.call(f"/slack/messages?user={it.inside.person('Ada').slack}")
            return any("was called 2 times" in json.dumps(m) for m in found)

        await it.inside.until(agent_knows)
        await it.inside.call("/clock", {"advance": "31s"})
        await it.inside.app.outbox.settled()
        assert await state(it) == "closed" and len(await it.inside.told("not reached")) == 1
