"""Visits worked out: the wall's hours, whose shift it is, what a calendar reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from helpers_plan import at, book
from icalendar import Calendar

from tierline.router.links import Signed
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.texts import spoken_window
from tierline.router.visit import NoSuchTime, Visit, address_of, at_wall
from tierline.router.visit_file import calendar_file
from tierline.router.visit_slots import able, on_shift, suggested

HOUR = 3_600_000
PLAN = """
site: small
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@small.example]
schedules: {office: {hours: "Mo-Fr 08:00-12:00,13:00-18:00"}, always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}}
services: {help: {schedule: always, steps: [{tiers: [L1], then: hold}]}}
entry: [{channel: sms, to: "+4930100", service: help}]
agents:
  - {name: Ada, slack: ada@small.example, team: desk, skills: {field: 2}, shift: office}
  - {name: Ben, slack: ben@small.example, team: desk, skills: {field: 4}, shift: office}
  - {name: Cem, slack: cem@small.example, team: desk, skills: {field: 1}}
visits: {skill: field, level: 2, window: 2h}
texts: {visit_planned: {en: "{when} {link}"}}
"""


@pytest.mark.promise("visit-wall")
@pytest.mark.parametrize(
    ("day", "clock", "zone", "utc"),
    [
        ("2026-12-01", "09:30", "Europe/Berlin", "2026-12-01T08:30"),
        ("2026-07-01", "09:30", "Europe/Berlin", "2026-07-01T07:30"),
        ("2026-03-29", "01:59", "Europe/Berlin", "2026-03-29T00:59"),
        ("2026-03-29", "03:00", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30"),  # comes twice: the first
        ("2026-10-25", "03:00", "Europe/Berlin", "2026-10-25T02:00"),
        ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-04T14:45"),  # half an hour comes twice
        ("2026-12-01", "09:30", "Pacific/Kiritimati", "2026-11-30T19:30"),
    ],
)
def test_a_visit_is_meant_on_the_walls_clock(day: str, clock: str, zone: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert at_wall(day, clock, zone) == expected.timestamp() * 1000


@pytest.mark.promise("visit-wall")
@pytest.mark.parametrize(
    ("day", "clock", "zone"),
    [
        ("2026-03-29", "02:30", "Europe/Berlin"),
        ("2026-10-04", "02:15", "Australia/Lord_Howe"),
        ("2011-12-30", "10:00", "Pacific/Apia"),  # a whole day that never was
        ("2026-02-30", "10:00", "Europe/Berlin"),
        ("", "", "Europe/Berlin"),
    ],
)
def test_an_hour_that_the_clock_never_shows_is_refused(day: str, clock: str, zone: str) -> None:
    with pytest.raises(NoSuchTime):
        at_wall(day, clock, zone)


@pytest.mark.promise("visit-wall")
def test_a_window_across_the_clocks_change_lasts_as_long_as_the_wall_says() -> None:
    since, until = (at_wall("2026-10-25", clock, "Europe/Berlin") for clock in ("01:00", "04:00"))
    assert until - since == 4 * HOUR
    assert spoken_window(since, until, "Europe/Berlin", "en") == "Sunday October 25, 01:00–04:00"
    assert spoken_window(since, until, "Europe/Berlin", "de") == "Sonntag 25.10., 01:00–04:00"


def test_a_window_past_midnight_names_both_days() -> None:
    since, until = at("2026-12-01 22:00"), at("2026-12-02 02:00")
    words = spoken_window(since, until, "Europe/Berlin", "en")
    assert words == "Tuesday December 1, 22:00 – Wednesday December 2, 02:00"


def test_who_may_be_sent_has_the_skill_and_the_best_comes_first() -> None:
    rules = book(PLAN)
    assert rules.plan.visits is not None
    assert [(it.name, level) for it, level in able(rules, rules.plan.visits)] == [("Ben", 4), ("Ada", 2)]


def test_on_shift_means_from_the_first_minute_to_the_last_without_a_break() -> None:
    rules = book(PLAN)
    ada = rules.plan.agents[0]
    assert on_shift(rules, ada, at("2026-12-01 10:00"), at("2026-12-01 12:00"))
    assert not on_shift(rules, ada, at("2026-12-01 11:00"), at("2026-12-01 14:00"))
    assert not on_shift(rules, ada, at("2026-12-05 10:00"), at("2026-12-05 12:00"))
    assert on_shift(rules, rules.plan.agents[2], at("2026-12-05 10:00"), at("2026-12-05 12:00"))


def test_the_first_window_that_is_suggested_has_somebody_on_shift() -> None:
    rules = book(PLAN)
    assert rules.plan.visits is not None
    friday = at("2026-12-04 16:00")
    assert suggested(rules, rules.plan.visits, friday) == (at("2026-12-07 08:00"), at("2026-12-07 10:00"))


def visit(**more: object) -> Visit:
    given = {
        "number": 1, "change": 0, "at": at("2026-12-01 10:00"), "until": at("2026-12-01 12:00"), "agent": "Ada",
        "address": "Elm Street 7; ring twice,\nBerlin",
    }  # fmt: skip
    return Visit(**(given | more))  # type: ignore[arg-type]


def read(it: Visit) -> tuple[Calendar, Calendar]:
    raw = calendar_file(it, "C1001", "small", "help@small.example", "Ada, small", "for us\nEND:VEVENT", 0)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    calendar = Calendar.from_ical(raw)
    return calendar, next(iter(calendar.walk("VEVENT")))


@pytest.mark.promise("visit-calendar")
def test_a_calendar_reads_the_file_as_it_was_meant() -> None:
    calendar, event = read(visit(address="Ä" * 200))
    assert calendar["METHOD"] == "PUBLISH" and event["STATUS"] == "CONFIRMED"
    assert event.decoded("dtstart") == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2026, 12, 1, 11, tzinfo=UTC)
    assert event["LOCATION"] == "Ä" * 200 and event["DESCRIPTION"] == "for us\nEND:VEVENT"
    assert len(list(calendar.walk("VEVENT"))) == 1  # what somebody typed ends nothing


@pytest.mark.promise("visit-calendar")
def test_a_change_and_a_cancellation_are_of_the_same_event_and_later() -> None:
    _, first = read(visit())
    _, second = read(visit(change=1, at=at("2026-12-02 10:00"), until=at("2026-12-02 12:00")))
    calendar, third = read(visit(change=1).ended("cancelled", "rain"))
    assert first["UID"] == second["UID"] == third["UID"]
    assert [it["SEQUENCE"] for it in (first, second, third)] == [0, 1, 2]
    assert calendar["METHOD"] == "CANCEL" and third["STATUS"] == "CANCELLED"


def test_a_visit_is_kept_and_read_as_it_was() -> None:
    it = visit(task='say "hi"\\', said="no")
    assert Visit.of(it.facts()) == it
    for broken in (
        {},
        {"visit": "["},
        {"visit": "[1,2]"},
        {"visit": '[1,0,1,2,"a","eaten"]'},
        {"visit": "7"},
    ):
        assert Visit.of(broken) is None


def test_two_visits_that_touch_do_not_overlap() -> None:
    later = visit(at=at("2026-12-01 12:00"), until=at("2026-12-01 13:00"))
    assert not visit().overlaps(later) and later.overlaps(visit(until=at("2026-12-01 12:01")))


@pytest.mark.promise("visit-calendar")
def test_a_link_opens_its_own_page_and_only_until_its_end() -> None:
    links = Signed("https://desk.example", "visit", "s" * 40)
    link = links.make("/visit/C1001/1.ics", 1000)
    path, _, query = link.removeprefix("https://desk.example").partition("?")
    until, sig = (part.partition("=")[2] for part in query.split("&"))
    assert links.good(path, until, sig, 999) and not links.good(path, until, sig, 1000)
    assert not links.good("/visit/C1002/1.ics", until, sig, 999)
    assert not links.good(path, "9999", sig, 999)
    assert not Signed("https://desk.example", "session", "s" * 40).good(path, until, sig, 999)
    for odd in ("", "é", "-1", "9" * 40):
        assert not links.good(path, odd, sig, 0) and not links.good(path, until, odd, 0)


def test_a_plan_that_asks_for_a_skill_that_nobody_has_is_a_mistake() -> None:
    with pytest.raises(PlanErrors, match='no skill of any agent is called "feld"'):
        parse(PLAN.replace("skill: field", "skill: feld"))


def test_visits_that_nobody_is_good_enough_for_or_told_of_are_probably_not_meant() -> None:
    said = [it.message for it in parse(PLAN.replace("level: 2", "level: 5").partition("texts:")[0]).warnings]
    assert "nobody has field 5: no visit can be planned" in said
    assert "customers aren't told of their visits: texts has no visit_planned" in said


def test_where_a_customer_is_by_their_record() -> None:
    assert address_of({"Address": " Oak Lane 3, Berlin ", "street": "x"}) == "Oak Lane 3, Berlin"
    assert (
        address_of({"street": "Oak Lane 3", "PostCode": "10115", "city": "Berlin"})
        == "Oak Lane 3\n10115 Berlin"
    )
    assert address_of({"city": "Berlin", "zip": ""}) == "Berlin"
    assert address_of({"plan": "gold", "address": " "}) == ""
