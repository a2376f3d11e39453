"""Who hears of a handover: its thread, its owner in person where somebody else did it, a supervisor when it bounces."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from test_handover_decides import BOOK, NOW, goes, held

from tierline.channels.channel import Line
from tierline.queue.state import Event
from tierline.router.facts import Facts
from tierline.router.lanes import Try
from tierline.router.tidings import Tidings


@dataclass
class Everybody:
    """Queue, desk and alerts in one, writing down what was said to whom."""

    said: list[tuple[str, str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    view: Any = None

    async def places(self, contact: str) -> tuple[str, ...]:
        return ("C1:1.0",)

    async def contact(self, contact: str) -> Any:
        return self.view

    async def post(self, place: str, line: Line, again: bool = False) -> str:
        self.said.append((place, line.text))
        self.lines.append(line.n)
        return place

    async def link(self, place: str) -> str:
        return f"https://slack.example/{place}"

    async def tell(
        self, to: str, text: str, buttons: Any = (), key: str = "", again: bool = False, quotes: Any = ()
    ) -> str:
        self.said.append((to, text))
        return to

    async def once(self, name: str, text: str, **more: Any) -> None:
        self.said.append(("alert", text))


async def told(kind: str, agent: str = "Ada", view: Any = None, **x: Any) -> list[tuple[str, str]]:
    it = Everybody(view=view)
    tidings = Tidings(it, it, lambda: BOOK, it)  # type: ignore[arg-type]
    for job in tidings.jobs(Event(NOW, kind, "C1001", agent, 0, json.dumps(x), id="1-1")):
        await job.work(Try(0, False))
    return it.said


async def test_the_thread_reads_who_hands_over_and_why() -> None:
    facts = goes(held(), "L2 stuck", "cables").decision.facts
    said = await told("transferring", by="Ada", to="L2", reason="stuck", facts=facts)
    assert said == [
        ("C1:1.0", "Ada hands over to L2: tried: cables; stuck. It stays with Ada until somebody takes it.")
    ]


async def test_an_owner_whose_contact_somebody_else_hands_over_hears_of_it_in_person() -> None:
    facts = goes(held(), "L2 stuck").decision.facts
    said = await told("transferring", by="", to="L2", reason="", facts=facts)
    assert ("ada@a.example", "Ada hands C1001 over to L2.") in said


async def test_what_happens_in_one_step_is_told_in_lines_that_are_told_apart() -> None:
    """By its number a line is found again whose posting had no answer: another of the same instant isn't it."""
    it = Everybody()
    tidings = Tidings(it, it, lambda: BOOK, it)  # type: ignore[arg-type]
    for kind in ("transferring", "kept"):
        event = Event(NOW, kind, "C1001", "Ada", 0, json.dumps({"to": "Ben", "why": "unavailable"}), id="1-1")
        for again in (False, True):
            for job in tidings.jobs(event):
                await job.work(Try(0, again))
    assert len(it.lines) == 4 and len(set(it.lines)) == 2 and min(it.lines) > NOW


@pytest.mark.promise("bounces-are-told")
async def test_what_came_back_three_times_is_told_to_a_supervisor() -> None:
    moves = Facts.parse(goes(held(), "L2 a").decision.facts).moves
    twice = goes(held("Ada Two", moves=moves, bounces=1), "L1 b")
    assert await told("transferring", by="x", to="L1", facts=twice.decision.facts)
    assert not [s for s in await told("transferring", by="x", facts=twice.decision.facts) if s[0] == "alert"]
    thrice = goes(held("Ada Two", moves=moves, bounces=2), "L1 b")
    (alert,) = [s for s in await told("transferring", by="x", facts=thrice.decision.facts) if s[0] == "alert"]
    assert "came back 3 times" in alert[1] and thrice.bounces == 3


@pytest.mark.parametrize("why", ["declined", "missed", "too late", "unavailable"])
async def test_who_gets_it_back_hears_why(why: str) -> None:
    said = await told("kept", why=why)
    assert {to for to, _ in said} == {"C1:1.0", "ada@a.example"}
    assert all("stays with Ada" in text for _, text in said)


@pytest.mark.parametrize("why", ["owner silent", "owner left", "owner removed", "profile changed"])
async def test_who_loses_it_without_having_done_anything_hears_of_it(why: str) -> None:
    said = await told("queued", agent="", why=why, **{"from": "Ada"})
    assert {to for to, _ in said} == {"C1:1.0", "ada@a.example"}


async def test_what_concerns_nobody_is_told_to_nobody() -> None:
    assert await told("queued", agent="", rank=1) == []
    assert await told("snoozed", why="quiet", wake=None) == []
    assert await told("kept", why="completed") == []
    assert await told("returned", why="message", view=held()) == []
    assert await told("offered") == []
    assert await told("nudged", view=held("Ada Two")) == []  # somebody else has it by now


@pytest.mark.promise("handover-asleep")
async def test_an_owner_isnt_told_of_a_date_when_what_sleeps_is_handed_over() -> None:
    assert await told("returned", why="transfer", view=held()) == []
    facts = goes(held(), "L2 stuck").decision.facts
    (line,) = await told("transferring", by="Ada", to="L2", facts=facts, queued="owner away")
    assert "stays with" not in line[1]


async def test_who_is_woken_by_somebody_hears_no_word_of_a_date() -> None:
    assert await told("returned", why="woken", view=held()) == [("C1:1.0", "Awake again, with Ada.")]


@pytest.mark.promise("handover-goes-on")
@pytest.mark.parametrize("kind", ["exhausted", "nobody"])
async def test_whoever_hands_over_hears_when_nobody_else_is_left(kind: str) -> None:
    last = replace(held(), handing=True, step=len(held().route.steps) - 1)
    said = await told(kind, agent="", view=last)
    assert {to for to, _ in said} == {"C1:1.0", "ada@a.example"}
    assert all("Nobody else can take it now: it stays with Ada" in text for _, text in said)
    assert await told(kind, agent="", view=replace(last, handing=False)) == []
    assert await told(kind, agent="", view=replace(last, step=0)) == []  # the next step is open
    # Two steps that ended in one entry of the ledger: the last one's word is enough.
    assert await told(kind, agent="", view=last, step=last.step) == said
    assert await told(kind, agent="", view=last, step=last.step - 1) == []
