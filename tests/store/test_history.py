"""The history: what the ledger told is there once, whole, in whatever pieces and however often it came."""

from __future__ import annotations

import asyncio
import json
import os
from itertools import groupby
from pathlib import Path

import pytest
from helpers_history import arrived, empty, rows, said, story, told
from helpers_history import history as history
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.queue.history import projections
from tierline.queue.history.database import HistoryUnavailable
from tierline.queue.history.history import History
from tierline.queue.history.records import Claimed, Customer
from tierline.queue.state import Event

EVA, JONAS = "+4915112345678", "+4915123456789"


def two_stories() -> list[Event]:
    """Two contacts whose entries alternate; the second is abandoned and brought back; one text comes twice."""
    first = story("C1001", "SM1", first=1)
    second = [
        arrived("C1002", "SM2", 1_005, JONAS, id="2-1", customer="jonas"),
        told(1_005, "parked", "C1002", id="2-1", wake=9_000, reason="closed"),
        told(1_100, "abandoned", "C1002", id="5-1", reason="gone"),
        told(1_200, "revived", "C1002", id="6-1"),
        told(1_200, "offered", "C1002", "ada", 1, id="6-1", step=0),
        told(1_210, "message", "C1002", n=2, id="6-2", kind="in", body=said("SM1", "again", JONAS)),
        told(1_220, "rescinded", "C1002", "ada", 1, id="6-3", reason="gap"),
        told(1_230, "rerouted", "C1002", id="7-1", service="outage", rank=7,
             facts=json.dumps({"customer": "jonas", "address": JONAS, "name": "Jonas"})),
        told(1_240, "offered", "C1002", "lin", 2, id="8-1", step=0),
        told(1_250, "accepted", "C1002", "lin", 2, id="8-2", offer=2),
        told(1_260, "queued", "C1002", id="9-1", why="owner removed"),
        told(1_270, "dead", "C1002", id="9-2", reason="set aside"),
    ]  # fmt: skip
    both = sorted([*first, *second], key=lambda it: [int(part) for part in it.id.split("-")])
    return [*both, told(2_000, "plan", id="99-0", version=2)]


def entries(events: list[Event]) -> list[list[Event]]:
    return [list(together) for _, together in groupby(events, key=lambda it: it.id)]


@st.composite
def batches_of(draw: st.DrawFn, count: int) -> list[list[int]]:
    """Numbers of entries in batches: in order or not, with cursors that fall back, and some of it once more."""
    order = draw(st.permutations(range(count))) if draw(st.booleans()) else list(range(count))
    batches, at = [], 0
    while at < len(order):
        size = draw(st.integers(1, 6))
        batches.append(list(order[at : at + size]))
        at += draw(st.integers(1, size))  # behind what was projected
    return [*batches, list(order[draw(st.integers(0, count)) :])]


@pytest.mark.promise("history-1")
async def test_a_contact_is_there_whole_from_the_text_to_its_closing(history: History) -> None:
    await history.project(story())
    record = await history.contact("C1001")
    assert record is not None
    assert (record.state, record.service, record.channel, record.owner) == ("closed", "howto", "sms", "lin")
    assert (record.address, record.verified, record.language, record.rule) == (EVA, True, "de", "outage")
    assert (record.arrived, record.ended, record.disposition) == (1_000, 1_600, "solved")
    assert [(m.n, m.kind, m.status) for m in record.messages] == [
        (1, "in", ""), (2, "in", ""), (3, "note", ""), (4, "reply", "undone"), (5, "reply", "delivered"),
    ]  # fmt: skip
    assert json.loads(record.messages[3].body)["text"] == "oops"
    assert (record.messages[4].provider_id, record.messages[4].agent, record.messages[4].at) == (
        "SMout",
        "lin",
        1_320,
    )
    assert [e.e for e in record.events] == [e.e for e in story() if e.c]
    shown = record.to_json(whole=True)
    assert [line["text"] for line in shown["transcript"]][-1] == "Hello"  # type: ignore[index,attr-defined]
    everything = await rows(history)
    assert sorted(row[2:6] for row in everything["offers"]) == [
        ("ada", 0, "missed", ""), ("lin", 1, "accepted", ""),
    ]  # fmt: skip


@pytest.mark.promise("history-2")
def test_any_split_order_and_replay_of_the_ledger_ends_in_the_same_rows(tmp_path: Path) -> None:
    whole = entries(two_stories())

    async def play(history: History, batches: list[list[int]]) -> dict[str, list[tuple[object, ...]]]:
        await empty(history.database)
        await history.put_customer("jonas", "Jonas", "de", (JONAS,), {})
        for batch in batches:
            await history.project([event for i in batch for event in whole[i]])
        return await rows(history)

    with asyncio.Runner() as runner:
        history = runner.run(History.open(None, tmp_path))
        straight = runner.run(play(history, [list(range(len(whole)))]))
        assert len(straight["events"]) == len(two_stories())

        @settings(max_examples=500 if os.environ.get("TIERLINE_LONG") else 25, deadline=None)
        @given(batches=batches_of(len(whole)))
        def same(batches: list[list[int]]) -> None:
            assert runner.run(play(history, batches)) == straight

        try:
            same()
        finally:
            runner.run(history.close())


@pytest.mark.promise("history-2")
async def test_rebuilding_from_the_archive_ends_in_the_same_rows(history: History) -> None:
    await history.put_customer("jonas", "Jonas", "de", (JONAS, "jonas@x.example"), {"plan": "basic"})
    await history.project(two_stories())
    before = await rows(history)
    assert await history.rebuild() == len(two_stories())
    assert await rows(history) == before
    assert await history.rebuild() == len(two_stories())


async def test_what_was_brought_back_is_open_again_and_told_so(history: History) -> None:
    events = two_stories()
    until = next(i for i, it in enumerate(events) if it.id == "6-2")
    await history.project(events[:until])
    record = await history.contact("C1002")
    assert record is not None and (record.state, record.ended, record.reason) == ("offered", None, "")
    await history.project(events)
    record = await history.contact("C1002")
    assert record is not None
    assert (record.state, record.reason, record.service, record.owner) == ("dead", "set aside", "outage", "")


async def test_an_outside_event_is_known_for_good_also_in_the_next_process(tmp_path: Path) -> None:
    first = await History.open(None, tmp_path)
    await first.project(two_stories())
    await first.close()
    again = await History.open(None, tmp_path)
    try:
        assert await again.seen("SM1") == ("C1001", 1)  # the earlier of two that claim it
        assert await again.seen("SM1b") == ("C1001", 2)
        assert await again.seen("SM2") == ("C1002", 1)
        assert await again.seen("SM3") is None
        await again.rebuild()
        assert await again.seen("SM1") == ("C1001", 1)
    finally:
        await again.close()


async def test_events_without_a_beginning_or_with_nonsense_stop_nothing(history: History) -> None:
    strange = [
        Event(5, "accepted", "C7", "ada", 3, "not JSON", id="1-0"),
        Event(6, "arrived", "C8", "", 1, json.dumps({"body": "[1]", "facts": "{", "thread": 7}), id="2-0"),
        Event(7, "a kind of tomorrow", "C8", "", 0, "[]", id="3-0"),
        Event(8, "message", "C8", "", 2, json.dumps({"kind": "in", "body": "a\0b\ud800"}), id="4-0"),
        Event(9, "parked", "C8", "", 0, json.dumps({"wake": 1e300, "reason": None}), id="5-0"),
        Event(10, "message", "C8", "", 1 << 70, "{}", id="6-0"),
        Event(11, "closed", "C8", "ada", 0, json.dumps({"outcome": "nonsense"}), id="7-0"),
    ]
    await history.project(strange)
    seven, eight = await history.contact("C7"), await history.contact("C8")
    assert seven is not None and (seven.state, seven.owner, seven.arrived) == ("active", "ada", 5)
    assert eight is not None and (eight.state, eight.disposition) == ("closed", "")
    assert eight.to_json(whole=True)["outcome"] == {}
    before = await rows(history)
    await history.rebuild()
    assert await rows(history) == before


# ---- customers ----------------------------------------------------------------------------------------------


async def test_a_customer_is_found_by_key_and_by_every_address(history: History) -> None:
    await history.put_customer("eva", "Eva", "de", (EVA, "Eva@X.example"), {"plan": "enterprise"})
    eva = Customer("eva", "Eva", "de", {"plan": "enterprise"}, known=True)
    for name in ("eva", EVA, "eva@x.example", "EVA@x.EXAMPLE"):
        assert await history.customer(name) == eva
    assert await history.customer("nobody' OR 1=1 --") is None
    assert await history.customer("\0") is None
    await history.put_customer("eva", "Eva B.", "", (EVA,), {})
    assert await history.customer(EVA) == Customer("eva", "Eva B.", known=True)
    assert await history.customer("eva@x.example") is None


async def test_an_address_of_another_customer_is_refused_and_nothing_is_changed(history: History) -> None:
    await history.put_customer("eva", "Eva", "", (EVA,), {})
    before = await rows(history)
    with pytest.raises(Claimed) as refused:
        await history.put_customer("jonas", "Jonas", "", (JONAS, EVA), {})
    assert (refused.value.address, refused.value.by) == (EVA, "eva")
    assert await rows(history) == before


async def test_an_address_that_a_carrier_vouched_for_is_verified_whichever_came_first(
    history: History,
) -> None:
    await history.put_customer("before", "Eva", "", (EVA, "eva@x.example"), {})
    await history.project(two_stories())
    await history.put_customer("after", "Jonas", "", (JONAS,), {})
    found = {row[0]: row[3] for row in (await rows(history))["addresses"]}
    assert found == {EVA: True, "eva@x.example": False, JONAS: True}


async def test_past_contacts_are_found_by_any_address_also_from_before_the_customer_was_known(
    history: History,
) -> None:
    await history.project(two_stories())
    await history.project(story("C1003", "SM9", t=50_000, first=200))
    await history.put_customer("eva", "Eva", "", (EVA, "eva@x.example"), {})
    for name in ("eva", EVA, "Eva@x.example"):
        assert [it.contact for it in await history.past(name, 5)] == ["C1003", "C1001"]
        assert [it.id for it in await history.contacts(None, name, 5)] == ["C1001", "C1003"]
    (latest,) = await history.past("eva", 1)
    assert (latest.contact, latest.service, latest.state, latest.at, latest.disposition) == (
        "C1003", "howto", "closed", 50_000, "solved",
    )  # fmt: skip
    assert [it.id for it in await history.contacts("dead", None, 5)] == ["C1002"]
    assert [it.id for it in await history.contacts("closed", None, 1)] == ["C1003"]
    assert await history.contacts("closed", JONAS, 5) == ()


# ---- trouble ------------------------------------------------------------------------------------------------


async def projected_by(history: History) -> None:
    async with history.database.write() as connection:
        await projections.project(connection, story())


async def test_a_caller_who_is_cancelled_leaves_no_lock_and_no_half(history: History) -> None:
    for i in range(12):
        events = story(f"C{2_000 + i}", f"SMc{i}", first=1 + 20 * i)
        task = asyncio.create_task(history.project(events))
        for _ in range(i * 7):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await history.put_customer("eva", "Eva", "", (EVA,), {})
        found = await history.contact(f"C{2_000 + i}")
        assert found is None or found.state == "closed"
        await history.project(events)
        found = await history.contact(f"C{2_000 + i}")
        assert found is not None and found.state == "closed"


async def test_a_write_that_fails_in_the_middle_leaves_nothing_behind(history: History) -> None:
    await history.project(story())
    before = await rows(history)
    with pytest.raises(HistoryUnavailable) as refused:
        async with history.database.write() as connection:
            from sqlalchemy import text

            await connection.execute(text("DELETE FROM contacts"))
            await connection.execute(text("INSERT INTO no_such_table VALUES (:secret)"), {"secret": "+49151"})
    assert "+49151" not in str(refused.value) and "INSERT" not in str(refused.value)
    assert await rows(history) == before


async def test_a_database_that_does_not_answer_is_given_up_in_time(tmp_path: Path) -> None:
    history = await History.open(None, tmp_path)
    try:
        async with history.database.write():
            late = history.database.whole(projected_by(history), 0.05)
            with pytest.raises(HistoryUnavailable, match="no answer within"):
                await late
        await history.project(story())  # what was given up may have been done: twice does no harm
        assert await history.contact("C1001") is not None
    finally:
        await history.close()


async def test_readers_see_the_last_commit_while_somebody_writes(history: History) -> None:
    await history.project(story())
    async with history.database.write() as connection:
        from sqlalchemy import text

        await connection.execute(text("DELETE FROM contacts"))
        assert await history.contact("C1001") is not None
    assert await history.contact("C1001") is None


async def test_two_processes_projecting_the_same_entries_end_in_the_same_rows(
    history: History, tmp_path: Path
) -> None:
    whole = entries(two_stories())

    async def play() -> None:
        other = History(history.database)
        for entry in whole:
            await other.project(entry)

    await asyncio.gather(play(), play())
    doubled = await rows(history)
    await empty(history.database)
    await history.project(two_stories())
    assert await rows(history) == doubled


async def test_wiping_forgets_everything(tmp_path: Path) -> None:
    history = await History.open(None, tmp_path)
    try:
        await history.put_customer("eva", "Eva", "", (EVA,), {"plan": "x"})
        await history.project(two_stories())
        await history.wipe()
        assert not any((await rows(history)).values())
    finally:
        await history.close()


async def test_what_people_change_and_what_the_ledger_brings_are_written_side_by_side(
    history: History,
) -> None:
    names = [f"customer {i}" for i in range(20)]
    entries = [list(it) for _, it in groupby(two_stories(), key=lambda event: event.id)]
    await asyncio.gather(
        *(history.put_customer(name, name, "de", (f"+49170{i:07}",), {}) for i, name in enumerate(names)),
        *(history.project(entry) for entry in entries),
    )
    assert len((await rows(history))["customers"]) == len(names)
    record = await history.contact("C1001")
    assert record is not None and len((await rows(history))["events"]) == len(two_stories())


async def test_who_had_an_address_last_is_found_by_its_channel_and_not_for_ever(history: History) -> None:
    await history.project(story())
    assert await history.last_owner(EVA, "sms", 1_000) == "lin"
    assert await history.last_owner(EVA, "sms", 1_001) == ""  # it arrived before that
    assert await history.last_owner(EVA, "voice", 0) == ""
    assert await history.last_owner(JONAS, "sms", 0) == ""
