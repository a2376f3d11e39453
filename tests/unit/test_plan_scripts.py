"""Scripts and questions in the plan: every mistake is told with its place and what would do, every change in words."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from helpers_plan import EVA, arrived, book
from test_first_steps import ASKS, DAY
from typer.testing import CliRunner

from tierline.console.cli_plan import explain
from tierline.queue.history.records import Customer
from tierline.router.classify import classify
from tierline.router.dry_run import Past, dry_run
from tierline.router.facts import Facts
from tierline.router.first_steps import begins
from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.plan.schema import schema
from tierline.router.simulate.compare import Replaying
from tierline.router.simulate.day import Told
from tierline.router.simulate.simulation import Virtual

SERVICE = "    after_hours: reply_and_hold\n"
QUESTIONS = ASKS.replace(
    SERVICE, SERVICE + "    ask: [{ask: contract, say: {en: Which contract?, de: Welcher Vertrag?}}]\n"
)


def test_a_sound_plan_has_its_scripts_and_questions() -> None:
    plan = parse(QUESTIONS)
    (script,) = plan.scripts
    assert [script.name, script.wait.seconds, len(script.steps), script.person] == [
        "start",
        300,
        3,
        ("operator",),
    ]
    assert [it.name for it in plan.services[0].ask] == ["contract"]
    assert [(it.channel, it.first) for it in plan.entry if it.first] == [("sms", "start"), ("chat", "start")]
    assert plan.rules[1].set.person and plan.rules[1].when.answers == (("device", ("phone",)),)
    assert diff(plan, parse(QUESTIONS)) == ()


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("first: start}\n  - {channel: email", "first: strat}\n  - {channel: email", "start"),
        ("{channel: voice, to: \"+4930100\", service: help}", "{channel: voice, to: \"+4930100\", service: help, first: start}", "has its menu"),
        ("ask: lamp, say: {en: Which lamp is red?, de: Welche Lampe ist rot?}", "ask: lamp", "how is it asked?"),
        ("when: {device: router}", "when: {divice: router}", "isn't asked before"),
        ("{articles: 2}", "{articles: 2, ask: more, say: {en: a, de: b}}", "not both"),
        ("{articles: 2}", "{}", "what does this step do?"),
        ("{articles: 2}", "{articles: 9}", "articles"),
        ("de: Welche Lampe ist rot?", "fr: Quelle lampe ?", "language"),
        ("{en: A phone, de: Ein Telefon}", "{en: A phone}", "missing in de"),
        ("    wait: 5m\n", "    wait: 0s\n", "zero"),
        ("    wait: 5m\n", "    wait: 5m\n    bot: https://bot.example/x\n", "steps or bot"),
        ("    wait: 5m\n", "    wait: 5m\n    bot: http://bot.example/x\n", "https://bot.example/x"),
        ("{ask: lamp,", "{ask: device,", "here twice"),
        ("ask: [{ask: contract", "ask: [{ask: contract, say: {en: a, de: b}}, {ask: contract", "here twice"),
    ],
)  # fmt: skip
def test_every_mistake_says_what_would_do(wrong: str, right: str, told: str) -> None:
    text = QUESTIONS
    if "channel: email" in wrong:
        wrong, right = "service: help, first: start}\n", "service: help, first: strat}\n"
    assert wrong in text
    with pytest.raises(PlanErrors) as errors:
        parse(text.replace(wrong, right, 1))
    assert told in str(errors.value)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("    wait: 5m\n", "    wait: 7m\n", "after 7 min (was 5 min)"),
        ("[operator]", "[operator, boss]", "operator, boss (was operator)"),
        ("{articles: 2}", "{articles: 3}", "3 articles"),
        ("Which device?", "What device?", "What device?"),
        (", first: start", "", "before a person: nothing (was start)"),
        ("answers: {device: phone}", "answers: {device: router}", "answer to device: router (was phone)"),
        ("priority: 3, person: true", "priority: 3", "a script may come first"),
        ("Which contract?", "What contract?", "“contract”"),
        ("  start:\n", "  begin:\n", "Script “begin” is new"),
    ],
)  # fmt: skip
def test_every_change_is_told(was: str, now: str, said: str) -> None:
    changed = QUESTIONS.replace(was, now)
    if was == "  start:\n":
        changed = changed.replace("first: start", "first: begin")
    lines = diff(parse(QUESTIONS), parse(changed))
    assert any(said in line for line in lines), lines
    assert diff(parse(changed), parse(QUESTIONS))


def test_the_schema_for_editors_knows_them() -> None:
    known = schema()["$defs"]
    assert isinstance(known, dict) and {"Script", "FirstStep", "Question", "Choice"} <= set(known)


@pytest.mark.promise("scripts-honest")
def test_a_script_that_no_door_names_is_warned_of_at_its_place() -> None:
    plan = parse(QUESTIONS.replace(", first: start}", "}"))
    (warning,) = [it for it in plan.warnings if it.path.startswith("scripts")]
    line = QUESTIONS.split("\n").index("  start:") + 1
    assert (warning.path, warning.line) == ("scripts.start", line)
    assert "first: start" in warning.message
    assert not [it for it in parse(QUESTIONS).warnings if it.path.startswith("scripts")]


@pytest.mark.promise("scripts-honest")
def test_a_dry_run_says_that_scripts_are_not_run() -> None:
    past = tuple(
        Past(f"C{n}", DAY, one, EVA)
        for n, one in enumerate(
            (arrived("a", "+4930100"), arrived("b", "+4930100"), arrived("c", "", "chat"))
        )
    )
    old = book(
        QUESTIONS.replace("{channel: chat, service: help, first: start}", "{channel: chat, service: help}")
    )
    found = dry_run(old, book(QUESTIONS), past, {})
    assert (found.looked, found.scripted) == (3, 3), "a door counts if either plan asks something there"
    assert "3 contacts came by a door that asks something first. Scripts aren't run here" in found.lines()[-1]
    plain = book(QUESTIONS.replace(", first: start}", "}"))
    assert "Scripts" not in "\n".join(dry_run(plain, plain, past, {}).lines())


@pytest.mark.promise("scripts-honest")
def test_a_replay_does_not_take_what_a_script_held_for_another_decision() -> None:
    plan, one = book(QUESTIONS), arrived("a", "+4930100")
    held = begins(plan, one, classify(plan, one, Customer(EVA), DAY), DAY)
    facts = Facts.parse(held.decision.facts)
    assert facts.first == "start"
    it = Replaying({7: plan}, plan, DAY, DAY + 1, before=Virtual())
    it.day.contacts["C1"] = Told("C1", DAY, one, one.thread, held.decision, facts)
    found = it.outcome(plan, {}).comparison
    assert found is not None and (found.scripted, found.unlike) == (1, 0)


@pytest.mark.promise("scripts-honest")
def test_explain_says_which_script_asks_before(tmp_path: Path) -> None:
    draft = tmp_path / "plan.yaml"
    draft.write_text(QUESTIONS, "utf-8")
    cli = typer.Typer()
    cli.command("explain")(explain)
    cli.command("other")(lambda: None)
    asked = ["explain", "--from", EVA, str(draft), "--text"]
    assert "start asks before" in CliRunner().invoke(cli, [*asked, "hello"]).output
    assert "asks before" not in CliRunner().invoke(cli, [*asked, "a person, please"]).output
