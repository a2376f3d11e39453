"""A call from its first ring to its end, through the real clients and signed webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.phone_stage import Stage, telephone
from tests.helpers_app import JONAS


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
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "answer")
        await it.inside.until(lambda: it.at(back, "conference"))
        assert (await it.leg(back))["where"] == (await it.leg(agent))["where"]
        assert "You asked us to call you back" in await it.heard(back)


@pytest.mark.promise("call-voicemail")
async def test_a_message_is_a_contact_that_an_agent_accepts_in_slack(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        sid = await it.dial()
        await waiting(it, sid)
        await it.inside.until(lambda: it.said(sid, "leave a message"))
        await it.do(sid, "press", digits="2")
        await it.inside.until(lambda: it.at(sid, "voicemail"))
        await it.do(sid, "record", text="My server is down, please call me.", seconds=7)

        async def left() -> bool:
            contact = await it.inside.contact()
            return any("Voicemail of 7 s" in str(m["text"]) for m in contact["transcript"])

        await it.inside.until(left)
        await it.inside.slash("Ada", "available")
        await it.inside.accept("Ada", "Voicemail")

        async def owned() -> bool:
            return str((await it.inside.contact())["state"]) == "active"

        await it.inside.until(owned)
        assert not await it.ringing("Ada")


@pytest.mark.promise("call-voicemail")
async def test_who_says_nothing_leaves_no_message_and_nobody_is_asked(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        sid = await it.dial()
        await waiting(it, sid)
        await it.inside.until(lambda: it.said(sid, "leave a message"))
        await it.do(sid, "press", digits="2")
        await it.inside.until(lambda: it.at(sid, "voicemail"))
        await it.do(sid, "hangup")

        async def given_up() -> bool:
            return str((await it.inside.contacts())[0]["state"]) == "abandoned"

        await it.inside.until(given_up)


@pytest.mark.promise("call-redial")
async def test_who_hung_up_and_calls_again_has_the_old_place(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        first = await it.dial()
        await waiting(it, first)
        await waiting(it, await it.dial(sender=JONAS))
        await it.do(first, "hangup")

        async def given_up() -> bool:
            return str((await it.inside.contacts())[0]["state"]) == "abandoned"

        await it.inside.until(given_up)
        again = await it.dial()
        await it.inside.until(lambda: it.at(again, "waiting"))
        await it.inside.until(lambda: it.said(again, "You are next in line"))
        assert len(await it.inside.contacts()) == 1
        await it.inside.slash("Ada", "available")
        await together(it, again, "Ada")


@pytest.mark.promise("call-back-asked")
async def test_a_caller_who_presses_1_keeps_the_place_and_is_called_back(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        sid = await it.dial()
        await waiting(it, sid)
        await it.inside.until(lambda: it.said(sid, "called back"))
        await it.do(sid, "press", digits="1")

        async def ended() -> bool:
            return str((await it.leg(sid))["status"]) == "completed"

        await it.inside.until(ended)
        assert (await it.inside.contacts())[0]["state"] == "waiting"
        await it.inside.slash("Ada", "available")
        agent = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(agent, "answer")
        await it.inside.until(lambda: it.heard(agent))
        assert "callback" in await it.heard(agent)
        await it.do(agent, "press", digits="1")
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "answer")
        await it.inside.until(lambda: it.at(back, "conference"))


async def test_two_calls_from_one_number_are_two_contacts(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await waiting(it, await it.dial())
        await waiting(it, await it.dial())
        assert len(await it.inside.contacts()) == 2


async def test_a_withheld_number_waits_like_any_other(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        one, two = await it.dial(sender="anonymous"), await it.dial(sender="anonymous")
        await waiting(it, one)
        await waiting(it, two)
        await it.inside.until(lambda: it.said(one, "leave a message"))
        assert "called back" not in await it.heard(one)
        await it.inside.slash("Ada", "available")
        await together(it, one, "Ada")


async def presses_1(it: Stage, name: str) -> str:
    """`name`'s phone rings, is answered, and 1 is pressed after the whisper; the leg."""
    leg = str(await it.inside.until(lambda: it.ringing(name)))
    await it.do(leg, "answer")
    await it.inside.until(lambda: it.said(leg, "press 1"))
    await it.do(leg, "press", digits="1")
    return leg


async def not_reached(it: Stage) -> None:
    """Ada takes the callback, and Eva's line is busy."""
    agent = await presses_1(it, "Ada")
    await it.do(str(await it.inside.until(lambda: it.ringing("Eva"))), "busy")

    async def parked() -> bool:
        return str((await it.inside.contacts())[0]["state"]) == "parked"

    await it.inside.until(parked)
    await it.inside.until(lambda: it.at(agent, "ended"))


@pytest.mark.promise("call-back-tries")
async def test_a_customer_who_is_not_reached_is_called_again_later(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        sid = await it.dial()
        await waiting(it, sid)
        await it.inside.until(lambda: it.said(sid, "called back"))
        await it.do(sid, "press", digits="1")
        await it.inside.slash("Ada", "available")
        for pause in ("301s", "1801s"):  # no longer: whoever is offered it meanwhile would have missed it
            await not_reached(it)
            await it.inside.call("/clock", {"advance": pause})
            await it.inside.slash("Ada", "available")


@pytest.mark.promise("call-out")
async def test_who_has_a_message_calls_its_customer(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        sid = await it.dial()
        await waiting(it, sid)
        await it.inside.until(lambda: it.said(sid, "leave a message"))
        await it.do(sid, "press", digits="2")
        await it.inside.until(lambda: it.at(sid, "voicemail"))
        await it.do(sid, "record", text="Please call me.", seconds=5)
        await it.inside.slash("Ada", "available")
        await it.inside.accept("Ada", "Voicemail")

        async def owned() -> bool:
            return str((await it.inside.contact())["state"]) == "active"

        await it.inside.until(owned)
        assert "Your phone rings" in await it.inside.slash("Ada", "call C1001")
        agent = await presses_1(it, "Ada")
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "answer")
        await it.inside.until(lambda: it.at(back, "conference"))
        assert (await it.leg(back))["where"] == (await it.leg(agent))["where"]
