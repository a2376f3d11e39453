"""Pages among the store's troubles: what is written is read again, and what is none is left alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.router.pages import ACKNOWLEDGED, PAGE, Page, acknowledgement, read
from tierline.router.situation import Situation

ONE = Page("outage", 3, "network", 1_000, "C1001")


@given(st.text(min_size=1, max_size=60), st.integers(0, 20), st.text(max_size=60), st.integers(0, 10**13))
def test_whatever_service_and_on_call_are_called_it_is_read_again(
    service: str, step: int, on_call: str, since: int
) -> None:
    page = Page(service, step, on_call, since, "C1001")
    assert read({PAGE + page.place: page.text()}) == (page,)


def test_who_has_acknowledged_stands_beside_it_and_other_troubles_are_none() -> None:
    troubles = {
        PAGE + ONE.place: ONE.text(),
        ACKNOWLEDGED + ONE.place: acknowledgement("ada", 5_000),
        "shut:outage": "{}",
        "incident:I1": "{}",
    }
    (page,) = read(troubles)
    assert (page.by, page.at) == ("ada", 5_000) and page.id == ONE.id
    assert Situation.read(troubles).shut == ()


def test_who_acknowledged_before_the_instant_was_kept_did_so_when_it_began() -> None:
    (page,) = read({PAGE + ONE.place: ONE.text(), ACKNOWLEDGED + ONE.place: "ada"})
    assert (page.by, page.at) == ("ada", ONE.since)


@pytest.mark.parametrize("name", ["page:", "page:x:outage", "page:-1:outage", "pages", ""])
def test_a_name_that_is_no_page_is_left_alone(name: str) -> None:
    assert read({name: ONE.text()}) == ()


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", json.dumps(["network", "soon", "C1"]), "null", "7"])
def test_what_cannot_be_read_is_no_page(text: str) -> None:
    assert read({PAGE + ONE.place: text}) == ()


def test_a_later_page_of_the_same_step_is_another_one() -> None:
    assert Page("outage", 3, "network", 2_000, "C1001").id != ONE.id
    assert Page("howto", 3, "network", 1_000, "C1001").id != ONE.id
