"""What happens in the same millisecond has one outcome, presence that flaps and capacity that shrinks hurt nobody."""

from __future__ import annotations

import asyncio

import pytest
from helpers_queue import CHATTY, START, make_queue, on_duty, plain_route, run_due, text_in
from helpers_store import StoreServer

from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.skills.skill import Capacity

PAIRS = 1_000
OFFER = 20_000


async def _offered(queue: Queue, contact: str, agent: str, now: int) -> int:
    """The number of the contact's live offer, which is the agent's and delivered."""
    view = await queue.contact(contact)
    assert view is not None and [o.agent for o in view.offers] == [agent]
    n = view.offers[0].number
    assert (await queue.delivered(contact, n, f"D1:{n}", now=now)).done
    return n


@pytest.mark.promise("offer-race")
async def test_an_accept_and_the_end_of_its_time_in_one_millisecond_have_one_outcome(
    client: Client, site: str, store_server: StoreServer
) -> None:
    """Both are sent at once, by two connections, and the server takes them in either order (F88)."""
    second = await Client(store_server.url).start()
    try:
        await _race(client, await make_queue(client, site), await make_queue(second, site))
    finally:
        await second.close()


async def _race(client: Client, queue: Queue, other: Queue) -> None:
    await on_duty(queue, "ada")
    now, accepted, missed = START, 0, 0
    for k in range(PAIRS):
        contact = await text_in(queue, k, plain_route(), now)
        n = await _offered(queue, contact, "ada", now)
        due = now + OFFER
        await queue.tick(now=due - 1)  # no gap: the time that ran out is the agent's
        mark = await queue.last_event()
        racers = [queue.accept(contact, n, "ada", now=due), other.tick(now=due)]
        done = await asyncio.gather(*(racers if k % 2 else racers[::-1]))
        answer = done[0] if k % 2 else done[1]
        view = await queue.contact(contact)
        assert view is not None
        if answer.done:  # type: ignore[union-attr]
            accepted += 1
            assert (view.state, view.owner, view.offers) == ("active", "ada", ())
        else:
            missed += 1
            assert view.owner == "" and view.state == "waiting"
        events = [e.e for e in await queue.events(mark, 50) if e.c == contact]
        assert events.count("accepted") + events.count("missed") + events.count("rescinded") == 1, events
        now = due + 120_000
        if view.owner:
            await queue.complete(contact, "ada", "{}", now=now)
        else:
            await queue.abandon(contact, "gone", now=now)
        await queue.presence("ada", "available", now=now)
        await run_due(queue, now)
        if k % 100 == 0:
            await client.call("XTRIM", queue.key("ledger"), "MAXLEN", 200)
    assert accepted and missed, (accepted, missed)  # the race has two ends, and both were seen


@pytest.mark.promise("presence-flaps")
async def test_presence_that_flaps_keeps_owned_work_and_blames_nobody(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    await on_duty(queue, "ada", "ben")
    mine = await text_in(queue, 1, plain_route(), START)
    n = await _offered(queue, mine, "ada", START)
    assert (await queue.accept(mine, n, "ada", now=START + 1)).done
    waiting = await text_in(queue, 2, plain_route(), START + 2)
    for i in range(100):
        now = START + 5_000 * (i + 1)
        await queue.presence("ada", "away" if i % 2 == 0 else "available", now=now)
        await queue.tick(now=now)
        view = await queue.contact(mine)
        assert view is not None and (view.state, view.owner) == ("active", "ada")
    events = [e for e in await queue.events("0-0", 2_000) if e.c == waiting]
    assert [e.a for e in events if e.e == "missed"] == [] or {e.a for e in events if e.e == "missed"} == {
        "ben"
    }
    agents = await queue.agents()
    assert agents["ada"].presence == "available" and agents["ada"].misses == 0


@pytest.mark.promise("capacity-lowered")
async def test_capacity_below_what_somebody_has_takes_nothing_away_and_adds_nothing(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    await on_duty(queue, "ada")
    owned = []
    for k in range(4):  # 25 each
        contact = await text_in(queue, k, plain_route(), START + k)
        assert (
            await queue.accept(
                contact, await _offered(queue, contact, "ada", START + k), "ada", now=START + k
            )
        ).done
        owned.append(contact)
    await queue.agent("ada", CHATTY, Capacity(budget=50), 15, (), True, now=START + 10)
    for contact in owned:
        view = await queue.contact(contact)
        assert view is not None and (view.state, view.owner) == ("active", "ada")
    late = await text_in(queue, 9, plain_route(), START + 11)
    for k, contact in enumerate(owned):
        view = await queue.contact(late)
        assert view is not None and (view.state == "waiting") == (k < 3)  # 100, 75, 50, then 25 of 50
        await queue.complete(contact, "ada", "{}", now=START + 20 + k)
        await run_due(queue, START + 20 + k)
    view = await queue.contact(late)
    assert view is not None and view.state == "offered"
