from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.skills.schedule import Closure, Hours, Override, Schedule, ScheduleSpec, combine

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo", "UTC"]
HOURS = [
    "Mo-Fr 08:00-12:00,13:00-18:00; PH off",
    "Mo-Su 22:00-06:00; PH 10:00-12:00",
    "24/7; PH off",
    "Mo-Su 01:30-02:45",
    "Mo-Th 18:00-02:00; Fr 18:00-04:00; Su off",
]
MADE = [Schedule(ScheduleSpec("x", hours, zone, "DE-BE")) for hours in HOURS for zone in ZONES]
MADE.append(
    Schedule(
        ScheduleSpec("x", HOURS[0], ZONES[0], "DE-BE", (Override(date(2026, 12, 24), "08:00-12:00"),)),
        (Closure(datetime(2026, 3, 4, 9, 0, 7, tzinfo=UTC), datetime(2026, 3, 9, 10, tzinfo=UTC)),),
    )
)
schedules: st.SearchStrategy[Hours] = st.one_of(
    st.sampled_from(MADE), st.builds(combine, st.sampled_from(MADE), st.sampled_from(MADE))
)
instants = st.datetimes(datetime(2025, 6, 1), datetime(2028, 6, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(), timedelta(days=40))
few = settings(max_examples=150, deadline=None)


@few
@given(schedules, instants, lengths)
def test_after_is_the_earliest_instant_with_that_much_open_time(
    hours: Hours, start: datetime, length: timedelta
) -> None:
    end = start + length
    opened = hours.open_time(start, end)
    assert timedelta() <= opened <= length
    found = hours.after(start, opened)
    assert found is not None and found <= end
    assert hours.open_time(start, found) == opened
    if opened:
        assert hours.open_time(start, found - timedelta(microseconds=1)) < opened


@few
@given(schedules, instants, lengths, lengths)
def test_open_time_adds_up_and_never_runs_backward(
    hours: Hours, start: datetime, one: timedelta, other: timedelta
) -> None:
    middle, end = start + one, start + one + other
    assert hours.open_time(start, middle) + hours.open_time(middle, end) == hours.open_time(start, end)
    sooner, later = hours.after(start, one), hours.after(start, one + other)
    assert later is None or (sooner is not None and sooner <= later)


@few
@given(schedules, instants, st.floats(0, 1))
def test_nothing_changes_before_the_next_change_and_something_does_then(
    hours: Hours, at: datetime, part: float
) -> None:
    change = hours.next_change(at)
    if change is None:
        return
    assert change > at
    assert hours.is_open(change) != hours.is_open(at)
    between = min(at + (change - at) * part, change - timedelta(microseconds=1))
    assert hours.is_open(between) == hours.is_open(at)
    assert (hours.why_closed(at) is None) == hours.is_open(at)


@few
@given(st.sampled_from(MADE), instants)
def test_two_schedules_together_are_open_exactly_when_both_are(hours: Hours, at: datetime) -> None:
    other = MADE[0]
    assert combine(hours, other).is_open(at) == (hours.is_open(at) and other.is_open(at))
    assert combine(hours, hours).next_change(at) == hours.next_change(at)
