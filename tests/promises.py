"""`python -m tests.promises`: promise → tests → passed, failed, skipped (why) or none. Also the plugin that finds out.

`docs/promises.md` has one numbered line for each promise, ``7. `offer-missed` words``; a test that shows one carries
``@pytest.mark.promise("offer-missed")``. Exits 1 when a promise failed or has no test, when a test shows a promise that
isn't in the file, and, where `CI=1`, when all that a promise has was skipped.

Results of a whole `make test` of exactly these files are used again; otherwise the marked tests are run.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "test-results.json"
LINE = re.compile(r"^(?P<number>\d+)\. `(?P<id>[a-z0-9-]+)` +(?P<words>\S.*)$")
GROUP = re.compile(r"^## +(?P<group>\S.*)$")

Outcome = Literal["passed", "failed", "skipped"]
PROPERTY = "promise"


# ---- what is promised, and by which tests it says it is shown -----------------------------------------------------


@dataclass(frozen=True)
class Promise:
    """One line of docs/promises.md."""

    id: str
    group: str
    words: str


def read(text: str) -> tuple[list[Promise], list[str]]:
    """The promises of the file, and what is wrong with it."""
    found: list[Promise] = []
    wrong: list[str] = []
    group = ""
    for n, line in enumerate(text.splitlines(), 1):
        if match := GROUP.match(line):
            group = match["group"]
        elif match := LINE.match(line):
            if any(it.id == match["id"] for it in found):
                wrong.append(f"docs/promises.md:{n}: {match['id']} is promised twice")
            if int(match["number"]) != len(found) + 1:
                wrong.append(f"docs/promises.md:{n}: the number should be {len(found) + 1}")
            found.append(Promise(match["id"], group, match["words"]))
        elif re.match(r"^\d+\.", line):
            wrong.append(f"docs/promises.md:{n}: write ``1. `some-id` The promise in words.``")
    return found, wrong


def marked(root: Path) -> dict[str, set[str]]:
    """Promise → the tests whose source is marked with it, also where this machine can't even collect them."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((root / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(root).as_posix()
        for id in _marks_of_module(tree):
            found[id].add(name)
        for function, prefix in _tests(tree):
            for id in _marks(function.decorator_list):
                found[id].add(f"{name}::{prefix}{function.name}")
    return found


def _tests(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node, ""
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield inner, f"{node.name}::"


def _marks_of_module(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in node.targets):
            yield from _marks(
                node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            )


def _marks(expressions: Iterable[ast.expr]) -> Iterator[str]:
    for it in expressions:
        if isinstance(it, ast.Call) and isinstance(it.func, ast.Attribute) and it.func.attr == PROPERTY:
            yield from (a.value for a in it.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


# ---- the plugin ---------------------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write each test's promises into its report, which reaches the controlling process."""
    for item in items:
        for mark in item.iter_markers(PROPERTY):
            item.user_properties += [(PROPERTY, str(id)) for id in mark.args]


def pytest_configure(config: pytest.Config) -> None:
    """Record in the process that hears of every test: the only one, or xdist's controller."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config), "promises-recorder")


class Recorder:
    """Keeps what became of every marked test, for a run of the whole suite or of the marked tests."""

    def __init__(self, config: pytest.Config) -> None:
        whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
        self.kept = whole and config.option.markexpr in ("", PROPERTY)
        self.again = bool(config.getoption("lf", False))
        self.key = fingerprint() if self.kept else ""
        self.tests: dict[str, dict[str, Any]] = {}
        self.absent: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A failure in any phase is a failure, a skip counts where nothing failed."""
        ids = sorted({str(value) for name, value in report.user_properties if name == PROPERTY})
        if not ids:
            return
        test = self.tests.setdefault(report.nodeid, {"promises": ids, "outcome": "passed", "why": ""})
        if report.failed:
            test["outcome"] = "failed"
        elif report.skipped and test["outcome"] == "passed":
            test |= {"outcome": "skipped", "why": _reason(report.longrepr)}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that can't be collected is failed or skipped with all that it would show."""
        if report.skipped:
            self.absent[report.nodeid] = _reason(report.longrepr)
        elif report.failed:
            self.absent[report.nodeid] = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the results where the report looks for them."""
        if self.kept and exitstatus in (0, 1) and self.key == fingerprint():
            before = results() if self.again else None
            if before is not None:  # those that failed, run again: the rest stays
                self.tests, self.absent = before["tests"] | self.tests, before["absent"]
            KEPT.parent.mkdir(exist_ok=True)
            text = json.dumps({"key": self.key, "tests": self.tests, "absent": self.absent}, indent=1)
            KEPT.write_text(text, encoding="utf-8")


def _reason(longrepr: object) -> str:
    if isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    return str(longrepr).splitlines()[-1] if longrepr else ""


def fingerprint() -> str:
    """Of every file on which a result can depend."""
    skipped = {".venv", ".types", ".git", "build", "var", "screenshots", "node_modules", "__pycache__"}
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            f for f in folders if f not in skipped and not f.endswith((".egg-info", "_cache"))
        )
        for name in sorted(names):
            if name.endswith(
                (".py", ".lua", ".toml", ".yaml", ".expected", ".js", ".css", ".html", ".sh", ".json")
            ):
                path = Path(folder, name)
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


# ---- the report ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One test of a promise (its parametrised cases together)."""

    test: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True)
class Row:
    """One promise and the tests that show it."""

    promise: Promise
    shown: tuple[Shown, ...]

    @property
    def verdict(self) -> str:
        """`failed` if any test failed, else `passed` if any passed, else `skipped`, else `none`."""
        outcomes = {it.outcome for it in self.shown}
        return next((o for o in ("failed", "passed", "skipped") if o in outcomes), "none")


def report(promises: list[Promise], sources: dict[str, set[str]], results: dict[str, Any]) -> list[Row]:
    """What became of every promise."""
    cases: dict[tuple[str, str], list[tuple[Outcome, str]]] = defaultdict(list)
    for nodeid, it in results["tests"].items():
        for id in it["promises"]:
            cases[id, nodeid.partition("[")[0]].append((it["outcome"], it["why"]))
    rows = []
    for promise in promises:
        shown = [
            Shown(test, *_together(found)) for (id, test), found in sorted(cases.items()) if id == promise.id
        ]
        have = {it.test for it in shown}
        for test in sorted(sources.get(promise.id, ())):
            if not any(it == test or it.startswith(f"{test}::") for it in have):
                shown.append(_uncollected(test, results["absent"]))
        rows.append(Row(promise, tuple(shown)))
    return rows


def _together(found: list[tuple[Outcome, str]]) -> tuple[Outcome, str]:
    outcomes = {outcome for outcome, _ in found}
    if "failed" in outcomes:
        return "failed", ""
    return ("passed", "") if "passed" in outcomes else ("skipped", found[0][1])


def _uncollected(test: str, absent: dict[str, str]) -> Shown:
    why = next((why for name, why in absent.items() if test.startswith(name) and name), None)
    if why == "":
        return Shown(test, "failed", "its file can't be collected")
    return Shown(test, "skipped", why or "not collected on this machine")


def verdicts(rows: list[Row], sources: dict[str, set[str]], ci: bool) -> tuple[list[str], bool]:
    """The lines to print, and whether all is well."""
    lines, group = [], ""
    for row in rows:
        if row.promise.group != group:
            group = row.promise.group
            lines += ["", group]
        lines.append(f"  {row.verdict:8} {row.promise.id} – {row.promise.words}")
        lines += [
            f"             {it.outcome:8} {it.test}{f' ({it.why})' if it.why else ''}" for it in row.shown
        ]
    counts = {v: sum(row.verdict == v for row in rows) for v in ("passed", "failed", "skipped", "none")}
    lines += ["", ", ".join(f"{count} {verdict}" for verdict, count in counts.items())]
    unknown = sorted(set(sources) - {row.promise.id for row in rows})
    lines += [f"not in docs/promises.md: {id}, marked at {', '.join(sorted(sources[id]))}" for id in unknown]
    bad = counts["failed"] + counts["none"] + len(unknown) + (counts["skipped"] if ci else 0)
    return lines, bad == 0


def results() -> dict[str, Any] | None:
    """Those of the last whole run of exactly these files, if there was one."""
    try:
        kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept if kept.get("key") == fingerprint() else None


def main() -> int:
    """Print the report; the exit code."""
    promises, wrong = read((ROOT / "docs" / "promises.md").read_text(encoding="utf-8"))
    sources = marked(ROOT)
    found = results()
    if found is None:
        os.chdir(ROOT)
        pytest.main(["-q", "-m", PROPERTY, "-n", "2", "-p", "tests.promises"])
        found = results()
    if found is None:
        print("The tests could not be run, or a file changed meanwhile.")
        return 1
    lines, well = verdicts(
        report(promises, sources, found), sources, os.environ.get("CI", "") not in ("", "0")
    )
    print("\n".join([*lines, *wrong]))
    return 0 if well and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
