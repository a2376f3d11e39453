"""Publishing while contacts wait: bounded, counted once, gone on with after a crash, and never over newer decisions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from helpers_queue import make_queue
from helpers_store import until

from tierline.queue.client import Client
from tierline.queue.contact import Arrived, Decision
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.queue.replies import Answer
from tierline.queue.state import ContactView, mask_of
from tierline.router import walk as walking
from tierline.router.active import ActivePlan, Stale
from tierline.router.classify import classify
from tierline.router.facts import Facts
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook
from tierline.router.walk import Walker, count

PLAN = """
site: walk
timezone: UTC
languages: [en]
supervisors: [mira@walk.example]
schedules: {always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}}
services:
  help: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], until: 30m}, {then: hold}]}
  outage: {schedule: always, answer_within: 60s, steps: [{tiers: [L1], until: 30m}, {then: hold}]}
entry: [{channel: sms, to: "+4930100", service: help}]
rules:
  - {name: outage, when: {text: {any: [outage]}}, set: {service: outage}}
agents:
  - {name: Ada, slack: ada@walk.example, team: desk}
"""
WIDER = PLAN.replace("[outage]", "[outage, slow]")


class Nobody:
    """Records that know no customer."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        return None, None


@dataclass
class Stage:
    queue: Queue
    plan: ActivePlan
    told: list[str] = field(default_factory=list)

    def walker(self, holder: str = "one") -> Walker:
        async def tell(text: str) -> None:
            self.told.append(text)

        return Walker(self.queue, self.plan, Nobody(), holder, tell)

    async def arrive(self, n: int, text: str, by: Rulebook | None = None) -> str:
        it = Arrived("sms", f"SM{n}", f"+49170{n:07d}", "+4930100", text)
        decided = classify(by or self.plan(), it, Customer(it.sender), await self.queue.now()).decision
        return (await self.queue.arrive(it.to_json(), it.event, it.thread, decided)).contact

    async def services(self) -> dict[str, str]:
        return {it.id: it.service for it in await self.queue.contacts()}


@pytest.fixture
async def stage(client: Client, site: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(walking, "FOLLOWED", 0)
    queue = await make_queue(client, site)
    return Stage(queue, await ActivePlan.open(queue, parse(PLAN), "test"))


async def test_a_walk_moves_what_the_plan_decides_otherwise_and_touches_nothing_else(stage: Stage) -> None:
    slow = [await stage.arrive(n, "it is slow") for n in range(1, 4)]
    others = [await stage.arrive(n, "a question") for n in range(4, 8)]
    before = {it.id: it for it in await stage.queue.contacts()}
    draft = Rulebook(parse(WIDER), 2)
    told = await count(stage.queue, Nobody(), stage.plan(), draft)
    assert (told.waiting, told.moves, told.whole) == (7, (("help", "outage", 3),), True)
    hurried = await count(stage.queue, Nobody(), stage.plan(), draft, within=-1)
    assert not hurried.whole and hurried.lines()[0].startswith("More wait than could be counted in time")
    await stage.plan.publish(WIDER, "Mira", "slow", waiting="reevaluate")
    done = await stage.walker().walk()
    assert done is not None and (done.seen, done.moved) == (7, 3)
    after = {it.id: it for it in await stage.queue.contacts()}
    for name in slow:
        facts = Facts.parse(after[name].facts)
        assert after[name].service == "outage" and (facts.version, facts.rule) == (2, "outage")
        assert after[name].arrived == before[name].arrived
        assert abs(after[name].rank - before[name].rank + (540 + 900 - 900) * 1_000_000) < 900_000
    assert all(after[name] == before[name] for name in others), "its decision is the same: it is as it was"
    assert stage.told == [":twisted_rightwards_arrows: Plan version 2: 3 of 7 who waited were moved."]
    assert await stage.queue.walk() is None


@pytest.mark.promise("plan-walk-crash")
async def test_another_worker_goes_on_where_one_died_and_nobody_is_counted_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "PAGE", 4)
    for n in range(1, 12):
        await stage.arrive(n, "it is slow")
    await stage.plan.publish(WIDER, "Mira", "slow", waiting="reevaluate")
    moves, move = 0, stage.queue.reevaluate

    async def dying(version: int, contact: str, judged: str, decision: Decision) -> Answer:
        nonlocal moves
        if moves == 6:
            raise ConnectionError("the worker died")
        moves += 1
        return await move(version, contact, judged, decision)

    monkeypatch.setattr(stage.queue, "reevaluate", dying)
    with pytest.raises(ConnectionError):
        await stage.walker("one").walk()
    monkeypatch.setattr(stage.queue, "reevaluate", move)
    halfway = await stage.queue.walk()
    assert halfway is not None and halfway.moved == 6 and halfway.seen == 4
    assert await stage.walker("two").walk() is None, "the first one's lease still stands"
    await stage.queue.lease(walking.ROLE, "one", 0)
    done = await stage.walker("two").walk()
    assert done is not None and (done.seen, done.moved) == (11, 11)
    assert set((await stage.services()).values()) == {"outage"}
    kinds = [event.e for event in await stage.queue.events(count=1000)]
    assert kinds.count("rerouted") == 11 and kinds.count("plan.walked") == 1


async def test_offers_go_on_while_a_walk_is_under_way(stage: Stage) -> None:
    for n in range(1, 30):
        await stage.arrive(n, "it is slow")
    await stage.plan.publish(WIDER, "Mira", "slow", waiting="reevaluate")
    spec = stage.plan().plan.agents[0]
    await stage.queue.agent("Ada", spec.profile, spec.capacity, mask_of(spec.channels), (), True)
    walk = asyncio.create_task(stage.walker().walk())
    await stage.queue.presence("Ada", "available")

    async def accepted() -> bool:
        offered = await stage.queue.contacts(("offered",))
        if not offered:
            return False
        live = offered[0].offers[0]
        return (await stage.queue.accept(offered[0].id, live.number, "Ada")).done

    await until(accepted)
    done = await walk
    assert done is not None and done.seen in (28, 29)
    owned = await stage.queue.contacts(("active",))
    assert len(owned) == 1 and owned[0].owner == "Ada"


async def test_a_decision_made_meanwhile_is_not_overwritten(stage: Stage) -> None:
    name = await stage.arrive(1, "it is slow")
    await stage.plan.publish(WIDER, "Mira", "slow", waiting="reevaluate")
    view = await stage.queue.contact(name)
    assert view is not None
    it = Arrived("sms", "SM1", "+491700000001", "+4930100", "it is slow")
    decided = classify(stage.plan(), it, Customer(it.sender), await stage.queue.now()).decision
    assert (await stage.queue.reevaluate(1, name, view.facts, decided)).outcome == "stale", (
        "not that version's walk"
    )
    assert (await stage.queue.reevaluate(2, name, "{}", decided)).outcome == "stale", (
        "decided by others meanwhile"
    )
    assert (await stage.queue.reevaluate(2, "C9", "{}", decided)).outcome == "gone"
    assert (await stage.services())[name] == "help"
    assert (await stage.queue.reevaluate(2, name, view.facts, decided)).done
    assert (await stage.services())[name] == "outage"


async def test_a_newer_version_ends_the_walk_of_the_one_before(stage: Stage) -> None:
    await stage.arrive(1, "it is slow")
    await stage.plan.publish(WIDER, "Mira", "slow", waiting="reevaluate")
    first = await stage.queue.walk()
    assert first is not None and first.version == 2
    await stage.plan.publish(PLAN, "Mira", "back", waiting="new")
    assert await stage.queue.walk() is None
    assert await stage.queue.walked(first) is None and await stage.walker().walk() is None
    ended = [event.x for event in await stage.queue.events() if event.e == "plan.walked"]
    assert len(ended) == 1 and '"superseded":true' in ended[0]
    assert set((await stage.services()).values()) == {"help"}


async def test_who_was_decided_by_a_router_that_had_not_followed_yet_is_looked_at_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FOLLOWED", 1_000_000_000)
    monkeypatch.setattr(walking, "LOOK", 0.01)
    ends, page = 0, stage.queue.page

    async def counting(after: int, limit: int) -> tuple[list[ContactView], int | None]:
        nonlocal ends
        found = await page(after, limit)
        ends += found[1] is None
        return found

    monkeypatch.setattr(stage.queue, "page", counting)
    old = stage.plan()
    first = await stage.arrive(1, "it is slow")
    await stage.plan.publish(WIDER, "Mira", "slow", waiting="reevaluate")
    walk = asyncio.create_task(stage.walker().walk())
    await until(lambda: ends >= 2 or walk.done())
    late = await stage.arrive(2, "slow here, too", by=old)
    seen = ends
    await until(lambda: ends >= seen + 2 or walk.done())
    monkeypatch.setattr(walking, "FOLLOWED", 0)
    done = await walk
    assert done is not None and done.moved == 2
    assert await stage.services() == {first: "outage", late: "outage"}


@pytest.mark.promise("plan-by-hand")
async def test_where_a_person_moved_it_a_new_plan_leaves_it(stage: Stage) -> None:
    name = await stage.arrive(1, "it is slow")
    view = await stage.queue.contact(name)
    assert view is not None
    it = Arrived("sms", "SM1", "+491700000001", "+4930100", "a question")
    decided = classify(stage.plan(), it, Customer(it.sender), await stage.queue.now()).decision
    facts = Facts.parse(decided.facts)
    await stage.queue.reroute(name, replace(decided, facts=replace(facts, moved="Mira").to_json()))
    await stage.plan.publish(WIDER, "Mira", "slow", waiting="reevaluate")
    done = await stage.walker().walk()
    assert done is not None and done.moved == 0 and (await stage.services())[name] == "help"


@pytest.mark.promise("plan-follow")
async def test_every_router_follows_within_a_second_and_stale_drafts_are_refused(
    stage: Stage, client: Client, site: str
) -> None:
    others = [await ActivePlan.open(Queue(stage.queue._store, site), None, "other") for _ in range(3)]
    tasks = [asyncio.create_task(it.run()) for it in others]
    await stage.plan.publish(WIDER, "Mira", "slow", on=1)
    await until(lambda: all(it().version == 2 for it in others))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with pytest.raises(Stale, match="version 2 was published meanwhile"):
        await others[0].publish(PLAN, "Tom", "late", on=1)


async def test_a_store_that_was_lost_goes_on_counting_versions_where_the_history_stands(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    plan = await ActivePlan.open(queue, parse(PLAN), "first start", after=7)
    assert plan().version == 8
    assert await plan.publish(WIDER, "Mira", "slow") == 9


async def test_contacts_are_read_page_by_page_from_any_number_on(stage: Stage) -> None:
    names = [await stage.arrive(n, "a question") for n in range(1, 8)]
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page, after = await stage.queue.page(after, 3)
        assert len(page) <= 3
        found += [it.id for it in page]
    assert found == names
