"""A lively hour through the real scripts into the history: replayed it is the same, and then a draft is compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from core_differential import Direct, load, memory_server
from lively_hour import HOUR, Hour, plan, rulebook

from tierline.console.replay_views import lines, shown
from tierline.queue.engine import Queue
from tierline.queue.history.history import History
from tierline.queue.state import Event
from tierline.router.simulate.compare import Replay, Replaying
from tierline.router.simulate.record import entries

START = round(datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)
HELLO = "  - {name: hello, when: {text: {any: [hello]}}, set: {service: outage}}\n"


@pytest.fixture(scope="module")
def told() -> list[Event]:
    return []


@pytest.fixture
async def ledger(told: list[Event], tmp_path: Path) -> AsyncIterator[list[Event]]:
    """The hour's ledger, through the history; played once."""
    if not told:
        async with memory_server(tmp_path) as client:
            queue = Queue(Direct(client), "lively", deadline=60.0, name=await load(client, "lively"))
            events = await Hour(queue, rulebook(plan()), START, 7).run()
        history = await History.open(None, tmp_path)
        whole = [list(each) for _, each in groupby(events, key=lambda event: event.id)]
        for i in range(0, len(whole), 200):
            await history.project([event for entry in whole[i : i + 200] for event in entry])
        after, more = "0-0", True
        while more:
            page, more = await history.ledger(after, 700)
            told += page
            after = page[-1].id
        await history.close()
        assert len(told) == len(events)
    yield told


def replayed(events: list[Event], draft: str = "", start: int = START) -> Replay:
    book = rulebook(plan())
    it = Replaying({1: book}, book, start, START + HOUR)
    it.read(entries(events))
    return it.outcome(rulebook(draft, 2) if draft else None, {})


@pytest.mark.promise("replay-same")
async def test_the_recorded_hour_is_reproduced_without_a_difference(ledger: list[Event]) -> None:
    it = replayed(ledger)
    assert it.reproduced.difference is None, str(it.reproduced.difference)
    kinds = {event.e for event in ledger}
    assert {"accepted", "declined", "missed", "rescinded", "step", "abandoned", "shift", "overtime"} <= kinds
    assert it.reproduced.assignments == sum(e.e in ("offered", "accepted") for e in ledger) > 1_200
    assert it.contacts == sum(e.e == "arrived" for e in ledger) > 500


async def test_a_draft_is_compared_only_after_that(ledger: list[Event]) -> None:
    same = replayed(ledger, plan()).comparison
    assert same is not None and same.moved_count == 0 and same.unlike == 0 and same.unknown_plans == 0
    assert same.active == same.draft
    at = next(i for i, e in enumerate(ledger) if e.e == "accepted" and i > 2_000)
    wrong = [*ledger[:at], replace(ledger[at], a="P1" if ledger[at].a != "P1" else "P2"), *ledger[at + 1 :]]
    altered = replayed(wrong, plan(HELLO))
    assert altered.comparison is None
    assert altered.reproduced.difference and altered.reproduced.difference.entry == ledger[at].id


@pytest.mark.promise("replay-draft")
async def test_the_draft_says_who_would_have_gone_elsewhere(ledger: list[Event]) -> None:
    it = replayed(ledger, plan(HELLO)).comparison
    assert it is not None
    hellos = sum(e.e == "arrived" and "hello" in e.x for e in ledger)
    assert it.moved_count == hellos > 100 and it.from_to == {("howto", "outage"): hellos}
    assert it.moved[0].to_rule == "hello" and it.moved[0].what == "service"
    assert it.draft.services["outage"].arrived > it.active.services["outage"].arrived
    assert it.recorded.accepted > 400 and it.active.all.accepted > 400
    # The simulated day under the same plan is the same kind of day as the recorded one.
    assert it.active.all.kept == pytest.approx(it.recorded.kept, abs=0.1)


@pytest.mark.promise("scripts-honest")
async def test_a_replay_says_that_scripts_are_not_run(ledger: list[Event]) -> None:
    plain = replayed(ledger, plan(HELLO))
    assert plain.comparison is not None and plain.comparison.scripted == 0
    asking = plan().replace(", service: howto}", ", service: howto, first: start}")
    asking += 'scripts: {start: {wait: 5m, steps: [{ask: what, say: {en: "What?", de: "Was?"}}]}}\n'
    it = replayed(ledger, asking)
    assert it.comparison is not None and it.comparison.scripted == it.contacts > 100
    said = lines("2026-11-20", shown(it))
    assert f"{it.contacts} contacts came by a door that asks something first" in said[-1]


async def test_a_part_of_the_hour_begins_from_what_was_there(ledger: list[Event]) -> None:
    it = replayed(ledger, plan(HELLO), START + HOUR // 2)
    assert it.reproduced.difference is None and it.comparison is not None
    assert 0 < it.contacts < sum(e.e == "arrived" for e in ledger)
    assert it.comparison.active.all.accepted > 100
