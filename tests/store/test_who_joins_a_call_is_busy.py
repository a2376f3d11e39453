"""Who joins somebody's call isn't offered another one meanwhile, and is afterwards, if they were before."""

from __future__ import annotations

import pytest
from calls_stage import OURS, Stage, stage_of

from tierline.channels.phone import Call, LegNews, Meet
from tierline.queue.client import Client
from tierline.queue.state import Presence


async def joined(
    client: Client, site: str, role: str, before: Presence = "available"
) -> tuple[Stage, dict[str, str]]:
    """Ada talks with a customer, and Ben has pressed 1 to join them."""
    stage = await stage_of(client, site)
    contact = await stage.called()
    await stage.presses("CAada", await stage.rung(contact, "Ada", "CAada"))
    await stage.joins(contact)
    await stage.queue.presence("Ben", before)
    about = {"c": contact, "a": "Ben", "r": role, "k": "1-0", "w": "invite"}
    await stage.queue.leg(contact, "CAben", "answered", about)
    heard = await stage.board.asked("key", Call("CAben", OURS, "+49170", about, digits="1"))
    assert isinstance(heard[0], Meet)
    return stage, about


async def presence(stage: Stage) -> tuple[str, str]:
    ben = (await stage.queue.agents())["Ben"]
    return ben.presence, ben.why


@pytest.mark.promise("call-joined-busy")
@pytest.mark.parametrize("role", ["guest", "boss"])
async def test_who_is_in_a_call_is_offered_no_other_and_afterwards_is(
    client: Client, site: str, role: str
) -> None:
    stage, about = await joined(client, site, role)
    assert await presence(stage) == ("away", f"in {about['c']}")
    other = await stage.called("CA2", "+4915110000002")
    view = await stage.queue.contact(other)
    assert view is not None and view.offers == ()
    await stage.board.heard(LegNews("CAben", "completed", about))
    assert (await presence(stage))[0] == "available"
    view = await stage.queue.contact(other)
    assert view is not None and [it.agent for it in view.offers] == ["Ben"]


@pytest.mark.parametrize("before", ["away", "offline"])
async def test_who_took_no_work_before_takes_none_afterwards(
    client: Client, site: str, before: Presence
) -> None:
    stage, about = await joined(client, site, "boss", before)
    assert (await presence(stage))[0] == before
    await stage.board.heard(LegNews("CAben", "completed", about))
    assert (await presence(stage))[0] == before


async def test_what_they_say_themselves_meanwhile_stands(client: Client, site: str) -> None:
    stage, about = await joined(client, site, "guest")
    await stage.queue.presence("Ben", "away", why="lunch")
    await stage.board.heard(LegNews("CAben", "completed", about))
    assert await presence(stage) == ("away", "lunch")


async def test_the_end_of_a_call_that_has_left_the_store_frees_them_too(client: Client, site: str) -> None:
    stage, about = await joined(client, site, "guest")
    await stage.queue.complete(about["c"], "", "{}")
    await stage.queue.finish(about["c"], "Ada")
    assert await stage.queue.forget(about["c"])
    await stage.board.heard(LegNews("CAben", "completed", about))
    assert (await presence(stage))[0] == "available"
