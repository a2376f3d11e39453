"""Who stands in for whom: as said with the absence, as the plan says, along chains that end; and what is said of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest
from helpers_plan import book
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.forms import Filled
from tierline.queue.contact import Decision, Preference, Route, Step
from tierline.queue.state import AgentView, Presence
from tierline.router import duty_forms
from tierline.router.absence import Absence, said, stood_in_for, substitute_of
from tierline.router.home import Scene, own_state
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook
from tierline.router.stand_in import aimed, instead, stand_in
from tierline.skills.skill import Capacity, Need, Profile

NAMES = ("Ada", "Ben", "Ben Smith", "Cid", "Dee", "Eve", "Fay")


def people(**substitutes: str) -> Rulebook:
    """A plan with all of them in one team; `Ada="Ben"`: Ben stands in for Ada."""
    rows = [
        f"  - {{name: {name}, slack: {name.lower().replace(' ', '.')}@small.example, team: desk"
        + (f", substitute: {substitutes[name]}" if name in substitutes else "")
        + "}"
        for name in NAMES
    ]
    text = "\n".join(
        [
            "site: small", "timezone: Europe/Berlin", "languages: [en]", 'teams: {desk: {channel: "#desk"}}',
            "services: {help: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], until: 30m}, {then: hold}]}}",
            'schedules: {always: {hours: "24/7"}}', "agents:", *rows,
        ]
    )  # fmt: skip
    return Rulebook(parse(text), 7)


PLAN = people(Ada="Ben")
ADA = PLAN.plan.agents[0]


@pytest.mark.promise("day-substitute")
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("vacation Ben", Absence("vacation", "Ben")),
        ("vacation @ben", Absence("vacation", "Ben")),
        ("vacation <@U0BEN|ben>", Absence("vacation <@U0BEN|ben>")),
        ("Ben", Absence("", "Ben")),
        ("vacation, Ben Smith", Absence("vacation", "Ben Smith")),
        ("vacation ben.smith@small.example", Absence("vacation", "Ben Smith")),
        ("vacation nobody", Absence("vacation", "nobody")),
        ("lunch with Ben", Absence("lunch with Ben")),
        ("lunch with Cid and Ben", Absence("lunch with Cid and Ben")),
        ("lunch with Cid substitute Ben", Absence("lunch with Cid", "Ben")),
        ("substitute: Ben", Absence("", "Ben")),
        ("vacation; Ben stands in", Absence("vacation", "Ben")),
        ("Ben stands in", Absence("", "Ben")),
        ("my phone stands in", Absence("my phone stands in")),
        ("vacation Ada", Absence("vacation Ada")),  # nobody stands in for themselves
        ("lunch", Absence("lunch")),
        ("", Absence()),
    ],
)
def test_the_end_of_a_reason_names_who_stands_in(text: str, meant: Absence) -> None:
    assert said(PLAN, ADA, text) == meant


@pytest.mark.promise("day-substitute")
@given(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=300),
    st.sampled_from(["", "nobody", *NAMES[1:]]),
)
def test_what_the_presence_keeps_says_the_same_again(why: str, name: str) -> None:
    """Whatever somebody writes: who stands in is who was said, also when the break is made longer by its button."""
    first = said(PLAN, ADA, f"{why} substitute {name}" if name else why)
    assert first.name == name or not name
    again = said(PLAN, ADA, first.words)
    assert again.name == first.name
    assert said(PLAN, ADA, again.words) == again


def test_the_form_says_the_command_with_who_stands_in() -> None:
    form = duty_forms.away(("Ben", "Cid"), "Ben")
    stands = next(it for it in form.fields if it.name == "substitute")
    assert stands.choices == ("Nobody", "Ben", "Cid") and stands.value == "Ben"
    filled = Filled("away", "", {"length": "2 hours", "why": "lunch with", "substitute": "Ben"})
    assert duty_forms.said(filled) == ("away", "2h lunch with substitute Ben")
    nobody = replace(filled, answers={**filled.answers, "substitute": "Nobody"})
    assert said(PLAN, ADA, duty_forms.said(nobody)[1].removeprefix("2h ")) == Absence("lunch with", "nobody")  # type: ignore[index]


# ---- who is asked ------------------------------------------------------------------------------------------------


def is_now(name: str, presence: Presence = "available", why: str = "", on: bool = True) -> AgentView:
    return AgentView(
        name, Profile("desk"), Capacity(), 15, presence, on, on, None, 0, 0, 0, 15, 0, 0, 0, why=why
    )


@dataclass
class Site:
    """What is asked of the queue."""

    known: dict[str, AgentView]

    async def agents(self, *names: str) -> dict[str, AgentView]:
        return {it: self.known[it] for it in names if it in self.known}


@pytest.mark.promise("day-substitute")
@pytest.mark.parametrize(
    ("me", "who"),
    [
        (is_now("Ada"), ""),
        (is_now("Ada", "away", "lunch"), "Ben"),
        (is_now("Ada", "offline"), "Ben"),
        (is_now("Ada", on=False), "Ben"),
        (is_now("Ada", "away", "vacation; Cid stands in"), "Cid"),
        (is_now("Ada", "away", "vacation; nobody stands in"), ""),
        (is_now("Ada", "away", "vacation; Zoe stands in"), "Ben"),  # no longer in the plan
        (is_now("Cid", "away", "lunch"), ""),
        (is_now("gone", "away"), ""),
        (is_now("Ada", "away", "unreachable in Slack: Cid"), "Ben"),  # our own words name nobody
    ],
)
def test_who_is_absent_is_stood_in_for_as_they_said_or_as_the_plan_says(me: AgentView, who: str) -> None:
    assert substitute_of(PLAN, me) == who


@pytest.mark.promise("day-substitute")
def test_whoever_stands_in_reads_so_in_their_home_while_the_others_are_away() -> None:
    everybody = [
        is_now("Ada", "away", "lunch"),
        is_now("Cid", "away", "x; Ben stands in"),
        is_now("Ben"),
        is_now("Dee", "offline"),
    ]
    found = stood_in_for(people(Ada="Ben", Dee="Ben"), everybody)
    assert found == {"Ben": ("Ada", "Cid")}
    ben = next(it for it in PLAN.plan.agents if it.name == "Ben")
    shown = own_state(Scene(PLAN, ben, is_now("Ben"), 0, stands_for=found["Ben"]))
    assert "You stand in for Ada and Cid." in shown.text


STATES = st.sampled_from(
    [is_now("x"), is_now("x", "away", "lunch"), is_now("x", "offline"), is_now("x", on=False)]
)


@pytest.mark.promise("day-substitute")
@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.dictionaries(st.sampled_from([n for n in NAMES if " " not in n]), STATES),
)
def test_whoever_stands_in_is_there_and_chains_end(
    follow: dict[str, str], states: dict[str, AgentView]
) -> None:
    """In any plan, circles included: who is there is asked themselves, and only who is there stands in."""
    rules = people(**{a: b for a, b in follow.items() if a != b})
    site = Site({name: replace(it, name=name) for name, it in states.items()})
    for name in NAMES:
        who = asyncio.run(stand_in(site, rules, name))  # type: ignore[arg-type]
        me = site.known.get(name)
        if me is None or (me.presence == "available" and me.on_shift):
            assert who == name
        if who != name:
            assert site.known[who].presence == "available" and site.known[who].on_shift
            first = rules.by_id[name].substitute
            assert first and (
                first == who or not (first in states and substitute_of(rules, site.known[first]) == "")
            )


@pytest.mark.promise("day-substitute")
async def test_a_preference_and_a_named_colleague_become_whoever_stands_in() -> None:
    site = Site({"Ada": is_now("Ada", "away", "lunch"), "Ben": is_now("Ben"), "Cid": is_now("Cid")})
    way = Route("help", "sms", (Step(Need("help", "sms")),), 60_000, 0)
    first = Decision(way, 5, prefer=Preference("Ada", "preferred", 9))
    told = await instead(site, PLAN, first)  # type: ignore[arg-type]
    assert told == replace(first, prefer=Preference("Ben", "preferred", 9))
    assert await instead(site, PLAN, replace(first, prefer=None)) == replace(first, prefer=None)  # type: ignore[arg-type]
    to, rest = await aimed(site, PLAN, "Cid", "Ada cannot log in")  # type: ignore[arg-type]
    assert (to.name, to.words, rest) == ("Ben", "Ben (standing in for Ada)", "cannot log in")
    to, _ = await aimed(site, PLAN, "Ben", "Ada cannot log in")  # type: ignore[arg-type]
    assert to.words == "Ada"  # Ben has it already


def test_the_example_plans_book_is_the_same_without_substitutes() -> None:
    rules = book()
    assert all(
        substitute_of(rules, is_now(it.name, "away")) == "" for it in rules.plan.agents if not it.substitute
    )
