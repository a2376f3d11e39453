"""What must hold in a call, from how it stands: music, mute, whose line ends, and who has the customer next."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest

from tierline.queue.contact import Need, Route, Step
from tierline.queue.state import ContactState, ContactView, Leg, OfferView
from tierline.router.standing import Standing, wanted

ROUTE = Route("howto", "voice", (Step(Need("howto", "voice")),), 20_000, 0)
EVA, ADA, BEN, LIN = "CAeva", "CAada", "CAben", "CAlin"
CUSTOMER = Leg(EVA, "answered", 1, {"r": "customer"})
MET = {"met": EVA, "conference": "CF1"}
TALKING = {**MET, f"in.{ADA}": "agent"}


def agent(sid: str, name: str, state: str = "answered", role: str = "agent", at: int = 2_000) -> Leg:
    return Leg(sid, state, at, {"r": role, "a": name})  # type: ignore[arg-type]


def call(
    facts: Mapping[str, str], *legs: Leg, state: ContactState = "active", owner: str = "ada",
    handing: bool = False, offers: tuple[OfferView, ...] = (),
) -> Standing:  # fmt: skip
    view = ContactView(
        id="C1001", state=state, rank=1, arrived=1, base=1, step=0, route=ROUTE, thread="", messages=1,
        owner=owner, offers=offers, handing=handing,
    )  # fmt: skip
    return Standing(view, legs, facts)


def test_two_who_talk_need_nothing() -> None:
    must = wanted(call(TALKING, CUSTOMER, agent(ADA, "ada")))
    assert (must.hold, must.mute, must.record, must.ends, must.then) == (False, False, True, (), "")


@pytest.mark.parametrize(
    ("facts", "handing", "held"),
    [
        ({"hold": "ada"}, False, True),
        ({"hold": "ben"}, False, False),  # an owner before had put them on hold
        ({}, True, True),
        ({"hold": "-ada"}, True, False),
        ({"hold": "-ada"}, False, False),
    ],
)
def test_music_is_what_the_owner_wants_and_handing_over_begins_with_it(
    facts: Mapping[str, str], handing: bool, held: bool
) -> None:
    it = call({**TALKING, **facts}, CUSTOMER, agent(ADA, "ada"), handing=handing)
    assert wanted(it).hold is held


@pytest.mark.promise("call-warm")
def test_while_somebody_is_spoken_with_first_the_customer_hears_music_whatever_was_wished() -> None:
    facts = {**TALKING, f"in.{BEN}": "agent", "warm": "ben", "hold": "-ada"}
    offers = (OfferView(2, "ben", True, 9),)
    both = call(facts, CUSTOMER, agent(ADA, "ada"), agent(BEN, "ben"), handing=True, offers=offers)
    must = wanted(both)
    assert (must.hold, must.record, must.ends, must.then) == (True, False, (), "")
    gone = call(
        facts, CUSTOMER, agent(ADA, "ada", "completed"), agent(BEN, "ben"), handing=True, offers=offers
    )
    assert (wanted(gone).then, wanted(gone).hold) == ("take", False)
    kept = call(facts, CUSTOMER, agent(ADA, "ada"), agent(BEN, "ben"))
    assert [leg.sid for leg in wanted(kept).ends] == [BEN] and wanted(kept).hold is False


def test_whoever_had_it_before_is_through_once_somebody_else_has_it() -> None:
    facts = {**TALKING, f"in.{BEN}": "agent", f"in.{LIN}": "guest"}
    it = call(
        facts, CUSTOMER, agent(ADA, "ada"), agent(BEN, "ben"), agent(LIN, "lin", role="guest"), owner="ben"
    )
    assert [leg.sid for leg in wanted(it).ends] == [ADA] and wanted(it).hold is False
    coming = call(TALKING, CUSTOMER, agent(ADA, "ada"), agent(BEN, "ben"), owner="ben")
    assert wanted(coming).hold is True, "Ben has it, and isn't in the conference yet"


@pytest.mark.parametrize(
    ("facts", "handing", "then"),
    [
        (MET, False, "over"),
        ({**MET, "held": EVA}, False, "queue"),
        ({**MET, "unheld": "1000"}, False, "queue"),  # the music ended a second before
        ({**MET, "unheld": "-"}, False, "over"),
        (MET, True, "queue"),
        ({"conference": "CF1"}, False, "queue"),  # they never met
        ({"kind": "voicemail"}, False, ""),
        ({**MET, f"in.{LIN}": "guest"}, False, ""),
    ],
)
@pytest.mark.promise("call-hold-lost")
def test_what_follows_when_the_owner_is_gone(facts: Mapping[str, str], handing: bool, then: str) -> None:
    legs = (CUSTOMER, agent(ADA, "ada", "completed"), agent(LIN, "lin", role="guest"))
    assert wanted(call({f"in.{ADA}": "agent", **facts}, *legs, handing=handing)).then == then


def test_who_spoke_after_the_music_and_hangs_up_has_ended_the_call() -> None:
    gone = agent(ADA, "ada", "completed", at=9_000)
    assert wanted(call({**MET, "unheld": "1000"}, CUSTOMER, gone)).then == "over"


def test_when_nothing_opens_for_a_while_the_customer_leaves_the_conference() -> None:
    assert wanted(call(MET, CUSTOMER, state="parked", owner="")).then == "leave"
    assert wanted(call({}, CUSTOMER, state="parked", owner="")).then == ""


STATES: tuple[ContactState, ...] = ("waiting", "offered", "active", "parked")


@pytest.mark.promise("call-hold-lost")
def test_in_no_state_a_customer_is_alone_in_a_conference_without_music_or_something_that_follows() -> None:
    """Every combination of who is on the line, what was wished and what the queue has of it."""
    tried = 0
    for state, there, handing, hold, warm, held in product(
        STATES, product((False, True), repeat=3), (False, True), ("", "ada", "-ada"), ("", "ben"), ("", EVA)
    ):
        if handing and state != "active":
            continue
        legs = [CUSTOMER]
        facts = {**MET, "hold": hold, "warm": warm, "held": held}
        for on, (sid, name, role) in zip(
            there, ((ADA, "ada", "agent"), (BEN, "ben", "agent"), (LIN, "lin", "guest")), strict=True
        ):
            if on:
                legs.append(agent(sid, name, role=role))
                facts[f"in.{sid}"] = role
        owner = "ada" if state == "active" else ""
        offers = (OfferView(2, "ben", True, 9),) if handing and warm else ()
        it = call(facts, *legs, state=state, owner=owner, handing=handing, offers=offers)
        must = wanted(it)
        hears = (it.owner is not None or bool(it.inside("guest"))) and not must.hold
        asked = state in ("waiting", "offered") or handing or must.then in ("queue", "take", "over", "leave")
        chosen = must.hold and it.owner is not None  # somebody wants it so, and can end it
        assert hears or asked or chosen, (state, there, handing, hold, warm, held, must)
        tried += 1
    assert tried > 300


def test_who_calls_again_at_once_and_whose_agent_is_gone_by_the_end_of_the_call_before_waits_for_another() -> (
    None
):
    again = Leg("CAagain", "answered", 60_000, {"r": "customer"})
    before = Leg(EVA, "completed", 59_000, {"r": "customer"})
    met = {**MET, "met": "CAagain"}
    gone = agent(ADA, "ada", "completed", at=61_000)
    assert wanted(call(met, before, gone, again)).then == "queue"
    later = agent(ADA, "ada", "completed", at=64_000)
    assert wanted(call(met, before, later, again)).then == "over", "they have spoken"


@pytest.mark.parametrize(
    ("ended", "about"),
    [
        (1_000, {"r": "customer", "b": "12.3"}),  # they asked for a callback yesterday, and have it now
        (59_000, {"r": "customer", "b": "12.3"}),  # a moment ago; still it is us who called
        (1_000, {"r": "customer"}),  # they call again themselves, long after
    ],
)
def test_an_agent_who_hangs_up_at_once_ends_the_call_of_a_customer_whose_call_before_hadnt_ended_theirs(
    ended: int, about: Mapping[str, str]
) -> None:
    back = Leg("CAback", "answered", 60_000, about)
    before = Leg(EVA, "completed", ended, {"r": "customer"})
    gone = agent(ADA, "ada", "completed", at=61_000)
    assert wanted(call({**MET, "met": "CAback"}, before, gone, back)).then == "over"
