"""Whose turn it is on call, on the wall clock, across both edges of summer time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.router.plan.model import OnCall
from tierline.router.rota import attempt, due_at, on_duty, paged

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def at(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.promise("on-call-turns")
def test_a_week_begins_at_its_hour_and_the_next_one_takes_over() -> None:
    weekly = [on_duty("weekly Mo 09:00", 3, BERLIN, at(f"2026-11-{day:02} 12:00")) for day in (3, 9, 16, 23)]
    assert [(b - a) % 3 for a, b in pairwise(weekly)] == [1, 1, 1]
    before, after = at("2026-11-16 08:59:59"), at("2026-11-16 09:00")
    assert (
        on_duty("weekly Mo 09:00", 3, BERLIN, after) - on_duty("weekly Mo 09:00", 3, BERLIN, before)
    ) % 3 == 1


@pytest.mark.promise("on-call-turns")
@pytest.mark.parametrize("edge", ["2026-03-29", "2026-10-25"])  # summer time begins, ends: both Sundays
def test_it_is_nine_on_the_wall_on_both_sides_of_summer_time(edge: str) -> None:
    day = at(f"{edge} 00:00")
    for n in range(-3, 4):
        date = (day + timedelta(n)).date()
        nine = datetime.combine(date, at("2026-01-01 09:00").time(), ZoneInfo(BERLIN))
        turns = [
            on_duty("daily 09:00", 5, BERLIN, nine.astimezone(UTC) + it)
            for it in (-timedelta(seconds=1), timedelta())
        ]
        assert (turns[1] - turns[0]) % 5 == 1, date


@pytest.mark.promise("on-call-turns")
def test_an_hour_that_is_skipped_or_comes_twice_changes_over_once() -> None:
    skipped = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:30 on the wall never comes; 03:00 does then
    turns = [on_duty("daily 02:30", 7, BERLIN, skipped + timedelta(minutes=n)) for n in range(-120, 121)]
    assert sum(a != b for a, b in pairwise(turns)) == 1
    twice = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # 02:30 comes at 00:30 and 01:30
    turns = [on_duty("daily 02:30", 7, BERLIN, twice + timedelta(minutes=n)) for n in range(-120, 121)]
    changes = [n - 120 for n, (a, b) in enumerate(pairwise(turns), 1) if a != b]
    assert changes == [-30]


@given(
    st.sampled_from(["weekly Mo 09:00", "weekly Su 00:00", "daily 02:30", "daily 23:59"]),
    st.integers(1, 6),
    st.sampled_from([BERLIN, NEW_YORK, "Pacific/Auckland", "Asia/Kolkata", "UTC"]),
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)),
)
def test_turns_go_on_one_by_one_wherever_and_whenever(
    rota: str, people: int, zone: str, moment: datetime
) -> None:
    start = moment.replace(tzinfo=UTC)
    turns = [on_duty(rota, people, zone, start + timedelta(hours=n)) for n in range(24 * 15)]
    assert all((b - a) % people in (0, 1 % people) for a, b in pairwise(turns))
    assert set(turns) <= set(range(people))


def test_without_a_rota_it_is_always_the_first() -> None:
    assert {on_duty(None, 3, BERLIN, at(f"2026-{month:02}-01 12:00")) for month in range(1, 13)} == {0}


@pytest.mark.promise("on-call-next")
def test_who_doesnt_acknowledge_twice_is_followed_by_the_next_in_turn() -> None:
    it = OnCall("network", ("Ada", "Lin"), None, ("sms",), timedelta(minutes=5))
    assert [paged(it, BERLIN, 0, n) for n in range(6)] == ["Ada", "Ada", "Lin", "Lin", "Ada", "Ada"]
    assert [attempt(it, 1_000, 1_000 + ms) for ms in (0, 299_999, 300_000, 900_001)] == [0, 0, 1, 3]
    assert due_at(it, 1_000, 2) == 601_000 and attempt(it, 5_000, 1_000) == 0
