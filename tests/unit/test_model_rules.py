"""The rules of the queue, one by one, as the reference model keeps them."""

import json

import pytest
from helpers_desk import HOUR, MINUTE, NOW, SECOND, Desk, asking, route

from tierline.queue.contact import Arrived, Decision, Preference, Step
from tierline.queue.model_match import Bounds
from tierline.queue.replies import Refused
from tierline.skills.skill import Capacity, Need, Profile


@pytest.fixture
def desk():
    return Desk()


@pytest.mark.promise("rank-monday-morning")
def test_a_call_comes_before_mails_due_on_friday_and_after_one_a_day_late(desk):
    # open Mo-Fr 08-18, lag of mail 8 open hours: due Friday 11:00–18:00 ranks Monday 09:00 or later,
    # due Thursday 17:00 ranks Friday 16:00
    mail = route("email", Step(Need("howto", "email")))
    fresh = [desk.arrives(mail, NOW + 8 * HOUR + i) for i in range(250)]
    friday = [desk.arrives(mail, NOW + HOUR + i * 8 * MINUTE) for i in range(50)]
    late = desk.arrives(mail, NOW - 64 * HOUR)
    desk.now += MINUTE
    call = desk.arrives(route("voice", Step(Need("howto", "voice"))), desk.now + MINUTE)
    desk.comes("ada", channels=1 | 8, capacity=Capacity(caps=(("email", 0), ("voice", 1))))
    assert desk.offers(call) == ["ada"]  # nothing else fits her cap
    desk.presence("ada", "away")
    desk.agent("ada", Profile("inhouse"), Capacity(), 8, (), True)
    desk.presence("ada", "available")
    assert desk.offers(late) == ["ada"]
    desk.agent("ada", Profile("inhouse"), Capacity(), 9, (), True)
    assert desk.offers(call) == ["ada"] and desk.offers(late) == []
    assert not any(desk.offers(it) for it in fresh + friday)


@pytest.mark.promise("offer-tier")
def test_lowest_tier_first_then_longest_available(desk):
    desk.comes("expert", tier=2)
    desk.now += 1
    desk.comes("early")
    desk.now += 1
    desk.comes("late")
    contact = desk.arrives(route("sms", asking(2)))
    assert desk.offers(contact) == ["early"]


@pytest.mark.promise("offer-pick")
@pytest.mark.parametrize(
    ("pick", "first"), [("longest", "a"), ("least_loaded", "b"), ("round_robin", "c"), ("best_skill", "d")]
)
def test_the_pick_of_a_step_orders_those_of_one_tier(desk, pick, first):
    skills = {"a": 1, "b": 1, "c": 1, "d": 4}
    for name in "abcd":
        desk.comes(name, skills=(("dns", skills[name]),), capacity=Capacity(offers=5))
        desk.now += 1
    agents = desk.model.agents
    for name, load in {"a": 2, "b": 0, "c": 3, "d": 2}.items():
        agents[name].counts["email"] = load
        desk.model.measure(agents[name])
        agents[name].last_offered = NOW - load
    need = Need("howto", "sms", skills=(("dns", 1),))
    assert desk.offers(desk.arrives(route("sms", Step(need, pick=pick)))) == [first]


@pytest.mark.promise("offer-share")
def test_the_team_furthest_below_its_share_comes_first(desk):
    for name, team in (("i1", "inhouse"), ("n1", "nightowl")):
        desk.comes(name, team=team, capacity=Capacity(100, (("sms", 1),)))
    way = route("sms", Step(Need("howto", "sms"), shares=(("nightowl", 30),)))
    took = []
    for _ in range(20):
        contact = desk.arrives(way)
        (agent,) = desk.offers(contact)
        desk.takes(agent, contact)
        took.append(agent)
        desk.now += SECOND
    assert took.count("n1") == 6


@pytest.mark.promise("capacity-budget")
def test_work_beyond_the_budget_waits(desk):
    desk.comes("ada")
    contacts = [desk.arrives() for _ in range(5)]
    for contact in contacts[:4]:
        desk.takes("ada", contact)
    view = desk.views()
    assert view.contacts[contacts[4]].state == "waiting"
    assert view.agents["ada"].deferred == 100 and view.agents["ada"].mask == 1


def test_one_offer_at_a_time_and_the_next_when_it_ends(desk):
    desk.comes("ada")
    one, two = desk.arrives(), desk.arrives()
    assert desk.offers(one) == ["ada"] and desk.offers(two) == []
    desk.decline(one, 1, "ada")
    assert desk.offers(one) == [] and desk.offers(two) == ["ada"]


@pytest.mark.promise("capacity-budget")
def test_a_call_interrupts_texts_until_its_wrap_up_ends(desk):
    desk.comes("ada")
    texts = [desk.arrives() for _ in range(3)]
    desk.takes("ada", texts[0])
    desk.takes("ada", texts[1])
    assert desk.offers(texts[2]) == ["ada"]
    call = desk.arrives(route("voice", Step(Need("howto", "voice")), wrap_up=30 * SECOND))
    assert desk.offers(call) == ["ada"] and desk.offers(texts[2]) == []
    assert [json.loads(it.x)["reason"] for it in desk.told("rescinded")] == ["call"]
    desk.takes("ada", call)
    assert desk.views().agents["ada"].mask == 0
    desk.complete(call, "ada")
    assert desk.offers(texts[2]) == []
    desk.passes(30 * SECOND)
    assert desk.views().contacts[call].state == "closed" and desk.offers(texts[2]) == ["ada"]
    assert desk.views().contacts[texts[0]].owner == "ada"


@pytest.mark.promise("capacity-drain")
def test_endless_chats_cannot_starve_a_call(desk):
    chat = route("chat", Step(Need("howto", "chat")))
    desk.comes("ada")
    desk.comes("bob", channels=2)  # chats only
    held = [desk.arrives(chat) for _ in range(4)]
    for contact in held:
        desk.takes(desk.offers(contact)[0], contact)
    call = desk.arrives(route("voice", Step(Need("howto", "voice"))))
    desk.now += SECOND
    later = [desk.arrives(chat) for _ in range(3)]
    assert desk.views().contacts[call].drainer == "ada"
    assert {agent for it in later for agent in desk.offers(it)} == {"bob"}
    for contact in held:
        if desk.views().contacts[contact].owner == "ada":
            desk.complete(contact, "ada")
    assert desk.offers(call) == ["ada"] and desk.views().agents["ada"].draining == ""


def test_the_mark_moves_when_its_agent_leaves(desk):
    chat = route("chat", Step(Need("howto", "chat")))
    for name in ("ada", "lin"):
        desk.comes(name)
    for _ in range(2):
        contact = desk.arrives(chat)
        desk.now += 1
        desk.takes(desk.offers(contact)[0], contact)
    call = desk.arrives(route("voice", Step(Need("howto", "voice"))))
    desk.now += 1
    later = desk.arrives(chat)
    assert desk.views().contacts[call].drainer == "ada"
    desk.takes("lin", later)
    desk.presence("ada", "away")
    assert desk.views().contacts[call].drainer == ""
    last = desk.arrives(chat)
    assert desk.views().contacts[call].drainer == "lin" and desk.offers(last) == []


@pytest.mark.promise("offer-declined")
def test_who_declined_is_asked_again_only_when_everybody_was(desk):
    desk.comes("ada")
    desk.comes("lin")
    contact = desk.arrives()
    desk.decline(contact, 1, desk.offers(contact)[0])
    (second,) = desk.offers(contact)
    desk.decline(contact, 2, second)
    assert desk.offers(contact) == [] and len(desk.told("exhausted")) == 1
    desk.passes(299 * SECOND)
    assert desk.offers(contact) == []
    desk.passes(SECOND)
    assert len(desk.offers(contact)) == 1 and len(desk.told("lifted")) == 1


@pytest.mark.promise("offer-declined")
def test_when_all_have_declined_the_next_step_opens_at_once(desk):
    desk.comes("ada")
    desk.comes("lin", tier=2)
    contact = desk.arrives(route("sms", asking(1, 10 * MINUTE), asking(2)))
    assert desk.offers(contact) == ["ada"]
    desk.decline(contact, 1, "ada")
    assert desk.offers(contact) == ["lin"] and desk.views().contacts[contact].step == 1


def test_the_last_unasked_one_to_leave_opens_the_next_step(desk):
    desk.comes("ada")
    desk.comes("bob")
    desk.presence("bob", "away")
    desk.comes("lin", tier=2)
    contact = desk.arrives(route("sms", asking(1, 10 * MINUTE), asking(2)))
    desk.decline(contact, 1, "ada")
    assert desk.offers(contact) == []  # Bob is away, and on shift
    desk.presence("bob", "offline")
    desk.tick()
    assert desk.offers(contact) == ["lin"]


@pytest.mark.promise("offer-missed")
def test_a_missed_offer_excludes_for_a_minute_and_two_in_a_row_mean_away(desk):
    desk.comes("ada")
    contact = desk.arrives()
    for number in (1, 2):
        desk.delivered(contact, number, "D1:1")
        desk.passes(60 * SECOND)
        assert len(desk.told("missed")) == number and desk.offers(contact) == []
        if number == 1:
            desk.passes(59 * SECOND)
            assert desk.offers(contact) == []
            desk.passes(SECOND)
            assert desk.offers(contact) == ["ada"]
    ada = desk.views().agents["ada"]
    assert ada.presence == "away" and ada.why == "missed two offers"


@pytest.mark.promise("offer-missed")
def test_any_act_on_an_offer_ends_a_row_of_misses(desk):
    desk.comes("ada")
    one = desk.arrives()
    desk.delivered(one, 1, "D1:1")
    desk.passes(60 * SECOND)
    two = desk.arrives()
    desk.decline(two, 1, "ada")
    desk.passes(60 * SECOND)
    desk.delivered(one, 2, "D1:1")
    desk.passes(60 * SECOND)
    assert desk.views().agents["ada"].presence == "available"


def test_misses_that_stood_side_by_side_count_as_one(desk):
    desk.comes("ada", capacity=Capacity(offers=3))
    for contact in [desk.arrives() for _ in range(3)]:
        desk.delivered(contact, 1, "D1:1")
        desk.now += 10
    desk.passes(60 * SECOND)
    assert len(desk.told("missed")) == 3 and desk.views().agents["ada"].presence == "available"


@pytest.mark.promise("offer-deadline")
def test_the_deadline_starts_with_delivery_and_undelivered_is_nobodys_fault(desk):
    desk.comes("ada")
    contact = desk.arrives()
    desk.passes(20 * SECOND)
    assert desk.delivered(contact, 1, "D1:1").due == desk.now + 60 * SECOND
    due = desk.delivered(contact, 1, "D1:1").due
    desk.now += SECOND
    assert desk.delivered(contact, 1, "D1:1").due == due
    other = desk.arrives()
    desk.decline(contact, 1, "ada")
    desk.passes(30 * SECOND)
    assert [json.loads(it.x)["reason"] for it in desk.told("rescinded")] == ["not delivered"]
    assert desk.offers(other) == ["ada"] and not desk.told("missed")


@pytest.mark.promise("rank-order")
def test_an_offer_taken_back_goes_behind_whoever_has_waited_longer(desk):
    """Nobody could answer for a while. Meanwhile the one who came first reached the step that admits the agent."""
    desk.comes("lin", tier=2)
    desk.comes("ada")
    desk.presence("ada", "away")
    first = desk.arrives(route("sms", asking(1, 5 * SECOND), asking(2)))
    later = desk.arrives(route("sms", asking(2)))
    desk.delivered(later, 1, "D1:1")
    desk.passes(2 * SECOND)
    desk.now += 60 * SECOND
    while desk.tick().more:
        pass
    assert [json.loads(it.x)["reason"] for it in desk.told("rescinded")] == ["gap"]
    assert desk.offers(first) == ["lin"] and desk.offers(later) == []


@pytest.mark.promise("rank-order")
def test_whoever_comes_just_after_the_desk_is_back_goes_behind_those_who_waited(desk):
    desk.comes("ada")
    desk.desk(False)
    waited = desk.arrives()
    desk.now += SECOND
    desk.desk(True)  # everybody is to be filled, piece by piece
    late = desk.arrives()
    assert desk.offers(late) == []
    while desk.tick().more:
        pass
    assert desk.offers(waited) == ["ada"] and desk.offers(late) == []


@pytest.mark.promise("rank-order")
def test_what_is_handed_to_somebody_waits_for_what_comes_first_there(desk):
    """The same where the offer was for one agent in person."""
    desk.comes("lin", tier=2)
    desk.comes("ada")
    desk.presence("ada", "away")
    first = desk.arrives(route("sms", asking(1, 5 * SECOND), asking(2)))
    meant = desk.arrives(route("sms", asking(2)), prefer=Preference("lin", "direct"))
    desk.delivered(meant, 1, "D1:1")
    desk.passes(2 * SECOND)
    desk.now += 60 * SECOND
    while desk.tick().more:
        pass
    assert desk.offers(first) == ["lin"] and desk.offers(meant) == []
    desk.takes("lin", first)
    assert desk.offers(meant) == ["lin"]


@pytest.mark.promise("offer-gap")
def test_200_agents_and_a_store_frozen_for_two_minutes(desk):
    for i in range(200):
        desk.comes(f"a{i:03}")
    contacts = [desk.arrives() for _ in range(200)]
    for contact in contacts:
        desk.delivered(contact, 1, "D1:1")
    desk.passes(2 * SECOND)
    desk.now += 120 * SECOND
    while desk.tick().more:
        pass
    desk.passes(5 * SECOND)
    view = desk.views()
    assert all(it.presence == "available" and it.misses == 0 for it in view.agents.values())
    assert all(view.contacts[it].state == "offered" for it in contacts)


@pytest.mark.promise("offer-race")
def test_accepting_one_of_parallel_offers_rescinds_the_others(desk):
    for name in ("ada", "lin", "zoe"):
        desk.comes(name)
    contact = desk.arrives(route("sms", asking(1, offer_to=2)))
    other = desk.arrives()
    assert desk.offers(contact) == ["ada", "lin"] and desk.offers(other) == ["zoe"]
    assert desk.accept(contact, 2, "lin").done
    assert desk.accept(contact, 1, "ada").outcome == "taken"
    assert desk.accept(contact, 1, "ada").by == "lin"
    assert desk.accept(contact, 2, "lin").outcome == "accepted"
    assert [it.a for it in desk.told("rescinded")] == ["ada"] and len(desk.told("accepted")) == 1


@pytest.mark.promise("offer-steps")
def test_a_step_that_nobody_on_shift_could_serve_is_skipped_at_once(desk):
    desk.comes("lin", tier=2)
    contact = desk.arrives(route("sms", asking(1, 10 * MINUTE), asking(2)))
    assert desk.offers(contact) == ["lin"]


def test_when_the_last_of_a_class_signs_off_those_waiting_move_on(desk):
    desk.comes("ada", capacity=Capacity(caps=(("sms", 0),)))
    desk.comes("lin", tier=2)
    contact = desk.arrives(route("sms", asking(1, 10 * MINUTE), asking(2)))
    assert desk.offers(contact) == []
    desk.presence("ada", "offline")
    desk.tick()
    assert desk.offers(contact) == ["lin"]


@pytest.mark.promise("offer-steps")
def test_steps_open_with_age_and_the_rank_stays(desk):
    desk.comes("ada", capacity=Capacity(caps=(("sms", 0),)))
    desk.comes("lin", tier=2)
    contact = desk.arrives(route("sms", asking(1, 30 * SECOND), asking(2)), rank=NOW + 5)
    rank = desk.views().contacts[contact].rank
    desk.passes(29 * SECOND)
    assert desk.offers(contact) == []
    desk.passes(SECOND)
    assert desk.offers(contact) == ["lin"] and desk.views().contacts[contact].rank == rank


def test_one_agent_alone_is_asked_in_the_window_and_then_anybody(desk):
    desk.comes("ada", capacity=Capacity(caps=(("sms", 0),)))
    desk.comes("lin")
    contact = desk.arrives(prefer=Preference("ada", "preferred", NOW + 2 * MINUTE))
    assert desk.offers(contact) == [] and desk.views().contacts[contact].personal == "ada"
    desk.passes(119 * SECOND)
    assert desk.offers(contact) == []
    desk.passes(SECOND)
    assert desk.offers(contact) == ["lin"]


def test_the_window_ends_as_soon_as_the_agent_leaves(desk):
    desk.comes("ada", capacity=Capacity(caps=(("sms", 0),)))
    desk.comes("lin")
    contact = desk.arrives(prefer=Preference("ada", "direct"))
    desk.presence("ada", "away")
    assert desk.offers(contact) == ["lin"]


@pytest.mark.promise("slack-down")
def test_while_the_desk_is_down_nobody_is_offered_anything(desk):
    desk.comes("ada")
    assert desk.desk(False) and not desk.desk(False)
    contact = desk.arrives()
    assert desk.offers(contact) == []
    desk.desk(True)
    desk.tick()
    assert desk.offers(contact) == ["ada"]


@pytest.mark.promise("owner-removed")
def test_a_removed_agents_work_is_queued_again_with_its_rank(desk):
    desk.comes("ada")
    contact = desk.arrives(rank=NOW + 77)
    rank = desk.views().contacts[contact].rank
    desk.takes("ada", contact)
    desk.comes("lin")
    desk.remove_agent("ada")
    view = desk.views().contacts[contact]
    assert (view.state, view.owner, view.rank, desk.offers(contact)) == ("offered", "", rank, ["lin"])


@pytest.mark.promise("hours-held")
def test_parked_until_its_date_and_then_in_the_queue(desk):
    desk.comes("ada")
    contact = desk.arrives(wake=NOW + HOUR)
    assert desk.views().contacts[contact].state == "parked"
    desk.now += HOUR
    desk.tick()
    assert desk.offers(contact) == ["ada"]


@pytest.mark.promise("arrives-once")
def test_one_outside_event_has_one_effect_for_two_days(desk):
    said = Arrived("sms", "SM1", "+49", "us", "hi")
    decision = Decision(route(), NOW)
    first = desk.arrive(said.to_json(), "SM1", said.thread, decision)
    again = desk.arrive(said.to_json(), "SM1", said.thread, decision)
    more = desk.arrive(said.to_json(), "SM2", said.thread, decision)
    assert (first.outcome, again.outcome, more.outcome) == ("new", "duplicate", "added")
    assert (first.contact, first.n) == (again.contact, again.n) == (more.contact, more.n - 1)


@pytest.mark.promise("queue-once")
def test_an_operation_sent_again_adds_nothing_and_an_old_one_is_refused(desk):
    desk.comes("ada")
    contact = desk.arrives()
    op = f"{NOW:013d}-0123456789ab"
    before = desk.operate(op, lambda: desk.decline(contact, 1, "ada"))
    count = len(desk.model.events)
    assert desk.operate(op, lambda: desk.decline(contact, 1, "ada")) == before
    assert len(desk.model.events) == count
    desk.now += 10 * MINUTE + 1
    with pytest.raises(Refused, match="expired"):
        desk.operate(op, lambda: desk.decline(contact, 1, "ada"))


@pytest.mark.promise("thread-link")
def test_a_closed_conversations_next_text_is_a_new_contact_with_a_link(desk):
    desk.comes("ada")
    contact = desk.arrives(route(wrap_up=MINUTE), sender="+49")
    desk.takes("ada", contact)
    desk.complete(contact, "ada")
    later = desk.arrives(sender="+49")
    assert later != contact and desk.views().contacts[later].previous == contact


@pytest.mark.promise("reply-undo")
def test_a_held_reply_can_be_undone_until_it_goes(desk):
    desk.comes("ada")
    contact = desk.arrives()
    desk.takes("ada", contact)
    held = desk.hold_reply(contact, "ada", '{"text":"hi"}', "C1:1", 8 * SECOND)
    assert desk.hold_reply(contact, "ada", '{"text":"hi"}', "C1:1", 8 * SECOND).n == held.n
    assert desk.hold_reply(contact, "lin", "{}", "C1:2", 8 * SECOND).outcome == "not_owner"
    assert desk.undo_reply(contact, held.n, "ada").done
    sent = desk.hold_reply(contact, "ada", '{"text":"ho"}', "C1:3", 8 * SECOND)
    desk.passes(8 * SECOND)
    assert desk.undo_reply(contact, sent.n, "ada").outcome == "too_late"
    assert [it.n for it in desk.told("message.out")] == [sent.n]


@pytest.mark.promise("texts-unasked")
def test_of_unasked_texts_one_in_ten_minutes(desk):
    contact = desk.arrives()
    assert desk.text(contact, "received", "{}", True).done
    assert desk.text(contact, "moved", "{}", True).outcome == "suppressed"
    assert desk.text(contact, "answer", "{}", False).done
    desk.now += 10 * MINUTE
    assert desk.text(contact, "moved", "{}", True).done


def test_receipts_only_go_forward(desk):
    contact = desk.arrives()
    n = desk.text(contact, "received", "{}", False).n
    assert desk.receipt(contact, n, "sent", "SM9") and desk.find_receipt("SM9") == (contact, n)
    assert not desk.receipt(contact, n, "queued")
    assert desk.receipt(contact, n, "failed", error="30005")
    assert not desk.receipt(contact, n, "delivered")
    assert desk.retry_reply(contact, n).done and desk.receipt(contact, n, "delivered")


def test_a_bounded_fill_goes_on_in_the_due_set():
    desk = Desk(Bounds(tick=2, fill=2, sweep=2))
    contacts = [desk.arrives() for _ in range(4)]
    desk.comes("ada", capacity=Capacity(offers=10))
    assert [len(desk.offers(it)) for it in contacts] == [1, 1, 0, 0]
    while desk.tick().more:
        pass
    assert [len(desk.offers(it)) for it in contacts] == [1, 1, 1, 1]
