"""A name in the plan becomes a key in the store: it names one thing, and never another's (SEC38, SEC39)."""

from __future__ import annotations

import json
import re

import pytest
from helpers_plan import SMALL, book
from hypothesis import given
from hypothesis import strategies as st

from tierline.queue.state import Event
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.rulebook import agent_id, name_of
from tierline.router.story import tell

ODD = [
    "{a}",
    "a:b",
    "a}b",
    "x" * 10_240,
    "a\x00b",
    "a\nb",
    "a|b",
    "a,b",
    "",
    " ",
    "\x1b[2J",
    "<!channel>",
    "a\u2028b",
    "$(id)",
    "../x",
]


@pytest.mark.promise("odd-names")
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    ("what", "old"),
    [("agent", "name: Ada"), ("team", "desk: {channel"), ("service", "  help:\n"), ("schedule", "office: {hours"), ("site", "site: small")],
)  # fmt: skip
def test_a_name_that_could_be_something_else_is_refused_in_words(what: str, old: str, odd: str) -> None:
    word = {"agent": "Ada", "team": "desk", "service": "help", "schedule": "office", "site": "small"}[what]
    assert old in SMALL
    source = SMALL.replace(old, old.replace(word, json.dumps(odd)))
    with pytest.raises(PlanErrors) as refused:
        parse(source)
    assert refused.value.errors[0].line and len(str(refused.value)) < 5_000


NAMES = st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=60)


@given(st.lists(NAMES, min_size=2, max_size=2, unique=True))
def test_two_agents_never_share_an_id(names: list[str]) -> None:
    assert agent_id(names[0]) != agent_id(names[1])
    assert all(re.fullmatch("[A-Za-z0-9_]{1,64}", agent_id(name)) for name in names)


def test_names_that_begin_alike_are_two_people() -> None:
    long = "鈴木一郎・東京第一営業所の電話窓口"
    assert agent_id(f"{long}甲") != agent_id(f"{long}乙")
    assert agent_id("Ada") == "Ada"
    assert name_of(agent_id(f"{long}甲")) == f"{long[:7]}…"


@given(NAMES)
def test_a_name_is_found_again_in_its_id(name: str) -> None:
    found = name_of(agent_id(name))
    assert found == name or (found.endswith("…") and name.startswith(found[:-1]))


@pytest.mark.promise("why-past")
def test_who_is_in_no_plan_any_more_is_still_called_by_their_name() -> None:
    who = agent_id("Jörg Müller-Lüdenscheid")
    story = tell(
        book(), "C1", [Event(1, "offered", "C1", who, 1, "{}"), Event(2, "declined", "C1", who, 1, "{}")]
    )
    assert [it.text for it in story.moments] == [
        "offered to Jörg Müller-Lüdenscheid in step 1", "Jörg Müller-Lüdenscheid declined",
    ]  # fmt: skip
    assert story.asked[0].agent == "Jörg Müller-Lüdenscheid"
