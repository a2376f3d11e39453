"""Contacts that sleep: what it gives back, what wakes them, to whom they return, and owners who don't answer."""

import dataclasses

import pytest
from helpers_desk import HOUR, MINUTE, NOW, SECOND, Desk, route

from tierline.queue.contact import Preference, Step
from tierline.skills.skill import Capacity, Need

TEXTS = dataclasses.replace(route(), quiet=10 * MINUTE, nudge=5 * MINUTE)
ONE = Capacity(25)


@pytest.fixture
def desk():
    return Desk()


def asleep(desk, way=TEXTS, capacity=ONE, agent="ada"):
    """A contact that was answered and fell quiet."""
    desk.comes(agent, capacity=capacity)
    contact = desk.owned(agent, way)
    desk.answers(agent, contact)
    desk.passes(way.quiet)
    assert desk.view(contact).state == "snoozed"
    return contact


@pytest.mark.promise("snooze-capacity")
def test_after_a_quiet_time_the_contact_is_snoozed_and_its_capacity_given_back(desk):
    desk.comes("ada", capacity=ONE)
    contact = desk.owned(way=TEXTS)
    other = desk.arrives(TEXTS)
    desk.answers("ada", contact)
    desk.passes(10 * MINUTE - SECOND)
    assert desk.view(contact).state == "active" and desk.offers(other) == []
    desk.passes(SECOND)
    it = desk.views().agents["ada"]
    assert desk.view(contact).state == "snoozed" and desk.view(contact).owner == "ada"
    assert it.snoozed == {contact} and desk.offers(other) == ["ada"]


def test_a_mail_is_snoozed_as_soon_as_its_answer_has_gone(desk):
    mail = dataclasses.replace(route("email", Step(Need("howto", "email"))), quiet=0)
    desk.comes("ada")
    contact = desk.owned(way=mail)
    held = desk.hold_reply(contact, "ada", "{}", "", 8 * SECOND)
    assert desk.view(contact).state == "active"
    desk.passes(8 * SECOND)
    assert desk.view(contact).state == "snoozed" and desk.told("message.out")[0].n == held.n


def test_a_customer_who_writes_in_the_quiet_time_keeps_it_awake(desk):
    desk.comes("ada")
    contact = desk.owned(way=dataclasses.replace(TEXTS, nudge=None))
    desk.answers("ada", contact)
    desk.passes(9 * MINUTE)
    desk.writes(contact)
    desk.passes(HOUR)
    assert desk.view(contact).state == "active" and desk.view(contact).owed


@pytest.mark.promise("snooze-back")
def test_a_message_goes_straight_back_to_its_owner(desk):
    contact = asleep(desk)
    assert desk.writes(contact) == contact
    it = desk.view(contact)
    assert (it.state, it.owner, it.owed) == ("active", "ada", True) and len(desk.told("offered")) == 1
    assert desk.told("returned")[0].x == '{"why":"message"}' and desk.views().agents["ada"].deferred == 25


@pytest.mark.promise("snooze-queued")
@pytest.mark.parametrize("hindered", ["away", "full", "draining"])
def test_a_message_to_a_hindered_owner_is_queued_with_a_rank_of_its_own(desk, hindered):
    contact = asleep(desk, capacity=Capacity(costs=(("chat", 33), ("sms", 25), ("voice", 100))))
    old = desk.view(contact).rank
    if hindered == "away":
        desk.presence("ada", "away")
    elif hindered == "full":
        desk.agent("ada", desk.views().agents["ada"].profile, Capacity(20), 15, (), True)
    else:
        chat = route("chat", Step(Need("howto", "chat")))
        desk.owned(way=chat)
        desk.arrives(route("voice", Step(Need("howto", "voice"))), rank=NOW)
        desk.arrives(chat, rank=NOW + SECOND)
        assert desk.views().agents["ada"].draining
    desk.writes(contact, desk.decided(TEXTS, rank=desk.now + HOUR))
    it = desk.view(contact)
    assert (it.state, it.owner, it.base) == ("waiting", "", desk.now)
    assert it.rank // 1000 == desk.now + HOUR > old // 1000
    assert desk.told("queued")[-1].x.startswith(f'{{"why":"owner {hindered}"')


@pytest.mark.promise("snooze-owed")
def test_who_was_still_owed_an_answer_keeps_the_old_rank(desk):
    desk.comes("ada")
    contact = desk.owned(way=TEXTS)
    rank = desk.view(contact).rank
    assert desk.snooze(contact, "ada", None, "waits for a part").done and desk.view(contact).owed
    desk.presence("ada", "offline")
    desk.writes(contact, desk.decided(TEXTS, rank=desk.now + HOUR))
    assert desk.view(contact).rank == rank
    desk.writes(contact, desk.decided(TEXTS, rank=desk.now - HOUR))
    assert desk.view(contact).rank == rank


def test_the_former_owner_alone_is_asked_first_and_not_waited_for_once_they_leave(desk):
    contact = asleep(desk)
    desk.comes("lin")
    other = desk.arrives(TEXTS)
    desk.takes("ada", other)
    first = Preference("ada", "preferred", desk.now + 2 * MINUTE)
    desk.writes(contact, desk.decided(TEXTS, prefer=first))
    assert desk.view(contact).personal == "ada" and desk.offers(contact) == []
    desk.presence("ada", "away")
    assert desk.view(contact).personal == "" and desk.offers(contact) == ["lin"]


def test_a_message_at_night_waits_for_the_opening(desk):
    contact = asleep(desk)
    desk.presence("ada", "offline")
    opens = desk.now + 10 * HOUR
    desk.writes(contact, desk.decided(TEXTS, wake=opens))
    it = desk.view(contact)
    assert (it.state, it.wake, it.owner) == ("parked", opens, "")


@pytest.mark.promise("snooze-date")
def test_a_snooze_with_a_date_comes_back_on_it(desk):
    desk.comes("ada")
    contact = desk.owned(way=TEXTS)
    desk.answers("ada", contact)
    desk.snooze(contact, "ada", desk.now + HOUR)
    desk.passes(HOUR)
    it = desk.view(contact)
    assert (it.state, it.owed, it.wake) == ("active", False, None)
    desk.snooze(contact, "ada", desk.now + HOUR)
    desk.comes("lin")
    desk.owned("ada"), desk.agent("ada", desk.views().agents["ada"].profile, ONE, 15, (), True)
    desk.passes(HOUR)
    assert desk.view(contact).personal == "ada"
    desk.passes(2 * MINUTE)
    assert desk.offers(contact) == ["lin"]


def test_snoozing_needs_the_owner_and_ends_a_handover(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.comes("lin")
    desk.transfer(contact, "ada", desk.decided())
    assert desk.snooze(contact, "lin").outcome == "not_owner"
    assert desk.snooze(contact, "ada").done and desk.offers(contact) == []
    assert desk.snooze(contact, "ada").outcome == "stale" and desk.told("kept")


def test_what_sleeps_gets_another_date(desk):
    desk.comes("ada")
    contact = desk.owned()
    first, second = desk.now + HOUR, desk.now + 3 * HOUR
    assert desk.snooze(contact, "ada", first).done and desk.snooze(contact, "ada", second, "visit").done
    assert desk.view(contact).wake == second and desk.views().agents["ada"].deferred == 0
    desk.passes(2 * HOUR)
    assert desk.view(contact).state == "snoozed"
    assert desk.snooze(contact, "ada").outcome == "stale"
    desk.passes(HOUR + MINUTE)
    assert desk.view(contact).state == "active"


def test_the_owner_of_a_snoozed_contact_may_write_and_close_it(desk):
    contact = asleep(desk)
    desk.answers("ada", contact)
    assert desk.view(contact).state == "snoozed"
    assert desk.complete(contact, "ada").state == "closed"
    assert desk.views().agents["ada"].snoozed == frozenset()


@pytest.mark.promise("owner-silent")
def test_a_silent_owner_is_reminded_and_then_somebody_else_is_asked(desk):
    desk.comes("ada")
    contact = desk.owned(way=TEXTS)
    rank = desk.view(contact).rank
    desk.comes("lin")
    desk.passes(5 * MINUTE)
    assert [it.a for it in desk.told("nudged")] == ["ada"] and desk.view(contact).nudged
    desk.passes(5 * MINUTE)
    it = desk.view(contact)
    assert (it.owner, it.rank, it.excluded) == ("", rank, {"ada"}) and desk.offers(contact) == ["lin"]


def test_a_held_reply_counts_as_an_answer_until_it_is_undone(desk):
    desk.comes("ada")
    contact = desk.owned(way=TEXTS)
    desk.passes(5 * MINUTE)
    held = desk.hold_reply(contact, "ada", "{}", "", HOUR)
    desk.passes(30 * MINUTE)
    assert desk.view(contact).owner == "ada" and not desk.view(contact).nudged
    desk.undo_reply(contact, held.n, "ada")
    desk.passes(10 * MINUTE)
    assert desk.view(contact).owner == ""


MAIL = dataclasses.replace(route("email", Step(Need("howto", "email"))), quiet=0, nudge=5 * MINUTE)


@pytest.mark.promise("owner-silent")
@pytest.mark.parametrize("way", [TEXTS, MAIL], ids=["text", "mail"])
def test_what_a_customer_says_while_a_reply_is_held_is_not_answered_by_it(desk, way):
    desk.comes("ada")
    contact = desk.owned(way=way)
    desk.hold_reply(contact, "ada", "{}", "", 8 * SECOND)
    desk.passes(3 * SECOND)
    desk.writes(contact)
    desk.passes(5 * SECOND)
    assert [it.c for it in desk.told("message.out")] == [contact]
    assert (desk.view(contact).state, desk.view(contact).owed) == ("active", True)
    desk.passes(5 * MINUTE)
    assert [it.a for it in desk.told("nudged")] == ["ada"] and not desk.told("snoozed")
    desk.answers("ada", contact)
    assert not desk.view(contact).owed


@pytest.mark.promise("owner-silent")
@pytest.mark.parametrize("how", ["handed over", "given back"])
def test_what_a_former_owner_wrote_is_no_answer_of_whoever_has_it_now(desk, how):
    desk.comes("ada")
    contact = desk.owned(way=MAIL)
    desk.comes("lin")
    desk.hold_reply(contact, "ada", "{}", "", 8 * SECOND)
    if how == "handed over":
        desk.transfer(contact, "ada", desk.decided(MAIL))
    else:
        desk.release(contact, "ada")
    desk.takes("lin", contact)
    desk.passes(8 * SECOND)
    it = desk.view(contact)
    assert [it.a for it in desk.told("message.out")] == ["ada"]
    assert (it.state, it.owner, it.owed) == ("active", "lin", True)
    desk.passes(5 * MINUTE)
    assert [it.a for it in desk.told("nudged")] == ["lin"]


def test_what_was_written_right_before_the_end_has_answered(desk):
    desk.comes("ada")
    contact = desk.owned(way=TEXTS)
    desk.hold_reply(contact, "ada", "{}", "", 8 * SECOND)
    desk.complete(contact, "ada")
    desk.passes(8 * SECOND)
    assert desk.view(contact).state == "closed" and not desk.view(contact).owed


def test_more_messages_do_not_put_the_reminder_off(desk):
    desk.comes("ada")
    contact = desk.owned(way=TEXTS)
    desk.passes(4 * MINUTE)
    desk.writes(contact)
    desk.passes(MINUTE)
    assert desk.told("nudged")
