"""Nobody is left who could take it: whom that counts, whom it doesn't, and what follows."""

import json

import pytest
from helpers_desk import MINUTE, SECOND, Desk, asking, route

from tierline.queue.contact import Step
from tierline.skills.skill import Capacity, Need


@pytest.fixture
def desk():
    return Desk()


def team(name, until=None):
    return Step(Need("howto", "sms", tiers=(1, 2, 3), teams=(name,)), until)


def steps_of(desk, contact):
    return [json.loads(it.x) for it in desk.told("step") if it.c == contact]


@pytest.mark.promise("handover-goes-on")
def test_a_handover_to_a_team_that_declines_goes_on_to_whoever_is_admitted_next(desk):
    """Its owner is of that team: they aren't somebody who could still be asked."""
    desk.comes("ada")
    contact = desk.owned()
    desk.comes("lin")
    desk.comes("eve", team="experts")
    way = route("sms", team("inhouse", 30 * MINUTE), asking(3))
    desk.transfer(contact, "ada", desk.decided(way), "team inhouse")
    assert desk.offers(contact) == ["lin"]
    desk.decline(contact, 2, "lin", "no")
    it = desk.view(contact)
    assert desk.offers(contact) == ["eve"] and (it.owner, it.handing, it.step) == ("ada", True, 1)
    assert steps_of(desk, contact)[-1]["why"] == "exhausted"


@pytest.mark.promise("handover-goes-on")
def test_when_only_its_owner_is_left_that_is_told_and_they_keep_it(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.comes("lin")
    desk.transfer(contact, "ada", desk.decided(), "team inhouse")
    desk.decline(contact, 2, "lin", "no")
    assert [it.c for it in desk.told("exhausted")] == [contact]
    desk.passes(4 * MINUTE)
    assert desk.offers(contact) == [] and desk.view(contact).owner == "ada"
    desk.passes(2 * MINUTE)  # then everybody is asked again
    assert desk.offers(contact) == ["lin"]


def test_an_owner_who_is_alone_in_the_step_is_nobody_and_the_next_one_opens_at_once(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.comes("eve", team="experts")
    desk.transfer(contact, "ada", desk.decided(route("sms", team("inhouse", 30 * MINUTE), asking(3))))
    assert desk.offers(contact) == ["eve"]


def test_a_handover_whose_last_candidate_leaves_goes_on_at_once(desk):
    desk.comes("ada", capacity=Capacity(25))
    contact = desk.owned()
    desk.comes("lin", capacity=Capacity(25))
    desk.owned("lin")
    desk.comes("eve", team="experts", capacity=Capacity(25))
    way = route("sms", team("inhouse", 30 * MINUTE), team("experts"))
    desk.transfer(contact, "ada", desk.decided(way))
    assert desk.offers(contact) == [] and desk.view(contact).step == 0
    desk.presence("lin", "offline")
    desk.tick()
    assert desk.view(contact).step == 1 and desk.offers(contact) == ["eve"]


def test_an_owner_alone_with_it_is_told_once_and_no_timer_runs(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.transfer(contact, "ada", desk.decided())
    assert len(desk.told("exhausted")) == 1 and f"E:{contact}" not in desk.views().due
    desk.passes(12 * MINUTE)
    assert len(desk.told("exhausted")) == 1 and not desk.told("lifted")
    desk.comes("lin")
    assert desk.offers(contact) == ["lin"]


@pytest.mark.promise("slack-slow-passes-over")
def test_whom_nobody_can_show_it_for_a_while_may_still_be_asked_so_no_step_opens(desk):
    desk.comes("ada")
    desk.comes("eve", tier=2)
    contact = desk.arrives(route("sms", asking(1, 30 * MINUTE), asking(2)))
    desk.rescind(contact, 1, "slow", 20 * SECOND)
    assert desk.view(contact).step == 0 and desk.offers(contact) == []
    assert not desk.told("exhausted")
    desk.passes(21 * SECOND)
    assert desk.offers(contact) == ["ada"]
    desk.decline(contact, 2, "ada", "no")  # that is an answer
    assert desk.view(contact).step == 1 and desk.offers(contact) == ["eve"]


@pytest.mark.promise("last-leaves")
def test_where_nobody_on_shift_may_take_it_that_is_told_also_in_a_service_of_one_step(desk):
    desk.comes("eve", team="experts")
    contact = desk.arrives(route("sms", team("inhouse")))
    assert [(it.c, json.loads(it.x)) for it in desk.told("nobody")] == [(contact, {"step": 0})]
    desk.presence("eve", "offline")
    desk.passes(MINUTE)
    assert len(desk.told("nobody")) == 1
    desk.comes("ada")
    assert desk.offers(contact) == ["ada"]
    desk.presence("ada", "offline")
    desk.passes(SECOND)
    assert len(desk.told("nobody")) == 2  # somebody was there meanwhile


@pytest.mark.promise("last-leaves")
def test_when_the_last_one_leaves_the_first_of_those_who_wait_is_told_of(desk):
    desk.comes("ada", capacity=Capacity(25))
    desk.owned()
    first, second = desk.arrives(), desk.arrives()
    assert not desk.told("nobody")
    desk.presence("ada", "offline")
    desk.tick()
    assert [it.c for it in desk.told("nobody")] == [first] != [second]
