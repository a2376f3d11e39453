"""Every bounded loop of the scripts with more items than its bound: the rest is left due now, and gets done.

Random histories hardly ever fill a bound (a work-conserving queue stays nearly empty), so each has a test here;
bounds are lowered to 2, which makes the second round certain.
"""

from __future__ import annotations

import pytest
from helpers_queue import CHATTY, START, make_queue, need, on_duty, plain_route, route, run_due, text_in

from tierline.queue.checks import violations
from tierline.queue.client import Client
from tierline.queue.contact import Decision, Preference, Step
from tierline.queue.engine import Queue
from tierline.skills.skill import Capacity, Profile

LOW = {"BOUND_TICK": 2, "BOUND_FILL": 2, "BOUND_SWEEP": 2, "BOUND_SCAN": 2, "BOUND_PART": 2, "BOUND_WALK": 4}
ROOMY = Capacity(100, (("chat", 10), ("email", 10), ("sms", 10), ("voice", 100)), (), 10)


async def tiny(client: Client, site: str) -> Queue:
    return await make_queue(client, site, "tiny_1", **LOW)


async def nothing_is_wrong(queue: Queue, now: int) -> None:
    assert violations(await queue.snapshot(), now) == []


@pytest.mark.promise("queue-bounded")
async def test_an_agent_with_much_room_is_filled_over_several_calls(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    for n in range(7):
        await text_in(queue, n, plain_route(), START + n)
    await on_duty(queue, "ada", capacity=ROOMY, now=START + 100)
    assert (await queue.agents())["ada"].offers == 2
    assert await queue.due(["d:ada"]) == {"d:ada": START + 100}
    await run_due(queue, START + 100)
    assert (await queue.agents())["ada"].offers == 7
    await nothing_is_wrong(queue, START + 100)


@pytest.mark.promise("queue-bounded")
async def test_a_tick_stops_at_its_bound_and_says_that_more_is_due(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    for n in range(5):
        await text_in(queue, n, plain_route(), START)
        await queue.park(f"C{1001 + n}", START + 1000, now=START)
    ticked = await queue.tick(now=START + 1000)
    assert (ticked.fired, ticked.more) == (2, True)
    assert await run_due(queue, START + 1000) == 3
    assert await queue.counts() == {"waiting": 5}


@pytest.mark.promise("queue-bounded")
async def test_a_tick_that_makes_offers_carries_out_fewer_entries(client: Client, site: str) -> None:
    queue = await make_queue(client, site, "small_1", BOUND_TICK=4)
    names = [f"a{n}" for n in range(6)]
    await on_duty(queue, *names)
    await queue.desk(False, now=START + 1)
    for n in range(6):
        await text_in(queue, n, plain_route(), START + 2)
    await queue.desk(True, now=START + 3)
    fired = []
    while not fired or fired[-1].more:
        fired.append(await queue.tick(now=START + 3))
    assert [it.fired for it in fired] == [2, 2, 2], "each entry counts, and so does the offer that it makes"
    assert all(it.offers == 1 for it in (await queue.agents()).values())
    await nothing_is_wrong(queue, START + 3)


@pytest.mark.promise("queue-bounded")
async def test_when_the_desk_is_up_again_many_small_profiles_are_a_crowd_too(
    client: Client, site: str
) -> None:
    queue = await tiny(client, site)
    names = {f"a{p}{n}": Profile(f"team{p}", 1) for p in range(8) for n in range(4)}
    for name, profile in names.items():
        await on_duty(queue, name, profile=profile)
    await queue.desk(False, now=START + 1)
    for n in range(len(names)):
        await text_in(queue, n, plain_route(), START + 2)
    await queue.desk(True, now=START + 3)
    due = await queue.due([f"d:{name}" for name in names])
    assert 0 < len(due) <= 16, "four times what is looked at in a row; the others follow in pieces"
    await run_due(queue, START + 3)
    assert all(it.offers == 1 for it in (await queue.agents()).values())
    await nothing_is_wrong(queue, START + 3)


async def test_a_class_that_dies_lets_everybody_go_on_past_those_who_cannot(
    client: Client, site: str
) -> None:
    """Of twenty who can't move and three behind them who can, the three must not be forgotten."""
    queue = await tiny(client, site)
    expert = Profile("experts", 3)
    ends = route(Step(need(tiers=(1,))))
    goes_on = route(Step(need(tiers=(1,)), 3_600_000), Step(need(tiers=(1, 3))))
    await on_duty(queue, "ada")
    await queue.desk(False, now=START)
    for n in range(20):
        await text_in(queue, n, ends, START + n)
    for n in range(20, 23):
        await text_in(queue, n, goes_on, START + n)
    await on_duty(queue, "lin", profile=expert, capacity=ROOMY, now=START + 50)
    await queue.presence("ada", "offline", now=START + 60)
    await queue.desk(True, now=START + 61)
    await run_due(queue, START + 61)
    state = await queue.snapshot()
    assert {it.id for it in state.contacts.values() if it.offers} == {"C1021", "C1022", "C1023"}
    await nothing_is_wrong(queue, START + 61)


async def test_everybody_who_waited_for_one_agent_goes_on_when_they_leave(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    await on_duty(queue, "ada", capacity=Capacity(25))
    await text_in(queue, 0, plain_route(), START)  # ada is full
    for n in range(1, 8):
        decision = Decision(plain_route(), START + n, prefer=Preference("ada", "direct"))
        await queue.arrive("{}", f"E{n}", f"t{n}", decision, now=START + n)
    assert len((await queue.snapshot()).agents["ada"].contacts) == 1
    await on_duty(queue, "lin", capacity=ROOMY, now=START + 20)
    assert (await queue.agents())["lin"].offers == 0
    await queue.presence("ada", "away", now=START + 30)
    await run_due(queue, START + 30)
    assert (await queue.agents())["lin"].offers == 8
    await nothing_is_wrong(queue, START + 30)


async def test_own_classes_are_searched_behind_many_heads_of_others(client: Client, site: str) -> None:
    """More heads in front than are looked at: the agent's own classes are then asked for, in parts."""
    queue = await tiny(client, site)
    for n in range(9):
        await text_in(queue, n, route(Step(need(service=f"s{n}", nobody=5))), START + n)
    mine = [
        await text_in(queue, 20 + n, route(Step(need(service=f"m{n}"))), START + 50 - n) for n in range(5)
    ]
    await on_duty(queue, "ada", now=START + 100)
    assert (await queue.agents())["ada"].contacts == {mine[-1]}
    await nothing_is_wrong(queue, START + 100)


async def test_the_longest_available_is_found_behind_many_groups_that_cannot(
    client: Client, site: str
) -> None:
    queue = await tiny(client, site)
    for n in range(9):
        other = Profile(f"team{n}", 1, (), (("other", 1),))
        await on_duty(queue, f"no{n}", profile=other, now=START + n)
    for n in range(5):
        able = Profile(f"able{n}", 1, (), (("network", 2),))
        await on_duty(queue, f"yes{n}", profile=able, now=START + 60 - n)
    contact = await text_in(queue, 1, route(Step(need(network=2))), START + 100)
    assert (await queue.agents())["yes4"].contacts == {contact}


async def test_what_an_agent_declined_hides_nothing_behind_it(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    for n in range(7):
        await text_in(queue, n, plain_route(), START + n)
    await on_duty(queue, "ada", now=START + 10)
    for n in range(7):
        assert (await queue.agents())["ada"].contacts == {f"C{1001 + n}"}
        assert (await queue.decline(f"C{1001 + n}", 1, "ada", now=START + 20 + n)).done
    assert (await queue.agents())["ada"].contacts == frozenset()
    await nothing_is_wrong(queue, START + 30)


async def test_agents_excluded_in_front_do_not_hide_those_behind(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    await on_duty(queue, *(f"a{n}" for n in range(7)))
    contact = await text_in(queue, 1, plain_route(), START + 1)
    for n in range(6):
        view = await queue.contact(contact)
        assert view is not None and view.offers[0].agent == f"a{n}"
        await queue.decline(contact, n + 1, f"a{n}", now=START + 2 + n)
    view = await queue.contact(contact)
    assert view is not None and view.offers[0].agent == "a6"


async def test_many_drainers_are_passed_to_find_the_next(client: Client, site: str) -> None:
    """More calls wait than are read at once; each agent who is busy with chats is kept free for another one."""
    queue = await tiny(client, site)
    names = [f"a{n}" for n in range(6)]
    await on_duty(queue, *names)
    for n in range(6):
        contact = await text_in(queue, n, plain_route("chat"), START)
        view = await queue.contact(contact)
        assert view is not None
        await queue.accept(contact, 1, view.offers[0].agent, now=START + 1)
    for n in range(10, 20):
        await text_in(queue, n, plain_route("voice"), START + n)
    for n in range(30, 40):
        await text_in(queue, n, plain_route("email"), START + n)
    agents = await queue.agents()
    assert sorted(agents[it].draining for it in names) == [f"C{1007 + n}" for n in range(6)]
    assert all(agents[it].offers == 0 for it in names)
    await nothing_is_wrong(queue, START + 50)


async def test_the_oldest_operation_bucket_is_gone_but_its_ids_stay_refused(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    await on_duty(queue, "ada", profile=CHATTY)
    buckets = await client.call("KEYS", f"{{{site}}}:op:*")
    assert isinstance(buckets, list) and buckets
    for bucket in buckets:
        assert isinstance(bucket, bytes)
        ttl = await client.call("TTL", bucket)
        assert isinstance(ttl, int) and 600 < ttl <= 660


@pytest.mark.promise("queue-bounded")
async def test_a_call_that_goes_wrong_for_ever_fills_no_store(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    contact = await text_in(queue, 1, plain_route("voice"))
    assert (await queue.leg(contact, "CA1", "ringing", now=START)).done
    await client.call("HSET", f"{{{site}}}:k:{contact}", "legs", 1_000)
    with pytest.raises(ValueError, match="1000 legs"):
        await queue.leg(contact, "CA2", "ringing", now=START + 1)
    assert (await queue.leg(contact, "CA1", "answered", now=START + 2)).done, "those that are known go on"
    assert [it.sid for it in await queue.legs(contact)] == ["CA1"]
