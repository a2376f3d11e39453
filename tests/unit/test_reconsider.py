"""A contact that waits, decided again by another plan: what follows from the plan changes, what people decided stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_plan import EVA, arrived, at, book
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.queue.history.records import Customer
from tierline.queue.model import Model
from tierline.queue.state import MessageView
from tierline.router.classify import classify
from tierline.router.facts import Facts
from tierline.router.plan.load import parse
from tierline.router.reconsider import Move, Waiting, reconsider, said
from tierline.router.rulebook import Rulebook, instant

NOW = at("2026-11-24 10:00")  # a Tuesday, in office hours
MIN = 60_000


def changed(*pairs: tuple[str, str]) -> Rulebook:
    source = book().plan.source
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return Rulebook(parse(source), 8)


def waiting(text: str, when: int = NOW, customer: Customer | None = None) -> Waiting:
    """A contact as the queue has it after arriving at `when`."""
    model, it = Model().at(when), arrived(text)
    who = customer or Customer(EVA)
    name = model.arrive(it.to_json(), it.event, it.thread, classify(book(), it, who, when).decision).contact
    view = model.snapshot().contacts[name]
    return Waiting(view, it, view.arrived, who)


def again(other: Rulebook, it: Waiting, now: int = NOW + 5 * MIN) -> Move | None:
    return reconsider(book(), other, it, now)


SLOW = ("any: [down, outage,", "any: [down, outage, slow,")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["My server is down", "How do I?", "an invoice", "a password please", "Störung"]),
    st.integers(0, 14 * 24 * 60),
    st.integers(0, 3 * 24 * 60),
)
def test_the_same_plan_never_moves_anybody(text: str, minute: int, later: int) -> None:
    when = NOW + minute * MIN
    it = waiting(text, when)
    if it.view.state == "parked" and it.view.wake is not None and it.view.wake <= when + later * MIN:
        return  # the queue has woken it by then
    same = Rulebook(book().plan, 8)
    if it.view.state == "waiting" and not book().hours(it.view.service).is_open(instant(when + later * MIN)):
        return  # the watch has parked it by then
    assert again(same, it, when + later * MIN) is None


def test_a_rule_that_matches_now_moves_it_with_the_rank_of_its_arrival() -> None:
    it = waiting("it is slow")
    move = again(changed(SLOW), it)
    assert move is not None and (move.from_service, move.to_service, move.rule) == (
        "howto",
        "outage",
        "outage",
    )
    fresh = classify(changed(SLOW), it.arrived, it.customer, NOW).decision
    assert move.decision.rank == fresh.rank, "as if the rule had been there when it arrived"
    facts = Facts.parse(move.decision.facts)
    assert (facts.version, facts.customer, facts.address) == (8, EVA, EVA)


def test_shorter_hours_park_those_who_wait_outside_of_them_and_longer_ones_wake_them() -> None:
    late = waiting("How do I?", at("2026-11-24 17:00"))
    early = changed(("Mo-Fr 08:00-18:00; PH off", "Mo-Fr 08:00-16:00; PH off"))
    move = again(early, late, at("2026-11-24 17:05"))
    assert move is not None and move.decision.wake == at("2026-11-25 08:00")
    night = waiting("How do I?", at("2026-11-24 20:00"))
    assert night.view.state == "parked" and night.view.wake == at("2026-11-25 08:00")
    longer = changed(("Mo-Fr 08:00-18:00; PH off", "Mo-Fr 08:00-22:00; PH off"))
    woken = again(longer, night, at("2026-11-24 20:05"))
    assert woken is not None and woken.decision.wake is None
    sooner = changed(("Mo-Fr 08:00-18:00; PH off", "Mo-Fr 07:00-18:00; PH off"))
    moved = again(sooner, night, at("2026-11-24 20:05"))
    assert moved is not None and moved.decision.wake == at("2026-11-25 07:00")


def dated(it: Waiting, wake: int) -> Waiting:
    facts = replace(Facts.parse(it.view.facts), closed="").to_json()
    return replace(it, view=replace(it.view, state="parked", wake=wake, facts=facts))


def test_a_date_that_somebody_gave_stays() -> None:
    it = dated(waiting("How do I?"), at("2026-11-26 15:00"))
    longer = changed(("Mo-Fr 08:00-18:00; PH off", "Mo-Su 08:00-22:00; PH off"))
    move = again(longer, it)
    assert move is None or move.decision.wake == at("2026-11-26 15:00")


def test_whom_somebody_owns_or_moved_is_left_alone() -> None:
    it = waiting("it is slow")
    assert again(changed(SLOW), replace(it, view=replace(it.view, state="active", owner="Ada"))) is None
    by_hand = replace(Facts.parse(it.view.facts), moved="Mira").to_json()
    assert again(changed(SLOW), replace(it, view=replace(it.view, facts=by_hand))) is None


def test_what_a_person_decided_without_saying_so_in_the_facts_stays_too() -> None:
    it = waiting("it is slow")
    hurried = replace(it, view=replace(it.view, rank=it.view.rank - 7 * MIN * 1000))
    assert again(Rulebook(book().plan, 8), hurried) is None
    move = again(changed(SLOW), hurried)
    plain = again(changed(SLOW), it)
    assert move is not None and plain is not None
    assert abs(plain.decision.rank - move.decision.rank - 7 * MIN) < 1000, "put forward by as much as before"
    elsewhere = classify(book(), arrived("an invoice"), it.customer, NOW).decision.route
    assert again(changed(SLOW), replace(it, view=replace(it.view, route=elsewhere))) is None


def test_other_terms_of_the_same_service_are_a_change() -> None:
    it = waiting("How do I?")
    for pair in (
        ("sms: 10m, email: 4h}", "sms: 20m, email: 4h}"),
        ("until: 20m, pick: least_loaded", "until: 30m, pick: least_loaded"),
        ("languages: {de: 3, en: 3} ", "languages: {de: 3, en: 4} "),
    ):
        move = again(changed(pair), it)
        assert move is not None and move.from_service == move.to_service == "howto", pair
    for pair in (
        ("site: northwind ", "site: southwind "),
        ("until: 2h}", "until: 3h}"),
        ("hold_reply: 8s", "hold_reply: 9s"),
    ):
        assert again(changed(pair), it) is None, pair


def test_facts_of_the_customer_count_as_at_arrival() -> None:
    rich = Customer("acme", facts={"contract": "gold"}, known=True)
    gold = changed(("contract: enterprise", "contract: [enterprise, gold]"))
    move = again(gold, waiting("My server is down", customer=rich))
    assert move is not None and move.rule == "outage of an important customer"
    assert again(gold, waiting("My server is down")) is None


def message(n: int, kind: str, when: int, status: str = "") -> MessageView:
    body = arrived(f"text {n}").to_json() if kind == "in" else "{}"
    return MessageView(n, kind, body, when, status)


@pytest.mark.parametrize(
    ("kinds", "since"),
    [
        (["in"], 1),
        (["in", "in"], 1),
        (["in", "note", "in"], 1),
        (["in", "reply", "in", "in"], 3),
        (["in", "received", "in"], 1),
    ],
)
def test_the_rank_counts_from_the_first_words_that_nobody_has_answered(kinds: list[str], since: int) -> None:
    found = said(
        [message(n, kind, n, "delivered" if kind == "reply" else "") for n, kind in enumerate(kinds, 1)]
    )
    assert found is not None and found[1] == since and found[0].text == "text 1"


def test_a_contact_without_a_doors_words_is_left_alone() -> None:
    assert said([]) is None
    assert said([MessageView(1, "in", "{}", 1)]) is None
