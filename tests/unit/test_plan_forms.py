"""Forms of the plan: what is there stands in them, what was changed comes back as edits, and mistakes find their field."""

from __future__ import annotations

import pytest
from helpers_plan import example

from tierline.router.drafts import Draft
from tierline.router.plan.check import example as source
from tierline.router.plan.edit import Drop, Insert, Put, Shift, edited
from tierline.router.plan.errors import PlanErrors, Source
from tierline.router.plan.load import parse
from tierline.router.plan.read import read
from tierline.router.plan_form import NONE, edits, fields, fresh, wrong
from tierline.router.plan_pages import DOWN, END, GONE, TOP, UP, Part, entries, moved, names, pick, picked
from tierline.router.plan_tables import dated, days

PLAIN = read(source(), Source("x", source())).plain()


def part_of(kind, name):
    part = Part(kind, name)
    at = PLAIN
    for key in part.path:
        at = next(it for it in at if it["name"] == key) if isinstance(at, list) else at.get(key)
    return part, entries(example(), part), at


def everything():
    return [
        (kind, name) for kind in ("rule", "schedule", "person", "text") for name in names(example(), kind)
    ]


@pytest.mark.promise("plan-forms")
@pytest.mark.parametrize(("kind", "name"), everything())
def test_a_form_that_is_sent_off_as_it_was_shown_changes_nothing(kind, name) -> None:
    part, rows, at = part_of(kind, name)
    answers = {it.name: it.value for it in fields(rows, at)}
    assert edits(rows, part.path, at, answers) == []
    left = {name: "" if value == NONE else value for name, value in answers.items()}
    assert edits(rows, part.path, at, left) == []


@pytest.mark.promise("plan-forms")
def test_each_field_of_a_rule_comes_into_the_file_and_out_again() -> None:
    answers = {
        "name": "all of it", "any": "down\n out of order ", "all": "server", "channel": "sms\nemail", "for": "howto",
        "to": "+493055500100", "from": "+49151*", "customer": "contract: enterprise, gold\nsize: large", "known": "yes",
        "language": "de", "hours": "closed", "during": "night", "time": "22:00-06:00", "service": "outage",
        "priority": "8", "skills": "network: 2", "speaks": "en",
    }  # fmt: skip
    rows = entries(example(), Part("rule", new=True))
    item = fresh(rows, answers)
    text = edited(source(), [Insert(("rules",), item, "outage")])
    plan = parse(text)
    assert plan.rules[1].name == "all of it" and len(plan.rules) == len(example().rules) + 1
    shown = {it.name: it.value for it in fields(rows, item)}
    assert shown == answers | {"any": "down\nout of order"}
    assert plan.rules[1].when.customer == (("contract", ("enterprise", "gold")), ("size", ("large",)))


def test_what_is_emptied_goes_and_a_new_name_comes_last() -> None:
    part, rows, at = part_of("rule", "outage")
    answers = {it.name: it.value for it in fields(rows, at)} | {"any": "", "name": "none", "language": "de"}
    assert edits(rows, part.path, at, answers) == [
        Put(("rules", "outage", "when", "text", "any"), None), Put(("rules", "outage", "when", "language"), ["de"]),
        Put(("rules", "outage", "when", "text"), None), Put(("rules", "outage", "name"), "none"),
    ]  # fmt: skip
    plan = parse(edited(source(), edits(rows, part.path, at, answers)))
    assert [it.name for it in plan.rules][1] == "none" and plan.rules[1].when.text is None


@pytest.mark.promise("plan-forms")
def test_holidays_of_our_own_are_lines_and_only_the_changed_ones_are_touched() -> None:
    part, rows, at = part_of("schedule", "office")
    shown = {it.name: it.value for it in fields(rows, at)}
    assert shown["overrides"] == "2026-12-24 08:00-12:00 Christmas Eve\n2026-12-31 08:00-12:00 New Year's Eve"
    lines = "2026-12-24 off Christmas Eve\n2026-12-28..2026-12-30 off Moving\n2026-12-31 08:00-12:00 New Year's Eve"
    found = edits(rows, part.path, at, shown | {"overrides": lines})
    base = ("schedules", "office", "overrides")
    assert found == [
        Put((*base, "2026-12-24", "hours"), "off"),
        Insert(
            base, {"on": "2026-12-28", "until": "2026-12-30", "hours": "off", "why": "Moving"}, "2026-12-31"
        ),
    ]
    assert len(parse(edited(source(), found)).schedule("office").overrides) == 3


@pytest.mark.parametrize(
    "line",
    [
        "2026-12-24 off",
        "2026-12-24 08:00-12:00,13:00-15:00 Short day",
        "2026-12-24..2026-12-26 off",
        "2026-12-24 24/7 open, all day",
    ],
)
def test_a_day_is_read_as_it_is_written(line: str) -> None:
    assert days(dated(line)) == line


@pytest.mark.promise("plan-forms-mistakes")
@pytest.mark.parametrize(
    ("kind", "name", "answers", "field", "words"),
    [
        ("rule", "outage", {"time": "late"}, "time", "is no time of day"),
        ("rule", "outage", {"priority": "500"}, "priority", "at most 100"),
        ("rule", "outage", {"skills": "netwrok: 2"}, "skills", "netwrok"),
        ("rule", "outage", {"from": "0151 1234"}, "from", "is no phone number"),
        ("rule", "outage", {"name": "money to customer service"}, "name", "twice"),
        ("rule", "outage", {"service": NONE}, "service", "decides nothing"),
        ("schedule", "office", {"hours": "Mo-Fr 8-99"}, "hours", ""),
        ("schedule", "office", {"overrides": "soon off"}, "overrides", "no date"),
        ("schedule", "office", {"timezone": "Europe/Berlln"}, "timezone", "Europe/Berlin"),
        ("person", "Ada", {"tiers": "howto: L9"}, "tiers", "L1, L2, L3"),
        ("person", "Ada", {"skills": "network: 9"}, "skills", "no level"),
        ("person", "Ada", {"phone": "12"}, "phone", "no phone number"),
        ("text", "received", {"de": "Bis {dui}"}, "de", "due"),
        ("text", "received", {"de": ""}, "en", "is missing in de"),
    ],
)
def test_a_mistake_stands_at_its_field_in_the_validators_words(kind, name, answers, field, words) -> None:
    part, rows, at = part_of(kind, name)
    shown = {it.name: it.value for it in fields(rows, at)}
    text = edited(source(), edits(rows, part.path, at, shown | answers))
    with pytest.raises(PlanErrors) as caught:
        parse(text)
    n = names(example(), kind).index(name)
    base = {
        "rule": f"rules[{n}]",
        "schedule": f"schedules.{name}",
        "person": f"agents[{n}]",
        "text": f"texts.{name}",
    }[kind]
    found = wrong(rows, base, caught.value.errors)
    assert field in found and words in found[field], found


def test_a_mistake_elsewhere_says_its_line() -> None:
    _, rows, _ = part_of("rule", "outage")
    with pytest.raises(PlanErrors) as caught:
        parse(source().replace("shift: early", "shift: erly"))
    assert "line " in wrong(rows, "rules[1]", caught.value.errors)["name"]


# ---- order -------------------------------------------------------------------------------------------------------


@pytest.mark.promise("plan-forms-order")
@pytest.mark.parametrize(
    ("do", "order"), [(UP, [1, 0, 2, 3]), (DOWN, [0, 2, 1, 3]), (TOP, [1, 0, 2, 3]), (END, [0, 2, 3, 1])]
)
def test_rules_move_up_and_down(do, order) -> None:
    known = names(example(), "rule")
    edit = moved(example(), "rule", known[1], do)
    assert [it.name for it in parse(edited(source(), [edit])).rules] == [known[n] for n in order]


def test_what_is_first_cannot_go_up() -> None:
    known = names(example(), "rule")
    assert (
        moved(example(), "rule", known[0], UP) is None and moved(example(), "rule", known[-1], DOWN) is None
    )
    assert moved(example(), "rule", known[0], GONE) == Drop(("rules", known[0]))


def test_a_rule_is_picked_by_its_place_and_name() -> None:
    form = pick(example(), "rule")
    menu = next(it for it in form.fields if it.name == "pick")
    assert menu.choices[1] == "2. outage" and picked(example(), "rule", {"pick": "2. outage"}) == "outage"
    assert picked(example(), "rule", {"pick": "2. gone"}) == ""


def test_a_draft_is_read_as_it_was_kept_and_rubbish_is_none() -> None:
    draft = Draft().more(
        7, [Put(("a", "b"), {"c": [1, "x"]}), Drop(("rules", "one")), Insert(("rules",), {"name": "x"}, "y"), Shift(("rules", "x"))]
    )  # fmt: skip
    assert Draft.parse(draft.to_json()) == draft and draft.on == 7
    assert (
        Draft().to_json() == ""
        and Draft.parse("") == Draft.parse("[1, 2]") == Draft.parse('[1, [["burn", []]]]') == Draft()
    )
