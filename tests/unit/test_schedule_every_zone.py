"""Every zone's clock, minute by minute, against what the words say: written without a look at the library.

The scan turns each UTC minute into the zone's wall time and asks a table made from the words alone. Sampled by
default; `TIERLINE_LONG=1` takes all zones, every minute.
"""

from __future__ import annotations

import os
import random
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tierline.skills.schedule import Closure, Override, Schedule, ScheduleSpec

LONG = bool(os.environ.get("TIERLINE_LONG"))
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
FIRST = date(2025, 12, 25)  # the table begins a week early: zones are up to 14 h away and nights run over
DAYS = 750
MINUTES = int((END - START) / timedelta(minutes=1))
WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
BERLIN = {
    date.fromisoformat(day)
    for day in """2026-01-01 2026-03-08 2026-04-03 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-10-03 2026-12-25
    2026-12-26 2027-01-01 2027-03-08 2027-03-26 2027-03-29 2027-05-01 2027-05-06 2027-05-17 2027-10-03 2027-12-25
    2027-12-26 2025-12-25 2025-12-26 2028-01-01""".split()
}
# Those whose clocks do what others' don't: half an hour or two, at midnight, negative, once in Ramadan.
ODD = """Europe/Berlin America/New_York Australia/Lord_Howe Antarctica/Troll Africa/Casablanca Africa/Cairo Asia/Gaza
Asia/Beirut America/Havana America/Asuncion America/Santiago Atlantic/Azores America/Scoresbysund America/Nuuk Europe/Dublin
Europe/London Pacific/Chatham Pacific/Kiritimati Pacific/Apia Pacific/Easter Asia/Kathmandu Asia/Tehran
America/St_Johns Etc/GMT+12 Asia/Kolkata UTC""".split()

SPECS = [
    ScheduleSpec("split", "Mo-Fr 08:00-12:00,13:00-18:00; PH off", "UTC", "DE-BE"),
    ScheduleSpec(
        "night",
        "Mo-Su 22:00-06:00",
        "UTC",
        overrides=(
            Override(date(2026, 3, 28), "off"),
            Override(date(2026, 10, 24), "20:00-02:30"),
            Override(date(2027, 12, 31), "18:00-01:00"),
        ),
    ),
    ScheduleSpec("inside", "Mo-Su 01:30-02:45", "UTC"),
    ScheduleSpec("edges", "Mo-Sa 02:15-02:40,23:30-00:15; Su 00:10-00:50,01:10-02:20,03:00-03:05", "UTC"),
    ScheduleSpec("bar", "Mo-Th 18:00-02:30; Fr 18:00-04:00; Sa 20:00-05:00; Su off", "UTC"),
    ScheduleSpec(
        "christmas",
        "24/7; PH 10:00-14:00",
        "UTC",
        "DE-BE",
        (
            Override(date(2026, 12, 20), "off", until=date(2027, 1, 3)),
            Override(date(2026, 12, 24), "08:00-12:00"),
        ),
    ),
]


def evaluate(spec: ScheduleSpec) -> bytes:
    """One byte per minute of the wall clock from FIRST on: 1 is open."""
    table = bytearray((DAYS + 3) * 1440)
    rules: list[tuple[str, str]] = []
    for text in spec.hours.split("; "):
        head, _, tail = text.rpartition(" ")
        rules.append((head or "Mo-Su", "00:00-24:00" if tail == "24/7" else tail))

    def rule_of(day: date) -> tuple[int, str, bool]:
        """(rank, hours, does the date stand alone): the last that names the day."""
        found = (-1, "off", False)
        for rank, (head, hours) in enumerate(rules):
            if head == "PH":
                named = day in BERLIN
            else:
                low, _, high = head.partition("-")
                named = WEEKDAYS.index(low) <= day.weekday() <= WEEKDAYS.index(high or low)
            if named:
                found = (rank, hours, head == "PH" or hours == "off")
        for rank, each in enumerate(spec.overrides, 100):
            if each.on <= day <= (each.until or each.on):
                found = (rank, each.hours, True)
        return found

    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        rank, hours, _ = rule_of(day)
        next_rank, _, alone = rule_of(day + timedelta(days=1))
        for a, b, c, d in re.findall(r"(\d\d):(\d\d)-(\d\d):(\d\d)", hours):
            begin, end = int(a) * 60 + int(b), int(c) * 60 + int(d)
            for minute in range(begin, end if end > begin else end + 1440):
                if minute < 1440 or not (alone and next_rank > rank):
                    table[number * 1440 + minute] = 1
    return bytes(table)


TABLES = [evaluate(spec) for spec in SPECS]


def wall_minutes(zone: ZoneInfo, step: int) -> list[tuple[int, int, int]]:
    """Runs (UTC minute since START, until, minute in the table) by asking the zone every `step` minutes."""
    epoch = (datetime(FIRST.year, FIRST.month, FIRST.day) - START.replace(tzinfo=None)) // timedelta(
        minutes=1
    )
    runs: list[tuple[int, int, int]] = []
    here, stride, ahead = START.replace(tzinfo=zone), timedelta(minutes=step), None
    for minute in range(0, MINUTES, step):
        now = zone.fromutc(here) - here  # both on the wall: what the clock there shows beyond UTC
        if now == ahead:
            runs[-1] = (runs[-1][0], minute + step, runs[-1][2])
        else:
            runs.append((minute, minute + step, minute + now // timedelta(minutes=1) - epoch))
            ahead = now
        here += stride
    return runs


def scan(table: bytes, runs: list[tuple[int, int, int]]) -> tuple[bytes, list[int]]:
    """(open or not at every UTC minute, the minutes at which that changes)."""
    states = b"".join(table[index : index + until - since] for since, until, index in runs)
    changes, here = [], 0
    while (here := states.find(1 - states[here], here)) >= 0:
        changes.append(here)
    return states, changes


def differences(
    schedule: Schedule, states: bytes, changes: list[int], seed: str, jumps: tuple[int, ...] = ()
) -> list[str]:
    """Asked at each edge and a minute before it (sampled: at 150 and all those near a jump of the clock)."""
    found: list[str] = []
    chance = random.Random(seed)
    edges = changes if LONG else chance.sample(changes, min(150, len(changes)))
    edges = edges + [each for each in changes if any(abs(each - jump) < 2_880 for jump in jumps)]
    asked = {0, *edges, *(each - 1 for each in edges), *(chance.randrange(MINUTES) for _ in range(100))}
    following = iter([*changes, None])
    after = next(following)
    for minute in sorted(asked):
        while after is not None and after <= minute:
            after = next(following)
        if after is None:
            break  # the scan ends here and doesn't know
        at = START + timedelta(minutes=minute)
        change = START + timedelta(minutes=after)
        opening = at if states[minute] else change
        if schedule.is_open(at) != bool(states[minute]):
            found.append(f"is_open {at}")
        if schedule.next_change(at + timedelta(seconds=30)) != change:
            found.append(f"next_change {at}: {schedule.next_change(at)}, scanned {change}")
        if schedule.next_open(at) != opening:
            found.append(f"next_open {at}: {schedule.next_open(at)}, scanned {opening}")
    return found


def zones() -> list[str]:
    every = sorted(available_timezones() - {"localtime", "Factory"})
    if LONG:
        return every
    return sorted({*ODD, *random.Random(2026).sample(every, 12)})


@pytest.mark.promise("schedule-clock")
@pytest.mark.parametrize("name", zones())
def test_opens_and_closes_at_the_minute_that_a_clock_on_the_wall_would_say(name: str) -> None:
    runs = wall_minutes(ZoneInfo(name), 1 if LONG else 15)
    jumps = tuple(since for since, _, _ in runs)
    for spec, table in zip(SPECS, TABLES, strict=True):
        states, changes = scan(table, runs)
        assert len(changes) > 50
        here = ScheduleSpec(spec.name, spec.hours, name, spec.holidays, spec.overrides)
        assert differences(Schedule(here), states, changes, name, jumps) == []


def test_the_scan_sees_an_edge_that_is_a_minute_off() -> None:
    states, changes = scan(TABLES[0], wall_minutes(ZoneInfo("Europe/Berlin"), 15))
    spec = ScheduleSpec("split", "Mo-Fr 08:00-12:00,13:00-18:01; PH off", "Europe/Berlin", "DE-BE")
    assert differences(Schedule(spec), states, changes, "")


def test_an_emergency_close_is_cut_out_of_the_scan() -> None:
    since, until = datetime(2026, 3, 29, 0, 40, tzinfo=UTC), datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
    spec = ScheduleSpec("split", SPECS[0].hours, "Europe/Berlin", "DE-BE")
    states, _ = scan(TABLES[0], wall_minutes(ZoneInfo("Europe/Berlin"), 15))
    low, high = ((each - START) // timedelta(minutes=1) for each in (since, until))
    states = states[:low] + bytes(high - low) + states[high:]
    changes = [n for n in range(1, MINUTES) if states[n] != states[n - 1]]
    assert differences(Schedule(spec, (Closure(since, until),)), states, changes, "") == []
