"""The report on promises itself: what makes it fail, and what doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import promises
import pytest

FILE = "# Promises\n\n## Offers\n\n1. `offer-one` One.\n2. `offer-two` Two.\n\n## Texts\n\n3. `text-one` Three.\n"


def of(**tests: tuple[str, str]) -> dict[str, Any]:
    """Results: test name → (promise, outcome)."""
    return {
        "tests": {
            f"tests/unit/test_x.py::{name}": {"promises": [id], "outcome": outcome, "why": "no Chromium"}
            for name, (id, outcome) in tests.items()
        },
        "absent": {},
    }


def judge(
    results: dict[str, Any], sources: dict[str, set[str]] | None = None, ci: bool = False
) -> tuple[str, bool]:
    found, wrong = promises.read(FILE)
    assert not wrong
    given = {"offer-one": set(), "offer-two": set(), "text-one": set()} if sources is None else sources
    lines, well = promises.verdicts(promises.report(found, given, results), given, ci)
    return "\n".join(lines), well


ALL = {"test_a": ("offer-one", "passed"), "test_b": ("offer-two", "passed"), "test_c": ("text-one", "passed")}


def test_all_passed_is_well() -> None:
    text, well = judge(of(**ALL))
    assert well and "3 passed, 0 failed, 0 skipped, 0 none" in text


def test_a_promise_without_a_test_is_not_well() -> None:
    text, well = judge(of(test_a=("offer-one", "passed"), test_b=("offer-two", "passed")))
    assert not well and "none     text-one" in text


def test_one_failed_case_fails_the_promise() -> None:
    _, well = judge(of(**ALL) | of(**ALL, test_d=("offer-one", "failed")))
    assert not well


def test_a_skip_beside_a_pass_is_well_even_in_ci() -> None:
    text, well = judge(of(**ALL, test_d=("offer-one", "skipped")), ci=True)
    assert well and "skipped  tests/unit/test_x.py::test_d (no Chromium)" in text


@pytest.mark.parametrize(("ci", "well"), [(True, False), (False, True)])
def test_only_skipped_fails_only_in_ci(ci: bool, well: bool) -> None:
    assert judge(of(**{**ALL, "test_c": ("text-one", "skipped")}), ci=ci)[1] is well


def test_a_promise_that_the_file_lacks_is_not_well() -> None:
    sources = {"offer-three": {"tests/unit/test_x.py::test_z"}}
    text, well = judge(of(**ALL), sources)
    assert not well and "not in docs/promises.md: offer-three" in text


def test_a_marked_test_that_was_never_collected_is_shown_as_skipped() -> None:
    results = of(**{k: v for k, v in ALL.items() if k != "test_c"})
    results["absent"] = {"tests/browser/test_y.py": "no Chromium here"}
    text, well = judge(results, {"text-one": {"tests/browser/test_y.py::test_c"}})
    assert well and "(no Chromium here)" in text


def test_a_file_that_cannot_be_collected_fails_what_it_shows() -> None:
    results = of(**{k: v for k, v in ALL.items() if k != "test_c"})
    results["absent"] = {"tests/unit/test_y.py": ""}
    assert not judge(results, {"text-one": {"tests/unit/test_y.py::test_c"}})[1]


def test_the_files_own_mistakes_are_told() -> None:
    _, wrong = promises.read(FILE + "3. `text-one` Again.\n7.broken\n")
    assert len(wrong) == 3


def test_marks_are_found_in_functions_classes_and_modules(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_m.py").write_text(
        "import pytest\npytestmark = pytest.mark.promise('a')\n"
        "@pytest.mark.promise('b')\ndef test_b(): ...\n"
        "class TestC:\n    @pytest.mark.promise('c')\n    async def test_c(self): ...\n"
    )
    assert promises.marked(tmp_path) == {
        "a": {"tests/test_m.py"},
        "b": {"tests/test_m.py::test_b"},
        "c": {"tests/test_m.py::TestC::test_c"},
    }
