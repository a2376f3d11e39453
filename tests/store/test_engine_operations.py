"""An operation happens once: the same id, a lost reply, two routers, a moved clock, an old holder of a role."""

from __future__ import annotations

import pytest
from helpers_queue import CHATTY, START, Bare, make_queue, message, on_duty, plain_route, text_in

from tierline.queue.client import Client, Reply, Word
from tierline.queue.contact import Decision
from tierline.queue.engine import Queue
from tierline.queue.failures import OutcomeUnknown
from tierline.queue.replies import Refused
from tierline.skills.skill import Capacity


class LosesReplies(Bare):
    """The server carries out every call; the first reply to each function is lost."""

    lost: set[str]

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        reply = await super().fcall(name, key, *args, deadline=deadline)
        if name not in self.lost:
            self.lost.add(name)
            raise OutcomeUnknown("the reply was lost")
        return reply


@pytest.mark.promise("queue-once")
async def test_a_lost_reply_is_asked_for_again_and_happens_once(client: Client, site: str) -> None:
    await make_queue(client, site)
    store = LosesReplies(client)
    store.lost = {"tierline_3_now"}
    queue = Queue(store, site)
    await queue.agent("ada", CHATTY, Capacity(), 15, (), True)
    await queue.presence("ada", "available")
    it = message(1)
    got = await queue.arrive(it.to_json(), "", it.thread, Decision(plain_route(), await queue.now()))
    assert got.outcome == "new"
    assert (await queue.accept(got.contact, 1, "ada")).done
    assert (await queue.complete(got.contact, "ada")).done
    assert await queue.counts() == {"closed": 1}
    kinds = [event.e for event in await queue.events() if event.e != "class"]
    assert kinds == ["agent", "shift", "presence", "arrived", "queued", "offered", "accepted", "closed"]


async def test_the_same_operation_id_gives_the_same_reply(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    op = f"{START}-aaaaaaaaaaaa"
    first = await queue.arrive("{}", "", "", Decision(plain_route(), START), op=op, now=START)
    again = await queue.arrive("{}", "", "", Decision(plain_route(), START), op=op, now=START + 599_999)
    assert first == again and await queue.counts() == {"waiting": 1}


@pytest.mark.parametrize("off", [-600_001, 5_001])
async def test_an_operation_too_old_or_ahead_is_refused_and_not_executed(
    client: Client, site: str, off: int
) -> None:
    queue = await make_queue(client, site)
    with pytest.raises(Refused, match="expired"):
        await queue.alert("slack", True, op=f"{START + off}-aaaaaaaaaaaa", now=START)
    assert await queue.alerts() == {}


async def test_a_moved_clock_is_noticed_by_those_who_did_not_move_it(client: Client, site: str) -> None:
    queue, other = await make_queue(client, site), Queue(Bare(client), site)
    await other.alert("before", True)
    before = await queue.now()
    assert await queue.travel(before + 9_000_000) >= before + 9_000_000
    assert await other.alert("after", True)
    assert await other.now() >= before + 9_000_000
    assert await queue.travel(before) >= before + 9_000_000


async def test_two_routers_with_different_plans_intern_the_same_table(client: Client, site: str) -> None:
    one, two = await make_queue(client, site), Queue(Bare(client), site)
    await on_duty(one, "ada")
    a = await text_in(one, 1, plain_route("chat"), START + 1)
    b = await text_in(two, 2, plain_route("email"), START + 2)
    await two.agent("lin", CHATTY, Capacity(), 15, (), True, now=START + 3)
    assert await one.intern_route(plain_route("email")) == await two.intern_route(plain_route("email"))
    assert (await one.intern_profile(CHATTY)) == (await two.intern_profile(CHATTY))
    assert {a, b} == set((await two.snapshot()).contacts)


@pytest.mark.promise("queue-fence")
async def test_who_lost_a_role_cannot_move_its_cursor(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    old = await queue.lease("outbox", "one", 1000, now=START)
    assert old == 1 and await queue.lease("outbox", "two", 1000, now=START + 500) is None
    new = await queue.lease("outbox", "two", 1000, now=START + 1001)
    assert new == 2
    assert await queue.advance("outbox", "5-0", new, now=START + 1002)
    assert not await queue.advance("outbox", "9-0", old, now=START + 1003)
    assert await queue.cursor("outbox") == "5-0"


async def test_the_ledger_is_kept_until_outbox_and_history_have_read_it(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    for n in range(5):
        await queue.alert(f"trouble{n}", True)
    events = await queue.events()
    assert await queue.cursor("outbox") == "0-0"
    await queue.advance("outbox", events[3].id, 1)
    assert await queue.trim() == 0, "history isn't known yet"
    await queue.cursor("history")
    assert await queue.trim() == 0
    await queue.advance("history", events[2].id, 1)
    assert await queue.trim() == 2
    assert [event.c for event in await queue.events()] == ["", "", ""]


@pytest.mark.promise("plan-stale")
async def test_two_editors_cannot_publish_over_each_other(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    assert await queue.plan() is None
    assert (await queue.publish(1, "a: 1", "mira", "first", 0)).outcome == "ok"
    assert (await queue.publish(2, "a: 2", "mira", "second", 1)).version == 2
    late = await queue.publish(3, "a: 3", "tom", "late", 1)
    assert (late.outcome, late.version) == ("stale", 2)
    plan = await queue.plan()
    assert plan is not None and (plan.version, plan.yaml, plan.author) == (2, "a: 2", "mira")
