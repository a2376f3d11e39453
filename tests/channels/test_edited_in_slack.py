"""What is edited or deleted in Slack: never sent as it was, sent as it reads now when asked, and kept in the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers_app import PLAN, Inside, inside
from test_answering_by_form import press, thread, whispered

SLOW = PLAN.replace("hold_reply: 1s", "hold_reply: 3s")


async def begun(it: Inside) -> tuple[str, dict[str, str]]:
    await it.slash("Ada", "available")
    await it.text("help me")
    await it.accept("Ada", "help me")
    contact = str((await it.contact())["id"])
    return contact, await thread(it, contact)


async def types(it: Inside, at: dict[str, str], text: str) -> dict[str, str]:
    user = it.person("Ada").slack
    found = await it.call("/slack/reply", {"user": user, "text": text, **at})
    return {"user": user, "channel": at["channel"], "ts": str(found["ts"])}


async def kept(it: Inside, contact: str, words: str) -> Any:
    """The message of the record with these words."""

    async def look() -> Any:
        return next((m for m in await it.app.queue.messages(contact) if words in m.body), None)

    return await it.until(look)


@pytest.mark.promise("edit-note")
async def test_a_note_that_was_edited_is_sent_as_it_reads_now(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        contact, at = await begun(it)
        typed = await types(it, at, "// try the blue cabel")
        first = await whispered(it, "Ada", at, "kept as a note")
        await it.call("/slack/edit", {**typed, "text": "// try the blue cable"})
        await whispered(it, "Ada", at, "It reads otherwise now")
        await press(it, "Ada", first, "note.send")  # the button of before means what stands there now
        got = await it.until(lambda: it.got("try the blue"))
        assert [m["text"] for m in got] == ["try the blue cable"]


@pytest.mark.promise("edit-note")
async def test_a_note_that_was_deleted_is_not_sent_any_more(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        contact, at = await begun(it)
        typed = await types(it, at, "// try the blue cable")
        first = await whispered(it, "Ada", at, "kept as a note")
        await it.call("/slack/delete", typed)
        await kept(it, contact, "Deleted in Slack.")
        await press(it, "Ada", first, "note.send")
        await whispered(it, "Ada", at, "you have deleted it in Slack")
        assert not [m for m in await it.app.queue.messages(contact) if m.kind == "reply"]


@pytest.mark.promise("edit-held")
async def test_a_held_reply_that_was_edited_is_sent_with_its_new_words_by_one_press(tmp_path: Path) -> None:
    async with inside(tmp_path, SLOW) as it:
        contact, at = await begun(it)
        typed = await types(it, at, "try the blue cabel")
        assert (await kept(it, contact, "cabel")).status == "held"
        await it.call("/slack/edit", {**typed, "text": "try the blue cable"})
        offered = await whispered(it, "Ada", at, "It reads otherwise now")
        await press(it, "Ada", offered, "note.send")
        got = await it.until(lambda: it.got("try the blue"))
        assert [m["text"] for m in got] == ["try the blue cable"]


@pytest.mark.promise("edit-record")
async def test_an_edit_after_it_left_is_said_and_stands_in_the_record(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        contact, at = await begun(it)
        typed = await types(it, at, "try the blue cabel")
        await it.until(lambda: it.got("cabel"))
        await it.call("/slack/edit", {**typed, "text": "try the red cable"})
        found = await kept(it, contact, "Changed to “try the red cable” in Slack after it had left")
        assert found.kind == "note"
        assert [m["text"] for m in await it.got("cable")] == []
