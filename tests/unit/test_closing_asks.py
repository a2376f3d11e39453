"""What the plan asks when a contact ends: what can't stay, a service's own, and mistakes in the plan."""

from __future__ import annotations

import pytest

from tierline.router.ending import answers, close_form, faults_in_form
from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.plan.model_closing import Closing, ClosingField
from tierline.router.wrapup import outcome_of

BASE = """site: ends
timezone: UTC
languages: [en]
schedules: {always: {hours: "24/7"}}
services:
  help: {schedule: always, steps: [{tiers: [L1], then: hold}]}
"""
SITE = Closing(
    ("fixed", "not fixed"), ("cable", "router"), ("root_cause",),
    (
        ClosingField("order", "Order number", "number", required=True), ClosingField("seen", "Seen on", "date"),
        ClosingField("parts", "Parts", "choices", ("fuse", "lamp")), ClosingField("at", "Where?", "choice", ("home", "office")),
    ),
)  # fmt: skip
GOOD = {"order": "17", "seen": "2026-12-24", "parts": "fuse\nlamp", "at": "home"}
SAID = {"disposition": "fixed", "root_cause": "cable", "resolution": ""}


def test_what_is_right_stays() -> None:
    assert SITE.faults(SAID, GOOD) == {}
    assert Closing().faults({"disposition": "whatever"}, {}) == {}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("order", ""), ("order", "seventeen"), ("seen", "24.12.2026"), ("seen", "2026-02-30"), ("parts", "fuse\nbolt"),
        ("at", "moon"), ("disposition", "solved"), ("root_cause", ""), ("root_cause", "gremlins"), ("colour", "red"),
    ],
)  # fmt: skip
def test_what_cannot_stay_is_named(name: str, given: str) -> None:
    said = SAID | ({name: given} if name in SAID else {})
    fields = GOOD | ({name: given} if name not in SAID else {})
    assert list(SITE.faults(said, fields)) == [name]


def test_a_services_own_comes_in_place_of_the_sites_and_its_fields_beside_them() -> None:
    own = Closing(
        ("shipped",), (), ("resolution",), (ClosingField("order", "Which order?"), ClosingField("box", "Box"))
    )
    both = own.over(SITE)
    assert both.dispositions == ("shipped",) and both.root_causes == SITE.root_causes
    assert both.required == ("root_cause", "resolution")
    assert [(it.name, it.label) for it in both.fields][-2:] == [("order", "Which order?"), ("box", "Box")]
    assert [it.name for it in both.fields] == ["seen", "parts", "at", "order", "box"]


def test_the_form_asks_what_the_plan_asks_and_shows_what_was_said_before() -> None:
    form = close_form("C1001", SITE, {"disposition": "fixed", "fields": {"at": "home"}})
    asked = {it.name: it for it in form.fields}
    assert asked["disposition"].choices == ("fixed", "not fixed") and asked["disposition"].value == "fixed"
    assert asked["root_cause"].kind == "choice" and asked["root_cause"].must and not asked["resolution"].must
    assert asked["plan.order"].must and asked["plan.at"].value == "home"
    said, fields = answers({"disposition": "", "root_cause": "cable", "plan.order": " 17 ", "plan.gone": "x"})
    assert faults_in_form(SITE, said, fields) == {"disposition": "This is required."}
    assert list(faults_in_form(SITE, SAID, {"order": "x"})) == ["plan.order"]


def test_words_begin_with_a_disposition_of_the_plan() -> None:
    assert outcome_of("not fixed, waits for parts", ("fixed", "not fixed")) == {
        "disposition": "not fixed", "resolution": "waits for parts",
    }  # fmt: skip
    assert outcome_of("fixedly stuck", ("fixed",))["disposition"] == ""


@pytest.mark.parametrize(
    ("closing", "at", "words"),
    [
        ("closing: {fields: [{name: a, kind: choice}]}", "7:20", "choose from what"),
        ("closing: {fields: [{name: a}, {name: a}]}", "7:38", "here twice"),
        ("closing: {fields: [{name: a, choices: [x]}]}", "7:30", "a line has no choices"),
        ("closing: {rate: [sms]}", "7:17", "no text to ask with"),
        ("closing: {required: [why]}", "7:22", "isn't possible"),
    ],
)
def test_mistakes_in_it_are_told_with_their_place(closing: str, at: str, words: str) -> None:
    with pytest.raises(PlanErrors) as raised:
        parse(BASE + closing)
    assert words in str(raised.value) and f":{at}:" in str(raised.value), str(raised.value)


def test_the_plan_says_it_and_a_difference_is_told_in_words() -> None:
    now = parse(
        BASE.replace("then: hold}]}", "then: hold}], closing: {fields: [{name: box, required: true}]}}")
        + "closing: {dispositions: [fixed], required: [root_cause], rate: [voice, sms]}\n"
        + 'texts: {rating: {en: "How was it? 1 to 5"}}\n'
    )
    asked = now.closing_of("help")
    assert asked.known == ("fixed",) and [it.name for it in asked.fields] == ["box"]
    assert now.closing_of("nothing such").fields == () and now.rated == ("sms", "voice")
    told = "\n".join(diff(parse(BASE), now))
    assert "When a contact ends: dispositions fixed (was the usual ones)" in told
    assert "Service “help”, at the end: asks for “box”, “box”, line, required" in told
    assert "By text is asked how it was after: sms added" in told
