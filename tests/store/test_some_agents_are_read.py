"""Some agents are read as they are among all of them; whoever isn't known is left out."""

from __future__ import annotations

from helpers_queue import START, make_queue, on_duty, plain_route, text_in

from tierline.queue.client import Client


async def test_one_agent_reads_as_among_all(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    await on_duty(queue, "ada", "ben", "cid")
    await queue.presence("ben", "away", until=START + 9_000, why="vacation; cid stands in", now=START + 1)
    contact = await text_in(queue, 1, plain_route(), START + 2)
    every = await queue.agents()
    assert set(every) == {"ada", "ben", "cid"} and any(contact in it.contacts for it in every.values())
    for name in every:
        assert await queue.agents(name) == {name: every[name]}
    assert await queue.agents("ben", "nobody", "ada") == {it: every[it] for it in ("ada", "ben")}
    assert await queue.agents("nobody") == {}
