"""Rules match whole words in any case, and every condition that is set must hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tierline.router.plan.model_rules import TextMatch, When
from tierline.router.rules import Subject, holds, text_matches

SUBJECT = Subject(
    text="My server is DOWN!", channel="sms", service="howto", to="+493055500100", sender="+4915112345678",
    known=True, language="de", facts={"contract": "Enterprise"}, service_open=True,
    open_schedules=frozenset({"office"}), local=datetime(2026, 11, 23, 23, 30),
)  # fmt: skip


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("down", "DOWN", True),
        ("down", "it went down.", True),
        ("down", "a breakdown", False),
        ("down", "downtime", False),
        ("not reachable", "it is  not\nreachable", True),
        ("not reachable", "not really reachable", False),
        ("störung", "STÖRUNG!", True),
        ("straße", "STRASSE", True),
        ("Störung", "Sto\u0308rung", True),
        ("down", "ｄｏｗｎ", True),
        ("c++", "I write C++", True),
        ("", "anything", False),
        ("down", "", False),
    ],
)
@pytest.mark.promise("rules-words")
def test_words_are_whole_words_in_any_case_and_form(phrase: str, text: str, matches: bool) -> None:
    assert text_matches(TextMatch(any=(phrase,)), text) is matches


def test_any_and_all_together() -> None:
    both = TextMatch(any=("down", "offline"), all=("server",))
    assert text_matches(both, "the server is offline")
    assert not text_matches(both, "the domain is offline")
    assert not text_matches(both, "the server is slow")


@pytest.mark.parametrize(
    "when",
    [
        When(text=TextMatch(any=("down",))),
        When(channel=("sms", "chat")),
        When(service=("howto",)),
        When(to=("+493055500100",)),
        When(sender=("+4915112345678",)),
        When(sender=("+4915*",)),
        When(known=True),
        When(language=("de", "en")),
        When(hours="open"),
        When(during=("night", "office")),
        When(time=(22 * 60, 6 * 60)),
        When(customer=(("contract", ("gold", "enterprise")),)),
        When(),
    ],
)
def test_each_condition_holds_alone_and_not_beside_one_that_does_not(when: When) -> None:
    assert holds(when, SUBJECT)
    assert not holds(replace(when, service=("orders",)), SUBJECT)


@pytest.mark.parametrize(
    "when",
    [
        When(text=TextMatch(any=("up",))),
        When(channel=("email",)),
        When(to=("+1",)),
        When(sender=("+49170*",)),
        When(known=False),
        When(language=("fr",)),
        When(hours="closed"),
        When(during=("night",)),
        When(time=(8 * 60, 18 * 60)),
        When(time=(6 * 60, 23 * 60 + 30)),
        When(customer=(("contract", ("gold",)),)),
        When(customer=(("unheard of", ("x",)),)),
    ],
)
def test_what_does_not_hold(when: When) -> None:
    assert not holds(when, SUBJECT)
