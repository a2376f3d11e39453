"""A service closed at once and opened again, and incidents: by a supervisor, told to whom they concern, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers_app import EVA, JONAS, inside
from test_handing_over import PLAN, open_with, post


@pytest.mark.promise("emergency-close")
async def test_closed_at_once_who_waits_is_held_with_their_place_and_opened_again_they_are_asked_about(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        assert await stage.text("my printer burns") == 200
        rank = (await stage.contact())["rank"]
        assert "Only a supervisor" in await stage.slash("Ada", "close service help")
        said = await stage.slash("Mira", "close service help until 2h The house is evacuated")
        assert "help is closed until" in said

        async def held() -> bool:
            return bool((await stage.contact())["state"] == "parked")

        await stage.until(held)
        await stage.until(lambda: stage.got("The house is evacuated"))
        assert await stage.text("me too", JONAS) == 200
        await stage.until(lambda: stage.got("The house is evacuated", JONAS))
        row = next(s for s in await stage.api("/services") if s["name"] == "help")
        assert (row["open"], row["why_closed"]) == (False, "emergency: The house is evacuated")
        await stage.slash("Ada", "available")
        assert await stage.cards("Ada") == []
        await post(stage, "/services/help/open", {"by": "Mira"})
        await stage.until(lambda: stage.cards("Ada", "my printer burns"))
        assert (await stage.contact())["rank"] == rank
        await stage.accept("Ada", "my printer burns")
        await stage.until(lambda: stage.cards("Ada", "me too"))
        assert "nobody" not in (await post(stage, "/services/help/open", {}, 409))["hint"]
        await post(stage, "/services/nothing/close", {}, 404)
        await post(stage, "/services/help/close", {"until": "whenever"}, 400)

        async def on_record() -> bool:
            acts = [(line["who"], line["act"]) for line in await stage.api("/audit")]
            return acts[-2:] == [("Mira", "service.close"), ("Mira", "service.open")]

        await stage.until(on_record)


@pytest.mark.promise("emergency-close")
@pytest.mark.parametrize(
    "until",
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "9999-01-01T00:00:00Z", "2999-01-01T00:00:00Z"],
)
async def test_a_date_that_no_calendar_reaches_is_refused_and_everybody_is_served_as_before(
    tmp_path: Path, until: str
) -> None:
    """A program that means *for ever* says the last day there is: no clock can go on from there."""
    async with inside(tmp_path, PLAN) as stage:
        assert await stage.text("my printer burns") == 200
        contact = (await stage.contact())["id"]
        for path in ("/services/help/close", f"/contacts/{contact}/snooze"):
            assert "a year ahead" in (await post(stage, path, {"until": until}, 400))["hint"]
        row = next(s for s in await stage.api("/services") if s["name"] == "help")
        assert row["open"]
        assert await stage.text("me too", JONAS) == 200
        await stage.slash("Ada", "available")
        await stage.until(lambda: stage.cards("Ada", "my printer burns"))


@pytest.mark.promise("emergency-close")
@pytest.mark.parametrize("until", ["", " until 2h"], ids=["until further notice", "until a date"])
async def test_who_came_while_it_was_closed_has_a_place_from_its_opening_and_is_asked_about_before_who_came_later(
    tmp_path: Path, until: str
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        assert "help is closed" in await stage.slash("Mira", f"close service help{until} Evacuated")
        assert await stage.text("came while closed", JONAS) == 200
        await stage.until(lambda: stage.got("Evacuated", JONAS))
        before = await stage.app.queue.now()
        await post(stage, "/services/help/open", {"by": "Mira"})

        async def waits() -> bool:
            return bool((await stage.contact(JONAS))["state"] == "waiting")

        await stage.until(waits)
        assert await stage.text("came later") == 200
        view = await stage.app.queue.contact(str((await stage.contact(JONAS))["id"]))
        later = await stage.app.queue.contact(str((await stage.contact())["id"]))
        assert view is not None and later is not None
        assert view.rank < later.rank < view.rank + 60_000_000, "as if it had come at the opening"
        assert [round((at - before) / 60_000) for at in view.deadlines] == [30, 120]
        await stage.slash("Ada", "available")
        await stage.until(lambda: stage.cards("Ada", "came while closed"))
        due, other = [str((await stage.contact(it))["due"]) for it in (JONAS, EVA)]
        assert due[:10] == other[:10] and due <= other


@pytest.mark.promise("emergency-close")
async def test_closed_anew_with_a_date_it_holds_those_it_held_already_until_that_date(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        assert await stage.text("my printer burns") == 200
        assert "until somebody opens it" in await stage.slash("Mira", "close service help Evacuated")
        assert await stage.text("came while closed", JONAS) == 200
        await stage.until(lambda: stage.got("Evacuated", JONAS))
        await stage.until(lambda: stage.got("Evacuated"))
        now = await stage.app.queue.now()
        assert "help is closed until" in await stage.slash("Mira", "close service help until 2h Back soon")
        ids = [str((await stage.contact(it))["id"]) for it in (EVA, JONAS)]

        async def until_then() -> bool:
            views = [await stage.app.queue.contact(it) for it in ids]
            return all(it and it.state == "parked" and (it.wake or 0) < now + 7_300_000 for it in views)

        await stage.until(until_then)
        eva, jonas = [await stage.app.queue.contact(it) for it in ids]
        assert eva is not None and jonas is not None
        assert now < eva.rank // 1000 < now + 3_600_000, "who waited before keeps their place"
        assert now + 7_100_000 < jonas.rank // 1000 < now + 10_800_000, (
            "who came meanwhile is next after it opens"
        )
        assert len(await stage.got("Evacuated", JONAS)) == 1 and await stage.got("Back soon", JONAS) == []


@pytest.mark.promise("incident-told-once")
async def test_an_incident_is_told_to_those_it_concerns_once_and_its_end_to_the_same(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await open_with(stage, "Ada", "the printer is offline")
        made = await post(
            stage, "/incidents", {"words": ["offline"], "text": "Printers are offline, we work on it."}
        )
        await stage.until(lambda: stage.got("we work on it"))
        assert await stage.text("mine is offline too", JONAS) == 200
        await stage.until(lambda: stage.got("we work on it", JONAS))
        assert await stage.text("still offline!", JONAS) == 200
        other = "+4915155555555"
        assert await stage.text("a bill is wrong", other) == 200
        again = {"words": ["offline"], "text": "Printers are offline, we work on it."}
        assert (await post(stage, "/incidents", again))["contact"] == made["contact"]
        rows = await stage.api("/incidents")
        assert [(r["id"], r["words"]) for r in rows] == [(made["contact"], ["offline"])]

        async def on_record_once() -> bool:
            return [it["act"] for it in await stage.api("/audit")].count("incident.begin") == 1

        await stage.until(on_record_once)
        assert "is over" in await stage.slash("Mira", f"incident end {made['contact']}: They print again.")
        for number in (EVA, JONAS):
            await stage.until(lambda n=number: stage.got("They print again.", n))
            assert len(await stage.got("we work on it", number)) == 1
        assert await stage.got("They print again.", other) == []
        assert await stage.api("/incidents") == []
        await post(stage, "/incidents", {"text": "?"}, 422)
        await post(stage, f"/incidents/{made['contact']}/close", {}, 404)


@pytest.mark.promise("incident-told-once")
async def test_its_end_reaches_those_whose_contact_has_left_the_store(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada", "the printer is offline")
        assert await stage.text("mine is offline too", JONAS) == 200
        await stage.accept("Ada", "mine is offline too")
        made = await post(stage, "/incidents", {"words": ["offline"], "text": "We work on it."})
        for number in (EVA, JONAS):
            await stage.until(lambda n=number: stage.got("We work on it.", n))
        other = str((await stage.contact(JONAS))["id"])
        for id in (contact, other):
            assert (await stage.app.queue.complete(id, "", "{}")).done
        await stage.app.queue.opt(JONAS, True)
        queue = stage.app.queue
        await stage.until(lambda: _told_to_history(stage, contact))
        await stage.app.outbox.settled()
        await stage.app.projector.settled()
        for id in (contact, other):
            assert await queue.forget(id)
        await post(stage, f"/incidents/{made['contact']}/close", {"text": "They print again."})
        await stage.until(lambda: stage.got("They print again."))

        async def on_record() -> bool:
            whole = await stage.api(f"/contacts/{contact}")
            last = whole["transcript"][-1]
            return "They print again." in last["text"] and last["status"] == "delivered"

        await stage.until(on_record)
        assert len(await stage.got("They print again.")) == 1
        assert await stage.got("They print again.", JONAS) == []
        assert await queue.contact(other) is None, "who wants nothing from us isn't called back"
        whole = await stage.contact()
        assert (whole["state"], whole["owner"]["name"]) == ("closed", "Ada")
        said = [m["text"] for m in whole["transcript"]]
        assert (
            said[0] == "the printer is offline"
            and said[-1] == "They print again."
            and "We work on it." in said
        )
        hint = (await post(stage, f"/contacts/{contact}/reopen", {}, 404))["hint"]
        assert "not there any more" in hint


async def _told_to_history(stage: Any, contact: str) -> bool:
    record = await stage.app.history.contact(contact)
    return bool(record and record.state == "closed")
