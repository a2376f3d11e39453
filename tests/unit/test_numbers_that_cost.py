"""Nobody runs up a bill through us: only ordinary numbers of the plan's countries are called, and not without end."""

from __future__ import annotations

import phonenumbers
import pytest
from helpers_plan import EVA, SMALL, book
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType as Kind

from tierline.router.fraud import Counts, allowed
from tierline.router.plan.model_calls import Safety

GERMAN = Safety(countries=("DE", "AT"))
ORDINARY = {Kind.FIXED_LINE, Kind.MOBILE, Kind.FIXED_LINE_OR_MOBILE, Kind.VOIP, Kind.TOLL_FREE}


def samples() -> list[tuple[str, str, int]]:
    """(number, region, kind): libphonenumber's own example of every kind in every country."""
    found = [
        (_e164(number), region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in Kind.values()
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    networks = [
        (_e164(number), "001", phonenumbers.number_type(number))
        for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
        if (number := phonenumbers.example_number_for_non_geo_entity(code)) is not None
    ]
    return found + networks


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@pytest.mark.promise("safety-numbers")
def test_of_a_thousand_numbers_of_all_countries_only_ordinary_ones_of_the_plans_countries_pass() -> None:
    numbers = samples()
    assert len(numbers) > 1_000 and sum(kind == Kind.PREMIUM_RATE for _, _, kind in numbers) > 140
    passed = {number for number, _, _ in numbers if allowed(number, GERMAN) is None}
    expected = {
        number
        for number, region, _ in numbers
        if region in ("DE", "AT") and phonenumbers.number_type(phonenumbers.parse(number)) in ORDINARY
    }
    assert passed == expected and 6 <= len(passed) <= 10


@pytest.mark.promise("safety-numbers")
def test_who_has_written_from_a_range_that_no_list_knows_yet_is_answered() -> None:
    new = "+491530000001"  # beside the mobile ranges of today, and as long as a number may be
    assert not phonenumbers.is_valid_number(phonenumbers.parse(new))
    assert "nobody can have that number" in (allowed(new, GERMAN) or "")
    assert allowed(new, GERMAN, vouched=True) is None
    assert "nobody can have" in (allowed("+49" + "1" * 16, GERMAN, vouched=True) or "")
    dear = {number for number, _, kind in samples() if kind == Kind.PREMIUM_RATE}
    assert [number for number in dear if allowed(number, GERMAN, vouched=True) is None] == []


@pytest.mark.promise("safety-numbers")
def test_premium_numbers_never_pass_even_where_every_country_does() -> None:
    everywhere = Safety(countries=tuple(sorted(phonenumbers.SUPPORTED_REGIONS)))
    dear = {number for number, _, kind in samples() if kind == Kind.PREMIUM_RATE}
    assert [number for number in dear if allowed(number, everywhere) is None] == []
    networks = [number for number, region, _ in samples() if region == "001"]
    assert len(networks) >= 8
    assert [number for number in networks if "is no country" not in (allowed(number, everywhere) or "")] == []


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+4915112345678", None),
        ("+493055500100", None),
        ("+43720123456", None),
        ("+491901234567", "nobody can have that number"),
        ("+499001234567", "a premium number"),
        ("+18765550123", "it lies in JM"),  # dialled like a number of the United States, and dear
        ("+442079460000", "it lies in GB"),
        ("+881612345678", "is no country"),
        ("+49", "no telephone number"),
        ("anonymous", "no telephone number"),
        ("", "no telephone number"),
        ("+49110", "nobody can have that number"),
    ],
)
def test_each_refusal_says_why(number: str, why: str | None) -> None:
    found = allowed(number, GERMAN)
    assert found is None if why is None else why in (found or "")


@pytest.mark.promise("safety-limits")
@pytest.mark.parametrize(
    ("counts", "why"),
    [
        (Counts(29, 99, 999, 4_999), None),
        (Counts(30, 30, 30, 30), "to this number within an hour (safety.per_number.hour is 30)"),
        (Counts(0, 100, 100, 100), "to this number within a day (safety.per_number.day is 100)"),
        (Counts(0, 0, 1_000, 1_000), "to all numbers within an hour (safety.per_hour is 1000)"),
        (Counts(0, 0, 0, 5_000), "to all numbers within a day (safety.per_day is 5000)"),
    ],
)
def test_after_so_many_calls_and_texts_no_more_leave(counts: Counts, why: str | None) -> None:
    found = allowed(EVA, GERMAN, counts)
    assert found is None if why is None else why in (found or "")


@given(st.text(max_size=60))
def test_whatever_stands_for_a_number_is_answered(number: str) -> None:
    found = allowed(number, GERMAN)
    assert found is None or found.strip() == found != ""


def test_without_countries_of_its_own_a_plan_calls_where_its_doors_are_and_its_own_people_anywhere() -> None:
    assert book(SMALL).plan.safety.countries == ("DE",)
    abroad = SMALL.replace('phone: "+491700000001"', 'phone: "+639171234567"')
    safety = book(abroad).plan.safety
    assert safety.countries == ("DE",) and allowed("+639171234567", safety, Counts(99, 99, 99, 99)) is None
    assert "it lies in PH" in (allowed("+639171234568", safety) or "")
    chosen = book(SMALL + "safety: {countries: [AT, CH], per_number: {hour: 2}}\n").plan.safety
    assert (chosen.countries, chosen.number_hour, chosen.number_day) == (("AT", "CH"), 2, 100)
