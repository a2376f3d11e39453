"""Times, durations, commands and names as people say and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers_plan import EVA, SMALL, at, book
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.house import Actor
from tierline.router.commands import contact_number, parse, span
from tierline.router.facts import Facts
from tierline.router.lines import escape, lasted
from tierline.router.people import agent_of, is_supervisor
from tierline.router.rulebook import agent_id
from tierline.router.texts import closed_telling, spoken, telling

FACTS = Facts(
    "eva", "Eva", EVA, "+4930100", True, "en", 1, "", 0, 0, at("2026-11-23 14:30"), "closed: Christmas"
)


@pytest.mark.parametrize(
    ("when", "language", "words"),
    [
        ("2026-11-23 09:05", "en", "today at 09:05"),
        ("2026-11-24 08:00", "en", "tomorrow at 08:00"),
        ("2026-11-27 08:00", "en", "Friday at 08:00"),
        ("2026-11-30 08:00", "en", "Monday November 30 at 08:00"),
        ("2026-11-24 08:00", "de", "morgen um 08:00 Uhr"),
        ("2026-11-27 08:00", "de", "Freitag um 08:00 Uhr"),
        ("2026-12-24 08:00", "de", "Donnerstag 24.12. um 08:00 Uhr"),
        ("2026-11-23 09:05", "fr", "aujourd'hui à 09:05"),
        ("2026-11-24 08:00", "xx", "tomorrow at 08:00"),
    ],
)
@pytest.mark.promise("texts-times")
def test_an_instant_as_people_say_it(when: str, language: str, words: str) -> None:
    assert spoken(at(when), at("2026-11-23 08:00"), "Europe/Berlin", language) == words


def test_today_is_that_of_the_site_not_of_the_machine() -> None:
    assert (
        spoken(at("2026-11-24 00:30"), at("2026-11-23 23:30"), "Europe/Berlin", "en") == "tomorrow at 00:30"
    )
    assert (
        spoken(at("2026-11-24 00:30"), at("2026-11-23 23:30"), "America/New_York", "en") == "today at 18:30"
    )


def test_the_hour_that_comes_twice_and_the_one_that_never_comes() -> None:
    assert (
        spoken(at("2026-03-29 03:00"), at("2026-03-28 12:00"), "Europe/Berlin", "en") == "tomorrow at 03:00"
    )
    assert (
        spoken(at("2026-10-25 02:30"), at("2026-10-24 12:00"), "Europe/Berlin", "en") == "tomorrow at 02:30"
    )


@pytest.mark.promise("texts-language")
def test_a_text_comes_in_the_contacts_language_and_else_in_the_plans_first() -> None:
    small, now = book(SMALL), at("2026-11-23 14:00")

    def text(language: str) -> str | None:
        facts = Facts.parse(FACTS.to_json().replace('"language":"en"', f'"language":"{language}"'))
        told = telling(small, "received", "C1001", "help", facts, now)
        return told.text if told else None

    assert text("en") == "We answer by today at 14:30."
    assert text("de") == "Antwort bis heute um 14:30 Uhr."
    assert text("fr") == "We answer by aujourd'hui à 14:30."
    assert telling(small, "taken", "C1001", "help", FACTS, now) is None  # the plan has no such text


@pytest.mark.promise("texts-next-open")
def test_whoever_writes_after_hours_is_told_the_true_next_opening() -> None:
    told = closed_telling(book(SMALL), "C1001", "help", FACTS, at("2026-11-21 03:00"))
    assert told is not None and told.text == "We open Monday at 08:00."


def test_a_value_with_braces_is_never_filled_in_again() -> None:
    told = telling(book(), "taken", "C1001", "howto", FACTS, at("2026-11-23 14:00"), agent="{due}{agent}")
    assert told is not None and told.text == "{due}{agent} is looking after you now."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("available", ("available", "", "")),
        ("  AVAILABLE 2h", ("available", "", "2h")),
        ("overtime 2h", ("overtime", "", "2h")),
        ("away 45m lunch at Luigi's", ("away", "", "45m lunch at Luigi's")),
        ("offline", ("offline", "", "")),
        ("why #1001", ("why", "C1001", "")),
        ("why c1001", ("why", "C1001", "")),
        ("why", ("help", "", "")),
        ("", ("help", "", "")),
        ("drop table", ("help", "", "")),
    ],
)
@pytest.mark.promise("desk-commands")
def test_commands(text: str, expected: tuple[str, str, str]) -> None:
    it = parse(text)
    assert (it.verb, it.word, it.rest) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("45m", 45), ("2h", 120), ("1h30m", 90), ("0m", None), ("25h", None), ("lunch", None)],
)
def test_spans(text: str, minutes: int | None) -> None:
    assert span(text) == (None if minutes is None else timedelta(minutes=minutes))


@given(st.text(max_size=300))
def test_any_command_is_understood_or_explained(text: str) -> None:
    it = parse(text)
    assert len(it.rest) <= 300 and len(it.word) <= 200


@given(st.text(max_size=40))
def test_any_word_is_a_contact_number_or_none(text: str) -> None:
    assert contact_number(text)[0] == "C"
    found = span(text)
    assert found is None or found > timedelta(0)


@pytest.mark.parametrize(
    ("ms", "words"),
    [(-5, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_540_000, "59 min"), (11_100_000, "3 h 05")],
)
def test_durations(ms: int, words: str) -> None:
    assert lasted(ms) == words


def test_text_from_outside_is_dead_in_slack() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


@pytest.mark.promise("desk-who")
def test_only_whom_the_plan_names_is_an_agent_and_a_bot_never_is() -> None:
    plan = book().plan
    ada = Actor("U1", "Ada@Northwind.Example", "Ada")
    spec = agent_of(plan, ada)
    assert spec is not None and spec.name == "Ada"
    assert agent_of(plan, Actor("U1", "ada@northwind.example", "Ada", is_bot=True)) is None
    assert agent_of(plan, Actor("U2", "ada@northwind.example.evil.example", "Ada")) is None
    assert agent_of(plan, Actor("U2", "", "Ada")) is None
    assert not is_supervisor(plan, ada)
    assert is_supervisor(plan, Actor("U9", "mira@northwind.example", "Mira"))


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=8))
def test_different_names_are_different_agents(names: list[str]) -> None:
    ids = [agent_id(name) for name in names]
    assert len(set(ids)) == len(ids)
    assert all(
        set(it) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") for it in ids
    )
