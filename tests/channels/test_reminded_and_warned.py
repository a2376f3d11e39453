"""Reminders, and warnings before a promise runs out: in person, in the thread, once, and then whoever can mend it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers_app import Inside, inside
from test_handing_over import PLAN, direct, open_with, says

from tierline.channels.house import Actor


@pytest.mark.promise("reminded")
async def test_who_asks_for_it_is_reminded_in_person_and_the_thread_says_so_once(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        assert "You are reminded of" in await stage.slash("Ada", f"remind {contact} 2h ask for the <invoice>")
        assert "names no time" in await stage.slash("Ada", f"remind {contact} soonish")
        assert "There is no contact C9999" in await stage.slash("Ada", "remind C9999 2h x")
        assert "ask for the" in await stage.slash("Ada", "reminders")
        assert "You have no reminders" in await stage.slash("Ben", "reminders")
        await stage.call("/clock", {"advance": "1h50m"})
        assert not await direct(stage, "Ada", "Reminder:")
        await stage.call("/clock", {"advance": "11m"})
        told = (await stage.until(lambda: direct(stage, "Ada", f"Reminder: {contact}: ask for the")))[0]
        assert "Go to the thread" in json.dumps(told)
        await stage.until(lambda: says(stage, "desk", "Ada is reminded: ask for the <invoice>"))
        await stage.until(lambda: _none_left(stage))
        assert len(await direct(stage, "Ada", "Reminder:")) == 1


async def _none_left(stage: Inside) -> bool:
    return not [it for it in await stage.app.queue.alerts() if it.startswith("remind:")]


@pytest.mark.promise("reminded")
async def test_a_reminder_outlives_its_contact_and_is_forgotten_when_its_agent_says_so(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        for when in ("1h look again", "2h call them"):
            await stage.slash("Ada", f"remind {contact} {when}")
        await stage.slash("Ada", f"done {contact} solved")
        name = next(it for it, text in (await stage.app.queue.alerts()).items() if "call them" in text)
        house, ben, ada = stage.app.house, stage.person("Ben"), stage.person("Ada")

        assert not (await house.pressed(Actor(ben.slack, ben.email, "Ben"), "reminder.forget", name)).ok
        assert (await house.pressed(Actor(ada.slack, ada.email, "Ada"), "reminder.forget", name)).ok
        await stage.call("/clock", {"advance": "3h"})
        await stage.until(lambda: direct(stage, "Ada", f"Reminder: {contact}: look again"))
        await stage.until(lambda: _none_left(stage))
        assert not await direct(stage, "Ada", f"Reminder: {contact}: call them")


@pytest.mark.promise("promise-warned")
async def test_before_a_promise_runs_out_its_owner_is_warned_and_then_whoever_can_mend_it(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:  # an answer within 10 min
        contact = await open_with(stage, "Ada")
        await stage.call("/clock", {"advance": "6m"})
        assert not await direct(stage, "Ada", "is promised an answer")
        await stage.call("/clock", {"advance": "100s"})
        warned = (await stage.until(lambda: direct(stage, "Ada", "is promised an answer")))[0]
        assert contact in json.dumps(warned) and "Go to the thread" in json.dumps(warned)
        assert not await stage.told("is late")
        await stage.call("/clock", {"advance": "3m"})
        await stage.until(lambda: stage.told(f"{contact} (help, "))
        assert "Ada has it" in (await stage.told("is late"))[0]
        assert len(await direct(stage, "Ada", "is promised an answer")) == 1
        await stage.call("/clock", {"advance": "1m"})
        assert len(await stage.told("is late")) == 1
