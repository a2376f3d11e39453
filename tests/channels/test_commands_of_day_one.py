"""The commands as a person types them: answers, exit codes, nothing lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tierline.__main__ import add_the_rest, cli
from tierline.console.cli_ask import lines

ROOT = Path(__file__).parents[2]
COMMANDS = add_the_rest(cli)
EXAMPLE = str(ROOT / "router" / "plan" / "example.yaml")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "DATABASE_URL", "TIERLINE_SECRET", "TIERLINE_PLAN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TIERLINE_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("PORT", "9")


def run(*words: str) -> Result:
    return CliRunner().invoke(COMMANDS, list(words))


@pytest.mark.promise("plan-check")
def test_check_lists_every_mistake_at_once_and_fails() -> None:
    found = run("plan", "check", str(ROOT / "tests" / "plans" / "hundred_mistakes.yaml"))
    assert found.exit_code == 1 and "100 mistakes" in found.output
    places = {line.split(": ")[0] for line in found.output.splitlines() if "hundred_mistakes.yaml:" in line}
    assert len(places) >= 90


def test_check_says_what_nothing_acts_on_yet_and_what_is_in_the_plan(tmp_path: Path) -> None:
    plan = tmp_path / "mine.yaml"
    plan.write_text(
        Path(EXAMPLE).read_text().replace("share: 30%}", "share: 30%, cost: {per_contact: 4.20 EUR}}")
    )
    found = run("plan", "check", str(plan))
    assert (
        found.exit_code == 0
        and "not yet: costs aren't counted yet" in found.output
        and "3 services" in found.output
    )


def test_check_of_no_file_says_so() -> None:
    found = run("plan", "check", "nowhere.yaml")
    assert found.exit_code == 2 and "No such file" in found.output


@pytest.mark.parametrize(
    "words, said",
    [
        (
            ["--text", "My server is down"],
            ["rule      outage", "service   outage, priority 5", "it is offered at once"],
        ),
        (
            ["--text", "How do I?", "--at", "2026-11-21T03:00"],
            ["none matched", "parked    until Mon 2026-11-23 08:00:00", "open again"],
        ),
        (["--text", "Hi", "--to", "+19995550000"], ["stands in no entry"]),
        (
            ["--text", "Hi", "--at", "2026-11-23T10:00:00+01:00"],
            ["step 1    until 300 s: L1", "told      Thank you"],
        ),
        (
            ["--text", "My server is down", "--channel", "email", "--fact", "contract=enterprise"],
            ["rule      outage of an important customer", "priority 8"],
        ),
    ],
)
def test_explain_says_what_the_plan_decides(words: list[str], said: list[str]) -> None:
    found = run("plan", "explain", "--from", "+4915112345678", *words, EXAMPLE)
    assert found.exit_code == 0, found.output
    for text in said:
        assert text in found.output


@pytest.mark.parametrize("words", [["--channel", "pigeon"], ["--at", "tomorrow"]])
def test_explain_refuses_what_it_does_not_know(words: list[str]) -> None:
    found = run("plan", "explain", "--text", "x", "--from", "+4915112345678", *words, EXAMPLE)
    assert found.exit_code == 2 and words[0] in found.output


def test_the_schema_is_json_for_editors() -> None:
    assert json.loads(run("plan", "schema").output)["$schema"].startswith("https://json-schema.org/")


def test_publish_goes_to_the_store_when_nothing_runs_and_refuses_a_stale_draft(tmp_path: Path) -> None:
    first = run("plan", "publish", EXAMPLE, "--reason", "the first")
    assert first.exit_code == 0 and "Version 1 is active" in first.output, first.output
    changed = tmp_path / "plan.yaml"
    changed.write_text(Path(EXAMPLE).read_text() + "\n# more\n")
    second = run("plan", "publish", str(changed), "--reason", "more", "--on", "1")
    assert second.exit_code == 0 and "Version 2 is active" in second.output, second.output
    stale = run("plan", "publish", str(changed), "--reason", "late", "--on", "1")
    assert stale.exit_code == 1 and "Not published" in stale.output


def test_publish_wants_a_reason_and_a_plan_without_mistakes() -> None:
    assert run("plan", "publish", EXAMPLE, "--reason", " ").exit_code == 2
    bad = run("plan", "publish", str(ROOT / "tests" / "plans" / "hundred_mistakes.yaml"), "--reason", "x")
    assert bad.exit_code == 1 and "nothing is changed" in bad.output


def test_customers_are_imported_and_bad_lines_are_named(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("name,phones,plan\nEva,+4915112345678,enterprise\nBad,not a number,free\n")
    found = run("customers", "import", str(file))
    assert (
        found.exit_code == 1
        and "1 customers imported, 1 lines not" in found.output
        and "line 3" in found.output
    )


@pytest.mark.parametrize("command", ["web", "worker"])
def test_web_and_worker_say_what_is_missing(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(command)
    assert found.exit_code == 2
    assert all(
        f"{name} isn't set" in found.output for name in ("REDIS_URL", "DATABASE_URL", "TIERLINE_SECRET")
    )
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    assert "REDIS_URL" not in run(command).output


def test_why_needs_a_running_product_and_says_so() -> None:
    found = run("why", "C1001")
    assert found.exit_code == 1 and "no Tierline answers" in found.output


def test_why_is_a_table_of_agents_with_the_next_change() -> None:
    explained = list(
        lines(
            {
                "text": "C1001 waits.", "rule": {"name": "outage", "line": 149, "version": 3},
                "step": {"index": 1, "of": 4, "opened": "2026-11-23T08:00:00+00:00", "until": None},
                "agents": [{"agent": "Ada", "reason": "away", "since": "2026-11-23T07:00:00+00:00", "until": None}],
                "next": {"at": "2026-11-23T08:00:30+00:00", "what": "the next step opens"},
            }
        )
    )  # fmt: skip
    assert explained[0] == "C1001 waits." and "rule outage, line 149, plan version 3" in explained[1]
    assert any(line.startswith("Ada") and "away" in line for line in explained)
    assert explained[-1].endswith("the next step opens")


def test_the_manifest_is_printed_as_json() -> None:
    assert json.loads(run("slack-manifest", "--name", "Help").output)["display_information"]["name"] == "Help"


def test_doctor_before_setup_says_where_to_begin_and_fails() -> None:
    found = run("doctor")
    assert found.exit_code == 1 and "run `tierline setup`" in found.output
    assert {f["mark"] for f in json.loads(run("doctor", "--json").output)} >= {"ok", "bad"}


def test_doctor_names_a_setting_that_cannot_be_read_without_showing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIERLINE_PUBLIC_URL", "s3cret-nonsense")
    found = run("doctor")
    assert found.exit_code == 1 and "TIERLINE_PUBLIC_URL" in found.output and "s3cret" not in found.output


def test_setup_asks_nothing_with_yes_and_names_what_is_missing() -> None:
    found = run("setup", "--yes", "--answer", "site=acme")
    assert found.exit_code == 1 and "SLACK_BOT_TOKEN" in found.output
    assert run("setup", "--answer", "SLACK_BOT_TOKEN=xoxb-1").exit_code == 2
