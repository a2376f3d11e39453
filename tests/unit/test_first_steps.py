"""What a script asks next is read from the transcript alone; whoever wants a person gets one at any step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_plan import SMALL, arrived, at, book

from tierline.queue.history.records import Customer
from tierline.queue.state import MessageView
from tierline.router.body import Body
from tierline.router.classify import classify
from tierline.router.facts import Facts
from tierline.router.first_run import choices_of, of_bot
from tierline.router.first_steps import Ask, End, asked, begins, following, so_far, understood
from tierline.router.first_words import WORDS, agrees, said, wants_person
from tierline.router.plan.model_first import Question, Script

ASKS = (
    SMALL.replace(
        '{channel: sms, to: "+4930100", service: help}',
        '{channel: sms, to: "+4930100", service: help, first: start}\n  - {channel: chat, service: help, first: start}',
    )
    + """
scripts:
  start:
    wait: 5m
    person: [operator]
    steps:
      - ask: device
        say: {en: Which device?, de: Welches Gerät?}
        choices:
          - {value: router, say: {en: My router, de: Mein Router}}
          - {value: phone, say: {en: A phone, de: Ein Telefon}}
      - {ask: lamp, say: {en: Which lamp is red?, de: Welche Lampe ist rot?}, when: {device: router}}
      - {articles: 2}
rules:
  - {name: fire, when: {text: {any: [fire]}}, set: {priority: 9}}
  - {name: phones, when: {answers: {device: phone}}, set: {priority: 3, person: true}}
"""
)
DAY = at("2026-11-23 10:00")


def script() -> Script:
    found = book(ASKS).plan.script("start")
    assert found is not None
    return found


def told(*said: tuple[str, str]) -> tuple[MessageView, ...]:
    return tuple(
        MessageView(n, kind, Body(text).to_json(), DAY + n) for n, (kind, text) in enumerate(said, 1)
    )


ROUTER = ("in", "help"), ("first.device", "?"), ("in", "1")


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ((("in", "help"),), "device"),
        (ROUTER, "lamp"),
        ((*ROUTER, ("first.lamp", "?"), ("in", "the left one")), "articles 3"),
        ((("in", "help"), ("first.device", "?"), ("in", "a phone")), "articles 3"),
        ((("in", "help"), ("first.device", "?"), ("in", "what?")), "device"),
        (
            (*ROUTER, ("first.lamp", "?"), ("in", "left"), ("first.articles 3", "?"), ("in", "no, it isn't")),
            "person",
        ),
        ((*ROUTER, ("first.lamp", "?"), ("in", "left"), ("first.articles 3", "?"), ("in", "Ja!")), "solved"),
        ((("in", "help"), ("first.device", "?"), ("in", "I want a PERSON, please")), "person"),
        ((("in", "help"), ("first.device", "?"), ("in", "the Operator")), "person"),
        ((("in", "a"), ("first.device", ""), ("in", "?"), ("first.device", ""), ("in", "??")), "person"),
        ((("in", "help"), ("first.device", "?")), None),
        ((*ROUTER, ("first.lamp", "?"), ("note", "person")), None),
    ],
)
def test_the_transcript_says_what_comes_next(said: tuple[tuple[str, str], ...], then: str | None) -> None:
    step = following(script(), so_far(script(), told(*said)))
    assert (step.key if isinstance(step, Ask) else step.how if isinstance(step, End) else None) == then


def test_several_messages_in_a_row_answer_one_question() -> None:
    so = so_far(
        script(),
        told(("in", "hello"), ("in", "router broken"), ("first.device", "?"), ("in", "1"), ("in", "x")),
    )
    assert dict(so.answers) == {"device": "router"} and so.said == "hello\nrouter broken\n1\nx"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "router"), ("2.", "phone"), ("Mein Router", "router"), ("it is my router", "router"), ("3", ""), ("0", ""),
        ("my router and a phone", ""), ("", ""), ("9" * 50, ""), ("phone", "phone"), ("²", ""),
    ],
)  # fmt: skip
def test_a_choice_is_understood_by_number_or_words(text: str, value: str) -> None:
    step = script().steps[0]
    assert isinstance(step, Question) and understood(step, text) == value


def test_yes_is_only_yes() -> None:
    assert agrees("Ja!") and agrees("yes") and not agrees("yes, but it still fails") and not agrees("")
    assert wants_person("Mensch bitte") and not wants_person("personal data")


def test_the_question_is_asked_in_the_customers_language_with_the_way_out() -> None:
    words = asked(Ask(script().steps[0], "device"), "de", first=True)
    assert words.splitlines()[:3] == ["Welches Gerät?", "1  Mein Router", "2  Ein Telefon"]
    assert "Person" in words


@pytest.mark.parametrize("channel", ["sms", "chat"])
def test_a_door_with_a_script_asks_nobody_until_an_answer_is_due(channel: str) -> None:
    it = arrived("hello", to="+4930100" if channel == "sms" else "", channel=channel)  # type: ignore[arg-type]
    verdict = begins(book(ASKS), it, classify(book(ASKS), it, Customer("eva"), DAY), DAY)
    assert verdict.decision.wake == DAY + 300_000
    facts = Facts.parse(verdict.decision.facts)
    assert (facts.first, facts.until) == ("start", DAY + 300_000)


@pytest.mark.parametrize("text", ["there is a FIRE", "a human please", "operator"])
def test_urgent_words_and_whoever_wants_a_person_are_asked_nothing(text: str) -> None:
    it = arrived(text, to="+4930100")
    plain = classify(book(ASKS), it, Customer("eva"), DAY)
    assert begins(book(ASKS), it, plain, DAY) == plain


def test_no_robot_is_asked_anything() -> None:
    it = replace(arrived("hello", to="+4930100"), robot="auto-reply")
    plain = classify(book(ASKS), it, Customer("eva"), DAY)
    assert begins(book(ASKS), it, plain, DAY) == plain


def test_answers_are_facts_for_rules() -> None:
    it = arrived("hello", to="+4930100")
    verdict = classify(book(ASKS), it, Customer("eva"), DAY, (("device", "Phone"),))
    assert verdict.facts.rule == "phones" and verdict.urgent
    assert Facts.parse(verdict.facts.to_json()) == verdict.facts


@pytest.mark.promise("first-bot")
def test_a_bot_may_let_customers_choose_and_a_person_is_always_among_it() -> None:
    given = choices_of({"choices": ["Red", " Green ", "", 3, None, "x" * 200, *map(str, range(20))]})
    assert given[:3] == ("Red", "Green", "x" * 80) and len(given) == 10
    assert choices_of({"choices": "Red"}) == choices_of({}) == ()
    body = Body.parse(of_bot("Which colour?", ("Red", "Green"), "en", first=False).to_json())
    assert body.text == "Which colour?\n1  Red\n2  Green"
    assert (body.brief, body.choices) == ("Which colour?", ("Red", "Green", "Talk to a person"))
    assert "person" in of_bot("Hello", (), "en", first=True).text


@pytest.mark.promise("chat-choices")
@pytest.mark.parametrize("language", list(WORDS))
def test_the_words_on_the_buttons_are_understood(language: str) -> None:
    own = said(language)
    assert wants_person(own.person) and agrees(own.yes) and not agrees(own.no)
    assert not wants_person(own.yes) and not wants_person(own.no)
