"""A call from its first ring to its end, through the real clients and signed webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.phone_stage import PHONES, Stage, telephone
from tests.helpers_app import EVA


async def waiting(it: Stage, sid: str) -> None:
    """Through the menu, into the queue."""
    await it.inside.until(lambda: it.at(sid, "menu"))
    await it.do(sid, "press", digits="1")
    await it.inside.until(lambda: it.at(sid, "waiting"))


async def together(it: Stage, sid: str, name: str) -> str:
    """`name`'s phone is answered, 1 is pressed, both are in one conference; the agent's leg."""
    leg = str(await it.inside.until(lambda: it.ringing(name)))
    await it.do(leg, "answer")
    await it.inside.until(lambda: it.heard(leg))
    await it.do(leg, "press", digits="1")
    await it.inside.until(lambda: it.at(sid, "conference"))
    await it.inside.until(lambda: it.at(leg, "conference"))
    return leg


@pytest.mark.promise("call-together")
async def test_a_caller_waits_and_meets_the_agent_who_pressed_1(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = await together(it, sid, "Ada")
        assert (await it.leg(sid))["where"] == (await it.leg(leg))["where"]
        contact = (await it.inside.contacts())[0]
        assert (contact["state"], contact["service"]) == ("active", "help")
        await it.do(sid, "hangup")

        async def ended() -> bool:
            return str((await it.leg(leg))["status"]) == "completed"

        await it.inside.until(ended)

        async def wraps() -> bool:
            return str((await it.inside.contacts())[0]["state"]) == "wrapping"

        await it.inside.until(wraps)


@pytest.mark.promise("call-mailbox")
async def test_a_mailbox_never_gets_a_customer_and_the_next_agent_is_asked(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.inside.slash("Ben", "available")
        await it.do(leg, "machine")
        await together(it, sid, "Ben")
        assert not str((await it.leg(leg))["where"]).startswith("conference")


@pytest.mark.promise("call-caller-gone")
async def test_when_the_caller_hangs_up_the_agents_phone_falls_silent(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(sid, "hangup")

        async def silent() -> bool:
            return str((await it.leg(leg))["status"]) in ("canceled", "completed", "no-answer")

        await it.inside.until(silent)
        assert (await it.inside.contacts())[0]["state"] == "abandoned"


@pytest.mark.promise("call-back-at-opening")
async def test_who_calls_after_hours_is_called_back_at_opening(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.call("/clock", {"at": "2026-12-05T12:00:00+01:00"})  # a Saturday
        sid = await it.dial()
        await it.inside.until(lambda: it.at(sid, "menu"))
        await it.do(sid, "press", digits="2")

        async def ended() -> bool:
            return str((await it.leg(sid))["status"]) == "completed"

        await it.inside.until(ended)
        assert "We open again" in await it.heard(sid) and "call you back" in await it.heard(sid)
        assert (await it.inside.contacts())[0]["state"] == "parked"
        await it.inside.call("/clock", {"at": "2026-12-07T08:00:01+01:00"})
        await it.inside.slash("Ada", "available")
        agent = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(agent, "answer")
        await it.inside.until(lambda: it.heard(agent))
        await it.do(agent, "press", digits="1")
        PHONES["Eva"] = EVA
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "answer")
        await it.inside.until(lambda: it.at(back, "conference"))
        assert (await it.leg(back))["where"] == (await it.leg(agent))["where"]
        assert "You asked us to call you back" in await it.heard(back)
