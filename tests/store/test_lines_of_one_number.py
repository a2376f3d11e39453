"""Several calls from one number at a time: each has its own place, and gets it back; who calls again at once keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_calls import Hall, open_hall

from tierline.channels.phone import Call, Wait
from tierline.queue.client import Client


async def redials(hall: Hall) -> str:
    """The contact in whose place they are, "" for the menu."""
    heard = await hall.ask("call", hall.new())
    return next((it.about["c"] for it in heard if isinstance(it, Wait)), "")


@pytest.mark.promise("call-redial")
@pytest.mark.parametrize("which", [0, 1, 2])
async def test_whichever_of_several_lines_hangs_up_gets_its_own_place_back(
    client: Client, site: str, which: int
) -> None:
    hall = await open_hall(client, site)
    lines = [await hall.into(hall.new()) for _ in range(3)]
    assert len({contact for _, contact in lines}) == 3
    call, contact = lines[which]
    await hall.news(call, "completed")
    assert (await hall.contact(contact)).state == "abandoned"
    assert await redials(hall) == contact
    assert await redials(hall) == "", "all three are on the line: a fourth is a call of its own"


async def test_more_lines_than_are_looked_through_are_calls_of_their_own(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    lines = [await hall.into(hall.new()) for _ in range(7)]
    assert len({contact for _, contact in lines}) == 7


@pytest.mark.promise("call-redial")
async def test_who_calls_again_before_the_end_of_the_call_before_is_known_has_its_place(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    first, before = await hall.into(hall.new())
    await hall.into(hall.new(sender="+4915122222222"))
    _, now = await hall.into(hall.new())
    rank = (await hall.contact(before)).rank
    assert (await hall.contact(now)).rank > rank
    await hall.news(first, "completed")
    assert (await hall.contact(now)).rank // 1000 == rank // 1000
    assert (await hall.queue.jots(before))["again"] == now, (
        "whoever is on the line isn't texted that they hung up"
    )


async def test_who_called_long_before_the_other_hung_up_is_somebody_else(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    first, _ = await hall.into(hall.new())
    _, other = await hall.into(hall.new())
    rank = (await hall.contact(other)).rank
    await hall.later(60_000)
    await hall.news(first, "completed")
    assert (await hall.contact(other)).rank == rank


async def test_the_first_question_of_any_line_that_comes_again_is_that_line(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    await hall.into(hall.new())
    second, contact = await hall.into(hall.new())
    heard = await hall.ask("call", replace(Call(second.sid, second.sender, second.recipient)))
    assert [it.about["c"] for it in heard if isinstance(it, Wait)] == [contact]
    assert len(await hall.queue.contacts()) == 2
