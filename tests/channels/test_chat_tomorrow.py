"""Whoever left comes back tomorrow: the store has forgotten the contact, and the visitor still sees every word."""

from __future__ import annotations

from pathlib import Path

import pytest
from chat_stage import PLAN, visitor

from tests.helpers_app import Inside, inside


async def gone(it: Inside, contact: str) -> bool:
    return await it.app.queue.contact(contact) is None


@pytest.mark.promise("chat-tomorrow")
async def test_who_comes_back_tomorrow_sees_the_whole_conversation_and_begins_a_new_contact(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as it:
        await it.slash("Ben", "available")
        async with visitor(it) as eva:
            token = (await eva.one("welcome"))["token"]
            await eva.say("m1", "My order is late")
            contact = (await it.api("/contacts"))[0]["id"]
            await it.accept("Ben")
            await eva.one("state", lambda frame: frame["phase"] == "active")
            await it.app.queue.text(
                contact, "moved", '{"text":"We look into it","by":"Tierline"}', unasked=False
            )
            await eva.one("message")
        await it.call_api(f"/contacts/{contact}/close", {"disposition": "solved", "by": "mira"})
        await it.call("/clock", {"advance": "30h"})
        await it.until(lambda: gone(it, contact))
        async with visitor(it, token, own=True) as again:
            await again.one("message", lambda frame: frame["text"] == "We look into it")
            assert again.texts()[:2] == ["My order is late", "We look into it"]
            await again.say("m2", "It came, thank you")
            rows = await it.api("/contacts?customer=web%3A" + token.split(".")[1])
            assert len(rows) == 2, "after a day it is a new contact, of the same conversation"
            last = again.last
        async with visitor(it, token, since=last) as third:
            await third.say("m3", "Bye")
            assert third.texts() == []
