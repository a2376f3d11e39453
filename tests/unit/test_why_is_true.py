"""Why is a contact where it is: the first reason why not, agent by agent, and a next change that really comes."""

from __future__ import annotations

import pytest
from helpers_plan import at, book
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.queue.contact import Arrived
from tierline.queue.history.records import Customer
from tierline.queue.model import Model
from tierline.queue.state import mask_of
from tierline.router.classify import classify
from tierline.router.roster import enlist
from tierline.router.rulebook import agent_id
from tierline.router.why import Why, explain, timers
from tierline.skills.skill import refusal

DOOR = "+4930100"
PLAN = f"""
site: why
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@why.example]
schedules:
  office: {{hours: "Mo-Fr 08:00-18:00"}}
  late: {{hours: "Mo-Fr 12:00-20:00"}}
  always: {{hours: "24/7"}}
teams: {{desk: {{channel: "#desk"}}, experts: {{channel: "#experts"}}}}
services:
  help:
    schedule: office
    answer_within: 10m
    skills: {{network: 2}}
    steps: [{{tiers: [L1], teams: [desk], until: 5m}}, {{tiers: [L1, L2], until: 20m}}, {{then: hold}}]
  always:
    schedule: always
    answer_within: 10m
    steps: [{{tiers: [L1], until: 5m}}, {{then: hold}}]
entry: [{{channel: sms, to: "{DOOR}", service: help}}]
rules: [{{name: night, when: {{text: {{any: [night]}}}}, set: {{service: always}}}}]
agents:
  - {{name: Ada, slack: ada@why.example, team: desk, tier: L1, skills: {{network: 3}}, shift: office}}
  - {{name: Ben, slack: ben@why.example, team: desk, tier: L1, skills: {{network: 1}}, shift: always}}
  - {{name: Cleo, slack: cleo@why.example, team: experts, tier: L2, skills: {{network: 5}}, shift: late}}
  - {{name: Änne Maria, slack: anne@why.example, team: desk, tier: L1, skills: {{network: 2}}, shift: always}}
"""
PEOPLE = ("Ada", "Ben", "Cleo", "Änne Maria")
MONDAY = at("2026-11-23 09:00")


class Day:
    """The reference model with the plan's people, and a clock."""

    def __init__(self, now: int = MONDAY) -> None:
        self.model, self.now, self.count = Model(), now, 0
        self.book = book(PLAN)
        self.model.at(now)
        for spec in self.book.plan.agents:
            who = enlist(self.book, spec, now)
            self.model.agent(
                who.id, who.profile, who.capacity, mask_of(spec.channels), who.edges, who.on_shift
            )

    def arrives(self, text: str = "help") -> str:
        self.count += 1
        said = Arrived("sms", f"SM{self.count}", f"+49151{self.count:07}", DOOR, text)
        verdict = classify(self.book, said, Customer(said.sender), self.now)
        return (
            self.model.at(self.now).arrive(said.to_json(), said.event, said.thread, verdict.decision).contact
        )

    def presence(self, name: str, presence: str) -> None:
        self.model.at(self.now).presence(agent_id(name), presence)  # type: ignore[arg-type]

    def passes(self, to: int) -> None:
        """The router is alive all the time: no gap."""
        while True:
            first = self.model.due.first()
            step = min(first[0], to) if first else to
            self.now = max(self.now, step)
            self.model.ticked = self.now
            self.model.at(self.now)
            while self.model.tick().more:
                pass
            if self.now >= to:
                return

    def why(self, contact: str) -> Why:
        state = self.model.at(self.now).snapshot()
        view = state.contacts[contact]
        due = {member: state.due[member] for member in timers(view, state.agents) if member in state.due}
        return explain(self.book, view, state.agents, due, state.desk, self.now)

    def reasons(self, contact: str) -> dict[str, str]:
        return {row.agent: row.reason for row in self.why(contact).rows}


def shown(day: Day, contact: str) -> tuple[object, ...]:
    """What somebody who asks would see as another answer: of the agents, those whom the step admits."""
    it, state = day.why(contact), day.model.at(day.now).snapshot()
    need = state.contacts[contact].now_step.need
    able = {name for name, agent in state.agents.items() if refusal(need, agent.profile) is None}
    rows = tuple((row.agent, row.reason, row.until) for row in it.rows if agent_id(row.agent) in able)
    return (it.state, it.step, rows, it.next)


@pytest.mark.promise("why-reasons")
def test_each_agent_has_the_first_reason_why_not() -> None:
    day = Day()
    contact = day.arrives()
    assert day.reasons(contact) == {
        "Ada": "offline",
        "Ben": "offline",
        "Cleo": "off shift",
        "Änne Maria": "offline",
    }
    for name in ("Ben", "Cleo"):
        day.presence(name, "available")
    assert day.reasons(contact)["Ben"] == "lacks skill network ≥ 2"
    day.presence("Ada", "available")
    assert day.reasons(contact)["Ada"] == "is being asked now"
    second = day.arrives()
    assert day.reasons(second)["Ada"] == "has another offer open"
    offer = day.model.snapshot().contacts[contact].offers[0]
    day.model.at(day.now).decline(contact, offer.number, "Ada")
    assert day.reasons(contact)["Ada"] == "declined it"
    day.model.at(day.now).desk(False)
    assert set(day.reasons(contact)) == set(PEOPLE)


def test_while_somebody_takes_it_the_others_hear_so() -> None:
    day = Day()
    for name in ("Ada", "Änne Maria"):
        day.presence(name, "available")
    contact = day.arrives()
    said = day.model.at(day.now).claim(contact, 1, "Ada", 90_000)
    row = next(it for it in day.why(contact).rows if it.agent == "Änne Maria")
    assert (row.reason, row.until) == ("somebody else has said that they take it", said.due)
    assert day.reasons(contact)["Ada"] == "is being asked now"


def test_a_held_contact_says_what_is_closed_and_when_it_goes_on() -> None:
    day = Day(at("2026-11-21 03:00"))
    it = day.why(day.arrives())
    assert it.state == "parked" and "closed" in it.rows[0].reason and "arrived while closed" in it.text
    assert it.next is not None and it.next.at == at("2026-11-23 08:00")


def test_what_the_plan_says_and_nothing_acts_on_is_said() -> None:
    counted = book().plan.source.replace("share: 30%}", "share: 30%, cost: {per_contact: 4.20 EUR}}")
    assert [n.what for n in book(counted).plan.not_yet()] and Day().book.plan.not_yet() == ()


@pytest.mark.promise("why-next")
@settings(max_examples=60)
@given(
    start=st.sampled_from(
        ["2026-11-23 09:00", "2026-11-20 17:50", "2026-11-21 03:00", "2026-11-23 11:58", "2026-11-23 07:59"]
    ),
    text=st.sampled_from(["help", "night help"]),
    acts=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["available", "away", "offline"]), st.sampled_from(PEOPLE)),
            st.tuples(st.just("decline"), st.just("")),
            st.tuples(st.sampled_from(["delivered", "claim"]), st.just("")),
            st.tuples(st.just("pass"), st.sampled_from(["1", "40", "300", "4000"])),
        ),
        max_size=8,
    ),
)
def test_until_the_next_change_nothing_changes_and_then_something_does(
    start: str, text: str, acts: list[tuple[str, str]]
) -> None:
    day = Day(at(start))
    contact = day.arrives(text)
    for act, what in acts:
        view = day.model.at(day.now).snapshot().contacts[contact]
        if act == "pass":
            day.passes(day.now + 1000 * int(what))
        elif act in ("decline", "delivered", "claim"):
            for offer in view.offers[:1]:
                if act == "decline":
                    day.model.at(day.now).decline(contact, offer.number, offer.agent)
                elif act == "claim":
                    day.model.at(day.now).claim(contact, offer.number, offer.agent, 90_000)
                else:
                    day.model.at(day.now).delivered(contact, offer.number, "D1:1")
        else:
            day.presence(what, act)
    day.passes(day.now)
    coming, before = day.why(contact).next, shown(day, contact)
    if coming is None:
        day.passes(day.now + 7 * 86_400_000)
        assert shown(day, contact) == before
        return
    assert coming.at > day.now
    day.passes(coming.at - 1)
    assert shown(day, contact) == before
    day.passes(coming.at)
    assert shown(day, contact) != before
