"""A form in Slack changes the file that somebody cares for: what it means, and not a comment or a line else."""

from __future__ import annotations

import difflib
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.router.plan.check import example
from tierline.router.plan.edit import CannotEdit, Drop, Edit, Insert, Put, Shift, changed, edited
from tierline.router.plan.errors import Source
from tierline.router.plan.load import parse
from tierline.router.plan.read import read

RULES = [rule.name for rule in parse(example()).rules]
AGENTS = [agent.name for agent in parse(example()).agents]
BLOCKS = """\
site: a   # ours
rules:
  # The list as a whole.
  - name: one   # first
    when:
      text:
        any:
          - down   # a word
          - offline
    set:
      service: help
  # Belongs to two.
  - name: two
    when: {channel: [sms]}
    set: {service: help}   # and so on
  - name: three
    set:
      service: help
    when: {}
# The end of the rules.
texts:
  help:
    en: |
      Several
      lines
    de: "Eine"
  closed: {en: bye}
schedules: {always: {hours: "24/7"}}
empty:
"""


def lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came."""
    found = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
    return [line[2:] for line in found if line[0] == "-"], [line[2:] for line in found if line[0] == "+"]


@pytest.mark.promise("plan-edits-anywhere")
@pytest.mark.parametrize(
    ("edit", "gone", "come"),
    [
        (Put(("rules", "one", "set", "service"), "sales"), ["      service: help"], ["      service: sales"]),
        (Put(("rules", "one", "set", "priority"), 5), [], ["      priority: 5"]),
        (Put(("rules", "two", "set", "skills"), {"network": 2}), ["    set: {service: help}   # and so on"],
         ["    set: {service: help, skills: {network: 2}}   # and so on"]),
        (Put(("rules", "one", "when", "text", "any"), ["down", "offline", "broken"]), [], ["          - broken"]),
        (Put(("rules", "one", "when", "text", "any"), ["down"]), ["          - offline"], []),
        (Put(("rules", "one", "when", "text"), None),
         ["    when:", "      text:", "        any:", "          - down   # a word", "          - offline"], ["    when: {}"]),
        (Put(("rules", "two", "when", "channel"), ["sms", "voice"]), ["    when: {channel: [sms]}"], ["    when: {channel: [sms, voice]}"]),
        (Put(("texts", "help", "en"), "One line"), ["    en: |", "      Several", "      lines"], ["    en: One line"]),
        (Put(("texts", "help", "fr"), "Oui: {site}"), [], ['    fr: "Oui: {site}"']),
        (Put(("texts", "closed", "en"), None), ["  closed: {en: bye}"], ["  closed: {}"]),
        (Put(("empty",), ["x"]), ["empty:"], ["empty: [x]"]),
        (Put(("teams", "desk", "channel"), "#desk"), [], ['teams: {desk: {channel: "#desk"}}']),
        (Put(("schedules", "always", "overrides"), []), ['schedules: {always: {hours: "24/7"}}'],
         ['schedules: {always: {hours: "24/7", overrides: []}}']),
        (Insert(("rules",), {"name": "zero", "when": {}, "set": {"service": "help"}}, "one"), [],
         ["  - name: zero", "    when: {}", "    set: {service: help}"]),
        (Insert(("rules",), {"name": "four", "set": {"service": "help"}}), [], ["  - name: four", "    set: {service: help}"]),
        (Insert(("schedules", "always", "overrides"), {"on": "2026-12-24", "hours": "off"}),
         ['schedules: {always: {hours: "24/7"}}'],
         ['schedules: {always: {hours: "24/7", overrides: [{on: "2026-12-24", hours: "off"}]}}']),
        (Drop(("rules", "two")), ["  # Belongs to two.", "  - name: two", "    when: {channel: [sms]}",
         "    set: {service: help}   # and so on"], []),
        (Put(("rules", "three", "set"), None), ["    set:", "      service: help"], []),
    ],
)  # fmt: skip
def test_an_edit_changes_its_own_lines_alone(edit: Edit, gone: list[str], come: list[str]) -> None:
    assert lines(BLOCKS, edited(BLOCKS, [edit])) == (gone, come)


@pytest.mark.promise("plan-edits-anywhere")
def test_a_rule_moves_with_its_comments_and_the_lists_own_stays() -> None:
    text = edited(BLOCKS, [Shift(("rules", "two"), "one")])
    assert re.findall(r"# [A-Z].*|name: \w+", text) == [
        "# The list as a whole.", "# Belongs to two.", "name: two", "name: one", "name: three", "# The end of the rules.",
    ]  # fmt: skip
    assert sorted(text.splitlines()) == sorted(BLOCKS.splitlines())
    assert edited(BLOCKS, [Shift(("rules", "one"))]).index("name: one") > text.index("name: two")


def test_the_last_item_leaves_an_empty_list() -> None:
    text = edited(BLOCKS, [Drop(("rules", name)) for name in ("one", "two", "three")])
    assert "rules: []" in text and "# The end of the rules." in text


@pytest.mark.parametrize(
    "source",
    [
        "rules: [{name: one, set: {service: a}}, {name: two, set: {service: b}}]",
        "{rules: [{name: one, set: {service: a}}, {name: two, set: {service: b}}]}",
        "rules:\r\n- name: one\r\n  set: {service: a}\r\n- {name: two, set: {service: b}}",
        "rules:\n- {name: one,\n   set: {service: a}}   # x\n- name: two\n  set:\n    service: b   # y",
    ],
)
def test_however_the_list_is_laid_out(source: str) -> None:
    edits = [
        Shift(("rules", "two"), "one"), Insert(("rules",), {"name": "three", "set": {}}, "one"),
        Put(("rules", "one", "set", "service"), "c"), Drop(("rules", "two")), Put(("rules", "three", "when"), {"known": True}),
    ]  # fmt: skip
    found = read(edited(source, edits), Source("x", "")).plain()
    assert found == {
        "rules": [
            {"name": "three", "set": {}, "when": {"known": True}},
            {"name": "one", "set": {"service": "c"}},
        ]
    }
    assert ("# x" in edited(source, edits)) == ("# x" in source)


@pytest.mark.parametrize(
    ("source", "edit"),
    [
        ("rules: [{name: one}]", Put(("rules", "two", "set"), {})),
        ("rules: [{name: one}]", Drop(("rules", "two"))),
        ("rules:\n  # none\n", Put(("rules", "two", "set", "service"), "help")),
        ("rules: one", Insert(("rules",), {"name": "two"})),
        ("a: &x {k: v}\nb: *x\n", Put(("b", "k"), "w")),
        ("[a, b]", Put(("b",), "w")),
    ],
)
def test_what_cannot_be_edited_is_said(source: str, edit: Edit) -> None:
    with pytest.raises(CannotEdit):
        edited(source, [edit])


WORDS = st.text(min_size=1, max_size=12).filter(lambda it: it.isprintable())
SCALARS = WORDS | st.integers(0, 100) | st.booleans()
VALUES = st.one_of(SCALARS, st.lists(WORDS, max_size=4), st.dictionaries(WORDS, SCALARS, max_size=3))
PATHS = st.sampled_from(
    [("rules", name, *rest) for name in RULES for rest in (("set", "service"), ("when", "text", "any"), ("when", "customer"), ("when",), ("set",))]
    + [("agents", name, key) for name in AGENTS for key in ("skills", "shift", "tiers")]
    + [("schedules", "office", "hours"), ("schedules", "late"), ("texts", "closed", "de"), ("texts", "rating"), ("safety", "countries")]
)  # fmt: skip
EDITS = st.one_of(
    st.builds(Put, PATHS, VALUES | st.none()),
    st.builds(Shift, st.sampled_from(RULES).map(lambda it: ("rules", it)), st.sampled_from(["", *RULES])),
    st.builds(Shift, st.sampled_from(AGENTS).map(lambda it: ("agents", it)), st.sampled_from(["", *AGENTS])),
    st.builds(Drop, st.sampled_from(RULES).map(lambda it: ("rules", it))),
    st.builds(
        Insert,
        st.just(("schedules", "office", "overrides")),
        st.builds(lambda why: {"on": "2027-01-02", "hours": "off", "why": why}, WORDS),
        st.sampled_from(["", "2026-12-24", "2026-12-31"]),
    ),
)


def comments(text: str) -> list[str]:
    """Whole lines of comment."""
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


@pytest.mark.promise("plan-edits-anywhere")
@given(st.lists(EDITS, min_size=1, max_size=4))
@settings(max_examples=200 if os.environ.get("TIERLINE_LONG") else 10, deadline=None)
def test_any_edits_of_the_example_mean_what_they_say_and_lose_no_comment(edits: list[Edit]) -> None:
    """Of the list as a whole and between sections no comment goes; whatever can't be edited isn't."""
    source = example()
    plain = read(source, Source("x", source)).plain()
    assert isinstance(plain, dict)
    for edit in edits:
        try:
            after = changed(plain, edit)
        except CannotEdit:
            with pytest.raises(CannotEdit):
                edited(source, [edit])
            continue
        text = edited(source, [edit])
        assert read(text, Source("x", text)).plain() == after
        kept = comments(text)
        inside = 2 if isinstance(edit, Put) and edit.value is not None else 6
        assert len(comments(source)) - len(kept) <= (0 if isinstance(edit, Shift | Insert) else inside)
        source, plain = text, after


@pytest.mark.promise("plan-edits-anywhere")
@pytest.mark.parametrize("after", ["\ntexts: {help: {en: Bye}}\n", ""])
def test_the_first_of_a_section_whose_examples_are_commented_out_leaves_them_there(after: str) -> None:
    source = f"site: a\nrules:   # ours\n  # - {{name: an example}}\n  # and more\n{after}"
    made = edited(source, [Insert(("rules",), {"name": "one"}, "")])
    assert made == source.replace("rules:", "rules: [{name: one}]")
    assert edited(source, [Put(("rules",), None)]) == source.replace("rules:   # ours\n", "")


@pytest.mark.promise("plan-edits-anywhere")
def test_an_anchor_that_others_need_is_not_taken_away() -> None:
    source = "rules:\n  - name: one\n    set: &same {service: help}\n  - name: two\n    set: *same\n"
    with pytest.raises(CannotEdit, match=r"rules\.one is laid out"):
        edited(source, [Drop(("rules", "one"))])
    with pytest.raises(CannotEdit, match=r"rules\.one is laid out"):
        edited(source, [Shift(("rules", "one"), "")])
