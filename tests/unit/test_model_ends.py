"""Contacts that end, are one matter or two, and are opened again."""

import dataclasses

import pytest
from helpers_desk import HOUR, MINUTE, NOW, SECOND, Desk, route

from tierline.skills.skill import Capacity

REOPEN = 30 * MINUTE
TEXTS = dataclasses.replace(route(), nudge=5 * MINUTE)


@pytest.fixture
def desk():
    return Desk()


@pytest.mark.promise("reopen-message")
def test_a_message_within_half_an_hour_re_opens_the_contact_with_its_owner(desk):
    desk.comes("ada")
    contact = desk.owned(way=TEXTS)
    desk.complete(contact, "ada")
    desk.passes(29 * MINUTE)
    assert desk.writes(contact, reopen=REOPEN) == contact
    it = desk.view(contact)
    assert (it.state, it.owner, it.owed, it.closed_at) == ("active", "ada", True, None)
    assert [e.e for e in desk.model.events[-3:]] == ["message", "reopened", "returned"]


def test_half_an_hour_later_it_is_a_new_contact_with_a_link(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.complete(contact, "ada")
    desk.passes(30 * MINUTE)
    later = desk.writes(contact, reopen=REOPEN)
    assert later != contact and desk.view(later).previous == contact


def test_a_message_during_the_wrap_up_ends_it_and_the_owner_goes_on(desk):
    desk.comes("ada", capacity=Capacity(25))
    contact = desk.owned(way=route(wrap_up=10 * MINUTE))
    desk.complete(contact, "ada")
    assert desk.writes(contact, reopen=REOPEN) == contact
    assert desk.view(contact).state == "active" and desk.views().agents["ada"].deferred == 25
    desk.passes(20 * MINUTE)
    assert desk.view(contact).state == "active"


def test_re_opened_while_its_owner_is_gone_it_is_queued(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.answers("ada", contact)
    desk.complete(contact, "ada")
    desk.presence("ada", "offline")
    desk.writes(contact, desk.decided(rank=desk.now + HOUR), REOPEN)
    it = desk.view(contact)
    assert (it.state, it.owner, it.rank // 1000) == ("waiting", "", desk.now + HOUR)


def test_an_agent_re_opens_to_write_and_owes_nothing(desk):
    desk.comes("ada", capacity=Capacity(25))
    first, second = desk.owned(), None
    desk.complete(first, "ada")
    second = desk.owned()
    assert desk.reopen(first, "ada", desk.decided()).state == "snoozed"
    assert desk.complete(second, "ada").done
    assert desk.reopen(second, "ada", desk.decided()).state == "active"
    assert not desk.view(first).owed and not desk.view(second).owed


def test_a_supervisor_re_opens_what_was_abandoned_for_everybody(desk):
    contact = desk.arrives()
    desk.abandon(contact)
    desk.comes("ada")
    assert desk.reopen(contact, "", desk.decided()).done and desk.offers(contact) == ["ada"]
    assert desk.reopen(contact, "", desk.decided()).outcome == "stale"


@pytest.mark.promise("end-spam")
def test_spam_ends_at_once_without_an_answer_or_a_wrap_up(desk):
    desk.comes("ada", capacity=Capacity(25))
    contact = desk.owned(way=route(wrap_up=MINUTE))
    waits = desk.arrives()
    assert desk.discard(contact, "lin").outcome == "not_owner"
    assert desk.discard(contact, "ada", '{"disposition":"spam"}').state == "closed"
    assert desk.offers(waits) == ["ada"] and not desk.told("message.out")
    assert desk.discard(waits, "", "{}").done and desk.offers(waits) == []


@pytest.mark.promise("merge-one")
def test_merged_contacts_are_one_and_further_messages_lead_to_it(desk):
    desk.comes("ada")
    kept = desk.owned()
    desk.snooze(kept, "ada")
    other = desk.arrives(sender="+49")
    assert desk.merge(other, kept).done
    assert desk.view(other).state == "closed" and desk.view(kept).state == "active"
    assert desk.writes(other) == kept and desk.view(kept).owed
    assert desk.merge(other, kept).outcome == "stale" and desk.merge(kept, kept).outcome == "stale"


@pytest.mark.promise("merge-one")
def test_merged_they_have_the_place_of_whoever_has_waited_longer(desk):
    first = desk.arrives(rank=NOW)
    between = desk.arrives(rank=NOW + MINUTE)
    later = desk.arrives(rank=NOW + 2 * MINUTE, sender="+49")
    desk.merge(first, later)
    assert desk.view(later).rank // 1000 == NOW
    desk.comes("ada", capacity=Capacity(25))
    assert desk.offers(later) == ["ada"] and desk.offers(between) == []
    last = desk.arrives(rank=NOW + 3 * MINUTE, sender="+50")
    desk.merge(last, between)
    assert desk.view(between).rank // 1000 == NOW + MINUTE


@pytest.mark.promise("merge-one")
def test_what_slept_answered_has_the_place_of_what_is_merged_into_it(desk):
    desk.comes("ada")
    kept = desk.owned()
    desk.answers("ada", kept)
    desk.snooze(kept, "ada")
    desk.presence("ada", "away")
    other = desk.arrives(rank=NOW + HOUR, sender="+49")
    desk.merge(other, kept)
    assert (desk.view(kept).state, desk.view(kept).rank // 1000) == ("waiting", NOW + HOUR)


def test_when_the_merged_one_ends_both_conversations_are_free(desk):
    desk.comes("ada")
    kept = desk.owned()
    other = desk.arrives(sender="+49")
    desk.merge(other, kept)
    desk.complete(kept, "ada")
    later = desk.writes(other)
    assert later not in (kept, other) and desk.view(later).previous == kept


@pytest.mark.promise("split-two")
def test_messages_split_off_are_a_contact_of_their_own(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.writes(contact)
    desk.append(contact, "{}")
    assert desk.split(contact, (3,), desk.decided()).outcome == "stale"
    new = desk.split(contact, (2,), desk.decided())
    it = desk.view(new.contact)
    assert (it.previous, it.thread, it.messages, new.n) == (contact, "", 1, 1)
    assert desk.offers(new.contact) == ["ada"] and desk.writes(contact) == contact


def test_an_ended_contact_stays_as_long_as_it_may_be_re_opened(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.complete(contact, "ada")
    desk.now += REOPEN - SECOND
    assert not desk.forget(contact, REOPEN)
    desk.now += SECOND
    assert desk.forget(contact, REOPEN)


CALL = route("voice", wrap_up=30 * SECOND)


@pytest.mark.promise("wrap-done")
def test_a_wrap_up_ends_early_with_the_outcome_that_was_filled_in(desk):
    desk.comes("ada")
    contact = desk.owned(way=CALL)
    desk.complete(contact, "", '{"by":"the customer hung up"}')
    assert desk.finish(contact, "ben").outcome == "not_owner"
    assert desk.finish(contact, "ada", '{"disposition":"solved"}').done
    (closed,) = desk.told("closed")
    assert "solved" in closed.x and desk.views().agents["ada"].live == 0


@pytest.mark.promise("wrap-longer")
def test_a_wrap_up_is_made_longer_twice_and_no_more(desk):
    desk.comes("ada")
    contact = desk.owned(way=CALL)
    desk.complete(contact, "ada")
    ends = desk.view(contact).wrap_until
    for n in (1, 2):
        answer = desk.wrap_on(contact, "ada", MINUTE)
        assert (answer.outcome, answer.n, answer.due) == ("ok", n, ends + n * MINUTE)
    assert desk.wrap_on(contact, "ada", MINUTE).outcome == "too_late"
    desk.passes(2 * MINUTE + 29 * SECOND)
    assert desk.view(contact).state == "wrapping"
    desk.passes(2 * SECOND)
    assert desk.view(contact).state == "closed" and desk.wrap_on(contact, "ada", MINUTE).outcome == "stale"


@pytest.mark.promise("wrap-later")
def test_what_is_said_of_a_contact_after_its_end_is_told_even_when_it_has_left(desk):
    desk.comes("ada")
    contact = desk.owned(way=CALL)
    desk.complete(contact, "ada")
    desk.passes(MINUTE)
    assert desk.remark(contact, "ada", '{"disposition":"solved"}').done
    desk.forget(contact)
    assert desk.remark(contact, "", '{"rating":"4"}').done
    assert [it.a for it in desk.told("outcome")] == ["ada", ""]
    assert desk.remark("C9999", "", "{}").outcome == "gone"
