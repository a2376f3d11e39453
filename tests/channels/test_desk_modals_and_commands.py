"""Reply, note and close by modal; commands; what is edited or deleted before it leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from desk_stage import DeskStage, desk_stage, eventually, head, mark, shown
from slack_stage import ADA, ADA_DM, LIN, ROOM, until

from tierline.channels.forms import Field, Filled, Form
from tierline.channels.house import Actor, Told


async def view(on: DeskStage, ready: str, user: str = ADA) -> Any:
    """The open modal, once it shows `ready`."""

    async def look() -> Any:
        return next(
            (one for one in await on.stage.get("views", user=user) if ready in str(one["blocks"])), None
        )

    return await eventually(look)


@pytest.mark.promise("desk-close")
async def test_the_close_button_opens_its_form_under_the_name_that_scripts_know() -> None:
    async with desk_stage() as on:
        how = Field(
            "disposition", "How did it end?", "choice", choices=("solved", "no fault <found>"), must=True
        )
        cause = Field("root_cause", "Root cause")
        on.house.answers["form"] = Form(
            "Close C1001", (how, cause, Field("resolution", "Resolution", "lines")), "Close it"
        )
        place = await on.desk.open(head())
        await on.press(place, "contact.close")
        form = await view(on, "How did it end?")
        assert form["callback_id"] == "contact.close"
        values = {"disposition": "1:no fault <found>", "root_cause": "a cable", "resolution": "plugged in"}
        assert (await on.stage.post("submit", user=ADA, view_id=form["id"], values=values))["ok"]
        await until(lambda: on.house.verbs("filled"))
        answers = {"disposition": "no fault <found>", "root_cause": "a cable", "resolution": "plugged in"}
        assert on.house.verbs("filled")[0][2] == Filled("close", "C1001", answers)
        assert (await on.find(ROOM, "filled done"))["ephemeral_to"] == ADA


async def test_who_may_not_close_is_told_why_in_the_modal() -> None:
    async with desk_stage() as on:
        on.house.answers["form"] = Told(False, "C1001 is with Ada.")
        place = await on.desk.open(head())
        await on.press(place, "contact.close", LIN)
        assert not (await view(on, "is with Ada", LIN)).get("submit")


async def test_reply_and_note_by_modal_reach_the_house_once() -> None:
    async with desk_stage() as on:
        on.stage.faults.slack.redeliver = True
        place = await on.desk.open(head())
        for action, verb in (("contact.reply", "reply"), ("contact.note", "note")):
            on.stage.faults.slack.redeliver = False
            await on.press(place, action)
            form = await view(on, "To the customer" if verb == "reply" else "kept inside")
            assert form["callback_id"] == action
            on.stage.faults.slack.redeliver = True
            await on.stage.post("submit", user=ADA, view_id=form["id"], values={"text": "Hello <you>"})
            await on.find(ROOM, f"{verb} done")
            assert [call[2:] for call in on.house.verbs(verb)] == [("C1001", "Hello <you>")]


async def test_what_was_written_in_a_modal_is_given_back_when_it_is_refused() -> None:
    async with desk_stage() as on:
        on.house.answers["reply"] = Told(False, "Not sent: C1001 is with Lin.")
        place = await on.desk.open(head())
        await on.press(place, "contact.reply")
        form = await view(on, "To the customer")
        await on.stage.post("submit", user=ADA, view_id=form["id"], values={"text": "A long answer"})
        assert "A long answer" in shown(await on.find(ROOM, "Not sent"))


async def test_a_reply_by_modal_is_shown_in_the_thread_with_undo_and_receipt() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        await on.desk.mark(place, mark("held"))
        held = await on.find(ROOM, "leaves in")
        await on.desk.mark(place, mark("delivered"))
        sent = await on.find(ROOM, "✓ Ada Lovelace")
        assert sent["ts"] == held["ts"] and "We are on it" in shown(sent)


async def test_a_command_is_answered_to_its_person_alone() -> None:
    async with desk_stage() as on:
        on.house.answers["command"] = Told(True, "You are *available*.")
        answer = await on.stage.post(
            "command", user=ADA, channel=ADA_DM, command="/tierline", text="available"
        )
        assert answer["text"] == "You are *available*." and answer["ack_ms"] < 3000
        assert all(one["ephemeral_to"] == ADA for one in await on.messages(ADA_DM))


@pytest.mark.promise("desk-3s")
async def test_a_house_that_takes_long_is_answered_for_in_time_and_answers_later() -> None:
    async with desk_stage() as on:
        go = asyncio.Event()

        async def slow(actor: Actor, text: str) -> Told:
            await go.wait()
            return Told(True, "Here at last")

        on.house.command = slow  # type: ignore[method-assign]
        answer = await on.stage.post("command", user=ADA, channel=ADA_DM, command="/tierline", text="queue")
        assert answer["ok"] and not answer["text"]
        go.set()
        await on.find(ADA_DM, "Here at last")


async def test_when_the_store_does_not_answer_people_are_told_so_and_nothing_is_asked_of_the_house() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        on.once.fail = RuntimeError("the store is gone")
        answer = await on.stage.post(
            "command", user=ADA, channel=ADA_DM, command="/tierline", text="available"
        )
        assert "couldn't finish this" in answer["text"]
        await on.type(place, "hello?")
        assert (await on.find(ROOM, "not sent"))["ephemeral_to"] == ADA
        assert on.house.calls == []


@pytest.mark.promise("desk-takeback")
@pytest.mark.parametrize("how", ["delete", "edit"])
async def test_a_held_reply_that_is_deleted_or_edited_is_taken_back(how: str) -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Oops")
        await on.desk.mark(place, mark("held", source))
        channel, ts = source.split(":")
        await on.stage.post(
            how, user=ADA, channel=channel, ts=ts, **({"text": "better"} if how == "edit" else {})
        )
        await until(lambda: on.house.verbs("undo"))
        assert on.house.verbs("undo")[0][1].user == ADA and on.house.verbs("undo")[0][2:] == ("C1001", 2)
        assert (await on.find(ROOM, "before it left"))["ephemeral_to"] == ADA


async def test_a_reply_deleted_before_it_was_marked_as_held_is_taken_back_too() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Oops")
        channel, ts = source.split(":")
        await on.stage.post("delete", user=ADA, channel=channel, ts=ts)
        await until(lambda: source in on.desk._typed.taken_back)
        await on.desk.mark(place, mark("held", source))
        await until(lambda: on.house.verbs("undo"))


async def test_messages_of_other_kinds_are_none_of_the_desks_business() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        await on.stage.post("reply", user=ADA, channel=ROOM, text="lunch?")
        await on.desk.post(place, head().lines[0])
        await on.type(place, "the one that counts")
        await until(lambda: on.house.verbs("typed"))
        assert [call[1].text for call in on.house.verbs("typed")] == ["the one that counts"]
