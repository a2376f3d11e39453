"""A reply that is edited or deleted after it left: its writer hears that the customer has the first words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk_stage import desk_stage, head, mark
from helpers_app import EVA, Inside, inside
from slack_stage import ADA, ROOM, until

from tierline.channels.house import Wrote

FIRST_WORDS = "customer has it as it was"


@pytest.mark.parametrize(("how", "more"), [("edit", {"text": "better"}), ("delete", {})])
@pytest.mark.parametrize("known", ["wrote", "wrote C1001"])  # by the store; by what the first message names
async def test_who_changes_a_reply_that_has_left_is_told_what_the_customer_has(
    how: str, more: dict[str, str], known: str
) -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Oops")
        await until(lambda: on.house.verbs("typed"))
        for state in ("held", "sent"):
            await on.desk.mark(place, mark(state, source))
        on.house.answers[known] = Wrote("C1001", 2, "left")
        channel, ts = source.split(":")
        await on.stage.post(how, user=ADA, channel=channel, ts=ts, **more)
        assert (await on.find(ROOM, FIRST_WORDS))["ephemeral_to"] == ADA
        assert not on.house.verbs("undo") and len(on.house.verbs("typed")) == 1


async def test_a_reply_that_is_held_by_an_earlier_life_is_taken_back_by_an_edit() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Oops")
        await until(lambda: on.house.verbs("typed"))
        on.house.answers["wrote"] = Wrote("C1001", 2, "held")
        channel, ts = source.split(":")
        await on.stage.post("edit", user=ADA, channel=channel, ts=ts, text="better")
        await until(lambda: on.house.verbs("undo"))
        assert on.house.verbs("undo")[0][2:] == ("C1001", 2)


async def test_whoever_edits_what_was_no_reply_hears_nothing() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "// a note")
        on.house.answers["wrote"] = Wrote("C1001", 2, "stayed")
        channel, ts = source.split(":")
        await on.stage.post("edit", user=ADA, channel=channel, ts=ts, text="// better")
        await until(lambda: on.house.verbs("wrote"))
        assert FIRST_WORDS not in str(await on.messages()) and not on.house.verbs("undo")


async def _reply(it: Inside) -> dict[str, Any]:
    """Ada answers Eva in the contact's thread; where she typed it, once it left."""
    room = next(p.id for p in it.rehearsal.cast.places if p.name == "desk")

    async def heads() -> list[Any]:
        return [m for m in await it.channel("desk") if "contact.close" in str(m["blocks"])]

    ts = (await it.until(heads))[0]["ts"]
    place = {"user": it.person("Ada").slack, "channel": room}
    typed = await it.call("/slack/reply", {**place, "thread_ts": ts, "text": "first words"})
    await it.until(lambda: it.got("first words", EVA))
    return {**place, "ts": typed["ts"]}


async def _again(it: Inside) -> None:
    """The product's own part ends and is started again; the outside stays."""
    await it.app.stop()
    it.app.alerts.forget()
    await it.app.open()
    await it.app.start(it.rehearsal.plan)


async def _forgotten(it: Inside) -> None:
    """The contact is closed and gone from the store: only the history has it."""
    contact = (await it.contact())["id"]
    assert (await it.app.queue.complete(contact, "")).done
    await it.app.queue.finish(contact, "")

    async def projected() -> bool:
        record = await it.app.history.contact(contact)
        return record is not None and record.state == "closed" and len(record.messages) >= 2

    await it.until(projected)
    assert (await it.contact())["owner"]["name"] == "Ada"  # nobody's any more: who had it last is shown
    assert await it.app.queue.forget(contact)


@pytest.mark.promise("edit-after-restart")
@pytest.mark.parametrize("meanwhile", [_again, _forgotten])
async def test_after_a_restart_and_of_an_ended_contact_it_is_still_known(
    tmp_path: Path, meanwhile: Callable[[Inside], Any]
) -> None:
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        assert await it.text("help me") == 200
        await it.accept("Ada", "help me")
        typed = await _reply(it)
        await meanwhile(it)
        await it.call("/slack/edit", {**typed, "text": "second words"})

        async def told() -> bool:
            return any(FIRST_WORDS in m["text"] for m in await it.channel("desk"))

        await it.until(told)
        assert not await it.got("second words", EVA)
