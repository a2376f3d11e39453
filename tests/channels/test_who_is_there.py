"""Breaks and overtime that end, and an agent of whom nothing is heard: asked in person, then away, and told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers_app import PLAN, Inside, Json, inside

from tierline.router import attendance

ASKING = PLAN.replace("hold_reply: 1s", "hold_reply: 1s, still_there: 30m").replace(
    "offer: 60s,", "offer: 60s, nudge: never,"
)
SHIFTS = (
    PLAN.replace(
        'schedules: {always: {hours: "24/7"}}', 'schedules: {always: {hours: "24/7"}, never: {hours: "off"}}'
    )
    .replace(
        "name: Ben, slack: ben@inside.example, team: desk",
        "name: Ben, slack: ben@inside.example, shift: never, team: desk",
    )
    .replace("offer: 60s,", "offer: 60s, nudge: never,")
)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(attendance, "EVERY", 0.1)
    yield


async def told(stage: Inside, name: str, words: str) -> Any:
    """The message in their direct messages that says these words, once it stands there."""

    async def look() -> Any:
        found = await stage.call(f"/slack/messages?user={stage.person(name).slack}")
        return next(
            (m for m in reversed(found) if words in m["text"].replace("*", "") and not m.get("deleted")), None
        )

    return await stage.until(look, 20)


async def press(stage: Inside, name: str, message: Any, label: str) -> None:
    """Press the button with that label."""
    one = next(
        b
        for row in message["blocks"]
        for b in row.get("elements", ())
        if b.get("text", {}).get("text") == label
    )
    who = {"user": stage.person(name).slack, "channel": message["channel"], "ts": message["ts"]}
    more = {"value": one["value"]} if one.get("value") else {}
    await stage.call("/slack/act", {**who, "action_id": one["action_id"], **more})


async def is_now(stage: Inside, name: str, presence: str) -> dict[str, Any]:
    """The agent, once they are that."""

    async def look() -> Any:
        it = await stage.agent(name)
        return it if it["presence"] == presence else None

    found: dict[str, Any] = await stage.until(look, 20)
    return found


async def does_something(stage: Inside, name: str) -> None:
    """Any act counts; of many within two seconds the first."""
    listening = stage.app.desk_raw._listen  # type: ignore[union-attr]
    listening.there.clear()
    before = max(it.heard.get(name, 0) for it in _attendance(stage))
    await stage.slash(name, "status")
    await stage.until(lambda: any(it.heard[name] > before for it in _attendance(stage)))


@pytest.mark.promise("day-still-there")
async def test_who_does_nothing_while_available_is_asked_and_who_answers_stays(tmp_path: Path) -> None:
    async with inside(tmp_path, ASKING) as stage:
        await stage.slash("Ada", "available")
        await stage.call("/clock", {"advance": "29m"})
        await does_something(stage, "Ada")
        await stage.call("/clock", {"advance": "29m"})
        await does_something(stage, "Ada")
        await stage.call("/clock", {"advance": "31m"})
        asked = await told(stage, "Ada", "Still there?")
        assert "nothing was heard of you for 31 min" in asked["text"]
        await press(stage, "Ada", asked, "I'm here")
        await told(stage, "Ada", "Good: you stay available.")
        await stage.call("/clock", {"advance": "6m"})
        await stage.call("/clock", {"advance": "1s"})
        assert (await stage.agent("Ada"))["presence"] == "available"


@pytest.mark.promise("day-still-there")
async def test_who_does_not_answer_is_away_and_told_keeps_their_contacts_and_a_supervisor_hears(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, ASKING) as stage:
        await stage.slash("Ada", "available")
        assert await stage.text("my printer burns") == 200
        await stage.accept("Ada")
        await stage.call("/clock", {"advance": "31m"})
        await told(stage, "Ada", "Still there?")
        await stage.call("/clock", {"advance": "4m"})
        assert (await stage.agent("Ada"))["presence"] == "available"
        await stage.call("/clock", {"advance": "2m"})
        assert (await is_now(stage, "Ada", "away"))["why"] == "no answer to “still there?”"
        away = await told(stage, "Ada", "You didn't answer, so you are")
        assert "What you own stays yours: C1001." in away["text"]
        await stage.until(lambda: stage.told("Nothing is heard of Ada"))
        await press(stage, "Ada", away, "I'm back")
        await is_now(stage, "Ada", "available")


@pytest.mark.promise("day-still-there")
async def test_who_does_not_answer_may_hand_over_by_a_button_and_so_may_a_supervisor(tmp_path: Path) -> None:
    by_plan = ASKING.replace("name: Ada, slack", "name: Ada, substitute: Ben, slack")
    async with inside(tmp_path, by_plan) as stage:
        await stage.slash("Ada", "available")
        assert await stage.text("my printer burns") == 200
        await stage.accept("Ada")
        await stage.call("/clock", {"advance": "31m"})
        await told(stage, "Ada", "Still there?")
        await stage.call("/clock", {"advance": "6m"})
        await is_now(stage, "Ada", "away")
        assert "Hand them to Ben" in json.dumps((await told(stage, "Ada", "You didn't answer"))["blocks"])

        async def alert() -> Json | None:
            found = await stage.channel("ops")
            return next((m for m in found if "Nothing is heard of Ada" in m["text"]), None)

        said = await stage.until(alert)
        assert "Hand them to Ben" in json.dumps(said["blocks"])
        for who, words in (
            ("Ben", "Only a supervisor does that"),
            ("Mira", "others are asked, with their rank"),
        ):
            await press(stage, who, said, "Ask others")

            async def heard(words: str = words) -> bool:
                return words in json.dumps(await stage.channel("ops"), ensure_ascii=False)

            await stage.until(heard, 20)
        assert (await stage.contact())["owner"] is None


async def test_nobody_is_asked_whom_slack_would_not_have_let_answer(tmp_path: Path) -> None:
    async with inside(tmp_path, ASKING) as stage:
        await stage.slash("Ada", "available")
        await stage.app.queue.desk(False)
        await stage.call("/clock", {"advance": "2h"})
        await stage.until(lambda: any(it.down for it in _attendance(stage)))
        assert (await stage.agent("Ada"))["presence"] == "available"
        found = await stage.call(f"/slack/messages?user={stage.person('Ada').slack}")
        assert not [m for m in found if "Still there?" in m["text"]]


def _attendance(stage: Inside) -> list[attendance.Attendance]:
    return [part for part in stage.app.house.parts.each if isinstance(part, attendance.Attendance)]


@pytest.mark.promise("day-breaks")
async def test_a_break_ends_with_a_question_and_its_button_brings_work_again(tmp_path: Path) -> None:
    async with inside(tmp_path) as stage:
        await stage.slash("Ada", "available")
        assert "away*: lunch until to" in await stage.slash("Ada", "away 45m lunch")
        await stage.call("/clock", {"advance": "46m"})
        asked = await told(stage, "Ada", "Your break is over. Are you back?")
        assert (await stage.agent("Ada"))["presence"] == "away"
        await press(stage, "Ada", asked, "15 min more")

        async def says_so() -> Any:  # what was pressed says what came of it
            found = await stage.call(f"/slack/messages?user={stage.person('Ada').slack}")
            return [m for m in found if m["ts"] == asked["ts"] and "away*: lunch until" in m["text"]]

        await stage.until(says_so)
        await stage.call("/clock", {"advance": "16m"})
        await press(stage, "Ada", await told(stage, "Ada", "Your break is over"), "I'm back")
        await is_now(stage, "Ada", "available")


@pytest.mark.promise("day-overtime")
async def test_overtime_is_until_a_time_and_its_end_is_told_before(tmp_path: Path) -> None:
    async with inside(tmp_path, SHIFTS) as stage:
        assert "You are off shift" in await stage.slash("Ben", "available")
        assert "Until when?" in await stage.slash("Ben", "overtime")
        assert "Until when?" in await stage.slash("Ben", "overtime 3d")
        assert "Overtime until to" in await stage.slash("Ben", "overtime 30m")
        assert (await stage.agent("Ben"))["on_shift"]
        await stage.call("/clock", {"advance": "21m"})
        ending = await told(stage, "Ben", "Your overtime ends")
        later = next(
            b
            for row in ending["blocks"]
            for b in row.get("elements", ())
            if b["action_id"] == "agent.overtime"
        )
        await press(stage, "Ben", ending, later["text"]["text"])
        await told(stage, "Ben", "Overtime until")
        await stage.call("/clock", {"advance": "10m"})
        assert (await stage.agent("Ben"))["on_shift"]
        await stage.call("/clock", {"advance": "30m"})
        assert not (await stage.agent("Ben"))["on_shift"]


@pytest.mark.promise("day-shift-over")
async def test_whoever_has_work_in_hand_when_their_shift_ends_hears_of_it_and_may_stay(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, SHIFTS) as stage:
        await stage.slash("Ben", "overtime 30m")
        assert await stage.text("my printer burns") == 200
        await stage.accept("Ben")
        await stage.call("/clock", {"advance": "31m"})
        over = await told(stage, "Ben", "Your shift is over")
        assert "You have C1001" in over["text"]
        await press(stage, "Ben", over, "Stay 1 h")

        async def stays() -> Any:
            return (await stage.agent("Ben"))["on_shift"]

        await stage.until(stays)
        assert (await stage.contact())["owner"]["name"] == "Ben"
