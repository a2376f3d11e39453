"""What the queue knows of calls: legs, small facts, offers that a phone rings for, calls that nobody is torn from."""

import pytest
from helpers_desk import MINUTE, SECOND, Desk, asking, route

from tierline.queue.checks import violations
from tierline.queue.contact import Step
from tierline.queue.legs import JOTS
from tierline.skills.skill import Capacity, Need, Profile

CUSTOMER = {"r": "customer"}


@pytest.fixture
def desk():
    return Desk()


def call(*steps, offer_to=1, **rest):
    """A way of calls; by default anybody of the first tier is asked."""
    return route("voice", *(steps or (Step(Need("howto", "voice"), offer_to=offer_to),)), **rest)


def ringing(desk, *names, **rest):
    """A call that is offered to these agents, who come on duty one after the other."""
    for name in names:
        desk.comes(name)
        desk.now += 1
    return desk.arrives(call(offer_to=len(names), **rest))


def sound(desk):
    assert violations(desk.views(), desk.now) == []


# ---- legs ----------------------------------------------------------------------------------------------------


@pytest.mark.promise("call-leg-forward")
def test_a_leg_never_goes_back(desk):
    contact = desk.arrives(call())
    about = {"a": "ada", "o": "3", "r": "agent"}
    assert desk.leg(contact, "CA1", "queued", about).outcome == "ok"
    desk.now += 5
    assert desk.leg(contact, "CA1", "answered").outcome == "ok"
    for late in ("ringing", "queued", "answered"):
        assert desk.leg(contact, "CA1", late, {"r": "customer"}).outcome == "late"
    assert desk.leg(contact, "CA1", "busy").done
    assert desk.leg(contact, "CA1", "completed").outcome == "late"
    assert [(it.a, it.n) for it in desk.told("leg")] == [("ada", 3)] * 3
    (leg,) = desk.legs(contact)
    assert (leg.sid, leg.state, leg.at, leg.about) == ("CA1", "busy", desk.now, about)


def test_what_is_known_of_a_leg_comes_together(desk):
    contact = desk.arrives(call())
    desk.leg(contact, "CA1", "initiated", {"a": "ada", "r": "agent"})
    desk.leg(contact, "CA1", "ringing", {"o": "2", "r": "again"})
    assert desk.legs(contact)[0].about == {"a": "ada", "r": "again", "o": "2"}


def test_legs_stand_in_the_order_of_their_first_news(desk):
    contact = desk.arrives(call())
    for sid in ("CAz", "CAa", "CAm"):
        desk.leg(contact, sid, "ringing")
    desk.leg(contact, "CAz", "answered")
    assert [it.sid for it in desk.legs(contact)] == ["CAz", "CAa", "CAm"]
    assert desk.legs("C9999") == () and desk.leg("C9999", "CA1", "ringing").outcome == "gone"


@pytest.mark.promise("call-leg-asked-after")
def test_live_legs_that_nobody_hears_of_are_found(desk):
    one, other = desk.arrives(call()), desk.arrives(call())
    desk.leg(one, "CA1", "answered", CUSTOMER)
    desk.now += MINUTE
    desk.leg(other, "CA2", "ringing")
    desk.leg(other, "CA3", "failed")
    assert desk.legs_unheard(desk.now) == [(one, "CA1")]
    assert desk.legs_unheard(desk.now + 1) == [(one, "CA1"), (other, "CA2")]
    assert desk.legs_unheard(desk.now + 1, 1) == [(one, "CA1")]
    desk.now += MINUTE
    desk.leg(one, "CA1", "ringing")  # late, and yet somebody spoke of it
    assert desk.legs_unheard(desk.now) == [(other, "CA2")]
    desk.leg(other, "CA2", "no-answer")
    desk.leg(one, "CA1", "completed")
    assert desk.legs_unheard(desk.now + 1) == []


def test_a_legs_end_is_heard_after_its_contacts_and_both_are_forgotten_together(desk):
    contact = desk.arrives(call())
    desk.leg(contact, "CA1", "answered", CUSTOMER)
    desk.leg(contact, "CA2", "ringing")
    desk.jot(contact, "queue", "QU1")
    desk.abandon(contact)
    assert desk.leg(contact, "CA1", "completed").done
    assert desk.forget(contact)
    desk.now += 1
    assert desk.legs_unheard(desk.now) == [] and desk.legs(contact) == () and desk.jots(contact) == {}
    assert desk.leg(contact, "CA2", "completed").outcome == "gone"


@pytest.mark.parametrize(
    ("sid", "state", "about", "words"),
    [
        ("", "ringing", {}, "64 characters"),
        ("x" * 65, "ringing", {}, "64 characters"),
        ("CA1", "in-progress", {}, "in-progress"),
        ("CA1", "ringing", {"x" * 41: ""}, "40 characters"),
        ("CA1", "ringing", {"a": "x" * 1001}, "1000 characters"),
        ("CA1", "ringing", {"sid": "CA2"}, "sid"),
        ("CA1", "ringing", {str(n): "" for n in range(21)}, "20"),
    ],
)
def test_a_leg_of_odd_shape_is_refused_in_words(desk, sid, state, about, words):
    contact = desk.arrives(call())
    with pytest.raises(ValueError, match=words):
        desk.leg(contact, sid, state, about)
    assert desk.legs(contact) == ()


def test_a_thousand_legs_are_enough(desk):
    contact = desk.arrives(call())
    for n in range(1000):
        desk.model.leg(contact, f"CA{n}", "failed")
    with pytest.raises(ValueError, match="1000 legs"):
        desk.model.leg(contact, "CA1000", "ringing")
    assert desk.model.leg(contact, "CA1", "busy").outcome == "late"


# ---- small facts ---------------------------------------------------------------------------------------------


@pytest.mark.promise("call-facts")
def test_a_fact_of_the_call_is_jotted_down_and_the_one_before_is_given_back(desk):
    contact = desk.arrives(call())
    seen = len(desk.model.events)
    assert desk.jot(contact, "conference", "CF1") == ""
    assert desk.jot(contact, "conference", "CF2") == "CF1"
    assert desk.jot(contact, "queue", "QU1") == ""
    assert desk.jots(contact) == {"conference": "CF2", "queue": "QU1"}
    assert desk.jot(contact, "queue", "") == "QU1", "an empty one takes it away"
    assert desk.jots(contact) == {"conference": "CF2"}
    assert desk.jot("C9999", "queue", "QU1") == "" and desk.jots("C9999") == {}
    assert len(desk.model.events) == seen


def test_facts_are_few_and_short(desk):
    contact = desk.arrives(call())
    for name, value, words in (("", "x", "40"), ("x" * 41, "x", "40"), ("x", "x" * 1001, "1000")):
        with pytest.raises(ValueError, match=words):
            desk.jot(contact, name, value)
    for n in range(50):
        desk.jot(contact, f"n{n}", "x")
    with pytest.raises(ValueError, match="50"):
        desk.jot(contact, "one more", "x")
    assert desk.jot(contact, "n7", "y") == "x", "one that is there may change"
    desk.jot(contact, "n8", "")
    assert desk.jot(contact, "one more", "x") == ""
    assert len(desk.jots(contact)) == 50


# ---- offers that a phone rings for ---------------------------------------------------------------------------


@pytest.mark.promise("call-missed")
def test_a_phone_that_nobody_answers_is_a_missed_offer(desk):
    contact = ringing(desk, "ada")
    desk.comes("ben")
    assert desk.miss(contact, 1, "ada", "no-answer").done
    (event,) = desk.told("missed")
    assert (event.c, event.a, event.n) == (contact, "ada", 1) and '"reason":"no-answer"' in event.x
    assert desk.offers(contact) == ["ben"] and desk.view(contact).excluded == {"ada"}
    assert desk.views().agents["ada"].misses == 1
    assert desk.miss(contact, 1, "ada", "again").outcome == "stale"
    assert desk.miss(contact, 2, "ada", "not theirs").outcome == "stale"
    assert desk.miss("C9999", 1, "ada", "").outcome == "gone"
    desk.presence("ben", "away")
    desk.passes(MINUTE)
    assert desk.offers(contact) == ["ada"], "forgiven after a minute"
    assert desk.miss(contact, desk.offer(contact, "ada"), "ada", "busy").done
    assert desk.views().agents["ada"].presence == "away", "two in a row"
    sound(desk)


def test_a_miss_is_no_miss_of_somebody_who_has_taken_it(desk):
    contact = ringing(desk, "ada")
    desk.takes("ada", contact)
    said = desk.miss(contact, 1, "ada", "busy")
    assert (said.outcome, said.by, said.state) == ("stale", "ada", "active")


@pytest.mark.promise("call-answered")
def test_whoever_answers_the_phone_has_longer(desk):
    contact = ringing(desk, "ada", offer=20 * SECOND)
    until = desk.now + 40 * SECOND
    said = desk.prolong(contact, 1, "ada", until)
    assert (said.outcome, said.due) == ("ok", until)
    (offer,) = desk.view(contact).offers
    assert offer.delivered and offer.due == until, "a phone that was answered has shown it"
    desk.prolong(contact, 1, "ada", until - 1)
    assert len(desk.told("prolonged")) == 1, "never shorter, and no news"
    assert desk.prolong(contact, 1, "ada", desk.now + 10 * MINUTE).due == desk.now + 2 * MINUTE
    assert desk.delivered(contact, 1, "D1:1").due == desk.now + 2 * MINUTE
    desk.passes(2 * MINUTE)
    assert len(desk.told("missed")) == 1
    assert desk.prolong(contact, 1, "ada", desk.now).outcome == "stale"
    assert desk.prolong("C9999", 1, "ada", desk.now).outcome == "gone"


def test_prolonged_to_an_earlier_instant_it_counts_as_shown_all_the_same(desk):
    contact = ringing(desk, "ada")
    before = desk.view(contact).offers[0].due
    assert desk.prolong(contact, 1, "ada", desk.now + 1).due == before
    assert desk.view(contact).offers[0].delivered and len(desk.told("prolonged")) == 1


def test_the_place_of_a_card_may_be_known_after_the_phone_rings(desk):
    contact = ringing(desk, "ada", offer=20 * SECOND)
    due = desk.delivered(contact, 1, "").due
    desk.now += 3 * SECOND
    assert desk.delivered(contact, 1, "D1:7").due == due
    assert desk.delivered(contact, 1, "D1:8").due == due
    assert desk.view(contact).offers[0].place == "D1:7"
    assert [it.x for it in desk.told("placed")] == ['{"place":"D1:7"}'] and len(desk.told("delivered")) == 1


# ---- "I'll take it" ------------------------------------------------------------------------------------------


@pytest.mark.promise("call-claim")
def test_whoever_says_that_they_take_it_stops_the_others_phones(desk):
    contact = ringing(desk, "ada", "ben", "eve", offer=20 * SECOND)
    for n in (1, 2, 3):
        desk.delivered(contact, n, "")
    assert desk.claim(contact, 2, "ben", 30 * SECOND).due == desk.now + 30 * SECOND
    assert desk.offers(contact) == ["ben"] and desk.view(contact).claimed == 2
    assert [(it.a, '"reason":"claimed"' in it.x) for it in desk.told("rescinded")] == [
        ("ada", True),
        ("eve", True),
    ]
    assert not any(desk.views().agents[it].misses for it in ("ada", "eve")), "nobody is to blame"
    other = desk.arrives(call())
    assert desk.offers(other) == ["ada"], "and they are free at once"
    sound(desk)
    desk.takes("ben", contact)
    assert desk.view(contact).claimed == 0
    sound(desk)


def test_a_deadline_is_put_off_once(desk):
    contact = ringing(desk, "ada", "ben", offer=20 * SECOND)
    desk.claim(contact, 1, "ada", 30 * SECOND)
    due = desk.view(contact).offers[0].due
    desk.now += 20 * SECOND
    seen = len(desk.model.events)
    again = desk.claim(contact, 1, "ada", 30 * SECOND)
    assert again.done and again.due == due and len(desk.model.events) == seen
    assert desk.claim(contact, 2, "ben", 30 * SECOND).outcome == "taken"
    assert desk.claim(contact, 2, "ben", 30 * SECOND).by == "ada"
    desk.passes(10 * SECOND)
    assert desk.told("missed")[0].a == "ada", "a claimed offer has been seen"


def test_a_claim_never_shortens_and_has_its_bound(desk):
    contact = ringing(desk, "ada", offer=90 * SECOND)
    due = desk.delivered(contact, 1, "D1:1").due
    assert desk.claim(contact, 1, "ada", 30 * SECOND).due == due
    other = ringing(desk, "ben")
    assert desk.claim(other, 1, "ben", 10 * MINUTE).due == desk.now + 2 * MINUTE


@pytest.mark.promise("call-claim")
def test_while_somebody_takes_it_nobody_else_is_asked(desk):
    contact = ringing(desk, "ada", "ben")
    desk.claim(contact, 1, "ada", 30 * SECOND)
    for name in ("eve", "lin"):
        desk.comes(name)
    assert desk.offers(contact) == ["ada"]
    sound(desk)
    assert desk.decline(contact, 1, "ada").done
    assert sorted(desk.offers(contact)) == ["ben", "eve"], "and then the others are, at once"
    sound(desk)


def test_no_step_asks_others_while_somebody_takes_it(desk):
    wide = call(asking(1, 10 * SECOND, "voice"), asking(2, channel="voice", offer_to=3))
    desk.comes("ada")
    contact = desk.arrives(wide)
    desk.claim(contact, 1, "ada", 60 * SECOND)
    desk.comes("ben", tier=2)
    desk.passes(30 * SECOND)
    assert desk.view(contact).step == 1 and desk.offers(contact) == ["ada"]
    sound(desk)
    desk.passes(30 * SECOND)
    assert desk.offers(contact) == ["ben"]


@pytest.mark.parametrize("how", ["miss", "rescind", "away", "removed"])
def test_however_a_claim_ends_the_others_are_asked_again(desk, how):
    contact = ringing(desk, "ada", "ben")
    desk.claim(contact, 1, "ada", 30 * SECOND)
    if how == "miss":
        desk.miss(contact, 1, "ada", "busy")
    elif how == "rescind":
        desk.rescind(contact, 1, "undeliverable", 5 * SECOND)
    elif how == "away":
        desk.presence("ada", "away")
    else:
        desk.remove_agent("ada")
    assert desk.offers(contact) == ["ben"] and desk.view(contact).claimed == 0
    assert desk.claim(contact, desk.offer(contact, "ben"), "ben", 30 * SECOND).done
    sound(desk)


def test_what_is_handed_over_can_be_claimed_too(desk):
    desk.comes("ada")
    contact = desk.owned("ada", call())
    for name in ("ben", "eve"):
        desk.comes(name)
    desk.transfer(contact, "ada", desk.decided(call(offer_to=2)))
    assert desk.offers(contact) == ["ben", "eve"]
    assert desk.claim(contact, desk.offer(contact, "eve"), "eve", 30 * SECOND).done
    assert desk.offers(contact) == ["eve"] and desk.view(contact).owner == "ada"
    desk.keep(contact, "ada")
    assert desk.view(contact).claimed == 0 and not desk.offers(contact)
    sound(desk)


def test_a_claim_that_comes_too_late_says_so(desk):
    contact = ringing(desk, "ada", "ben")
    assert desk.claim("C9999", 1, "ada", 0).outcome == "gone"
    assert desk.claim(contact, 1, "ben", 0).outcome == "stale", "that is another's"
    desk.takes("ada", contact)
    said = desk.claim(contact, 2, "ben", 30 * SECOND)
    assert (said.outcome, said.by) == ("taken", "ada")


# ---- a call in progress --------------------------------------------------------------------------------------


def talking(desk, agent="ada", **rest):
    """A call that the agent has, with its customer on the line."""
    contact = desk.owned(agent, call(**rest))
    desk.leg(contact, "CA1", "answered", CUSTOMER)
    return contact


@pytest.mark.promise("call-not-torn")
@pytest.mark.parametrize("how", ["offline", "off shift", "another profile"])
def test_nobody_is_torn_from_a_call_by_its_owners_leaving(desk, how):
    for name in ("ada", "ben"):
        desk.comes(name)
    contact = talking(desk)
    mail = desk.owned("ben", route("email"))
    if how == "offline":
        desk.presence("ada", "offline")
    elif how == "off shift":
        desk.agent("ada", Profile("inhouse"), Capacity(), 15, (), False)
    else:
        desk.agent("ada", Profile("experts", 3), Capacity(), 15, (), True)
    desk.passes(20 * MINUTE)
    assert desk.view(contact).owner == "ada" and desk.view(contact).state == "active"
    sound(desk)
    desk.leg(contact, "CA1", "completed")
    desk.passes(30 * SECOND)
    assert desk.offers(contact) == ["ben"], "without its customer it is as any other work"
    assert desk.view(mail).owner == "ben"
    sound(desk)


def test_only_the_customers_leg_keeps_it(desk):
    desk.comes("ada")
    contact = desk.owned("ada", call())
    desk.leg(contact, "CA1", "completed", CUSTOMER)
    desk.leg(contact, "CA2", "answered", {"r": "agent"})
    desk.presence("ada", "offline")
    desk.passes(5 * MINUTE)
    assert desk.view(contact).owner == ""


def test_whoever_is_taken_out_of_the_plan_ends_the_call_first(desk):
    for name in ("ada", "ben"):
        desk.comes(name, capacity=Capacity(200))
    text = desk.owned("ada", route("sms"))
    contact = talking(desk)
    desk.remove_agent("ada", MINUTE)
    desk.passes(10 * MINUTE)
    assert desk.view(contact).owner == "ada" and desk.view(text).owner == "", "only the call is still theirs"
    sound(desk)
    desk.complete(contact, "ada")
    desk.leg(contact, "CA1", "completed")
    desk.passes(30 * SECOND)
    assert "ada" not in desk.views().agents
    sound(desk)


def test_removed_without_a_grace_they_have_nothing_left(desk):
    desk.comes("ada")
    contact = talking(desk)
    desk.remove_agent("ada")
    assert desk.view(contact).owner == "" and "ada" not in desk.views().agents


def test_back_in_time_they_just_go_on(desk):
    desk.comes("ada")
    contact = talking(desk)
    desk.presence("ada", "offline")
    desk.passes(6 * MINUTE)
    desk.presence("ada", "available")
    assert desk.views().agents["ada"].leaving is None and desk.view(contact).owner == "ada"
    sound(desk)


def test_on_the_telephone_nobody_is_reminded_and_nothing_falls_quiet(desk):
    desk.comes("ada")
    contact = desk.owned("ada", route("voice"))
    way = desk.decided(_with_times(call()))
    desk.transfer(contact, "ada", way)
    desk.keep(contact, "ada")
    other = desk.arrives(_with_times(call()))
    desk.complete(contact, "ada")
    desk.takes("ada", other)
    desk.answers("ada", other)
    desk.passes(MINUTE)
    assert desk.view(other).state == "active" and not desk.told("nudged") and not desk.told("snoozed")
    sound(desk)


def _with_times(way):
    from dataclasses import replace

    return replace(way, quiet=5 * SECOND, nudge=5 * SECOND)


@pytest.mark.promise("call-facts")
def test_facts_that_belong_together_are_told_once_and_only_as_news() -> None:
    desk = Desk()
    one = desk.arrives()
    assert desk.happen(one, "hold", {"held": "CA1", "trouble": ""}, "ada", {"x": "1"}).done
    assert desk.happen(one, "hold", {"held": "CA1", "trouble": ""}).outcome == "late"
    assert desk.jots(one) == {"held": "CA1"}
    assert desk.happen(one, "unhold", {"held": ""}).done and desk.jots(one) == {}
    assert desk.happen("C9999", "hold", {"held": "CA1"}).outcome == "gone"
    for facts, about in (({}, {}), ({"held": "x"}, {"what": "y"}), ({"": "x"}, {}), ({"x" * 41: "y"}, {})):
        with pytest.raises(ValueError):
            desk.happen(one, "hold", facts, "", about)
    for n in range(JOTS):
        desk.jot(one, f"n{n}", "1")
    with pytest.raises(ValueError, match="facts"):
        desk.happen(one, "hold", {"held": "CA1"})
    assert "held" not in desk.jots(one)
