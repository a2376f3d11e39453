"""Two agents and a caller who act at one time, on their phones and in Slack."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, Stage, telephone

BOTH = CALLS.replace(
    "steps: [{tiers: [L1], until: 30m}, {then: hold}]",
    "steps: [{tiers: [L1], until: 30m, offer_to: 2}, {then: hold}]",
)


async def asked(it: Stage) -> tuple[str, str, str]:
    """A caller waits, and both agents hear who calls: the three legs."""
    await it.inside.slash("Ada", "available")
    await it.inside.slash("Ben", "available")
    sid = await it.dial()
    await it.inside.until(lambda: it.at(sid, "menu"))
    await it.do(sid, "press", digits="1")
    legs = [str(await it.inside.until(lambda name=name: it.ringing(name))) for name in ("Ada", "Ben")]  # type: ignore[misc]
    for leg in legs:
        await it.do(leg, "answer")
    for leg in legs:
        await it.inside.until(lambda leg=leg: it.heard(leg))  # type: ignore[misc]
    return sid, legs[0], legs[1]


@pytest.mark.promise("call-one-outcome")
async def test_of_two_who_press_1_one_talks_and_the_other_hears_why_not(tmp_path: Path) -> None:
    async with telephone(tmp_path, BOTH) as it:
        sid, ada, ben = await asked(it)
        await asyncio.gather(it.do(ada, "press", digits="1"), it.do(ben, "press", digits="1"))
        await it.inside.until(lambda: it.at(sid, "conference"))

        async def loser() -> str:
            said = {leg: await it.heard(leg) for leg in (ada, ben)}
            return next((leg for leg, words in said.items() if "taken this call" in words), "")

        lost = str(await it.inside.until(loser))
        won = ada if lost == ben else ben
        assert (await it.leg(won))["where"] == (await it.leg(sid))["where"]
        assert not (await it.leg(lost))["where"].startswith("conference")


@pytest.mark.promise("call-caller-gone")
async def test_when_the_caller_hangs_up_phones_fall_silent_and_cards_say_so(tmp_path: Path) -> None:
    async with telephone(tmp_path, BOTH) as it:
        sid, ada, ben = await asked(it)
        for name in ("Ada", "Ben"):
            await it.inside.until(lambda name=name: it.inside.cards(name))  # type: ignore[misc]
        await it.do(sid, "hangup")

        async def over() -> bool:
            legs = [await it.leg(leg) for leg in (ada, ben)]
            return all(leg["status"] == "completed" for leg in legs)

        async def dead() -> bool:
            return not await it.inside.cards("Ada") and not await it.inside.cards("Ben")

        await it.inside.until(over)
        await it.inside.until(dead)
        for leg in (ada, ben):
            assert "hung up" in await it.heard(leg)
        assert (await it.inside.contacts())[0]["state"] == "abandoned"
