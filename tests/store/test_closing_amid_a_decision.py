"""A closing that ends between somebody's decision and its being stored holds nobody."""

from __future__ import annotations

import pytest
from helpers_queue import make_queue
from test_hours_rule_what_waits import MINUTE, Router, closing_amid_an_offer, said

from tierline.channels.channel import NotDelivered
from tierline.queue.client import Client
from tierline.queue.history.records import Customer
from tierline.router.announce import Announce
from tierline.router.classify import classify
from tierline.router.situation import Situation, dump
from tierline.router.towards import Towards


@pytest.mark.promise("emergency-close-at-once")
@pytest.mark.parametrize("dated", [False, True], ids=["decided", "given a date"])
async def test_what_was_moved_by_a_decision_from_amid_a_closing_waits_once_it_is_open_again(
    client: Client, site: str, dated: bool
) -> None:
    """Re-opened, split off, handed elsewhere: whoever decides it may stand still before it is stored."""
    queue = await make_queue(client, site)
    router = Router(queue, Situation())
    await router.heed()
    contact = (await router.intake()(said(1))).contact
    shut = await router.shuts()
    amid = classify(router.book(), said(1), Customer("eva"), await queue.now()).decision
    await queue.alert(shut.name, False, dump(shut))  # while it stood still between its decision and its act
    assert (await queue.reroute(contact, amid)).done
    date = await queue.now() + 3 * MINUTE
    if dated:
        await queue.park(contact, date, "call back")
    towards = Towards(queue, {}, router.book, None, None)  # type: ignore[arg-type]
    announce = Announce(queue, towards, router.book, router.heed, None)  # type: ignore[arg-type]
    for event in [e for e in await queue.events("0-0", 1000) if e.e == "parked"]:
        await announce.look_again(event)
    view = await queue.contact(contact)
    assert view is not None and (view.state, view.wake) == (("parked", date) if dated else ("waiting", None))
    if not dated:
        plain = classify(router.book(), said(1), Customer("eva"), await queue.now()).decision
        assert abs(view.rank // 1000 - plain.rank) < MINUTE, "its place counts from now, not from a year on"


@pytest.mark.promise("emergency-close-at-once")
async def test_what_comes_back_as_a_closing_ends_is_looked_at_anew_instead_of_held(
    client: Client, site: str
) -> None:
    queue, contact, towards = await closing_amid_an_offer(client, site)
    view = await queue.contact(contact)
    assert view is not None
    before = await queue.last_event()
    await queue.decline(contact, view.offers[0].number, view.offers[0].agent)
    (event,) = [e for e in await queue.events(before, 100) if e.e == "declined"]
    _, troubles = await queue.situation()
    for name, text in troubles.items():
        await queue.alert(name, False, text)  # our router doesn't know yet
    with pytest.raises(NotDelivered) as refused:
        await towards.hold_after_hours(event)
    assert not refused.value.permanent and refused.value.retry_after
    view = await queue.contact(contact)
    assert view is not None and view.state == "offered"
