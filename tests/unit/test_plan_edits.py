"""Setup and the Add button write into a file that somebody cares for: one line more, and not a character else."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.router.plan.check import example
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.plan.model import AgentSpec
from tierline.router.plan.write import add_agent, add_entry, add_supervisor
from tierline.skills.skill import Levels

BARE = "site: a\ntimezone: UTC # here\nlanguages: [en]\n"


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came."""
    lines = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
    return [line[2:] for line in lines if line[0] == "-"], [line[2:] for line in lines if line[0] == "+"]


@pytest.mark.promise("plan-edits-keep-comments")
def test_an_agent_more_is_one_line_more() -> None:
    zoe = AgentSpec(
        "Zoë",
        "zoe@northwind.example",
        "inhouse",
        2,
        (("howto", 1),),
        "+491700000010",
        (("de", 3),),
        (),
        "office",
    )
    text = add_agent(example(), zoe)
    gone, new = changed(example(), text)
    assert gone == [] and len(new) == 1 and "Zoë" in new[0]
    assert parse(text).agents == (*parse(example()).agents, zoe)


def test_a_door_more_is_one_line_more() -> None:
    text = add_entry(example(), "sms", "+493055500300", "orders")
    gone, new = changed(example(), text)
    assert gone == [] and new == ['  - {channel: sms, to: "+493055500300", service: orders}']


def test_a_supervisor_more_is_one_word_more_and_twice_is_once() -> None:
    text = add_supervisor(example(), "zoe@northwind.example")
    assert text.replace(", zoe@northwind.example", "") == example()
    assert add_supervisor(text, "Zoe@Northwind.example") == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BARE, BARE + "supervisors: [U012ABCDE]\n"),
        (BARE.rstrip("\n"), BARE + "supervisors: [U012ABCDE]\n"),
        (BARE + "supervisors: []\n", BARE + "supervisors: [U012ABCDE]\n"),
        (BARE + "supervisors:\n  # - nobody\n", BARE + "supervisors:\n  - U012ABCDE\n  # - nobody\n"),
        (BARE + "supervisors:\n- a@b.example # x\n# end\n", BARE + "supervisors:\n- a@b.example # x\n- U012ABCDE\n# end\n"),
        (BARE.replace("\n", "\r\n"), (BARE + "supervisors: [U012ABCDE]\n").replace("\n", "\r\n")),
        (BARE + "supervisors: [\n  a@b.example, # x\n]\n", BARE + "supervisors: [\n  a@b.example, U012ABCDE, # x\n]\n"),
        ("{site: a, timezone: UTC, languages: [en]}", "{site: a, timezone: UTC, languages: [en], supervisors: [U012ABCDE]}"),
    ],
)  # fmt: skip
def test_however_the_list_is_laid_out(before: str, after: str) -> None:
    assert add_supervisor(before, "U012ABCDE") == after


def test_what_would_not_be_a_plan_is_not_written() -> None:
    with pytest.raises(PlanErrors) as caught:
        add_agent(example(), AgentSpec("Zoë", "zoe@northwind.example", "nobodys"))
    assert "no team is called" in str(caught.value)
    with pytest.raises(PlanErrors):
        add_entry("site: [", "sms", "+493055500300", "orders")


NAMES = st.text(min_size=1, max_size=12)
HOME = BARE + 'teams: {"true": {channel: "#a"}}\nagents:\n  # nobody yet\n'


@given(name=NAMES, skills=st.dictionaries(NAMES, st.integers(1, 5), max_size=2))
@settings(max_examples=200, deadline=None)
def test_any_name_is_read_back_as_it_was_or_refused(name: str, skills: dict[str, int]) -> None:
    levels: Levels = tuple(sorted(skills.items()))
    agent = AgentSpec(name, "z@a.example", "true", skills=levels)
    try:
        text = add_agent(HOME, agent)
    except PlanErrors:
        return
    assert parse(text).agents == (agent,)
