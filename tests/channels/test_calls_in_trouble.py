"""Calls while Twilio refuses, loses answers, doubles and turns webhooks round, and while our store stands still."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, PHONES, Stage, telephone
from tests.channels.test_first_call import together, waiting
from tests.helpers_app import JONAS, Json


@contextmanager
def store_stands_still(it: Stage) -> Iterator[None]:
    """Nothing can be read or written meanwhile."""
    embedded = it.inside.app.store.embedded
    assert embedded is not None and embedded._process is not None
    pid = embedded._process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def legs_of(it: Stage, name: str) -> list[Json]:
    """All legs that there ever were to somebody's phone."""
    found: list[Json] = await it.inside.call(f"/calls?number={PHONES[name].replace('+', '%2B')}")
    return found


async def ended(it: Stage, sid: str) -> bool:
    return await it.at(sid, "ended")


async def state(it: Stage, wanted: str) -> bool:
    return [c["state"] for c in await it.inside.contacts()] == [wanted]


RING = pytest.mark.parametrize(
    "fault",
    [
        {"fail": 503, "times": 2},
        {"fail": 429, "times": 1},
        {"fail": 400, "times": 1, "delay": "0.5s"},
        {"drop_reply": True, "times": 1},
    ],
    ids=["503", "429", "400", "lost answer"],
)


@RING
@pytest.mark.promise("call-rest")
async def test_an_agents_phone_rings_once_whatever_twilio_answers(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    async with telephone(tmp_path) as it:
        sid = await it.dial()
        await waiting(it, sid)
        await it.inside.call("/faults", {"twilio": fault})
        await it.inside.slash("Ada", "available")
        if fault.get("fail") == 400:  # refused for good: somebody else is asked, and it is told
            await it.inside.slash("Ben", "available")
            await together(it, sid, "Ben")
            assert await legs_of(it, "Ada") == []
            return
        await together(it, sid, "Ada")
        assert len(await legs_of(it, "Ada")) == 1


@pytest.mark.promise("call-rest")
@pytest.mark.parametrize(
    "fault",
    [{"fail": 404, "times": 1}, {"fail": 503, "times": 2}, {"drop_reply": True, "times": 1}],
    ids=["404", "503", "lost answer"],
)
async def test_the_caller_is_brought_to_the_agent_whatever_twilio_answers(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.said(leg, "press 1"))
        await it.inside.call("/faults", {"twilio": fault})
        await it.do(leg, "press", digits="1")
        await it.inside.until(lambda: it.at(sid, "conference"))
        assert (await it.leg(sid))["where"] == (await it.leg(leg))["where"]
        await it.do(sid, "hangup")
        await it.inside.until(lambda: state(it, "wrapping"))


@pytest.mark.promise("call-rest")
@pytest.mark.parametrize(
    "fault", [{"fail": 503, "times": 2}, {"drop_reply": True, "times": 1}], ids=["503", "lost answer"]
)
async def test_the_agents_phone_falls_silent_whatever_twilio_answers(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.inside.call("/faults", {"twilio": fault})
        await it.do(sid, "hangup")
        await it.inside.until(lambda: ended(it, leg))
        assert await state(it, "abandoned")


@pytest.mark.promise("call-webhooks")
@pytest.mark.parametrize(
    "fault",
    [
        {"redeliver": True},
        {"redeliver": True, "at_once": True},
        {"out_of_order": True, "webhook_delay": "0.3s"},
        {"late_action": True},
    ],
    ids=["twice", "twice at once", "turned round", "late action"],
)
async def test_webhooks_doubled_and_turned_round_make_one_call(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.call("/faults", {"twilio": fault})
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = await together(it, sid, "Ada")
        assert len(await it.inside.contacts()) == 1 and len(await legs_of(it, "Ada")) == 1
        await it.do(sid, "hangup")
        await it.inside.until(lambda: ended(it, leg))
        await it.inside.until(lambda: state(it, "wrapping"))


@pytest.mark.promise("call-store-away")
async def test_while_the_store_stands_still_a_caller_hears_so_and_goes_on_where_they_were(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as it:
        with store_stands_still(it):
            sid = await it.dial()
            await it.inside.until(lambda: it.said(sid, "something isn't working on our side"))
        await it.inside.until(lambda: it.at(sid, "menu"))
        with store_stands_still(it):
            await it.do(sid, "press", digits="1")
            await it.inside.until(lambda: sorry_twice(it, sid))
        await it.inside.until(lambda: it.at(sid, "waiting"))
        await it.inside.until(lambda: it.said(sid, "next in line"))
        await it.inside.slash("Ada", "available")
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.said(leg, "press 1"))
        with store_stands_still(it):
            await it.do(leg, "press", digits="1")
            await it.inside.until(lambda: it.said(leg, "something isn't working on our side"))
        await it.inside.until(lambda: it.at(sid, "conference"))
        assert (await it.leg(sid))["where"] == (await it.leg(leg))["where"]
        assert len(await it.inside.contacts()) == 1


async def sorry_twice(it: Stage, sid: str) -> bool:
    return (await it.heard(sid)).count("something isn't working on our side") > 1


@pytest.mark.promise("call-strangers")
async def test_a_caller_from_sip_meets_an_agent(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial(sender="sip:lin@pbx.example")
        await waiting(it, sid)
        await together(it, sid, "Ada")


@pytest.mark.promise("call-webhooks")
async def test_when_every_event_is_lost_a_call_still_ends(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.call("/faults", {"twilio": {"lose_events": True}})
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await waiting(it, sid)
        leg = await together(it, sid, "Ada")
        await it.do(sid, "hangup")
        await it.inside.until(lambda: ended(it, leg))
        await it.inside.call("/clock", {"advance": "31s"})
        await it.inside.until(lambda: over(it))
        gone = await it.dial(sender=JONAS)
        await waiting(it, gone)
        await it.do(gone, "hangup")
        await it.inside.call("/clock", {"advance": "31s"})

        async def given_up() -> bool:
            return [c["state"] for c in await it.inside.contacts(JONAS)] == ["abandoned"]

        await it.inside.until(given_up)


async def over(it: Stage) -> bool:
    return (await it.inside.contacts())[0]["state"] in ("wrapping", "closed")


@pytest.mark.promise("call-two-keys")
async def test_of_two_who_press_1_at_once_one_has_the_caller_and_the_other_hears_so(tmp_path: Path) -> None:
    both = CALLS.replace("{tiers: [L1], until: 30m}", "{tiers: [L1], until: 30m, offer_to: 2}")
    async with telephone(tmp_path, both) as it:
        await it.inside.slash("Ada", "available")
        await it.inside.slash("Ben", "available")
        sid = await it.dial()
        await waiting(it, sid)
        legs = [str(await it.inside.until(partial(it.ringing, name))) for name in ("Ada", "Ben")]
        for leg in legs:
            await it.do(leg, "answer")
        for leg in legs:
            await it.inside.until(partial(it.said, leg, "press 1"))
        await asyncio.gather(*(it.do(leg, "press", digits="1") for leg in legs))
        await it.inside.until(lambda: it.at(sid, "conference"))
        inside = [leg for leg in legs if await it.at(leg, "conference")]
        (other,) = [leg for leg in legs if leg not in inside]
        await it.inside.until(lambda: ended(it, other))
        assert len(inside) == 1
        assert await it.said(other, "taken this call")
