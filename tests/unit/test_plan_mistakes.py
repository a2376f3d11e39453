"""Somebody who doesn't program mends a plan by its messages alone: each names the place and the line as it should be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tierline.router.plan.errors import PlanError, PlanErrors
from tierline.router.plan.load import parse

PLANS = Path(__file__).parents[1] / "plans"
HUNDRED = (PLANS / "hundred_mistakes.yaml").read_text(encoding="utf-8")


def mistakes(source: str | bytes, name: str = "plan.yaml") -> tuple[PlanError, ...]:
    with pytest.raises(PlanErrors) as caught:
        parse(source, name)
    return caught.value.errors


def listed(path: Path) -> list[tuple[str, str]]:
    """(place, fragment of the message) of every line."""
    return [
        (place, words)
        for place, _, words in (line.partition(" ") for line in path.read_text("utf-8").splitlines())
    ]


@pytest.mark.promise("plan-mistakes-at-once")
def test_a_hundred_mistakes_are_told_at_once_each_at_its_line_and_column() -> None:
    expected = listed(PLANS / "hundred_mistakes.expected")
    assert len(expected) == 100
    found = mistakes(HUNDRED, "hundred_mistakes.yaml")
    assert [f"{e.file}:{e.line}:{e.column}" for e in found] == [
        f"hundred_mistakes.yaml:{at}" for at, _ in expected
    ]
    assert [
        (str(e), words) for e, (_, words) in zip(found, expected, strict=True) if words not in e.message
    ] == []


def test_each_message_contains_the_corrected_line_or_the_line_with_what_is_allowed() -> None:
    lines = HUNDRED.splitlines()
    for error in mistakes(HUNDRED):
        line = lines[error.line - 1].strip()
        assert error.fix and error.fix in error.message
        assert error.fix != line
        if "; write\n" in error.message:  # the corrected line is the line but for one place
            start, end = common(line, error.fix)
            assert len(line) - start - end <= 40, str(error)
        else:
            assert re.fullmatch(re.escape(line) + r" +# .+", error.fix), str(error)


@pytest.mark.promise("plan-mistakes-at-once")
@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("teams:\n  desk:\n    channel: #desk\n\n  # the others\n  two: {channel: '#two'}\n", "3:13 channel: #desk"),
        ("agents:\n  - name:\n    slack: ada@x.example\n    team: desk\n", "2:10 - name:"),
        ("alerts:\n  slack:   # later\n  email: ops@x.example\n", "2:9 slack:   # later"),
    ],
)  # fmt: skip
def test_a_value_that_is_missing_is_missed_where_its_key_stands(source: str, place: str) -> None:
    at, _, line = place.partition(" ")
    found = [error for error in mistakes(source) if f"{error.line}:{error.column}" == at]
    assert [error.fix.startswith(f"{line}   # ") for error in found] == [True]
    assert "None" not in found[0].message


@pytest.mark.promise("plan-mistakes-at-once")
@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("settings: {grace: 1 Std}", "settings: {grace: 1h}"),
        ("settings: {grace: 2 Stunden}", "settings: {grace: 2h}"),
        ("settings: {grace: 90 seconds}", "settings: {grace: 90s}"),
        ("settings: {grace: 10min}", "settings: {grace: 10m}"),
        ("settings: {grace: 2 Tage}", "settings: {grace: 2d}"),
        ("alerts: {sms: 004915790000000}", 'alerts: {sms: "+4915790000000"}'),
    ],
)  # fmt: skip
def test_the_line_to_write_instead_means_the_same_and_is_right(line: str, right: str) -> None:
    (error,) = mistakes(f"site: a\ntimezone: UTC\nlanguages: [en]\n{line}\n")
    assert error.fix == right
    parse(f"site: a\ntimezone: UTC\nlanguages: [en]\n{right}\n")


@pytest.mark.parametrize("far", ["3 Monate", "3 months", "2 weeks", "5 Schritte"])
def test_what_isnt_known_as_a_unit_isnt_guessed(far: str) -> None:
    (error,) = mistakes(f"site: a\ntimezone: UTC\nlanguages: [en]\nsettings: {{grace: {far}}}\n")
    assert "; write" not in error.message and "30s, 5m, 1h30m, 2d" in error.message


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("teams:\n  desk:{channel: '#desk'}\n", "2:8 a space is missing after the colon"),
        ("teams:\n  desk: {channel: '#desk'}}\n", "2:27 this brace closes nothing"),
        ("languages: [en]]\n", "1:16 this bracket closes nothing"),
        ("rules:\n  - {name: one},\n  - {name: two}\n", "2:16 a comma stands behind a value that was finished"),
    ],
)  # fmt: skip
def test_what_closes_nothing_is_told_without_the_parsers_own_words(source: str, said: str) -> None:
    (error,) = mistakes(source)
    assert f"{error.line}:{error.column} {error.what}" == said


def common(a: str, b: str) -> tuple[int, int]:
    """How much two lines have in common at their start, and in the rest at their end."""
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:][::-1], b[start:][::-1]
    return start, next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def test_putting_a_corrected_line_in_mends_that_mistake() -> None:
    lines = HUNDRED.splitlines()
    corrected = {e.line: e for e in reversed(mistakes(HUNDRED)) if "; write\n" in e.message}
    assert len(corrected) >= 20
    for number, error in corrected.items():
        indent = lines[number - 1][: len(lines[number - 1]) - len(lines[number - 1].lstrip())]
        lines[number - 1] = indent + error.fix
    left = {(e.line, e.message) for e in mistakes("\n".join(lines))}
    assert [str(e) for e in corrected.values() if (e.line, e.message) in left] == []


SYNTAX = [(*line.split(" ", 2),) for line in (PLANS / "syntax" / "expected").read_text("utf-8").splitlines()]


def test_there_are_twenty_syntax_errors_each_in_a_file_of_its_own() -> None:
    assert sorted(p.name for p in (PLANS / "syntax").glob("*.yaml")) == sorted(name for name, _, _ in SYNTAX)
    assert len(SYNTAX) == 20


@pytest.mark.parametrize(("name", "place", "words"), SYNTAX, ids=[name for name, _, _ in SYNTAX])
def test_a_syntax_error_comes_alone_and_in_plain_words(name: str, place: str, words: str) -> None:
    (error,) = mistakes((PLANS / "syntax" / name).read_bytes(), name)
    assert f"{error.line}:{error.column}" == place
    assert words in error.message and error.fix in error.message


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("site: a\ntimezone: UTC\nlanguages: [en]\nalerts: {sms: 0049 30 1234567}\n", 'alerts: {sms: +49 30 1234567}'),
        ("site: a\ntimezone: UTC\nlanguages: [en]\nsettings: {hold_reply: 8 sec}\n", "settings: {hold_reply: 8s}"),
        ("site: a\ntimezone: UTC\nlanguages: [EN]\n", "languages: [en]"),
        ("site: a\ntimezone: europe/berlin\nlanguages: [en]\n", "timezone: Europe/Berlin"),
        ("site: a\ntimezone: UTC\nlanguages: [en]\ntrue: 1\n", '"true": 1'),
        ("site: a\ntimezone: UTC\nlanguages: [en]\nschedules: {a: {hours: 24/7, holidays: de_be}}\n",
         "schedules: {a: {hours: 24/7, holidays: DE-BE}}"),
    ],
)  # fmt: skip
def test_what_can_be_known_is_corrected(source: str, fix: str) -> None:
    assert fix in [error.fix for error in mistakes(source)]


def test_one_mistake_hides_no_other_in_another_section() -> None:
    source = "site: a\ntimezone: UTC\nlanguages: [en]\nservices: {a: 5, b: {schedule: c, steps: [{then: hold}]}}\nrules: 7\n"
    assert {e.path for e in mistakes(source)} == {
        "services.a", "services.b.schedule", "services.b.steps[0].tiers", "rules",
    }  # fmt: skip


def test_a_holiday_region_is_never_guessed() -> None:
    (error,) = mistakes(
        "site: a\ntimezone: UTC\nlanguages: [en]\nschedules: {a: {hours: '24/7; PH off', holidays: DE-BX}}\n"
    )
    assert "write" not in error.message and "DE-BY" in error.fix and "DE-BE" in error.fix
