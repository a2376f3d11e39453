"""Handing a contact over: somebody is answerable for it at every instant, and its place in the queue stays."""

import json

import pytest
from helpers_desk import MINUTE, NOW, SECOND, Desk, asking, route

from tierline.queue.contact import Preference, Step
from tierline.skills.skill import Capacity, Need

CHATS = Capacity(33)
NUDGED = route("chat", Step(Need("howto", "chat")))


@pytest.fixture
def desk():
    return Desk()


def experts(until=None):
    return route("sms", Step(Need("orders", "sms", tiers=(2,)), until), service="orders")


@pytest.mark.promise("handover-owner")
def test_its_owner_keeps_a_contact_until_the_new_one_accepts(desk):
    desk.comes("ada")
    contact = desk.owned(rank=NOW - MINUTE)
    desk.comes("lin", tier=2)
    desk.now += MINUTE
    assert desk.transfer(contact, "ada", desk.decided(experts()), "experts", "needs an expert").done
    it = desk.view(contact)
    assert (it.state, it.owner, it.handing, desk.offers(contact)) == ("active", "ada", True, ["lin"])
    assert contact in desk.views().agents["ada"].contacts
    desk.takes("lin", contact)
    it = desk.view(contact)
    assert (it.state, it.owner, it.handing) == ("active", "lin", False)
    assert desk.views().agents["ada"].deferred == 0 and desk.told("accepted")[-1].x.endswith('"from":"ada"}')


@pytest.mark.promise("handover-rank")
def test_a_transfer_keeps_the_rank_and_begins_at_the_first_step_of_the_new_service(desk):
    desk.comes("ada", tier=2)
    old = desk.owned(way=route("sms", asking(1, 5 * SECOND), asking(2)))
    rank, step = desk.view(old).rank, desk.view(old).step
    desk.now += MINUTE
    desk.transfer(old, "ada", desk.decided(experts(), rank=NOW + 9 * MINUTE))
    new = desk.arrives(experts(), rank=NOW + SECOND)
    it = desk.view(old)
    assert step == 1 and (it.rank, it.step, it.base) == (rank, 0, desk.now)
    desk.comes("lin", tier=2)
    assert desk.offers(old) == ["lin"] and desk.offers(new) == ["ada"]


def test_a_transfer_in_its_own_service_makes_it_no_younger(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.now += MINUTE
    desk.transfer(contact, "ada", desk.decided())
    assert desk.view(contact).base == NOW


@pytest.mark.promise("handover-only")
@pytest.mark.parametrize("how", ["declined", "missed", "undeliverable", "unavailable", "too late"])
def test_a_handover_to_one_colleague_who_does_not_take_it_leaves_it_with_its_owner(desk, how):
    desk.comes("ada")
    contact = desk.owned()
    before = desk.view(contact)
    desk.comes("lin")
    desk.comes("bob")
    desk.now += SECOND
    way = experts() if how == "unavailable" else route(offer=20 * SECOND, service="orders")
    until = desk.now + 10 * SECOND if how == "too late" else None
    prefer = Preference("lin", "direct" if until is None else "preferred", until)
    desk.transfer(contact, "ada", desk.decided(way, prefer=prefer), "lin", only=True)
    if how != "unavailable":
        assert desk.offers(contact) == ["lin"]
    if how == "declined":
        desk.decline(contact, 2, "lin", "no time")
    elif how == "undeliverable":
        desk.rescind(contact, 2, how)
    elif how in ("missed", "too late"):
        desk.delivered(contact, 2, "D1:1")
        desk.passes(21 * SECOND)
    it = desk.view(contact)
    assert it == before and not desk.offers(contact)
    assert json.loads(desk.told("kept")[-1].x)["why"] == how and not desk.views().due.keys() & {
        f"s:{contact}"
    }


def test_an_owner_who_keeps_it_after_all_finds_everything_as_before(desk):
    desk.comes("ada")
    contact = desk.owned()
    before = desk.view(contact)
    desk.comes("lin", tier=2)
    desk.transfer(contact, "ada", desk.decided(experts(), facts='{"new":1}'))
    assert desk.keep(contact, "lin").outcome == "not_owner"
    assert desk.keep(contact, "ada").done and desk.view(contact) == before
    assert desk.told("rescinded")[-1].a == "lin" and desk.keep(contact, "ada").outcome == "stale"


def test_the_second_transfer_of_one_replaces_the_first(desk):
    desk.comes("ada")
    contact = desk.owned()
    before = desk.view(contact)
    desk.comes("lin", tier=2)
    desk.transfer(contact, "ada", desk.decided(experts()))
    desk.transfer(contact, "", desk.decided(route("sms", asking(1))))
    assert desk.offers(contact) == [] and desk.told("rescinded")[-1].x.startswith('{"reason":"rerouted"')
    desk.keep(contact, "")
    assert desk.view(contact) == before


def test_what_is_handed_over_is_never_offered_to_its_owner(desk):
    desk.comes("ada", capacity=Capacity(offers=9))
    contact = desk.owned()
    desk.transfer(contact, "ada", desk.decided())
    desk.passes(MINUTE)
    assert desk.offers(contact) == [] and desk.view(contact).owner == "ada"


def test_while_it_is_handed_over_it_still_costs_its_owner(desk):
    desk.comes("ada", capacity=CHATS)
    contact = desk.owned(way=route("chat", Step(Need("howto", "chat"))))
    desk.comes("lin", capacity=CHATS)
    desk.transfer(contact, "ada", desk.decided(route("chat", Step(Need("howto", "chat")))))
    other = desk.arrives(route("chat", Step(Need("howto", "chat"))))
    assert desk.offers(contact) == ["lin"] and desk.offers(other) == []
    desk.takes("lin", contact)
    assert desk.offers(other) == ["ada"]


@pytest.mark.promise("handover-given-back")
def test_what_an_owner_gives_back_is_queued_with_its_rank_for_others_first(desk):
    desk.comes("ada")
    contact = desk.owned(rank=NOW - 9 * MINUTE)
    rank = desk.view(contact).rank
    desk.comes("lin")
    desk.now += SECOND
    assert desk.release(contact, "lin").outcome == "not_owner"
    assert desk.release(contact, "ada", "no access").done
    it = desk.view(contact)
    assert (it.rank, it.owner, it.excluded) == (rank, "", {"ada"}) and desk.offers(contact) == ["lin"]


def test_a_handover_that_loses_its_owner_goes_on_where_it_stands(desk):
    desk.comes("ada")
    contact = desk.owned()
    desk.comes("lin", tier=2)
    desk.transfer(contact, "ada", desk.decided(experts()))
    desk.release(contact, "ada")
    it = desk.view(contact)
    assert (it.state, it.owner, it.handing, it.service) == ("offered", "", False, "orders")
    assert desk.offers(contact) == ["lin"] and not desk.told("rescinded")


def test_asking_a_colleague_changes_nothing(desk):
    desk.comes("ada")
    contact = desk.owned()
    before = desk.views()
    assert desk.consult(contact, "lin", "eve", "?").outcome == "not_owner"
    assert desk.consult(contact, "ada", "eve", "seen this?").done
    assert desk.views() == before and desk.told("consult")[0].a == "ada"


@pytest.mark.promise("mail-it-is-them")
def test_somebody_says_whose_it_is_and_nothing_else_changes(desk):
    desk.comes("ada")
    contact = desk.owned(facts='{"customer":"a"}')
    before = desk.views()
    about = {"by": "Ada", "how": "a code"}
    assert desk.identify(contact, "ada", '{"customer":"a"}', '{"customer":"K1"}', about).done
    assert desk.view(contact).facts == '{"customer":"K1"}'
    told = desk.told("identified")[0]
    assert (told.a, json.loads(told.x)) == ("ada", {**about, "facts": '{"customer":"K1"}'})
    assert desk.identify(contact, "ada", '{"customer":"a"}', '{"customer":"K2"}', {}).outcome == "stale"
    assert desk.identify("C9", "ada", "{}", "{}", {}).outcome == "gone"
    assert desk.identify(contact, "ada", '{"customer":"K1"}', '{"customer":"a"}', {}).done
    assert desk.views() == before


@pytest.mark.promise("mail-it-is-them")
def test_while_it_is_handed_over_nobody_says_whose_it_is(desk):
    """Should its owner keep it, what it was before counts: what was said meanwhile would be lost."""
    desk.comes("ada")
    contact = desk.owned()
    desk.transfer(contact, "ada", desk.decided(experts()))
    known = desk.view(contact).facts
    assert desk.identify(contact, "ada", known, '{"customer":"K1"}', {}).outcome == "stale"
    desk.keep(contact, "ada")
    assert desk.identify(contact, "ada", desk.view(contact).facts, '{"customer":"K1"}', {}).done


@pytest.mark.promise("queue-reranked")
def test_a_supervisor_moves_a_contact_forward_and_it_is_offered_first(desk):
    first, second = desk.arrives(rank=NOW), desk.arrives(rank=NOW + MINUTE)
    assert desk.rerank(second, NOW - MINUTE, "mira", "their shop is down").done
    desk.comes("ada")
    assert desk.offers(second) == ["ada"] and desk.offers(first) == []


def test_who_was_kept_free_for_what_is_now_less_urgent_is_free_for_others(desk):
    desk.comes("ada")
    desk.owned(way=route("chat", Step(Need("howto", "chat"))))
    call = desk.arrives(route("voice", Step(Need("howto", "voice"))), rank=NOW)
    chat = desk.arrives(route("chat", Step(Need("howto", "chat"))), rank=NOW + MINUTE)
    assert desk.view(call).drainer == "ada" and desk.offers(chat) == []
    desk.rerank(call, NOW + 9 * MINUTE)
    assert desk.offers(chat) == ["ada"]
