"""Somebody is absent: whoever stands in is asked first, by customers who come back and by colleagues; what is owned stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers_app import EVA, JONAS, PLAN, Inside, inside
from test_handing_over import direct, says, threads
from test_who_is_there import is_now, press, told

from tierline.channels.house import Actor

THREE = PLAN.replace(
    "settings:", "  - {name: Cid, slack: cid@inside.example, team: desk, tier: L1}\nsettings:"
).replace("offer: 60s,", "offer: 60s, nudge: never,")
BY_PLAN = THREE.replace("name: Ada, slack", "name: Ada, substitute: Ben, slack")
pytestmark = pytest.mark.promise("day-substitute")


async def owned(stage: Inside, name: str, sender: str = EVA) -> None:
    """The customer's one contact is theirs."""

    async def look() -> bool:
        found = await stage.contact(sender)
        return bool(found["state"] == "active" and (found["owner"] or {}).get("name") == name)

    await stage.until(look)


async def offered(stage: Inside, name: str, sender: str = EVA) -> None:
    """The customer's contact is offered to them, and to nobody else."""

    async def look() -> bool:
        one = await stage.app.queue.contact((await stage.contact(sender))["id"])
        return one is not None and [it.agent for it in one.offers] == [name]

    await stage.until(look, 30)


async def has_one(stage: Inside, sleeps: str = "") -> None:
    """Ada has Eva's contact, asleep where it is said until when; then Cid comes on duty, longer there than Ben."""
    await stage.slash("Ada", "available")
    assert await stage.text("my printer burns") == 200
    await stage.accept("Ada")
    await owned(stage, "Ada")
    if sleeps:
        assert "sleeps until" in await stage.slash("Ada", f"snooze C1001 {sleeps}")
    for name in ("Cid", "Ben"):
        await stage.slash(name, "available")


async def test_a_customer_who_comes_back_is_asked_of_whoever_stands_in(tmp_path: Path) -> None:
    async with inside(tmp_path, THREE) as stage:
        await has_one(stage, "until they write")
        said = await stage.slash("Ada", "away 2w vacation <!channel> Ben")
        assert "You are *away*: vacation @channel until" in said and "Ben stands in for you." in said
        asked = await told(stage, "Ben", "You stand in for Ada, who is away until")
        assert (
            "<!channel>" not in str(asked) and "(vacation @channel)" in asked["text"]
        )  # words of somebody (SEC23)
        assert (await stage.agent("Ada"))["why"] == "vacation @channel; Ben stands in"
        assert await stage.text("it burns again") == 200
        await offered(stage, "Ben")


async def test_what_its_absent_owner_wanted_to_see_again_goes_to_whoever_stands_in(tmp_path: Path) -> None:
    async with inside(tmp_path, BY_PLAN) as stage:
        await has_one(stage, "2h")
        assert "Ben stands in for you" in await stage.slash("Ada", "away 4h training")
        await stage.call("/clock", {"advance": "2h"})
        await offered(stage, "Ben")


async def test_what_is_owned_stays_until_it_is_handed_over_by_the_button(tmp_path: Path) -> None:
    async with inside(tmp_path, THREE) as stage:
        await has_one(stage)
        assert "What you own stays yours: C1001." in await stage.slash("Ada", "away 2w vacation Ben")
        await owned(stage, "Ada")
        await press(stage, "Ada", await told(stage, "Ada", "Ben stands in for you"), "Hand them to Ben")
        await told(stage, "Ada", "C1001: asked for. Each stays yours until it is taken.")
        await offered(stage, "Ben")
        assert (await stage.contact())["owner"]["name"] == "Ada"
        await stage.accept("Ben")
        await owned(stage, "Ben")


async def test_nobody_stands_in_by_a_button_and_long_absences_say_that_nobody_does(tmp_path: Path) -> None:
    async with inside(tmp_path, THREE) as stage:
        await has_one(stage, "until they write")
        await stage.slash("Ada", "away 2w vacation Ben")
        await press(stage, "Ada", await told(stage, "Ada", "Ben stands in for you"), "Nobody stands in")
        await told(stage, "Ada", "Nobody stands in for you")
        assert (await stage.agent("Ada"))["why"] == "vacation; nobody stands in"
        assert await stage.text("it burns again") == 200
        await offered(stage, "Cid")


async def test_colleagues_ask_and_hand_over_to_whoever_stands_in(tmp_path: Path) -> None:
    async with inside(tmp_path, BY_PLAN) as stage:
        await stage.slash("Cid", "available")
        await stage.slash("Ben", "available")
        assert await stage.text("my printer burns") == 200
        await stage.accept("Cid")
        await owned(stage, "Cid")
        said = await stage.slash("Cid", "consult C1001 Ada which cable?")
        assert "Ben (standing in for Ada) is asked" in said
        await told(stage, "Ben", "which cable?")
        said = await stage.slash("Cid", "transfer C1001 Ada knows printers")
        assert "handed over to Ben (standing in for Ada)" in said
        await offered(stage, "Ben")


async def test_who_is_mentioned_and_absent_is_stood_in_for(tmp_path: Path) -> None:
    async with inside(tmp_path, BY_PLAN) as stage:
        await stage.slash("Cid", "available")
        await stage.slash("Ben", "available")
        assert await stage.text("my printer burns") == 200
        await stage.accept("Cid")
        await owned(stage, "Cid")
        head = (await stage.until(lambda: threads(stage, "desk")))[0]
        said = {"user": stage.person("Cid").slack, "channel": head["channel"], "thread_ts": head["ts"]}
        await stage.call("/slack/reply", {**said, "text": f"<@{stage.person('Ada').slack}> which cable?"})
        await told(stage, "Ben", "Cid asks for your help with C1001")
        await stage.until(lambda: says(stage, "desk", "Ben (standing in for Ada) is asked to help."))
        assert (await stage.contact())["helping"] == ["Ben"]


async def test_while_nobody_who_stands_in_is_there_everybody_is_asked_at_once(tmp_path: Path) -> None:
    async with inside(tmp_path, BY_PLAN) as stage:
        await has_one(stage, "until they write")
        await stage.slash("Ben", "away 1h lunch")
        said = await stage.slash("Ada", "away 4h training")
        assert "Ben isn't available just now" in said
        assert await stage.text("it burns again") == 200
        await offered(stage, "Cid")


async def test_who_stands_in_ends_when_somebody_is_back(tmp_path: Path) -> None:
    async with inside(tmp_path, BY_PLAN) as stage:
        await has_one(stage, "until they write")
        await stage.slash("Ada", "away 2w vacation")
        await stage.slash("Ada", "available")
        await is_now(stage, "Ada", "available")
        assert await stage.text("it burns again") == 200
        await owned(stage, "Ada")


async def test_what_is_still_theirs_when_their_shift_is_over_goes_to_whoever_stands_in(
    tmp_path: Path,
) -> None:
    plan = BY_PLAN.replace('{always: {hours: "24/7"}}', '{always: {hours: "24/7"}, never: {hours: "off"}}')
    async with inside(tmp_path, plan.replace("substitute: Ben,", "substitute: Ben, shift: never,")) as stage:
        await stage.slash("Ada", "overtime 30m")
        assert await stage.text("my printer burns") == 200
        await stage.accept("Ada")
        await owned(stage, "Ada")
        for name in ("Cid", "Ben"):
            await stage.slash(name, "available")
        await stage.call("/clock", {"advance": "31m"})
        over = await told(stage, "Ada", "Your shift is over")
        assert "Hand them to Ben" in str(over["blocks"])
        await stage.call("/clock", {"advance": "4m5s"})
        await offered(stage, "Ben")


@pytest.mark.promise("desk-rights")
async def test_a_button_of_presence_pressed_by_somebody_else_is_about_them(tmp_path: Path) -> None:
    """A card that was forwarded or forged: whoever presses says it of themselves and gives away what is theirs (SEC33)."""
    async with inside(tmp_path, THREE) as stage:
        await has_one(stage)
        await stage.slash("Ada", "away 2w vacation Ben")
        message = await told(stage, "Ada", "Ben stands in for you")
        button = next(
            e
            for row in message["blocks"]
            for e in row.get("elements", ())
            if e.get("action_id") == "agent.handover"
        )
        cid = stage.person("Cid")
        actor = Actor(cid.slack, cid.email, cid.name, team="T0SANDBOX1")
        heard = await stage.app.house.pressed(actor, "agent.handover", button["value"])
        assert not heard.ok and "You have nothing in hand" in heard.text
        assert (await stage.app.house.pressed(actor, "agent.available", "")).ok
        assert (await stage.agent("Ada"))["presence"] == "away"
        found = await stage.app.queue.contact("C1001")
        assert found is not None and (found.owner, found.handing) == ("Ada", False)


# ---- who comes and goes, and who isn't there at all --------------------------------------------------------------


@pytest.mark.promise("day-damping")
async def test_who_comes_and_goes_all_the_time_is_available_once_they_stay(tmp_path: Path) -> None:
    async with inside(tmp_path) as stage:
        for _ in range(3):
            assert "You are *available*" in await stage.slash("Ada", "available")
            await stage.slash("Ada", "away 5m")
        said = await stage.slash("Ada", "available")
        assert "You came and went 3 times within 2 min" in said and "you are available at" in said
        assert await stage.text("my printer burns") == 200
        assert (
            said.partition("available at")[2]
            == (await stage.slash("Ada", "available")).partition("available at")[2]
        )
        one = await stage.app.queue.contact("C1001")
        assert one is not None and one.offers == () and (await stage.agent("Ada"))["presence"] == "away"
        await stage.call("/clock", {"advance": "31s"})
        await is_now(stage, "Ada", "available")
        await offered(stage, "Ada")
        await stage.call("/clock", {"advance": "2m"})
        await stage.slash("Ada", "away 5m")
        assert "You are *available*" in await stage.slash("Ada", "available")


@pytest.mark.promise("day-damping")
async def test_who_has_just_come_back_is_asked_one_thing_at_a_time(tmp_path: Path) -> None:
    async with inside(tmp_path, THREE) as stage:
        for n in range(6):
            assert await stage.text(f"question {n}", f"+4915112345{n:03d}") == 200
        await stage.slash("Ada", "available")
        for taken in range(1, 4):
            cards = await stage.until(lambda: stage.cards("Ada"))
            assert len(cards) == 1
            assert len((await stage.app.queue.agents("Ada"))["Ada"].contacts) == taken
            await stage.accept("Ada")

            async def in_hand(n: int = taken) -> Any:
                me = (await stage.app.queue.agents("Ada"))["Ada"]
                held = await stage.app.queue.several(sorted(me.contacts))
                return sum(it.owner == "Ada" for it in held) == n

            await stage.until(in_hand)


@pytest.mark.promise("day-zombie")
async def test_who_misses_two_offers_is_away_told_with_a_way_back_and_a_supervisor_hears_of_what_they_have(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, THREE) as stage:
        await stage.slash("Ada", "available")
        assert await stage.text("my printer burns") == 200
        await stage.accept("Ada")
        await owned(stage, "Ada")
        for sender in (JONAS, "+4915177777777"):
            assert await stage.text("anybody there?", sender) == 200
            await offered(stage, "Ada", sender)
            await stage.until(lambda: stage.cards("Ada", "anybody"))

            async def delivered(sender: str = sender) -> Any:
                one = await stage.app.queue.contact((await stage.contact(sender))["id"])
                return one is not None and one.offers and one.offers[0].delivered

            await stage.until(delivered)
            await stage.call("/clock", {"advance": "61s"})
        assert (await is_now(stage, "Ada", "away"))["why"] == "missed two offers"
        away = await told(stage, "Ada", "You missed two offers in a row")
        assert "What you own stays yours: C1001." in away["text"]
        await stage.until(lambda: stage.told("Ada missed offers, and is away now; still theirs: C1001"))
        await owned(stage, "Ada")
        await press(stage, "Ada", away, "I'm back")
        await is_now(stage, "Ada", "available")
        await stage.until(lambda: stage.cards("Ada", "anybody"))


async def test_whom_the_plan_names_is_told_when_an_absence_begins(tmp_path: Path) -> None:
    async with inside(tmp_path, BY_PLAN) as stage:
        await has_one(stage)
        await stage.slash("Ada", "away 4h training")
        asked = await told(stage, "Ben", "You stand in for Ada, who is away until")
        assert "(training), as the plan says: customers who come back to Ada" in asked["text"]


async def test_whom_the_plan_names_is_told_at_home_of_a_long_absence_alone(tmp_path: Path) -> None:
    async with inside(tmp_path, BY_PLAN) as stage:
        await stage.slash("Ada", "available")
        await stage.slash("Ada", "away 45m lunch")
        await stage.app.outbox.settled()
        assert await direct(stage, "Ben", "You stand in") == []
        await stage.slash("Ada", "away 2w vacation")
        asked = await told(stage, "Ben", "You stand in for Ada, who is away until")
        assert "(vacation), as the plan says" in asked["text"]
