"""What a contact needs: entry, rule, rank, steps, hours. The instants are worked out by hand."""

from __future__ import annotations

import pytest
from helpers_plan import EVA, EXAMPLE, ORDERS, SMALL, SUPPORT, arrived, at, book
from hypothesis import given
from hypothesis import strategies as st

from tierline.queue.history.records import Customer
from tierline.router.classify import Verdict, classify
from tierline.router.plan.check import empty_plan
from tierline.router.rulebook import UNSORTED, Rulebook
from tierline.skills.skill import CHANNELS

MINUTE, HOUR = 60_000, 3_600_000
MONDAY = at("2026-11-23 08:00")


def decide(text: str, now: int, to: str = SUPPORT, **facts: str) -> Verdict:
    customer = Customer("eva", "Eva Brandt", "de", facts, known=True)
    return classify(book(), arrived(text, to), customer, now)


@pytest.mark.promise("classify-first-rule")
def test_the_first_rule_that_matches_decides_and_no_other() -> None:
    both = decide("The invoice server is down", MONDAY)
    assert (both.service.name, both.facts.rule) == ("outage", "outage")
    important = decide("The invoice server is down", MONDAY, contract="enterprise")
    assert (important.facts.rule, important.facts.priority) == ("outage of an important customer", 8)
    assert decide("Where is my invoice?", MONDAY).service.name == "orders"
    assert decide("The mailbox is full", MONDAY, ORDERS).service.name == "howto"


def test_without_a_rule_the_door_decides() -> None:
    it = decide("Hello", MONDAY)
    assert (it.service.name, it.facts.rule, it.facts.rule_line) == ("howto", "", 0)
    assert decide("Hello", MONDAY, ORDERS).service.name == "orders"


def test_the_customers_language_asks_for_somebody_who_speaks_it() -> None:
    needs = [step.need for step in decide("Hallo", MONDAY).decision.route.steps]
    assert {need.languages for need in needs} == {(("de", 3),)}
    assert decide("Hallo", MONDAY).facts.language == "de"


@pytest.mark.promise("classify-unknown-number")
def test_a_number_that_the_plan_does_not_name_gets_a_place_and_a_notice() -> None:
    it = decide("Hello", MONDAY, to="+4999")
    assert it.service.name == "howto" and "+4999" in it.facts.notice


@pytest.mark.promise("classify-empty-plan")
def test_with_an_empty_plan_nothing_is_lost() -> None:
    it = classify(Rulebook(empty_plan(), 1), arrived("Hello"), Customer(EVA), MONDAY)
    assert it.service.name == UNSORTED and not it.parked and it.facts.notice
    assert it.decision.route.steps[-1].until is None


@pytest.mark.promise("rank-monday-morning")
def test_on_monday_morning_a_call_comes_before_fridays_mails_but_not_before_one_overdue_by_a_day() -> None:
    """Mails are due 4 h after arrival and may wait 8 open hours more; a call is due after 60 s."""
    small = book(SMALL)

    def rank(channel: str, when: str) -> int:
        to = "help@small.example" if channel == "email" else "+4930100"
        return classify(small, arrived("x", to, channel), Customer(EVA), at(when)).decision.rank  # type: ignore[arg-type]

    friday = [rank("email", f"2026-11-20 {7 + n // 60:02}:{n % 60:02}") for n in range(61, 61 + 50)]
    weekend = [rank("email", f"2026-11-21 {n // 60:02}:{n % 60:02}") for n in range(250)]
    call = rank("voice", "2026-11-23 08:01")
    overdue_by_a_day = rank("email", "2026-11-19 11:00")  # due on Thursday at 15:00
    assert call == at("2026-11-23 08:02")
    assert all(call < mail for mail in friday + weekend)
    assert overdue_by_a_day < call


def test_rank_is_due_and_lag_in_open_hours_less_a_minute_for_each_point() -> None:
    at_night = classify(book(SMALL), arrived("x", "+4930100"), Customer(EVA), at("2026-11-21 03:00"))
    assert at_night.facts.due == at("2026-11-23 08:10")  # ten minutes after the opening
    assert at_night.decision.rank == at("2026-11-23 08:25")  # and the lag of a text
    now = at("2026-11-22 03:00")
    outage = decide("server down", now)
    assert outage.facts.due == now + MINUTE
    assert outage.decision.rank == now + MINUTE - 5 * MINUTE  # lag 0, priority 5


def test_a_caller_who_chooses_nothing_gets_where_the_plan_says_or_to_the_first_key() -> None:
    call = arrived("", channel="voice")
    assert classify(book(), call, Customer(EVA), MONDAY).service.name == "howto"
    text = EXAMPLE.read_text("utf-8")
    otherwise = next(line for line in text.splitlines(True) if line.strip().startswith("otherwise:"))
    assert classify(book(text.replace(otherwise, "")), call, Customer(EVA), MONDAY).service.name == "outage"


@pytest.mark.promise("hours-held")
def test_outside_its_hours_a_service_holds_until_the_next_opening() -> None:
    it = decide("How do I move my domain?", at("2026-11-21 03:00"))
    assert it.parked and it.reply and it.facts.closed
    assert it.decision.wake == at("2026-11-23 08:00")


@pytest.mark.promise("hours-always")
def test_a_round_the_clock_service_is_never_parked() -> None:
    it = decide("My server is down", at("2026-12-25 03:00"))
    assert not it.parked and it.decision.wake is None and it.decision.deadlines == ()


def test_a_holiday_is_closed_and_the_text_can_say_why() -> None:
    it = decide("How do I move my domain?", at("2026-12-25 10:00"))
    assert it.decision.wake == at("2026-12-28 08:00") and it.facts.closed


def test_step_ends_are_open_hours_where_the_service_is_not_always_open() -> None:
    it = decide("How do I move my domain?", at("2026-11-23 17:58"))
    assert it.decision.deadlines == (at("2026-11-24 08:03"), at("2026-11-24 08:18"))
    noon = decide("How do I move my domain?", at("2026-11-23 12:00"))
    assert noon.decision.deadlines == ()  # plain age says the same


@given(
    text=st.text(max_size=200),
    channel=st.sampled_from(CHANNELS),
    to=st.sampled_from([SUPPORT, ORDERS, "support@northwind.example", "", "nobody"]),
    now=st.integers(at("2024-01-01 00:00"), at("2030-01-01 00:00")),
    language=st.sampled_from(["", "de", "xx"]),
)
@pytest.mark.promise("classify-total")
def test_whatever_arrives_gets_a_place(text: str, channel: str, to: str, now: int, language: str) -> None:
    it = classify(book(), arrived(text, to, channel), Customer(EVA, language=language), now)  # type: ignore[arg-type]
    steps = it.decision.route.steps
    assert steps[-1].until is None and all(step.until is not None for step in steps[:-1])
    assert it.decision.wake is None or it.decision.wake > now
    assert it.facts.due is None or it.facts.due > now
    assert len(it.decision.deadlines) in (0, len(steps) - 1)
    assert list(it.decision.deadlines) == sorted(it.decision.deadlines)
    assert type(it.facts).parse(it.facts.to_json()) == it.facts
