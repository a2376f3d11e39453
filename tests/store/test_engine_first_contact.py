"""One contact's way through the scripts: arrives, is offered, delivered, accepted, answered, closed."""

from __future__ import annotations

import pytest
from helpers_queue import START, make_queue, message, on_duty, plain_route, run_due, text_in

from tierline.queue.client import Client
from tierline.queue.contact import Decision
from tierline.router.receipts import Receipts
from tierline.skills.skill import Capacity


async def test_a_text_is_offered_accepted_answered_and_closed(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    way = plain_route(wrap_up=30_000)
    await on_duty(queue, "ada")
    it = message(1)
    got = await queue.arrive(it.to_json(), it.event, it.thread, Decision(way, START), now=START)
    assert (got.outcome, got.contact, got.n) == ("new", "C1001", 1)
    again = await queue.arrive(it.to_json(), it.event, it.thread, Decision(way, START), now=START + 1)
    assert (again.outcome, again.contact, again.n) == ("duplicate", "C1001", 1)
    view = await queue.contact("C1001")
    assert view is not None and view.state == "offered" and view.offers[0].agent == "ada"
    done = await queue.delivered("C1001", 1, "D1:123", now=START + 100)
    assert done.due == START + 100 + way.offer
    assert (await queue.accept("C1001", 1, "ada", now=START + 5000)).done
    held = await queue.hold_reply("C1001", "ada", '{"text":"hi"}', "D1:9", 8000, now=START + 6000)
    assert held.outcome == "ok" and held.due == START + 14_000
    assert (await queue.undo_reply("C1001", held.n, "ada", now=START + 7000)).done
    more = await queue.hold_reply("C1001", "ada", '{"text":"hello"}', "D1:10", 8000, now=START + 8000)
    assert await run_due(queue, START + 16_000) == 1
    assert await queue.receipt("C1001", more.n, "sent", "SM77", now=START + 16_100)
    assert await queue.find_receipt("SM77") == ("C1001", more.n)
    said = await queue.messages("C1001")
    assert [(m.kind, m.status) for m in said] == [("in", ""), ("reply", "undone"), ("reply", "sent")]
    assert await queue.messages("C1001", 2, 2) == said[1:2]
    assert await queue.messages("C1001", 2) == said[1:]
    assert await queue.messages("C1001", 0, 9) == said
    assert await queue.messages("C1001", 4, 9) == await queue.messages("C1001", 3, 2) == ()
    assert (await queue.complete("C1001", "ada", '{"cause":"x"}', now=START + 20_000)).state == "wrapping"
    assert await run_due(queue, START + 50_000) == 1
    view = await queue.contact("C1001")
    assert view is not None and view.state == "closed"
    kinds = [event.e for event in await queue.events() if event.e not in ("tick", "class")]
    assert kinds == [
        "agent", "shift", "presence", "arrived", "queued", "offered", "delivered", "accepted", "reply.held",
        "reply.undone", "reply.held", "message.out", "message.receipt", "wrapping", "closed",
    ]  # fmt: skip
    assert await queue.forget("C1001", now=START + 60_000)
    assert await queue.contact("C1001") is None


async def test_a_word_to_the_machinery_is_for_nobody_once_the_contact_has_ended(
    client: Client, site: str
) -> None:
    """STOP stands in a contact that is open; one that has just ended isn't opened again by it."""
    queue = await make_queue(client, site)
    await on_duty(queue, "ada")
    contact = await text_in(queue, 1, plain_route(), START)
    thread, receipts = message(1).thread, Receipts(lambda: queue)
    assert await receipts.talking(thread)
    assert (await queue.accept(contact, 1, "ada", now=START + 1)).done
    assert (await queue.complete(contact, "ada", "{}", now=START + 2)).done
    await run_due(queue, START + 60_000)
    assert not await receipts.talking(thread)


@pytest.mark.promise("rank-order")
async def test_the_earliest_contact_is_offered_when_somebody_has_room(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    for n in range(1, 6):
        await text_in(queue, n, plain_route(), START + n, rank=START - n)
    await on_duty(queue, "ada", now=START + 10)
    state = await queue.snapshot()
    assert [it.id for it in state.contacts.values() if it.state == "offered"] == ["C1005"]
    assert (await queue.accept("C1005", 1, "ada", now=START + 20)).done
    state = await queue.snapshot()
    assert state.contacts["C1004"].state == "offered"
    assert state.agents["ada"].contacts == {"C1005", "C1004"}


@pytest.mark.promise("rank-order")
async def test_what_a_call_displaces_passes_nobody_who_waits_for_who_just_missed_it(
    client: Client, site: str
) -> None:
    queue = await make_queue(client, site)
    await on_duty(queue, "ada", capacity=Capacity(offers=1))
    call = await text_in(queue, 1, plain_route("voice"), START)
    first = await text_in(queue, 2, plain_route(), START + 1)
    await on_duty(queue, "ben", capacity=Capacity(offers=1), now=START + 2)
    assert (await queue.decline(first, 1, "ben", now=START + 3)).done
    later = await text_in(queue, 3, plain_route(), START + 4)
    assert [it.agent for it in (await queue.contact(later)).offers] == ["ben"]  # type: ignore[union-attr]
    await queue.miss(call, 1, "ada", "no answer", now=START + 5)
    asked = {it.id: [offer.agent for offer in it.offers] for it in await queue.contacts()}
    assert asked == {call: ["ben"], first: ["ada"], later: []}
