"""Somebody is sent to a customer: planned in the thread, told to both with a calendar file, reminded, and how it went."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.channels.visit_stage import TUESDAY, VISITS, visits
from tests.helpers_app import EVA, JONAS, Json


@pytest.mark.promise("visit-planned")
async def test_a_visit_is_planned_in_the_thread_and_both_have_it_in_their_calendars(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        await it.plans()
        (text,) = await it.inside.until(lambda: it.inside.got("Ben comes Tuesday January 5, 10:00–12:00"))
        event = next(iter((await it.file_of(text["text"])).walk("VEVENT")))
        assert event["LOCATION"] == "Elm Street 7, ring <twice>"
        assert event.decoded("dtstart").isoformat() == "2027-01-05T09:00:00+00:00"
        assert "router" not in event.to_ical().decode()  # what is to be done is for whoever comes
        (told,) = await it.inside.until(lambda: it.direct("Ben", f"{contact}: You visit"))
        assert "change the router" in json.dumps(told) and "&lt;twice&gt;" in json.dumps(told)
        files = await it.inside.until(lambda: it.direct("Ben", f"visit-{contact}.ics"))
        assert files[0]["files"]
        await it.inside.until(lambda: it.says("Ada has planned a visit: Ben on Tuesday January 5"))
        await it.inside.until(lambda: it.state("snoozed"))
        whole = await it.inside.contact()
        assert whole["owner"]["name"] == "Ada" and whole["wake"].startswith("2027-01-05T1")


@pytest.mark.promise("visit-reminded")
async def test_both_are_reminded_and_whoever_came_says_how_it_went(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        await it.plans(day="2027-01-06")
        await it.inside.until(lambda: it.state("snoozed"))
        await it.inside.call("/clock", {"at": "2027-01-05T09:59:00+01:00"})
        assert not await it.inside.got("Soon") and not await it.direct("Ben", "Reminder")
        await it.inside.call("/clock", {"at": "2027-01-05T10:01:00+01:00"})
        assert len(await it.inside.until(lambda: it.inside.got("Soon: Ben comes Wednesday"))) == 1
        assert len(await it.inside.until(lambda: it.direct("Ben", "Reminder: you visit"))) == 1
        await it.inside.slash("Ben", "available")
        await it.inside.call("/clock", {"at": "2027-01-06T12:00:30+01:00"})
        await it.inside.until(lambda: it.direct("Ben", "How did the visit to"))
        form = await it.form("Ben", "form.visit_outcome", "How did the visit to", direct=True)
        done = await it.submit("Ben", form, how="0:done", said="new router, works")
        assert done["ok"], done
        await it.inside.until(lambda: it.says("done, new router, works (Ben)"))

        async def kept() -> bool:
            outcome = (await it.inside.contact())["outcome"]
            return outcome.get("visit") == "done" and outcome.get("visit_said") == "new router, works"

        await it.inside.until(kept)
        story = json.dumps((await it.inside.api(f"/contacts/{contact}/why"))["timeline"])
        assert (
            "Ada has planned a visit: Ben on Wednesday" in story and "done, new router, works (Ben)" in story
        )
        record = await it.inside.app.history.contact(contact)
        assert record is not None and json.loads(record.outcome)["visit"] == "done"
        await it.inside.until(lambda: it.state("active"))  # Ada has it again


@pytest.mark.promise("visit-changed")
async def test_a_change_is_told_to_all_whom_it_concerns_and_is_the_same_event(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        await it.taken()
        await it.plans()
        (text,) = await it.inside.until(lambda: it.inside.got("Ben comes"))
        first = next(iter((await it.file_of(text["text"])).walk("VEVENT")))
        await it.inside.until(lambda: it.state("snoozed"))
        form = await it.form("Ada", "form.visit", "has planned a visit")
        done = await it.submit(
            "Ada", form, **(TUESDAY | {"agent": "1:Cem · field 2 · on shift then", "day": "2027-01-07"})
        )
        assert done["ok"], done
        (again,) = await it.inside.until(lambda: it.inside.got("Now Cem comes Thursday"))
        second = next(iter((await it.file_of(again["text"])).walk("VEVENT")))
        assert first["UID"] == second["UID"] and (first["SEQUENCE"], second["SEQUENCE"]) == (0, 1)
        await it.inside.until(lambda: it.direct("Cem", "Your visit to"))
        await it.inside.until(lambda: it.direct("Ben", "is cancelled"))

        async def later() -> bool:
            whole = await it.inside.contact()
            return whole["state"] == "snoozed" and str(whole["wake"]).startswith("2027-01-07")

        await it.inside.until(later)
        form = await it.form("Ada", "form.visit_cancel", "has changed the visit")
        assert (await it.submit("Ada", form, why="they mended it"))["ok"]
        await it.inside.until(lambda: it.inside.got("Nobody comes Thursday January 7"))
        calendar = await it.file_of(again["text"])
        assert calendar["METHOD"] == "CANCEL"
        assert next(iter(calendar.walk("VEVENT")))["SEQUENCE"] == 2
        await it.inside.until(lambda: it.direct("Cem", "is cancelled"))
        await it.inside.until(lambda: it.state("active"))
        assert not await it.inside.got("mended")  # why is for us
        await it.inside.call("/clock", {"at": "2027-01-07T13:00:00+01:00"})
        assert not await it.inside.got("Soon") and not await it.direct("Cem", "How did")


@pytest.mark.promise("visit-checked")
async def test_what_cannot_be_is_said_at_its_field_and_nothing_is_planned(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        form = await it.form("Ada", "form.visit")
        assert "Ben · field 4 · on shift then" in json.dumps(form, ensure_ascii=False)
        wrong: list[tuple[Json, str, str]] = [
            ({"day": "2027-01-01"}, "from", "past already"),
            ({"until": "09:00"}, "until", "after it begins"),
            ({"day": "2027-01-09"}, "agent", "Ben is off shift then; on shift: nobody"),
            ({"from": "07:00"}, "agent", "off shift"),
            ({"day": "2027-03-28", "from": "02:30", "until": "04:00"}, "from", "clocks go forward"),
            ({"day": "2029-01-01"}, "day", "more than a year"),
        ]
        for change, name, words in wrong:
            done = await it.submit("Ada", form, **(TUESDAY | change))
            assert not done["ok"] and words in done["errors"][name], (change, done)
        assert "No visit is planned" in await it.inside.slash("Ada", f"visit {contact}")
        agreed = "0:They have agreed to come although they are off shift"
        done = await it.submit("Ada", form, **(TUESDAY | {"day": "2027-01-09", "agreed": agreed}))
        assert done["ok"], done
        await it.inside.until(lambda: it.inside.got("Saturday January 9"))
        assert "Ben visits" in await it.inside.slash("Ada", f"visit {contact}")


@pytest.mark.promise("visit-checked")
async def test_nobody_is_at_two_places_at_one_time(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        await it.plans()
        await it.inside.until(lambda: it.state("snoozed"))
        await it.inside.text("my printer burns", JONAS)
        await it.inside.accept("Ada", "printer burns")
        await it.inside.until(lambda: it.shown("form.visit", JONAS))
        form = await it.form("Ada", "form.visit", JONAS)
        done = await it.submit("Ada", form, **(TUESDAY | {"from": "11:59", "until": "13:00"}))
        assert f"Ben is at {contact} then" in done["errors"]["agent"]
        done = await it.submit("Ada", form, **(TUESDAY | {"from": "12:00", "until": "13:00"}))
        assert done["ok"], done


async def test_a_contact_that_becomes_part_of_another_leaves_its_visit_there(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        first = await it.taken()
        await it.plans()
        await it.inside.until(lambda: it.state("snoozed"))
        await it.inside.until(lambda: it.inside.got("Ben comes"))
        await it.inside.text("same house, other phone", JONAS)
        await it.inside.accept("Ada", "same house")
        (second,) = await it.inside.until(lambda: it.inside.contacts(JONAS))
        assert "is part of" in await it.inside.slash("Ada", f"merge {first} {second['id']}")
        await it.inside.until(lambda: it.says(f"The visit of {first} belongs to this now"))
        assert "Ben visits" in await it.inside.slash("Ada", f"visit {second['id']}")
        assert not await it.inside.got("Nobody comes") and not await it.inside.got("Nobody comes", JONAS)


async def test_nobody_but_the_owner_a_supervisor_and_whoever_comes_plans_it(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        assert "is with Ada" in await it.inside.slash("Cem", f"visit {contact}")
        assert "No visit is planned" in await it.inside.slash("Mira", f"visit {contact}")
        assert "Which contact?" in await it.inside.slash("Ada", "visit")
        assert "no such contact" in await it.inside.slash("Ada", "visit C9")
        await it.plans()
        await it.inside.until(lambda: it.direct("Ben", "You visit"))
        assert "Ben visits" in await it.inside.slash("Ben", f"visit {contact}")


@pytest.mark.promise("visit-honest")
async def test_whoever_gets_no_texts_is_not_told_and_the_thread_says_so(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        await it.taken()
        await it.inside.text("STOP")
        await it.plans()
        await it.inside.until(lambda: it.says("wasn't told of the visit"))
        assert not await it.inside.got("Ben comes", EVA)
    async with visits(tmp_path / "again", VISITS) as it:
        await it.taken()
        await it.plans()
        await it.inside.until(lambda: it.says("the plan has no text visit_planned"))


@pytest.mark.promise("visit-standing")
async def test_a_contact_does_not_end_while_somebody_is_to_come_and_sleeps_again_after_an_answer(
    tmp_path: Path,
) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        await it.plans()
        await it.inside.until(lambda: it.state("snoozed"))
        assert "Ben visits them on" in await it.inside.slash("Ada", f"done {contact} solved")
        await it.inside.text("please ring at the back door")
        await it.inside.until(lambda: it.state("active"))
        head = (await it.inside.channel("desk"))[0]
        body = {
            "user": it.inside.person("Ada").slack, "channel": head["channel"], "thread_ts": head["ts"], "text": "We do.",
        }  # fmt: skip
        await it.inside.call("/slack/reply", body)
        await it.inside.until(lambda: it.inside.got("We do."))
        await it.inside.call("/clock", {"advance": "15m"})

        async def asleep() -> bool:
            whole = await it.inside.contact()
            return whole["state"] == "snoozed" and str(whole["wake"]).startswith("2027-01-05")

        await it.inside.until(asleep)


async def test_a_contact_that_is_spam_after_all_takes_its_visit_along(tmp_path: Path) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        await it.plans()
        await it.inside.until(lambda: it.direct("Ben", "You visit"))
        await it.inside.until(lambda: it.inside.got("Ben comes"))
        await it.inside.slash("Mira", f"spam {contact}")
        await it.inside.until(lambda: it.direct("Ben", "is cancelled"))
        assert not await it.inside.got("Nobody comes")


@pytest.mark.promise("visit-honest")
async def test_who_left_the_plan_before_the_visit_is_missed_in_time_and_nobody_promises_them(
    tmp_path: Path,
) -> None:
    async with visits(tmp_path) as it:
        contact = await it.taken()
        await it.plans(day="2027-01-06")
        await it.inside.until(lambda: it.state("snoozed"))
        app = it.inside.app
        without = "\n".join(row for row in app.plan().plan.source.splitlines() if "name: Ben" not in row)
        await app.plan.publish(without, "Mira", "Ben has left", on=app.plan().version, origin="test")
        await it.inside.call("/clock", {"at": "2027-01-05T10:01:00+01:00"})
        await it.inside.until(lambda: it.direct("Ada", f"{contact}: nobody comes on Wednesday January 6"))
        await it.inside.until(lambda: it.says("Send somebody else, or cancel it."))
        assert not await it.inside.got("Soon")


@pytest.mark.promise("visit-planned")
async def test_the_address_of_the_customers_record_stands_in_the_form_and_can_be_another(
    tmp_path: Path,
) -> None:
    async with visits(tmp_path) as it:
        facts = {"street": "Oak Lane 3", "zip": "10115", "city": "Berlin"}
        body = {"name": "Eva Brandt", "language": "en", "addresses": [EVA], "facts": facts}
        known = await it.inside.app.history.customer(EVA)
        url = f"{it.inside.product}/api/v1/customers/{known.key if known else 'eva'}"
        async with it.inside.http.put(url, json=body, headers=it.inside.token) as answer:
            assert answer.status == 200, await answer.text()
        await it.taken()
        form = await it.form("Ada", "form.visit")
        assert "Oak Lane 3\\n10115 Berlin" in json.dumps(form)
        assert (await it.submit("Ada", form, **TUESDAY))["ok"]
        await it.inside.until(lambda: it.says("Elm Street 7"))
