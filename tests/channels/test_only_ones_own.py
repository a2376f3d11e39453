"""A button does what it says only for whom it was meant; a signed payload of somebody else's changes nothing (SEC33)."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_app import Inside, inside

from tierline.channels.forms import Filled
from tierline.channels.house import Actor, Told


def _actor(it: Inside, name: str, bot: bool = False) -> Actor:
    who = it.person(name)
    return Actor(
        user=who.slack, email=who.email, name=who.name, is_bot=bot, is_guest=False, team="T0SANDBOX1"
    )


STRANGER = Actor(
    user="U0STRANGER", email="eve@evil.example", name="Eve", is_bot=False, is_guest=True, team="T0EVIL0001"
)


@pytest.mark.promise("own-buttons")
async def test_nobody_takes_answers_or_closes_what_is_not_theirs(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        await it.slash("Ada", "available")
        assert await it.text("help me") == 200
        await it.until(lambda: it.cards("Ada", "help me"))
        contact = (await it.contact())["id"]
        view = await it.app.queue.contact(contact)
        assert view is not None
        offer, house = view.offers[0].number, it.app.house
        others = [_actor(it, "Ben"), STRANGER, _actor(it, "Ada", bot=True)]
        for actor in others:
            for told in (
                await house.accept(actor, contact, offer),
                await house.decline(actor, contact, offer, ""),
            ):
                assert isinstance(told, Told) and not told.ok and told.text, (actor.name, told)
        found = await it.contact()
        assert found["owner"] is None and [o["state"] for o in found["offers"]] == ["pending"]
        await it.accept("Ada", "help me")

        async def active() -> bool:
            return bool((await it.contact())["state"] == "active")

        await it.until(active)
        before = len((await it.contact())["transcript"])
        for actor in others:
            for told in (
                await house.accept(actor, contact, offer),
                await house.reply(actor, contact, "canary"),
                await house.filled(actor, Filled("close", contact, {"disposition": "solved"})),
                await house.form(actor, "close", contact),
                await house.undo(actor, contact, 1),
                await house.retry(actor, contact, 1),
            ):
                assert isinstance(told, Told) and not told.ok and told.text, (actor.name, told)
        found = await it.contact()
        assert (found["state"], found["owner"]["name"], len(found["transcript"])) == ("active", "Ada", before)
        assert not await it.got("canary")
