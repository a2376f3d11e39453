"""A publication writes whom it concerns, and an agent that isn't as the plan says, whoever spoiled it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from helpers_queue import make_queue

from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.state import mask_of
from tierline.router.active import ActivePlan
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook
from tierline.router.watch import Watch
from tierline.skills.skill import CHANNELS

PEOPLE = 60
HEAD = """
site: roster
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@roster.example]
schedules: {always: {hours: "24/7"}, office: {hours: "Mo-Fr 08:00-18:00"}}
teams: {desk: {channel: "#desk"}}
services: {help: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], until: 30m}, {then: hold}]}}
entry: [{channel: sms, to: "+4930100", service: help}]
"""


def plan(people: dict[int, str], rules: str = "") -> str:
    agents = "".join(
        f"  - {{name: P{n}, slack: p{n}@roster.example, team: desk, tier: {tier}}}\n"
        for n, tier in people.items()
    )
    return f"{HEAD}{rules}agents:\n{agents}"


ALL = dict.fromkeys(range(PEOPLE), "L1")


@pytest.fixture
async def queue(client: Client, site: str) -> Queue:
    return await make_queue(client, site)


async def written(queue: Queue, since: str) -> Counter[str]:
    """How often each agent was written since a place of the ledger."""
    return Counter(it.a for it in await queue.events(since, 10_000) if it.e == "agent")


async def end(queue: Queue) -> str:
    return (await queue.events("0", 10_000))[-1].id


async def test_only_whom_a_version_concerns_is_written_and_each_once(queue: Queue) -> None:
    active = await ActivePlan.open(queue, parse(plan(ALL)), "test")
    assert await written(queue, "0") == Counter(f"P{n}" for n in range(PEOPLE))

    watch, since = Watch(queue, active, written=active.mustered), await end(queue)
    await watch.tick()
    assert not await written(queue, since), "this process has just written them"

    rule = "rules: [{name: down, when: {text: {any: [down]}}, set: {priority: 5}}]\n"
    await active.publish(plan(ALL, rule), "Mira", "a rule")
    await watch.tick()
    assert not await written(queue, since), "a rule concerns no agent"

    people = {n: tier for n, tier in ALL.items() if n != 7} | {3: "L2", PEOPLE: "L1"}
    await active.publish(plan(people, rule), "Mira", "one other, one new, one gone")
    await watch.tick()
    assert await written(queue, since) == Counter(["P3", f"P{PEOPLE}", "P7"])
    there = await queue.agents()
    assert there.keys() == {f"P{n}" for n in people} | {"P7"} and there["P7"].why == "removed"
    assert there["P3"].profile.tier == 2


async def test_what_concerns_everybody_is_written_for_everybody(queue: Queue) -> None:
    active, since = await ActivePlan.open(queue, parse(plan(ALL)), "test"), await end(queue)
    office = plan(ALL).replace('desk: {channel: "#desk"}', 'desk: {channel: "#desk", schedule: office}')
    await active.publish(office, "Mira", "office hours")
    assert await written(queue, since) == Counter(f"P{n}" for n in range(PEOPLE))


async def test_whoever_is_not_as_the_plan_says_is_written_although_nothing_changed(queue: Queue) -> None:
    active = await ActivePlan.open(queue, parse(plan(ALL)), "test")
    view = (await queue.agents())["P5"]
    await queue.agent("P5", replace(view.profile, tier=3), view.capacity, view.channels, (), view.shift)
    await queue.remove_agent("P6")
    await queue.remove_agent("P8", 60_000)
    since = await end(queue)
    await active.publish(plan(ALL) + "# a remark\n", "Mira", "a remark")
    assert await written(queue, since) == Counter(["P5", "P6", "P8"])
    there = await queue.agents()
    assert there["P5"].profile.tier == 1 and {"P6", "P8"} <= there.keys()


async def test_a_router_that_missed_a_version_writes_everybody(queue: Queue) -> None:
    first = await ActivePlan.open(queue, parse(plan(ALL)), "test")
    other = await ActivePlan.open(Queue(queue._store, queue.site), None, "other")
    await first.publish(plan(ALL | {3: "L2"}), "Mira", "one")
    await first.publish(plan(ALL), "Mira", "and back")
    since = await end(queue)
    await other.follow()
    assert await written(queue, since) == Counter(f"P{n}" for n in range(PEOPLE))
    assert isinstance(other(), Rulebook) and other().version == 3


@pytest.mark.promise("plan-unrung")
async def test_who_has_no_phone_has_calls_switched_off_until_the_plan_has_one(queue: Queue) -> None:
    active = await ActivePlan.open(queue, parse(plan({1: "L1", 2: "L1"})), "test")
    silent = mask_of(("chat", "sms", "email"))
    assert {it.channels for it in (await queue.agents()).values()} == {silent}
    since = await end(queue)
    phone = plan({1: "L1", 2: "L1"}).replace("name: P2,", 'name: P2, phone: "+491700000002",')
    await active.publish(phone, "Mira", "P2 has a phone now")
    there = await queue.agents()
    assert (there["P1"].channels, there["P2"].channels) == (silent, mask_of(CHANNELS))
    assert await written(queue, since) == Counter(["P2"])
