"""A callback in which the customer is rung first, and the agent once they are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_first_call import together, waiting

from tests.channels.phone_stage import CALLS, PHONES, Stage, telephone
from tierline.router.rulebook import agent_id

FIRST = CALLS.replace("wrap_up: 30s", "wrap_up: 30s, callback: customer_first")


async def asks_for_callback(it: Stage) -> None:
    """Eva keeps her place and hangs up."""
    sid = await it.dial()
    await waiting(it, sid)
    await it.inside.until(lambda: it.said(sid, "called back"))
    await it.do(sid, "press", digits="1")
    await it.inside.until(lambda: it.at(sid, "ended"))


async def state(it: Stage) -> str:
    return str((await it.inside.contacts())[0]["state"])


@pytest.mark.promise("call-back-first")
async def test_the_customer_is_rung_first_and_the_agent_when_they_have_answered(tmp_path: Path) -> None:
    async with telephone(tmp_path, FIRST) as it:
        await asks_for_callback(it)
        await it.inside.slash("Ada", "available")
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        assert not await it.ringing("Ada")
        await it.do(back, "answer")
        await it.inside.until(lambda: it.said(back, "You asked us to call you back"))
        agent = await together(it, back, "Ada")
        assert (await it.leg(back))["where"] == (await it.leg(agent))["where"]
        assert "in line" not in await it.heard(back)


@pytest.mark.promise("call-back-first")
async def test_a_customer_who_is_not_reached_costs_no_agent_anything_and_is_tried_again(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path, FIRST) as it:
        await asks_for_callback(it)
        await it.inside.slash("Ada", "available")
        for pause in ("301s", "1801s"):
            await it.do(str(await it.inside.until(lambda: it.ringing("Eva"))), "busy")

            async def parked() -> bool:
                return await state(it) == "parked"

            await it.inside.until(parked)
            ada = (await it.inside.app.queue.agents())[agent_id("Ada")]
            assert (ada.presence, ada.misses, ada.offers) == ("available", 0, 0)
            assert not await it.ringing("Ada")
            await it.inside.call("/clock", {"advance": pause})
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "answer")
        await together(it, back, "Ada")


@pytest.mark.promise("call-back-mailbox")
async def test_no_agent_is_rung_for_a_customers_mailbox(tmp_path: Path) -> None:
    async with telephone(tmp_path, FIRST) as it:
        await asks_for_callback(it)
        await it.inside.slash("Ada", "available")
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "machine")

        async def parked() -> bool:
            return await state(it) == "parked"

        await it.inside.until(parked)
        assert await it.said(back, "We will try again later") and await it.at(back, "ended")
        ada = (await it.inside.app.queue.agents())[agent_id("Ada")]
        assert (ada.presence, ada.misses, ada.offers) == ("available", 0, 0)
        number = PHONES["Ada"].replace("+", "%2B")
        assert await it.inside.call(f"/calls?number={number}") == []
        await it.inside.call("/clock", {"advance": "301s"})
        await it.do(again := str(await it.inside.until(lambda: it.ringing("Eva"))), "answer")
        await together(it, again, "Ada")
