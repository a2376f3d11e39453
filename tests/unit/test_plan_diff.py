"""Two plans compared: a supervisor reads what changed, in sentences, and nothing that changed is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from helpers_plan import EXAMPLE, example

from tierline.router.plan.diff import diff
from tierline.router.plan.load import parse
from tierline.router.plan.model_rules import Rule
from tierline.router.plan.say import lasting, week
from tierline.skills.schedule import Override, Schedule, ScheduleSpec

SOURCE = EXAMPLE.read_text(encoding="utf-8")


def changed(*pairs: tuple[str, str]) -> tuple[str, ...]:
    """The diff of the example against itself with some texts replaced."""
    source = SOURCE
    for old, new in pairs:
        assert source.count(old) >= 1, old
        source = source.replace(old, new, 1)
    return diff(example(), parse(source))


def test_a_plan_says_the_same_as_itself_however_it_is_laid_out() -> None:
    assert diff(example(), example()) == ()
    assert changed(("site: northwind ", "# a remark\nsite:   northwind ")) == ()


@pytest.mark.promise("plan-diff")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Mo-Fr 08:00-18:00; PH off", "Mo-Th 08:00-18:00; Fr 08:00-16:00; PH off", "Hours “office”: Friday until 16:00 (was 18:00)"),
        ("Mo-Fr 08:00-18:00; PH off", "Mo-Fr 09:00-18:00; PH off", "Hours “office”: Monday to Friday from 09:00 (was 08:00)"),
        ("Mo-Fr 08:00-18:00; PH off", "Mo-Fr 08:00-18:00", "Hours “office”: Mo-Fr 08:00-18:00 (was Mo-Fr 08:00-18:00; PH off)"),
        ("22:00-06:00", "22:00-05:00", "Hours “night”: Monday to Sunday until 05:00 (was 06:00)"),
        ("network: 3, billing: 2", "network: 4, billing: 2", "Ada: network 3 → 4"),
        ("network: 3, billing: 2", "network: 3, billing: 2, dns: 1", "Ada: dns 1 is new"),
        ("{network: 3, billing: 2}", "{network: 3}", "Ada: no billing any more (was 2)"),
        ("tier: L1,\n     languages: {de: 5, en: 4}", "tier: L2,\n     languages: {de: 5, en: 4}", "Ada: L1 → L2"),
        ("until: 20m, pick: least_loaded", "until: 25m, pick: least_loaded", "Service “howto”, step 2: until: 25 min (was 20 min)"),
        ("tiers: [L1, L2], until: 30m, pick", "tiers: [L2], until: 30m, pick", "Service “orders”, step 1: asks L2 (was L1, L2)"),
        ("- {tiers: [L1], until: 5m}\n", "- {tiers: [L1], until: 5m}\n      - {tiers: [L1], until: 7m}\n", "Service “howto”: step 2 is new (L1, until 7 min)"),
        ("email: 4h}", "email: 6h}", "Service “howto”: answered within for email 6 h (was 4 h)"),
        ("sms, to: \"+493055500100\", service: howto", "sms, to: \"+493055500100\", service: orders", "Door sms +493055500100 leads to orders (was howto)"),
        ("on: 2026-12-24, hours: \"08:00-12:00\"", "on: 2026-12-24, hours: \"08:00-10:00\"", "Hours “office”: 2026-12-24 08:00-10:00 (Christmas Eve), was 08:00-12:00"),
        ("hold_reply: 8s", "hold_reply: 10s", "A reply is held for Undo: 10 s (was 8 s)"),
        ("sms:   {offer: 60s", "sms:   {offer: 90s", "Channel sms: an offer stands: 90 s (was 1 min)"),
        ("text: {any: [server, domain", "text: {any: [server, ISDN, domain", "Rule “technical question to customer service” now also matches the word “ISDN”"),
        ("contract: enterprise", "contract: [enterprise, gold]", "Rule “outage of an important customer”, customer's contract: enterprise, gold (was enterprise)"),
        ("priority: 8}", "priority: 9}", "Rule “outage of an important customer” now sets priority 9 (was 8)"),
        ("- name: money to customer service", "- name: money", "Rule “money to customer service” is now called “money”"),
        ("share: 30%", "share: 40%", "Team “nightowl”: share in percent: 40 (was 30)"),
    ],
)  # fmt: skip
def test_a_change_is_one_sentence_that_names_the_thing(old: str, new: str, said: str) -> None:
    assert changed((old, new)) == (said,)


def test_rules_that_change_places_are_told_and_the_fewest_that_explain_it() -> None:
    plan = example()
    first, *rest = plan.rules
    assert diff(plan, replace(plan, rules=(*rest, first))) == (
        "Rule “outage of an important customer” moved: now number 4 (was 1)",
    )


def test_a_channels_cost_is_told_once_and_not_for_every_agent() -> None:
    lines = changed(("sms:   {offer: 60s", "sms:   {cost: 30, offer: 60s"))
    assert lines == ("Channel sms: cost of one contact: 30 (was 25)",)


RECORD = re.compile(r"\]$|\.time$|\.cost_per_contact$")
"""Pairs and the like: each of their parts can change, but none can be missing."""
SORTED = re.compile(r"\.(skills|languages|tiers|caps|entries|channels|customer)$")
"""Always in the same order, whatever the file's."""
ELSEWHERE = re.compile(r"\.capacity\.costs")
"""What stands with every agent and is changed, and told, in one place only."""


def other(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | Decimal():
            return value + 1
        case str():
            return f"{value}x"
        case timedelta():
            return value + timedelta(seconds=7)
        case date():
            return value + timedelta(days=1)
    raise AssertionError(value)


def mutants(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The value with each single field changed, taken out or doubled, wherever it lies, and where."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.compare and not isinstance(value, Override):
                for where, mutant in mutants(getattr(value, each.name), f"{path}.{each.name}"):
                    yield where, replace(value, **{each.name: mutant})
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            name = getattr(item, "name", "")
            for where, mutant in mutants(item, f"{path}[{index}:{name}]"):
                yield where, (*value[:index], mutant, *value[index + 1 :])
            if not RECORD.search(path):
                yield f"{path}[-{index}:{name}]", (*value[:index], *value[index + 1 :])
        if len(value) > 1 and not RECORD.search(path) and not SORTED.search(path):
            yield f"{path}[reversed]", value[::-1]
    elif value is None:
        return
    else:
        yield path, other(value)


def test_no_single_change_of_the_example_is_left_out() -> None:
    plan, looked = example(), 0
    silent, unnamed = [], []
    for where, mutant in mutants(plan, "plan"):
        if mutant == plan or ELSEWHERE.search(where):
            continue
        looked += 1
        try:
            lines = diff(plan, mutant)
        except (KeyError, ValueError) as error:
            raise AssertionError(f"{where}: {error!r}") from error
        if not lines:
            silent.append(where)
        named = re.match(r"plan\.(services|agents|teams|schedules|on_call|rules)\[-?\d+:([^\]]+)\]", where)
        if named and not any(named[2] in line for line in lines):
            unnamed.append((where, lines))
        assert diff(mutant, plan), where
    assert looked > 700, looked
    assert not silent and not unnamed, (silent[:5], unnamed[:5])


def test_what_only_stands_in_another_order_is_told_too() -> None:
    plan = example()
    lines = diff(plan, replace(plan, agents=plan.agents[::-1]))
    assert lines == ("The order changed in: agents",)


@pytest.mark.parametrize(
    ("hours", "said"),
    [("24/7", "all day"), ("Mo-Fr 08:00-12:00,13:00-18:00", "two"), ("Sa-Su off", "closed")],
)
def test_an_ordinary_week_is_read_day_by_day(hours: str, said: str) -> None:
    days = week(hours)
    assert days is not None and len(days) == 7
    expected = {"all day": ((0, 1440),), "two": ((480, 720), (780, 1080)), "closed": ()}[said]
    assert days[0] == expected


def test_hours_that_depend_on_the_season_have_no_ordinary_week() -> None:
    assert week("Apr-Sep Mo-Fr 08:00-20:00; Oct-Mar Mo-Fr 08:00-18:00") is None
    lines = changed(
        ("Mo-Fr 08:00-18:00; PH off", "Apr-Sep Mo-Fr 08:00-20:00; Oct-Mar Mo-Fr 08:00-18:00; PH off")
    )
    assert len(lines) == 1 and "Hours “office”" in lines[0] and "Apr-Sep" in lines[0]


@pytest.mark.promise("plan-diff")
@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("Mo-Fr 08:00-18:00; Sa-Su 00:00-24:00; PH off", ("Saturday and Sunday all day (was closed)",)),
        ("Mo-Th 08:00-18:00; Fr 08:00-24:00; Sa 00:00-20:00; PH off", ("Friday until 24:00 (was 18:00)", "Saturday 00:00–20:00 (was closed)")),
        ("Mo-Fr 09:00-18:00; Aug Mo-Fr 10:00-14:00; PH off", ("Mo-Fr 09:00-18:00; Aug Mo-Fr 10:00-14:00; PH off (was Mo-Fr 08:00-18:00; PH off)",)),
        ("Mo-Fr 09:00-18:00; Dec 24 off; PH off", ("Mo-Fr 09:00-18:00; Dec 24 off; PH off (was Mo-Fr 08:00-18:00; PH off)",)),
    ],
)  # fmt: skip
def test_a_day_open_past_midnight_and_a_month_of_its_own_are_told_too(
    new: str, said: tuple[str, ...]
) -> None:
    assert changed(("Mo-Fr 08:00-18:00; PH off", new)) == tuple(f"Hours “office”: {line}" for line in said)


@pytest.mark.parametrize(
    "hours",
    [
        "24/7; Su off", "Mo 08:00-24:00; Tu-Th 00:00-24:00; Fr 00:00-18:00", "Sa-Su 00:00-24:00", "Mo-Su 22:00-06:00",
        "Fr 20:00-24:00; Sa-Su 00:00-24:00; Mo 00:00-06:00", "Mo-Fr 08:00-08:00",
    ],
)  # fmt: skip
def test_every_minute_of_an_ordinary_week_stands_in_its_days(hours: str) -> None:
    days, schedule = week(hours), Schedule(ScheduleSpec("week", hours, "UTC"))
    assert days is not None
    monday = datetime(2026, 11, 2, tzinfo=UTC)
    told = {
        (day * 1440 + at) % 10_080
        for day, of in enumerate(days)
        for since, end in of
        for at in range(since, end)
    }
    assert told == {at for at in range(10_080) if schedule.is_open(monday + timedelta(minutes=at))}


@pytest.mark.parametrize(
    ("of", "said"), [(90, "90 s"), (300, "5 min"), (7200, "2 h"), (0, "0 s"), (172_800, "2 d")]
)
def test_durations_are_said_as_people_say_them(of: int, said: str) -> None:
    assert lasting(timedelta(seconds=of)) == said


def test_a_plan_against_an_empty_one_names_everything() -> None:
    empty = parse("site: empty\ntimezone: UTC\nlanguages: [en]\n")
    lines = diff(empty, example())
    for name in (*(s.name for s in example().services), *(a.name for a in example().agents)):
        assert any(name in line and "is new" in line for line in lines)
    assert all(isinstance(it, Rule) and any(it.name in line for line in lines) for it in example().rules)
