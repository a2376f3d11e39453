"""Canned answers, reasons to decline and accepting by itself: as the plan says it, and mended by its messages alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_plan import SMALL, book
from hypothesis import given
from hypothesis import strategies as st

from tierline.queue.history.records import Past
from tierline.router.answering import typed
from tierline.router.cards import history_line
from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.plan.model_desk import VARIABLES, Canned

CANNED = """\
canned:
  Hello there: {en: "Hello {customer}, {agent} here about {contact}.", de: "Hallo {customer}, hier {agent} zu {contact}."}
  thanks: {en: "Thank you!", de: "Danke!"}
decline_reasons: [In a meeting, Not my field]
"""
GREETING = Canned("hello", (("en", "Hello {customer}, {agent} here."), ("de", "Hallo {customer}!")))


def mistakes(source: str) -> list[str]:
    with pytest.raises(PlanErrors) as caught:
        parse(source)
    return [str(it) for it in caught.value.errors]


@pytest.mark.promise("canned")
def test_a_canned_answer_is_filled_in_the_customers_language_and_reads_well_without_a_name() -> None:
    known = {"customer": "Eva", "agent": "Ada"}
    assert GREETING.filled("en", "en", known) == "Hello Eva, Ada here."
    assert GREETING.filled("de", "en", known) == "Hallo Eva!"
    assert GREETING.filled("fr", "en", known) == "Hello Eva, Ada here."
    assert GREETING.filled("en", "en", {"agent": "Ada"}) == "Hello, Ada here."


@given(name=st.text(max_size=30))
def test_a_customer_called_like_a_variable_stays_as_they_are_called(name: str) -> None:
    filled = GREETING.filled("en", "en", {"customer": name + "{agent}", "agent": "Ada"})
    assert filled == f"Hello {name}{{agent}}, Ada here."


@pytest.mark.promise("canned-checked")
def test_a_variable_that_nobody_knows_is_a_mistake_with_its_place_and_what_was_meant() -> None:
    found = mistakes(SMALL + CANNED.replace("{agent} here", "{agnet} here"))
    assert len(found) == 1 and "{agnet}" in found[0] and "{agent}" in found[0]
    line = (SMALL + CANNED).split("\n").index(
        next(it for it in CANNED.split("\n") if "Hello there" in it)
    ) + 1
    assert f"{line}:" in found[0]


@pytest.mark.promise("canned-checked")
def test_a_canned_answer_without_one_of_the_plans_languages_is_a_mistake() -> None:
    found = mistakes(SMALL + CANNED.replace(', de: "Danke!"', ""))
    assert len(found) == 1 and "de" in found[0]


def test_a_call_that_would_accept_itself_is_a_mistake() -> None:
    found = mistakes(SMALL + "channels: {voice: {auto_accept: true}}\n")
    assert len(found) == 1 and "phone alone" in found[0]


@pytest.mark.promise("canned")
def test_an_exclamation_mark_and_a_name_mean_that_answer_and_nothing_else_does() -> None:
    it = book(SMALL + CANNED)
    for text in ("!hello there", " !Hello There ", "!HELLO THERE"):
        found = typed(it, text)
        assert isinstance(found, Canned) and found.name == "Hello there"
    assert typed(it, "!helo") == "helo"
    for text in (
        "hello there",
        "!",
        "!!",
        "!!!",
        "! thanks",
        "thanks!",
        "!thanks\nand more",
        "",
        "!I will call you",
    ):
        assert typed(it, text) is None, text
    assert typed(book(SMALL), "!thanks") is None


def test_what_changes_of_them_is_told_in_words() -> None:
    old, new = parse(SMALL), parse(SMALL + CANNED)
    said = "\n".join(diff(old, new))
    assert "Canned answer “thanks” (en): “Thank you!” is new" in said
    assert "Reasons to decline: In a meeting, Not my field (were none)" in said
    said = "\n".join(diff(new, parse(SMALL + CANNED.replace("Thank you!", "Thanks a lot!"))))
    assert said == "Canned answer “thanks” (en): “Thanks a lot!” (was “Thank you!”)"
    assert "is removed" in "\n".join(diff(new, old))


def test_every_variable_that_is_allowed_can_be_used() -> None:
    text = " ".join(f"{{{name}}}" for name in VARIABLES)
    plan = parse(SMALL + f'canned: {{all: {{en: "{text}", de: "{text}"}}}}\n')
    filled = plan.canned[0].filled("en", "en", {name: name.upper() for name in VARIABLES})
    assert filled == " ".join(name.upper() for name in VARIABLES)


@pytest.mark.promise("offer-card-open")
def test_a_card_tells_what_else_the_customer_has_open_apart_from_what_is_over() -> None:
    ended = Past("C1001", "help", "sms", "closed", 1, "solved")
    waiting = replace(ended, contact="C1002", state="waiting", disposition="")
    assert (
        history_line((waiting, ended)) == "also open: C1002 help (waiting) · 1 earlier: C1001 help (solved)"
    )
    assert history_line((waiting,)) == "also open: C1002 help (waiting)"
    assert history_line(()) == ""
