"""Handed over in its sleep; what waits anew by open hours; arrivals decided too early; one open contact a conversation."""

import json

import pytest
from helpers_desk import HOUR, MINUTE, NOW, SECOND, Desk, asking, route

from tierline.queue.contact import Arrived, Preference, Step
from tierline.skills.skill import Capacity, Need


@pytest.fixture
def desk():
    return Desk()


def asleep(desk, wake=None, answered=True):
    desk.comes("ada")
    contact = desk.owned()
    if answered:
        desk.answers("ada", contact)
    desk.snooze(contact, "ada", wake, "later")
    return contact


def since(desk, n):
    return [it.e for it in desk.model.events[n:]]


# ---- handed over in its sleep ------------------------------------------------------------------------------------


@pytest.mark.promise("handover-asleep")
def test_what_sleeps_is_handed_over_from_its_owners_hands_in_one_go(desk):
    contact = asleep(desk, NOW + HOUR)
    desk.comes("lin")
    before = len(desk.model.events)
    assert desk.transfer(contact, "ada", desk.decided(), "lin").state == "active"
    assert since(desk, before) == ["transferring", "returned", "offered"]
    assert json.loads(desk.told("returned")[-1].x)["why"] == "transfer"
    it = desk.view(contact)
    assert (it.state, it.owner, it.handing, it.wake) == ("active", "ada", True, None)
    assert not desk.told("woken") and f"p:{contact}" not in desk.views().due
    desk.takes("lin", contact)
    assert desk.view(contact).owner == "lin" and not desk.views().agents["ada"].contacts


@pytest.mark.promise("handover-asleep")
def test_where_its_owner_has_no_room_others_are_asked_from_the_queue_with_its_rank(desk):
    contact = asleep(desk)
    rank = desk.view(contact).rank
    desk.presence("ada", "away")
    desk.comes("lin")
    way = route("sms", Step(Need("howto", "sms", tiers=(1,), teams=("inhouse",))))
    prefer = Preference("lin", "preferred", desk.now + MINUTE)
    assert desk.transfer(contact, "", desk.decided(way, prefer=prefer), "lin", only=True).state == "offered"
    it = desk.view(contact)
    assert (it.owner, it.handing, it.rank, desk.offers(contact)) == ("", False, rank, ["lin"])
    assert json.loads(desk.told("queued")[-1].x)["why"] == "owner away"
    assert desk.views().agents["ada"].snoozed == frozenset()


@pytest.mark.promise("handover-asleep")
def test_declined_it_sleeps_again_until_its_date(desk):
    contact = asleep(desk, NOW + HOUR)
    desk.comes("lin")
    prefer = Preference("lin", "direct")
    desk.transfer(contact, "ada", desk.decided(prefer=prefer), "lin", only=True)
    desk.decline(contact, 2, "lin", "no")
    it = desk.view(contact)
    assert (it.state, it.owner, it.wake) == ("snoozed", "ada", NOW + HOUR)
    assert desk.views().due[f"p:{contact}"] == NOW + HOUR


def test_declined_after_the_customer_wrote_it_stays_awake(desk):
    contact = asleep(desk)
    desk.comes("lin")
    desk.transfer(contact, "ada", desk.decided(prefer=Preference("lin", "direct")), "lin", only=True)
    desk.writes(contact)
    desk.decline(contact, 2, "lin", "no")
    it = desk.view(contact)
    assert (it.state, it.owner, it.owed) == ("active", "ada", True)


# ---- step ends in open hours -------------------------------------------------------------------------------------


@pytest.mark.promise("steps-open-hours")
def test_what_is_queued_anew_gets_the_ends_of_its_steps_once(desk):
    desk.comes("ada")
    way = route("sms", asking(1, 5 * MINUTE), asking(2))
    contact = desk.owned(way=way)
    desk.now += HOUR
    desk.presence("ada", "away")
    desk.release(contact, "ada", exclude=False)
    base = desk.view(contact).base
    assert base == desk.now and desk.views().due[f"s:{contact}"] == base + 5 * MINUTE
    assert desk.retime(contact, base - 1, (base + 14 * HOUR,)).outcome == "stale"
    assert desk.retime(contact, base, (base + 14 * HOUR,)).done
    assert desk.view(contact).deadlines == (base + 14 * HOUR,)
    assert desk.views().due[f"s:{contact}"] == base + 14 * HOUR
    assert desk.retime(contact, base, (base + 15 * HOUR,)).outcome == "stale"
    assert desk.retime("C9999", base, (base,)).outcome == "gone"


def test_step_ends_of_what_somebody_has_are_not_counted(desk):
    desk.comes("ada")
    contact = desk.owned(way=route("sms", asking(1, 5 * MINUTE), asking(2)))
    assert desk.retime(contact, NOW, (NOW + HOUR,)).outcome == "stale"


# ---- decided too early -------------------------------------------------------------------------------------------


def arrive(desk, under):
    desk.count += 1
    said = Arrived("sms", f"E{desk.count}", "eva", "us", "help")
    return desk.arrive(said.to_json(), said.event, said.thread, desk.decided(), None, 0, under)


@pytest.mark.promise("emergency-close-at-once")
def test_an_arrival_decided_before_a_closing_is_refused_and_leaves_no_trace(desk):
    desk.comes("ada")
    desk.alert("shut:howto", True, "{}")
    before = desk.views()
    assert (arrive(desk, 0).outcome, desk.views()) == ("stale", before)
    assert arrive(desk, 1).outcome == "new"
    desk.alert("shut:howto", False, "{}")
    desk.alert("shut:howto", False, "{}")  # no news
    assert [arrive(desk, n).outcome for n in (1, 2, None)] == ["stale", "added", "added"]


@pytest.mark.promise("emergency-close-at-once")
def test_nothing_is_held_by_a_closing_that_is_over(desk):
    desk.comes("ada")
    contact = arrive(desk, None).contact
    desk.alert("shut:howto", True, "{}")
    desk.alert("shut:howto", False, "{}")
    before = desk.views()
    assert (desk.park(contact, NOW + HOUR, "closed", 1).outcome, desk.views()) == ("outdated", before)
    assert desk.park(contact, NOW + HOUR, "closed", 2).outcome == "ok"


# ---- one open contact a conversation -----------------------------------------------------------------------------


@pytest.mark.promise("one-open-contact")
def test_what_has_ended_stays_so_while_its_conversation_goes_on_in_a_newer_contact(desk):
    desk.comes("ada", capacity=Capacity(offers=9))
    old = desk.owned(sender="eva")
    desk.complete(old, "ada")
    new = desk.arrives(sender="eva")
    refused = desk.reopen(old, "ada", desk.decided())
    assert (refused.outcome, refused.by, desk.view(old).state) == ("elsewhere", new, "closed")
    assert desk.reopen(old, "", desk.decided()).outcome == "elsewhere"
    desk.takes("ada", new)
    desk.complete(new, "ada")
    assert desk.reopen(old, "ada", desk.decided()).done
    assert desk.writes(old) == old and len(desk.model.contacts[old].messages) == 2


@pytest.mark.promise("one-open-contact")
def test_what_was_abandoned_stays_so_as_well(desk):
    old = desk.arrives(sender="eva")
    desk.abandon(old, "gone")
    new = desk.arrives(sender="eva")
    assert (desk.revive(old).outcome, desk.revive(old).by) == ("elsewhere", new)


# ---- called back for a last word ---------------------------------------------------------------------------------


def test_what_has_left_is_called_back_closed_so_that_its_customer_can_be_told(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.complete(contact, "ada")
    desk.now += HOUR
    assert desk.forget(contact)
    assert desk.recall("C1000", "", 3, desk.decided(), "closed", NOW, "ada").outcome == "gone"  # never was
    assert desk.recall(
        contact, "sms:eva:us", 3, desk.decided(facts='{"address":"eva"}'), "closed", NOW, "ada"
    ).done
    it = desk.view(contact)
    assert (it.state, it.messages, it.closed_at, it.facts) == ("closed", 3, desk.now, '{"address":"eva"}')
    assert it.last_owner == "ada" and desk.reopen(contact, "ada", desk.decided()).outcome == "gone"
    assert desk.text(contact, "incident.end:I1", "{}", False).n == 4
    assert (
        desk.recall(contact, "sms:eva:us", 9, desk.decided(), "closed", NOW, "ada").outcome == "stale"
    )  # it is here
    desk.now += 20 * SECOND
    assert desk.forget(contact, 10 * SECOND)
