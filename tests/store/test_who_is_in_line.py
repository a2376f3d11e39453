"""Whoever could be offered what waits sees it in its order; what is closed to their profile isn't in their line."""

from __future__ import annotations

from helpers_queue import START, make_queue, need, plain_route, route, text_in

from tierline.queue.client import Client
from tierline.queue.contact import Step
from tierline.skills.skill import Profile

FIRST, EXPERT, NO_CHAT = (
    Profile("in"),
    Profile("in", 2, (), (("network", 3),)),
    Profile("in", channels=("sms",)),
)


async def test_the_line_of_a_profile_is_what_it_could_be_offered_by_rank(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    hard = route(Step(need(tiers=(2,), network=2)))
    late = await text_in(queue, 1, plain_route(), rank=START + 9)
    soon = await text_in(queue, 2, plain_route(), rank=START + 1)
    chat = await text_in(queue, 3, plain_route("chat"), rank=START + 5)
    await text_in(queue, 4, hard, rank=START)
    assert await queue.in_line(FIRST, 10) == ([soon, chat, late], 3)
    assert await queue.in_line(FIRST, 2) == ([soon, chat], 3)
    assert await queue.in_line(NO_CHAT, 10) == ([soon, late], 2)
    assert await queue.in_line(EXPERT, 10) == (["C1004"], 1)
    await queue.abandon(soon, now=START)
    assert (await queue.in_line(FIRST, 10))[0] == [chat, late]


async def test_where_nobody_waits_the_line_is_empty(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    assert await queue.in_line(FIRST, 10) == ([], 0)
