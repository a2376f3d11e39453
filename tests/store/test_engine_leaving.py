"""More work than one call may move: whose grace ends, who is removed, many rechecked, many rerouted."""

from __future__ import annotations

import dataclasses

import pytest
from helpers_queue import (
    CHATTY,
    START,
    make_queue,
    message,
    need,
    on_duty,
    plain_route,
    route,
    run_due,
    text_in,
)

from tierline.queue.checks import violations
from tierline.queue.client import Client
from tierline.queue.contact import Decision, Preference, Step
from tierline.queue.engine import Queue
from tierline.skills.skill import Capacity, Profile

LOW = {"BOUND_TICK": 2, "BOUND_FILL": 2, "BOUND_SWEEP": 2, "BOUND_SCAN": 2, "BOUND_PART": 2, "BOUND_WALK": 4}
ROOMY = Capacity(100, (("chat", 10), ("email", 10), ("sms", 10), ("voice", 100)), (), 10)


async def tiny(client: Client, site: str) -> Queue:
    return await make_queue(client, site, "tiny_2", **LOW)


async def working(queue: Queue, name: str, count: int, wrap_up: int = 0) -> list[str]:
    """The agent, on duty, owns so many contacts."""
    await on_duty(queue, name, capacity=ROOMY)
    mine = [await text_in(queue, n, plain_route(wrap_up=wrap_up), START + n) for n in range(count)]
    await run_due(queue, START + count)
    for contact in mine:
        assert (await queue.accept(contact, 1, name, now=START + 20)).done
    return mine


async def nothing_is_wrong(queue: Queue, now: int) -> None:
    assert violations(await queue.snapshot(), now) == []


@pytest.mark.promise("queue-bounded")
async def test_when_the_grace_ends_all_their_work_goes_to_others_some_at_a_time(
    client: Client, site: str
) -> None:
    queue = await tiny(client, site)
    mine = await working(queue, "ada", 7)
    await queue.presence("ada", "offline", now=START + 100)
    ends = START + 100 + 300_000
    assert (await queue.agents())["ada"].leaving == ends
    await queue.tick(now=ends - 1)
    assert (await queue.counts()) == {"active": 7}
    await queue.tick(1, now=ends)
    assert (await queue.counts()) == {"active": 5, "waiting": 2}
    assert [it.id for it in await queue.contacts(["waiting"])] == mine[:2], "in the order of their rank"
    assert await queue.due(["l:ada"]) == {"l:ada": ends}
    await run_due(queue, ends)
    assert (await queue.counts()) == {"waiting": 7}
    ada = (await queue.agents())["ada"]
    assert (ada.contacts, ada.leaving) == (frozenset(), None)
    await nothing_is_wrong(queue, ends)


async def test_who_is_back_in_time_keeps_everything(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    await working(queue, "ada", 3)
    await queue.presence("ada", "offline", now=START + 100)
    await queue.presence("ada", "available", now=START + 200_000)
    assert await queue.due(["l:ada"]) == {}
    await queue.tick(now=START + 400_000)
    assert (await queue.agents())["ada"].contacts == {"C1001", "C1002", "C1003"}


async def test_another_profile_keeps_what_it_admits(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    await working(queue, "ada", 5)
    expert = Profile("experts", 3)
    await queue.agent("ada", expert, ROOMY, 15, (), True, 10_000, now=START + 100)
    await queue.tick(now=START + 9_000)
    assert (await queue.agents())["ada"].leaving == START + 10_100
    await run_due(queue, START + 10_100)
    assert (await queue.counts()) == {"waiting": 5}
    events = [it for it in await queue.events(count=1000) if it.e == "queued" and "profile changed" in it.x]
    assert len(events) == 5
    await nothing_is_wrong(queue, START + 10_100)


@pytest.mark.promise("queue-bounded")
async def test_a_removed_agents_work_goes_its_ways_some_at_a_time(client: Client, site: str) -> None:
    """Active work is queued, what is snoozed without a date too, dated becomes parked, wrap-ups end."""
    queue = await tiny(client, site)
    mine = await working(queue, "ada", 9, wrap_up=900_000)
    for contact in mine[3:5]:
        await queue.snooze(contact, "ada", now=START + 50)
    for contact in mine[5:7]:
        await queue.snooze(contact, "ada", START + 5_000_000, now=START + 50)
    for contact in mine[7:]:
        await queue.complete(contact, "ada", now=START + 50)
    assert (await queue.remove_agent("ada", 60_000, now=START + 100)).done
    ada = (await queue.agents())["ada"]
    assert (ada.presence, ada.leaving, len(ada.snoozed)) == ("offline", START + 60_100, 4)
    await queue.tick(now=START + 58_300)  # so that no gap lies before it
    await queue.tick(1, now=START + 60_100)
    assert (await queue.counts()) == {"active": 1, "waiting": 2, "snoozed": 4, "wrapping": 2}
    await run_due(queue, START + 60_100)
    assert (await queue.counts()) == {"waiting": 5, "parked": 2, "closed": 2}
    assert await queue.agents() == {}
    assert await queue.due([f"p:{mine[5]}", "l:ada"]) == {f"p:{mine[5]}": START + 5_000_000}
    await nothing_is_wrong(queue, START + 60_100)


async def test_an_agent_who_is_written_down_again_is_not_removed(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    await working(queue, "ada", 3)
    await queue.remove_agent("ada", 60_000, now=START + 100)
    await on_duty(queue, "ada", capacity=ROOMY, now=START + 200)
    await run_due(queue, START + 70_000)
    assert (await queue.agents())["ada"].contacts == {"C1001", "C1002", "C1003"}


async def test_many_who_declined_are_all_looked_at_when_somebody_leaves(client: Client, site: str) -> None:
    queue = await tiny(client, site)
    await on_duty(queue, "ada", "lin", capacity=ROOMY)
    two = route(Step(need(), 3_600_000), Step(need(tiers=(1, 2))))
    for n in range(7):
        contact = await text_in(queue, n, two, START + n)
        view = await queue.contact(contact)
        assert view is not None
        for offer in view.offers:
            await queue.decline(contact, offer.number, offer.agent, now=START + 10 + n)
        await queue.presence("lin", "away", now=START + 20 + n)
        await queue.presence("lin", "available", now=START + 20 + n)
    await queue.presence("lin", "offline", now=START + 100)
    await run_due(queue, START + 100)
    await nothing_is_wrong(queue, START + 100)
    asked = [it for it in (await queue.snapshot()).contacts.values() if it.excluded == {"ada"}]
    assert asked and all(it.step == 1 for it in asked), "nobody else was left to ask"


@pytest.mark.promise("queue-bounded")
async def test_when_the_desk_is_up_again_everybody_is_filled(client: Client, site: str) -> None:
    """More are on duty than one call may write timers for: piece by piece, and nobody is left out."""
    queue = await tiny(client, site)
    names = [f"a{n}" for n in range(140)]
    await on_duty(queue, *names)
    await queue.desk(False, now=START + 1)
    for n in range(140):
        await text_in(queue, n, plain_route(), START + 2)
    await queue.desk(True, now=START + 20)
    assert await queue.due(["d:a0", "x:d:av:1"]) == {"x:d:av:1": START + 20}
    await run_due(queue, START + 20)
    assert {len(it.contacts) for it in (await queue.agents()).values()} == {1}


async def test_many_are_rerouted_unless_they_have_moved_on(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    old, new = plain_route(), plain_route(wrap_up=5_000)
    for n in range(70):
        await text_in(queue, n, old, START + n)
    await queue.reroute("C1003", Decision(route(Step(need(service="other"))), START), now=START + 100)
    moves = [(f"C{1001 + n}", old, Decision(new, START + n)) for n in range(70)]
    answers = await queue.reroute_many(moves, now=START + 200)
    assert [n for n, it in enumerate(answers) if not it.done] == [2]
    state = await queue.snapshot()
    assert {it.route for it in state.contacts.values() if it.id != "C1003"} == {new}
    await nothing_is_wrong(queue, START + 200)


async def test_a_route_that_falls_quiet_is_not_the_one_that_does_not(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    quiet = dataclasses.replace(plain_route(), quiet=0, nudge=60_000)
    assert await queue.intern_route(plain_route()) != await queue.intern_route(quiet)
    await on_duty(queue, "ada")
    contact = await text_in(queue, 1, quiet, START)
    await queue.accept(contact, 1, "ada", now=START + 1)
    assert await queue.due([f"n:{contact}"]) == {f"n:{contact}": START + 60_001}
    held = await queue.hold_reply(contact, "ada", '{"text":"hi"}', "", 8_000, now=START + 2)
    assert (await queue.release_reply(contact, held.n, now=START + 3)).state == "snoozed"
    ada = (await queue.agents())["ada"]
    assert (ada.snoozed, ada.deferred, ada.contacts) == ({contact}, 0, frozenset())
    await nothing_is_wrong(queue, START + 3)


async def test_merged_conversations_are_freed_with_the_contact_they_led_to(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    one = await text_in(queue, 1, plain_route(), START)
    two = await text_in(queue, 2, plain_route(), START + 1)
    three = await text_in(queue, 3, plain_route(), START + 2)
    assert (await queue.merge(one, two, now=START + 10)).done
    assert (await queue.merge(two, three, now=START + 11)).done
    for n in (1, 2):
        assert await text_in(queue, n + 0, plain_route(), START + 12) in (one, two), (
            "its own message is known"
        )
    later = [await queue.arrive("{}", f"L{n}", f"sms:+49170{n:07d}:+4930", Decision(plain_route(), START), now=START + 20) for n in (1, 2, 3)]  # fmt: skip
    assert [(it.outcome, it.contact) for it in later] == [("added", three)] * 3
    assert (await queue.discard(three, "", '{"disposition":"done"}', now=START + 30)).done
    assert await queue.forget(three, 60_000, now=START + 40) is False, "a message may still re-open it"
    assert await queue.forget(three, 60_000, now=START + 60_030)
    assert await queue.forget(one, now=START + 60_031) and await queue.forget(two, now=START + 60_031)
    left = await client.call("KEYS", f"{{{site}}}:t:*")
    assert left == []


@pytest.mark.promise("queue-bounded")
async def test_who_is_removed_amid_a_call_gives_the_rest_away_and_then_the_call(
    client: Client, site: str
) -> None:
    queue = await tiny(client, site)
    await working(queue, "ada", 5)
    call = await text_in(queue, 9, plain_route("voice"), START + 30)
    assert (await queue.accept(call, 1, "ada", now=START + 31)).done
    await queue.leg(call, "CA1", "answered", {"r": "customer"}, now=START + 32)
    await queue.remove_agent("ada", 60_000, now=START + 100)
    now = START + 60_100
    await run_due(queue, now - 1)
    await queue.tick(1, now=now)
    assert await queue.counts() == {"active": 4, "waiting": 2}
    await run_due(queue, now)
    assert await queue.counts() == {"active": 1, "waiting": 5}
    assert await queue.due(["l:ada"]) == {"l:ada": now + 30_000}
    await nothing_is_wrong(queue, now)
    await queue.leg(call, "CA1", "completed", now=now + 10_000)
    await queue.tick(now=now + 29_999)
    assert "ada" in await queue.agents()
    await run_due(queue, now + 30_000)
    assert "ada" not in await queue.agents() and await queue.counts() == {"waiting": 6}
    await nothing_is_wrong(queue, now + 30_000)


@pytest.mark.promise("queue-bounded")
@pytest.mark.parametrize("again", [False, True], ids=["gone", "written down again"])
async def test_who_waits_for_an_agent_that_is_removed_goes_on_to_others_however_many(
    client: Client, site: str, again: bool
) -> None:
    """Forgotten with their agent, those beyond the first script's share would wait for nobody, for ever."""
    queue = await tiny(client, site)
    await on_duty(queue, "ada", capacity=dataclasses.replace(ROOMY, offers=1))
    for n in range(7):
        it, meant = message(n), Preference("ada", "direct")
        decision = Decision(plain_route(), START + n, prefer=meant)
        await queue.arrive(it.to_json(), it.event, it.thread, decision, now=START + n)
    assert await queue.counts() == {"offered": 1, "waiting": 6}
    await queue.remove_agent("ada", now=START + 100)
    if again:
        await queue.agent("ada", CHATTY, ROOMY, 15, (), True, now=START + 100)
    await run_due(queue, START + 100)
    await nothing_is_wrong(queue, START + 100)
    assert ("ada" in await queue.agents()) == again
    assert {it.personal for it in await queue.contacts()} == {""}
    await on_duty(queue, "ben", capacity=ROOMY, now=START + 200)
    await run_due(queue, START + 200)
    assert await queue.counts() == {"offered": 7}
    await nothing_is_wrong(queue, START + 200)
