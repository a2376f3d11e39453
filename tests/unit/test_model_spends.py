"""Calls and texts that cost money are counted: to one number and to all, within an hour and within a day."""

import pytest
from helpers_desk import MINUTE, SECOND, Desk

from tierline.queue.replies import Counts

HOUR = 60 * MINUTE
MOST = Counts(2, 3, 4, 6)
EVA, JONAS = "+4915112345678", "+4915123456789"


@pytest.fixture
def desk():
    return Desk()


def test_one_number_is_called_only_so_often_in_an_hour_and_in_a_day(desk):
    assert [desk.spend(f"T{n}", EVA, MOST) for n in range(2)] == [None, None]
    assert desk.spend("T2", EVA, MOST) == Counts(2, 2, 2, 2)
    assert desk.spend("T3", JONAS, MOST) is None
    desk.now += HOUR - 1
    assert desk.spend("T4", EVA, MOST) == Counts(2, 2, 3, 3)
    desk.now += 1
    assert desk.spend("T5", EVA, MOST) is None
    assert desk.spend("T6", EVA, MOST) == Counts(1, 3, 1, 4)


def test_all_together_only_so_often_and_what_is_refused_counts_for_nothing(desk):
    numbers = [f"+4930{n}" for n in range(9)]
    assert [desk.spend(f"T{n}", numbers[n], MOST) for n in range(4)] == [None] * 4
    assert [desk.spend(f"T{n}", numbers[n], MOST) for n in (4, 5)] == [Counts(0, 0, 4, 4)] * 2
    desk.now += HOUR
    assert [desk.spend(f"T{n}", numbers[n], MOST) for n in (4, 5)] == [None, None]
    assert desk.spend("T6", numbers[6], MOST) == Counts(0, 0, 2, 6)
    desk.now += 24 * HOUR
    assert desk.spend("T6", numbers[6], MOST) is None


def test_one_call_or_text_is_counted_once_however_often_it_is_asked(desk):
    assert [desk.spend("T1", EVA, MOST) for _ in range(5)] == [None] * 5
    desk.now += 90 * SECOND
    assert desk.spend("T1", EVA, MOST) is None
    assert desk.spend("T2", EVA, MOST) is None
    assert desk.spend("T3", EVA, MOST) == Counts(2, 2, 2, 2)


def test_what_names_nothing_is_refused(desk):
    for key, number in (("", EVA), ("T1", ""), ("x" * 201, EVA), ("T1", "1" * 101)):
        with pytest.raises(ValueError, match="characters"):
            desk.spend(key, number, MOST)
