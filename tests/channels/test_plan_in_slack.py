"""A supervisor changes the plan from Slack: rules, hours, texts and people by forms, looked at, published, taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from boss_stage import Boss, option
from helpers_app import JONAS, PLAN, Inside, inside

TWO = PLAN.replace(
    "entry:",
    """  sales:   # whoever wants to buy
    schedule: always
    answer_within: 10m
    steps: [{tiers: [L1], until: 30m}, {then: hold}]
entry:""",
).replace(
    "agents:",
    "rules:\n  # The order counts.\n  - {name: money, when: {text: {any: [invoice]}}, set: {service: sales}}\nagents:",
)


async def pressed(mira: Boss, button: str, ready: str) -> Any:
    """The form behind a button of the plan's overview."""
    await mira.types("plan")
    return await mira.form(await mira.sees("*Plan version"), button, ready)


async def new_rule(mira: Boss, **more: str) -> Any:
    """The form of a new rule, before the first."""
    picks = await pressed(mira, "form.rules", "What shall happen?")
    before = {"pick": option(picks, "pick", "1. money"), "do": option(picks, "do", "A new one before")}
    assert (await mira.sends(picks, **before))["response_action"] == "update"
    return await mira.view("New: rule")


async def yaml(it: Inside) -> str:
    return str((await it.api("/plan"))["yaml"])


@pytest.mark.promise("plan-in-slack")
async def test_a_new_rule_is_validated_looked_at_and_published_and_moves_who_waits(tmp_path: Path) -> None:
    async with inside(tmp_path, TWO) as it:
        mira = Boss(it)
        assert await it.text("please call me about a refund") == 200
        await it.until(it.contacts)
        form = await new_rule(mira)
        values = {
            "name": "refunds",
            "any": "refund\nmoney back",
            "service": option(form, "service", "sales"),
            "time": "late",
        }
        assert "no time of day" in await mira.mistakes(form, **values)
        await mira.sends(form, **{**values, "time": ""})
        look = await mira.view("What changes")
        shown = json.dumps(look, ensure_ascii=False)
        assert "Rule “refunds” is new, number 1" in shown and "1 from help to sales" in shown
        assert "refunds" not in await yaml(it)  # nothing is published by looking
        no = await mira.mistakes(look, waiting=option(look, "waiting", "Those who wait"), reason=" ")
        assert "Say why" in no
        sent = await mira.sends(look, waiting=option(look, "waiting", "Those who wait"), reason="they asked")
        assert sent["ok"]
        await mira.sees("*Version 2* of the plan is active: 1 change.")
        text = await yaml(it)
        assert "  # The order counts." in text and "# whoever wants to buy" in text
        assert text.index("name: refunds") < text.index("name: money")

        async def moved() -> bool:
            return bool((await it.contact())["service"] == "sales")

        await it.until(moved, 15)

        async def audited() -> bool:
            lines = [line for line in await it.api("/audit") if line["act"] == "plan.publish"]
            last = lines[-1] if lines else {}
            return (last.get("who"), last.get("origin")) == (mira.who.name, f"slack {mira.who.slack}")

        await it.until(audited, 15)


@pytest.mark.promise("plan-in-slack-stale")
async def test_who_was_overtaken_sees_what_was_published_meanwhile_and_keeps_their_changes(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, TWO) as it:
        mira = Boss(it)
        form = await new_rule(mira)
        await mira.sends(form, name="refunds", any="refund", service=option(form, "service", "sales"))
        look = await mira.view("What changes")
        other = (await yaml(it)).replace("any: [invoice]", "any: [invoice, bill]")
        await it.app.plan.publish(other, "Jonas", "bills, too", on=1, origin="test")
        await mira.sends(look, waiting=option(look, "waiting", "New"), reason="they asked")
        again = await mira.view("was published meanwhile")
        shown = json.dumps(again, ensure_ascii=False)
        assert (
            "Version 2 was published meanwhile*, by Jonas" in shown
            and "bills, too" in shown
            and "“bill”" in shown
        )
        assert "Rule “refunds” is new" in shown and "refunds" not in await yaml(it)
        assert (await mira.sends(again, waiting=option(again, "waiting", "New"), reason="they asked"))["ok"]
        await mira.sees("*Version 3* of the plan is active")
        text = await yaml(it)
        assert "[invoice, bill]" in text and "name: refunds" in text


@pytest.mark.promise("plan-in-slack-stale")
async def test_a_draft_that_no_longer_fits_is_said_and_can_be_thrown_away(tmp_path: Path) -> None:
    async with inside(tmp_path, TWO) as it:
        mira = Boss(it)
        picks = await pressed(mira, "form.rules", "What shall happen?")
        await mira.sends(picks, pick=option(picks, "pick", "1. money"), do=option(picks, "do", "Change"))
        form = await mira.view("When one of these words")
        await mira.sends(form, any="invoice\nbill")
        await mira.view("now also matches the word “bill”")
        without = (await yaml(it)).replace(
            "  - {name: money, when: {text: {any: [invoice]}}, set: {service: sales}}\n", ""
        )
        await it.app.plan.publish(without, "Jonas", "no rules", on=1, origin="test")
        lost = await mira.types("plan")
        assert "doesn't fit the active one any more: There is no “money”" in json.dumps(
            lost, ensure_ascii=False
        )
        await mira.press(await mira.sees("fit the active one any more"), "plan.discard")
        await mira.sees("You have no draft")


@pytest.mark.promise("plan-in-slack-back")
async def test_an_earlier_version_is_looked_at_and_published_again(tmp_path: Path) -> None:
    async with inside(tmp_path, TWO) as it:
        mira = Boss(it)
        first = await yaml(it)
        await it.app.plan.publish(
            first.replace("[invoice]", "[invoice, bill]"), "Jonas", "bills, too", on=1, origin="test"
        )
        form = await pressed(mira, "form.versions", "Go back to")
        assert "*2* :white_check_mark: Jonas" in json.dumps(form, ensure_ascii=False)
        await mira.sends(form, to=option(form, "to", "1 ·"))
        look = await mira.view("no longer matches the word")
        assert (await mira.sends(look, waiting=option(look, "waiting", "New")))["ok"]
        await mira.sees("*Version 3* of the plan is active: 1 change.")
        assert await yaml(it) == first and (await it.api("/plan"))["reason"] == "rollback to 1"


@pytest.mark.promise("plan-in-slack-draft")
async def test_hours_texts_and_people_gather_in_one_draft_that_outlives_the_modal(tmp_path: Path) -> None:
    async with inside(tmp_path, TWO) as it:
        mira = Boss(it)
        picks = await pressed(mira, "form.schedules", "What shall happen?")
        await mira.sends(picks, do=option(picks, "do", "A new one"))
        form = await mira.view("New: schedule")
        wrong = {"called": "office", "hours": "Mo-Fr 25:00-18:00"}
        assert "these aren't hours" in await mira.mistakes(form, **wrong)
        await mira.sends(
            form, called="office", hours="Mo-Fr 09:00-17:00", overrides="2026-12-24 off Christmas Eve"
        )
        await mira.view("office")

        picks = await pressed(mira, "form.texts", "Texts")
        await mira.sends(picks, pick=option(picks, "pick", "received"))
        form = await mira.view("In braces")
        assert "{nmae} isn't known in this text" in await mira.mistakes(form, en="We are on it, {nmae}.")
        await mira.sends(form, en="We answer by {due}.")
        await mira.view("received")

        picks = await pressed(mira, "form.people", "What shall happen?")
        await mira.sends(picks, pick=option(picks, "pick", "Ada"), do=option(picks, "do", "Change"))
        form = await mira.view("Skills, 1 to 5")
        await mira.sends(
            form, skills="network: 3", tier=option(form, "tier", "L2"), shift=option(form, "shift", "office")
        )
        look = await mira.view("What changes")
        await mira.types("plan")
        draft = json.dumps(await mira.sees("Your draft changes"), ensure_ascii=False)
        for said in ("office", "network 3", "L2", "received"):
            assert said in draft and said in json.dumps(look, ensure_ascii=False), said
        assert (await mira.sends(look, waiting=option(look, "waiting", "New"), reason="new year"))["ok"]
        await mira.sees("*Version 2* of the plan is active")
        ada = it.app.plan().plan.agent("Ada")
        assert ada is not None and (ada.tier, ada.skills, ada.shift) == (2, (("network", 3),), "office")
        await it.text("hello", JONAS)
        await it.until(lambda: it.got("We answer by", JONAS), 15)


@pytest.mark.promise("board-supervisors-only")
async def test_an_agent_has_no_plan_to_change(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        assert await it.slash("Ada", "plan") == "Only a supervisor does that. Ask mira@inside.example."
