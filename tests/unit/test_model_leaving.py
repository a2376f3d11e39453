"""Agents who leave with work in hand: a while to come back, then their customers are somebody else's."""

import json

import pytest
from helpers_desk import MINUTE, SECOND, Desk, asking, route

from tierline.queue.contact import Step
from tierline.queue.model_match import Bounds
from tierline.skills.skill import Capacity, Need, Profile


@pytest.fixture
def desk():
    return Desk()


@pytest.mark.promise("leaving-grace")
@pytest.mark.parametrize("how", ["offline", "off shift"])
def test_whoever_leaves_with_work_has_five_minutes_then_it_is_queued_with_its_rank(desk, how):
    desk.comes("ada")
    contact = desk.owned()
    rank = desk.view(contact).rank
    desk.comes("lin")
    if how == "offline":
        desk.presence("ada", "offline")
    else:
        desk.agent("ada", Profile("inhouse"), Capacity(), 15, (), False)
    assert desk.views().agents["ada"].leaving == desk.now + 5 * MINUTE
    desk.passes(5 * MINUTE - SECOND)
    assert desk.view(contact).owner == "ada"
    desk.passes(SECOND)
    it = desk.view(contact)
    assert (it.owner, it.rank, it.excluded) == ("", rank, frozenset()) and desk.offers(contact) == ["lin"]
    assert json.loads(desk.told("queued")[-1].x)["why"] == "owner left"


def test_who_is_back_in_time_keeps_everything(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.presence("ada", "offline")
    desk.passes(4 * MINUTE)
    desk.presence("ada", "away")
    desk.passes(9 * MINUTE)
    assert desk.view(contact).owner == "ada" and desk.views().agents["ada"].leaving is None


def test_who_is_away_keeps_everything(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.presence("ada", "away")
    desk.passes(9 * MINUTE)
    assert desk.view(contact).owner == "ada"


def test_what_is_snoozed_and_what_is_in_wrap_up_stays_with_who_left(desk):
    desk.comes("ada")
    snoozed, wrapping = desk.owned(), desk.owned(way=route(wrap_up=9 * MINUTE))
    desk.snooze(snoozed, "ada")
    desk.complete(wrapping, "ada")
    desk.presence("ada", "offline")
    desk.passes(6 * MINUTE)
    assert [desk.view(it).owner for it in (snoozed, wrapping)] == ["ada", "ada"]


@pytest.mark.promise("leaving-profile")
def test_an_edit_takes_work_away_only_where_it_fits_no_longer_and_after_the_grace(desk):
    desk.comes("ada", tier=2)
    text = desk.owned(way=route("sms", asking(2)))
    chat = desk.owned(way=route("chat", Step(Need("howto", "chat", tiers=(2,)))))
    desk.agent("ada", Profile("inhouse", 1), Capacity(), 15, (), True, MINUTE)
    assert desk.view(chat).owner == "ada"
    desk.passes(MINUTE)
    assert [desk.view(it).owner for it in (text, chat)] == ["ada", ""]
    assert json.loads(desk.told("queued")[-1].x)["why"] == "profile changed"


@pytest.mark.promise("leaving-removed")
def test_a_removed_agents_work_is_theirs_for_the_grace_and_then_everybodys(desk):
    desk.comes("ada", capacity=Capacity(offers=9))
    active, dated, undated, wrapping = [desk.owned(way=route(wrap_up=9 * MINUTE)) for _ in range(4)]
    desk.snooze(dated, "ada", desk.now + 30 * MINUTE)
    desk.snooze(undated, "ada")
    desk.complete(wrapping, "ada")
    desk.remove_agent("ada", 5 * MINUTE)
    assert desk.view(active).owner == "ada" and desk.views().agents["ada"].presence == "offline"
    desk.passes(5 * MINUTE)
    states = [desk.view(it).state for it in (active, dated, undated, wrapping)]
    assert states == ["waiting", "parked", "waiting", "closed"]
    assert "ada" not in desk.views().agents and not any(desk.view(it).owner for it in (active, dated))


def test_an_agent_who_is_back_in_the_plan_before_the_grace_ends_stays(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.remove_agent("ada", 5 * MINUTE)
    desk.passes(MINUTE)
    desk.comes("ada")
    desk.passes(9 * MINUTE)
    assert desk.view(contact).owner == "ada"


def test_a_crowd_of_work_leaves_in_bounded_pieces():
    desk = Desk(Bounds(tick=2, fill=2, sweep=2))
    desk.comes("ada", capacity=Capacity(1000, offers=20))
    contacts = [desk.owned() for _ in range(7)]
    for contact in contacts[4:]:
        desk.snooze(contact, "ada")
    desk.remove_agent("ada", MINUTE)
    desk.now += MINUTE
    free = 0
    while desk.views().agents:
        desk.tick(1)
        before, free = free, sum(desk.view(it).owner == "" for it in contacts)
        assert free - before <= 2
    assert all(desk.view(it).state == "waiting" for it in contacts)


def test_a_handover_goes_on_when_its_owner_leaves(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.comes("lin")
    desk.transfer(contact, "ada", desk.decided())
    number = desk.offer(contact, "lin")
    desk.delivered(contact, number, "D1:1")
    desk.agent("ada", Profile("inhouse"), Capacity(), 15, (), False, 30 * SECOND)
    desk.passes(30 * SECOND)
    it = desk.view(contact)
    assert (it.state, it.owner, it.handing) == ("offered", "", False) and desk.offer(contact, "lin") == number
