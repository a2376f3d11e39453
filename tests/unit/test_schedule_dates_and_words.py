from __future__ import annotations

import pickle
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tierline.skills.schedule import Closure, Override, Schedule, ScheduleError, ScheduleSpec, combine

BERLIN = ZoneInfo("Europe/Berlin")


def make(
    hours: str, holidays: str | None = None, *overrides: Override, zone: str = "Europe/Berlin"
) -> Schedule:
    return Schedule(ScheduleSpec("office", hours, zone, holidays, overrides))


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


OFFICE = "Mo-Fr 08:00-18:00; PH off"


@pytest.mark.parametrize(
    ("hours", "asked", "opens"),
    [
        ("Mo-Fr 08:00-18:00", "2028-02-28 18:00", "2028-02-29 08:00"),
        ("Mo-Fr 08:00-18:00", "2026-02-27 18:00", "2026-03-02 08:00"),
        ("Feb 29 10:00-12:00", "2025-03-01 00:00", "2028-02-29 10:00"),
        ("Feb 29 Mo 10:00-12:00", "2026-01-01 00:00", "2044-02-29 10:00"),
        ("Feb 29 10:00-12:00", "2096-03-01 00:00", "2104-02-29 10:00"),
        ("Mo-Fr 08:00-18:00", "2026-12-31 18:00", "2027-01-01 08:00"),
        ("Mo-Su 22:00-06:00", "2026-12-31 21:00", "2026-12-31 22:00"),
        ("Mo-Su 22:00-06:00", "2027-01-01 05:59", "2027-01-01 05:59"),
        ("week 53 Mo-Su 10:00-12:00", "2025-01-01 00:00", "2026-12-28 10:00"),
        ("week 53 Mo-Su 10:00-12:00", "2027-01-03 10:30", "2027-01-03 10:30"),
        ("week 53 Mo-Su 10:00-12:00", "2027-01-03 12:00", "2032-12-27 10:00"),
        ("week 01-53/2 Fr 09:00-12:00", "2026-01-02 12:00", "2026-01-16 09:00"),
        ("Mo[1] 10:00-12:00", "2026-12-08 00:00", "2027-01-04 10:00"),
        ("Mo-Sa 08:00-18:00; Fr 22:00-04:00", "2026-11-28 01:00", "2026-11-28 01:00"),
        ("Mo-Fr 22:00-06:00; Sa off", "2026-11-28 01:00", "2026-11-30 22:00"),
        ("Mo-Su 18:00-02:00; Sa off", "2026-11-29 01:00", "2026-11-29 18:00"),
        ("Mo-Fr 08:00-18:00; We 12:00-13:00 off", "2026-11-25 12:30", "2026-11-25 13:00"),
        ("Mo-Fr 08:00-12:00, We 14:00-20:00", "2026-11-25 12:00", "2026-11-25 14:00"),
        ("Mo-Fr 08:00-12:00, We 14:00-20:00", "2026-11-25 09:00", "2026-11-25 09:00"),
    ],
)
def test_the_calendar_has_no_surprises(hours: str, asked: str, opens: str) -> None:
    assert make(hours).next_open(at(asked)) == at(opens)


@pytest.mark.parametrize(
    ("hours", "asked", "opens"),
    [
        (
            "Mo-Su 02:30-04:00",
            "2026-03-29T00:59:00+00:00",
            "2026-03-29T01:00:00+00:00",
        ),  # 02:30 doesn't exist
        ("Mo-Su 01:30-02:30", "2026-03-29T01:00:00+00:00", "2026-03-29T23:30:00+00:00"),  # shut at once
        ("Mo-Su 02:10-02:20", "2026-03-28T12:00:00+00:00", "2026-03-30T00:10:00+00:00"),  # never that day
        ("Mo-Su 02:30-04:00", "2026-10-25T00:00:00+00:00", "2026-10-25T00:30:00+00:00"),  # the first 02:30
        ("Mo-Su 02:10-02:20", "2026-10-25T00:20:00+00:00", "2026-10-25T01:10:00+00:00"),  # and the second
        ("Mo-Su 02:30-04:00", "2026-10-25T00:59:59+00:00", "2026-10-25T00:59:59+00:00"),
        ("Mo-Su 02:30-04:00", "2026-10-25T01:00:00+00:00", "2026-10-25T01:30:00+00:00"),  # 02:00 again
    ],
)
def test_both_nights_on_which_the_clock_jumps(hours: str, asked: str, opens: str) -> None:
    found = make(hours).next_open(datetime.fromisoformat(asked))
    assert found == datetime.fromisoformat(opens)
    assert found is not None and found.tzinfo is UTC


def test_a_day_that_a_country_skipped_has_no_hours() -> None:
    apia = make("Mo-Su 08:00-18:00", zone="Pacific/Apia")
    assert apia.next_open(at("2011-12-29 18:00", "Pacific/Apia")) == at("2011-12-31 08:00", "Pacific/Apia")
    friday = make("Fr 08:00-18:00", zone="Pacific/Apia")
    assert friday.next_open(at("2011-12-29 18:00", "Pacific/Apia")) == at("2012-01-06 08:00", "Pacific/Apia")


@pytest.mark.promise("schedule-holidays")
@pytest.mark.parametrize(
    ("region", "day", "why"),
    [
        ("DE-BE", "2027-03-08", "holiday: Women's Day"),  # Monday, Berlin's own
        ("DE", "2027-03-08", None),
        ("DE", "2026-12-25", "holiday: Christmas Day"),
        ("GB-SCT", "2026-11-30", "holiday: Saint Andrew's Day"),
        ("GB", "2026-11-30", None),
        ("GB-SCT", "2026-12-28", "holiday: Boxing Day (observed)"),
        ("GB-SCT", "2026-04-06", None),  # Easter Monday isn't one in Scotland
        ("DE-BE", "2050-12-26", "holiday: Second Day of Christmas"),
        ("US", "2026-11-26", "holiday: Thanksgiving Day"),
    ],
)
def test_each_region_has_its_own_holidays(region: str, day: str, why: str | None) -> None:
    for hours in (OFFICE, "Mo-Su 08:00-18:00"):  # a region without a word about PH closes too
        assert make(hours, region).why_closed(at(f"{day} 12:00")) == why


def test_holidays_go_on_year_after_year_in_bounded_memory() -> None:
    office = make("Mo-Su 08:00-18:00; PH off", "DE")
    for year in range(1991, 2100):
        assert office.why_closed(at(f"{year}-12-25 12:00")) == "holiday: Christmas Day"
        assert office.is_open(at(f"{year}-12-24 12:00"))
    assert len(office._years) <= 64


def test_holidays_may_have_hours_of_their_own() -> None:
    shop = make("Mo-Sa 08:00-20:00; Su,PH 10:00-14:00", "DE")
    assert shop.is_open(at("2026-12-25 13:00")) and not shop.is_open(at("2026-12-25 09:00"))
    assert shop.is_open(at("2026-11-29 13:00")) and shop.why_closed(at("2026-11-29 15:00")) == "hours"
    assert shop.why_closed(at("2026-12-25 15:00")) == "holiday: Christmas Day"


def test_the_last_of_overlapping_overrides_wins() -> None:
    break_ = Override(date(2026, 12, 21), "off", "company break", until=date(2026, 12, 31))
    eve = Override(date(2026, 12, 24), "08:00-12:00", "Christmas Eve")
    office = make(OFFICE, "DE-BE", break_, eve)
    assert office.is_open(at("2026-12-24 09:00"))
    assert office.why_closed(at("2026-12-24 12:00")) == "override: Christmas Eve"
    assert office.why_closed(at("2026-12-23 09:00")) == "override: company break"
    assert office.why_closed(at("2026-12-25 09:00")) == "override: company break"
    assert office.next_open(at("2026-12-24 12:00")) == at("2027-01-04 08:00")
    assert not make(OFFICE, "DE-BE", eve, break_).is_open(at("2026-12-24 09:00"))


def test_an_override_is_its_date_from_midnight_to_midnight_and_may_run_past_it() -> None:
    night = "Mo-Su 22:00-06:00"
    shut = make(night, None, Override(date(2026, 12, 24), "off"))
    assert shut.next_change(at("2026-12-23 23:00")) == at("2026-12-24 00:00")
    assert shut.next_open(at("2026-12-24 00:00")) == at("2026-12-25 22:00")
    longer = make("Mo-Fr 08:00-18:00", "DE", Override(date(2026, 12, 24), "20:00-02:00"))
    assert longer.next_change(at("2026-12-24 21:00")) == at("2026-12-25 02:00")
    on_holiday = make(OFFICE, "DE-BE", Override(date(2026, 12, 25), "24/7"))
    assert on_holiday.open_time(at("2026-12-25 00:00"), at("2026-12-28 00:00")) == timedelta(days=1)


@pytest.mark.promise("schedule-emergency")
def test_an_emergency_close_begins_at_once_and_ends_when_told_or_never() -> None:
    office = make(OFFICE, "DE-BE")
    since, until = at("2026-11-24 10:07:30"), at("2026-11-25 09:15")
    brief = office.with_closure(Closure(since, until, "water in the server room"))
    assert brief.is_open(since - timedelta(seconds=1)) and not brief.is_open(since)
    assert brief.next_change(at("2026-11-24 09:00")) == since
    assert brief.why_closed(since) == "emergency: water in the server room"
    assert brief.next_open(since) == until
    assert office.is_open(since)
    for_good = office.with_closure(Closure(since))
    assert for_good.why_closed(at("2029-11-24 12:00")) == "emergency"
    assert for_good.next_open(since) is None and for_good.next_change(since) is None
    assert for_good.after(at("2026-11-24 09:00"), timedelta(hours=2)) is None
    always = make("24/7").with_closure(Closure(since, until)).with_closure(Closure(until, until))
    assert always.next_change(at("2026-01-01 00:00")) == since
    assert always.open_time(since - timedelta(hours=1), until + timedelta(hours=1)) == timedelta(hours=2)


def test_round_the_clock_never_changes_over() -> None:
    for hours in ("24/7", "Mo-Su 00:00-24:00", "00:00-24:00"):
        always = make(hours)
        now = at("2026-11-22 03:04")
        assert always.is_open(now) and always.next_open(now) == now and always.why_closed(now) is None
        assert always.next_change(now) is None
        assert always.after(now, timedelta(hours=5)) == now + timedelta(hours=5)
    closed = make("off")
    assert (
        closed.next_open(at("2026-11-22 03:04")) is None
        and closed.why_closed(at("2026-11-22 03:04")) == "hours"
    )


def test_business_time_leaves_out_nights_weekends_and_holidays() -> None:
    office = make(OFFICE, "DE-BE")
    friday = at("2026-11-20 17:00")
    assert office.after(friday, timedelta(hours=4)) == at("2026-11-23 11:00")
    assert office.open_time(friday, at("2026-11-23 11:00")) == timedelta(hours=4)
    assert office.after(friday, timedelta(hours=1)) == at("2026-11-20 18:00")  # not Monday's opening
    assert office.after(at("2026-12-24 17:30"), timedelta(hours=1)) == at("2026-12-28 08:30")
    assert office.open_time(at("2026-11-23 11:00"), friday) == timedelta()
    assert office.after(at("2026-11-22 12:00"), timedelta()) == at("2026-11-22 12:00")


def test_a_shift_in_a_teams_hours_is_open_when_both_are() -> None:
    team, shift = make(OFFICE, "DE-BE"), make("Mo-Su 16:00-23:00", zone="Europe/Lisbon")
    both = combine(team, shift)
    assert both.next_open(at("2026-11-20 09:00")) == at("2026-11-20 17:00")
    assert both.next_change(at("2026-11-20 17:00")) == at("2026-11-20 18:00")
    assert both.next_open(at("2026-11-20 18:00")) == at("2026-11-23 17:00")
    assert both.why_closed(at("2026-12-25 17:30")) == "holiday: Christmas Day"
    assert both.why_closed(at("2026-11-20 17:30")) is None
    assert both.open_time(at("2026-11-16 00:00"), at("2026-11-23 00:00")) == timedelta(hours=5)
    apart = combine(team, make("Sa-Su 08:00-18:00"))
    assert apart.next_open(at("2026-11-20 09:00")) is None
    assert combine(make("24/7"), make("24/7")).next_change(at("2026-11-20 09:00")) is None


def test_a_naive_time_is_refused() -> None:
    for ask in (make("24/7").is_open, make("24/7").next_change, make("24/7").why_closed):
        with pytest.raises(ValueError, match="time zone"):
            ask(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="out of range"):
        make("24/7").is_open(datetime.min.replace(tzinfo=UTC))


@pytest.mark.promise("schedule-mistakes")
@pytest.mark.parametrize(
    ("hours", "region", "kind", "column", "hint"),
    [
        ("Mo-Fr 8-18", None, "hours", 7, "Mo-Fr 08:00-18:00"),
        ("Mo-Fr 08:00-18:00; Xy 10:00-12:00", None, "hours", 20, "Mo-Fr 08:00"),
        ("Mo-Fr 08:00", None, "hours", 12, "08:00-18:00"),
        ("", None, "hours", 1, "24/7"),
        ("   ", None, "hours", 1, "24/7"),
        ('"by appointment"', None, "hours", 1, "24/7"),
        ("Mo-Fr 08:00-18:00; PH off", None, "hours", 20, "holidays: DE-BE"),
        ("PH off; Mo-Fr 08:00-18:00", "DE", "hours", 1, "write 'Mo-Fr 08:00-18:00; PH off'"),
        ("Mo-Fr 08:00-18:00; Dec PH off", "DE", "hours", 20, "PH off"),
        ("SH off", None, "hours", 1, "overrides"),
        ("Mo-Fr sunrise-sunset", None, "hours", 7, "08:00"),
        ("Mo-Fr 08:00-18:00 || 24/7", None, "hours", 19, "';'"),
        ("Mo-Fr 08:00-18:00+", None, "hours", 15, "08:00-18:00"),
        ("Mo-Fr 08:00-18:00 unknown", None, "hours", 19, "off"),
        ("24/7", "DE", "holidays", None, "24/7; PH off"),
        (OFFICE, "DE-XX", "holidays", None, "DE-BE"),
        (OFFICE, "Bavaria", "holidays", None, "DE-BE"),
    ],
)
def test_hours_that_cannot_be_meant_are_answered_with_what_would_be_right(
    hours: str, region: str | None, kind: str, column: int | None, hint: str
) -> None:
    with pytest.raises(ScheduleError) as caught:
        make(hours, region)
    assert (caught.value.kind, caught.value.column) == (kind, column)
    assert hint in caught.value.hint and hint in str(caught.value)


@pytest.mark.parametrize(
    "zone", ["Europe/Berln", "Europe", "", "../../etc/passwd", "\0", "a" * 100_000, "/etc/localtime"]
)
def test_a_zone_that_does_not_exist_is_named(zone: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        make("24/7", zone=zone)
    assert caught.value.kind == "timezone" and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "hours", ["", "Mo 08:00-12:00", "08:00", "25:00-26:00", "8-12", "08:00-12:00; off", "x" * 9999]
)
def test_overrides_take_times_or_off_and_say_which_one_is_wrong(hours: str) -> None:
    good = Override(date(2026, 12, 24), "off")
    with pytest.raises(ScheduleError) as caught:
        make("24/7", None, good, Override(date(2026, 12, 24), hours))
    assert (caught.value.kind, caught.value.index) == ("overrides", 1)
    with pytest.raises(ScheduleError, match="before"):
        make("24/7", None, Override(date(2026, 12, 24), "off", until=date(2026, 12, 23)))
    with pytest.raises(ScheduleError, match="too many"):
        make("24/7", None, *[good] * 1001)


@pytest.mark.parametrize(
    "hours",
    [
        "(" * 10_000,
        "[" * 1_900,
        '"' * 9_999,
        '"' * 1_999,
        "Mo-Fr 08:00-18:00;" * 600,
        "Mo-Fr 08:00-18:00; " * 99 + "Mo off",
        "08:00-09:00," * 160 + "10:00-11:00",
        "08:00-09:00," * 160 + "10:00-11:00 x",
        "Mo[" * 600,
        "Mo," * 3_400,
        " " * 2_000,
        "1" * 2_000,
        "\0" * 100,
        "é" * 1_000,
        "99999999999 Jan 1",
        "Mo-Fr 08:00-18:00 || " * 90 + "24/7",
    ],
)
def test_hostile_hours_are_refused_at_little_cost(hours: str) -> None:
    make("Mo-Fr 08:00-18:00")
    before = time.process_time()
    with pytest.raises(ScheduleError) as caught:
        make(hours)
    assert time.process_time() - before < 0.5  # of the processor's time, a hundred times what it needs
    assert len(str(caught.value)) < 300


def test_a_spec_can_be_sent_to_another_process() -> None:
    spec = ScheduleSpec("office", OFFICE, "Europe/Berlin", "DE-BE", (Override(date(2026, 12, 24), "off"),))
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes
    assert "Berlin" in repr(Schedule(spec))
