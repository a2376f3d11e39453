"""What a phone does to an offer, in the history's rows and in words for people."""

from __future__ import annotations

from helpers_history import told
from helpers_plan import book

from tierline.queue.history.fold import ContactRow, OfferRow, Tale, fold
from tierline.queue.state import Event
from tierline.router.story import tell

CALL = "C1001"
EVENTS = [
    told(1_000, "offered", CALL, "ada", 1, step=0),
    told(1_000, "offered", CALL, "ben", 2, step=0),
    told(1_500, "delivered", CALL, "ada", 1, place="", due=21_500),
    told(1_600, "leg", CALL, "ada", 1, sid="CA1", state="ringing", was="", again="no decision"),
    told(2_000, "placed", CALL, "ada", 1, place="D1:1.0"),
    told(3_000, "claimed", CALL, "ada", 1, due=33_000),
    told(3_000, "rescinded", CALL, "ben", 2, place="", reason="claimed", agent="ben"),
    told(4_000, "prolonged", CALL, "ada", 1, due=40_000),
    told(40_000, "missed", CALL, "ada", 1, place="D1:1.0", reason="no-answer", agent="ada"),
]


def offers(events: list[Event]) -> dict[int, OfferRow]:
    tale = Tale(ContactRow(CALL))
    for i, event in enumerate(events):
        fold(tale, event, (event.t, 0, i))
    return tale.offers


def test_an_offer_has_the_place_that_came_later_and_the_instant_of_the_first_ring() -> None:
    first, second = offers(EVENTS[:-1])[1], offers(EVENTS)[2]
    assert (first.state, first.place, first.delivered) == ("delivered", "D1:1.0", 1_500)
    assert (second.state, second.reason, second.delivered) == ("rescinded", "claimed", None)
    last = offers(EVENTS)[1]
    assert (last.state, last.reason, last.ended) == ("missed", "no-answer", 40_000)


def test_whoever_answers_before_it_was_shown_has_seen_it() -> None:
    for kind in ("claimed", "prolonged"):
        it = offers([EVENTS[0], told(2_500, kind, CALL, "ada", 1, due=33_000)])[1]
        assert (it.state, it.delivered) == ("delivered", 2_500)


def test_people_hear_who_said_that_they_take_it_and_why_a_phone_was_not_answered() -> None:
    story = tell(book(), CALL, EVENTS)
    said = [it.text for it in story.moments]
    assert any(it.startswith("ada said that they take it, and has until") for it in said)
    assert "the offer to ben was taken back: somebody else said that they take it" in said
    assert said[-1] == "ada didn't answer in time: no-answer"
    assert story.asked[0].shown == 1_500
