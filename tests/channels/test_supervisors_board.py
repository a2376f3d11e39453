"""A supervisor runs the day from Slack: board, services, incidents and other people's contacts, over real sockets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from boss_stage import Boss, option
from helpers_app import JONAS, PLAN, inside

TWO = PLAN.replace(
    "entry:",
    "  sales: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], until: 30m}, {then: hold}]}\nentry:",
)


@pytest.mark.promise("board")
async def test_the_board_shows_the_day_and_is_fresh_again_at_a_press(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        mira = Boss(it)
        shown = await mira.types("board")
        assert "nobody waits" in json.dumps(shown) and "2 offline" in json.dumps(shown)
        assert await it.text("help me") == 200
        await it.until(it.contacts)
        await mira.press(await mira.sees("*Board*"), "board.refresh")
        await mira.sees("1 waits, C1001 for")
        found = await it.call(f"/slack/messages?user={mira.who.slack}")
        assert len([m for m in found if "*Board*" in json.dumps(m)]) == 1  # the same message, changed


@pytest.mark.promise("board-service")
async def test_a_service_is_closed_by_a_form_and_opened_on_the_board(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        mira = Boss(it)
        await mira.types("board")
        form = await mira.form(await mira.sees("*Board*"), "form.close-service", "Until when?")
        values = {"service": option(form, "service", "help"), "until": "next week"}
        wrong = await mira.sends(form, **values)
        assert not wrong["ok"] and "names no time" in wrong["errors"]["until"]
        assert (await mira.sends(form, **{**values, "until": "2h", "text": "The power is out."}))["ok"]
        told = await mira.sees("help is closed until")
        assert await it.text("anybody there?") == 200
        await it.until(lambda: it.got("The power is out."))
        await mira.press(told, "board.refresh")
        board = await mira.sees("closed by")
        await mira.press(board, "board.open")
        await mira.sees("follows its hours again")
        await mira.sees("open round the clock")
        done = [(mira.who.name, "service.close"), (mira.who.name, "service.open")]

        async def audited() -> bool:
            return [
                (it_["who"], it_["act"]) for it_ in await it.api("/audit") if "service" in it_["act"]
            ] == done

        await it.until(audited, 15)


@pytest.mark.promise("board-incident")
async def test_an_incident_shows_whom_it_concerns_before_they_are_told_and_tells_them_its_end(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path) as it:
        mira = Boss(it)
        assert await it.text("everything is so slow") == 200
        assert await it.text("where is my invoice?", JONAS) == 200
        await it.until(lambda: it.contacts(JONAS))
        await mira.types("board")
        form = await mira.form(await mira.sees("*Board*"), "form.incident", "Words that customers write")
        nothing = {"service": option(form, "service", "any"), "words": "", "text": "We know."}
        assert "Name a service" in (await mira.sends(form, **nothing))["errors"]["words"]
        sent = await mira.sends(form, **{**nothing, "words": "slow, down"})
        assert sent["response_action"] == "update"
        shown = await mira.view("Tell them?")
        concerned = json.dumps(shown, ensure_ascii=False)
        assert (
            "*1 of those who are here now*" in concerned and "Eva" in concerned and "Jonas" not in concerned
        )
        assert not await it.got("We know.")  # nobody is told before
        assert (await mira.sends(shown))["ok"]
        await it.until(lambda: it.got("We know."))
        told = await mira.sees("stands. End it with")
        assert not await it.got("We know.", JONAS)
        await mira.press(told, "board.refresh")
        over = await mira.form(
            await mira.sees(":rotating_light:"), "form.incident-end", "What those who were told"
        )
        assert (await mira.sends(over, text="All is well again."))["ok"]
        await it.until(lambda: it.got("All is well again."))
        assert not await it.got("All is well again.", JONAS)


@pytest.mark.promise("board-contacts")
async def test_a_contact_is_put_first_assigned_moved_and_explained(tmp_path: Path) -> None:
    async with inside(tmp_path, TWO) as it:
        mira = Boss(it)
        assert await it.text("help me") == 200
        await it.until(it.contacts)
        await mira.types("board")
        board = await mira.sees("*Board*")
        before = (await it.contact())["rank"]
        form = await mira.form(board, "form.first", "It comes")
        contact = option(form, "contact", "C1001")
        assert (
            "1 to 999"
            in (await mira.sends(form, contact=contact, how=option(form, "how", "Earlier"), minutes="0"))[
                "errors"
            ]["minutes"]
        )
        assert (await mira.sends(form, contact=contact, how=option(form, "how", "Earlier"), minutes="20"))[
            "ok"
        ]
        await mira.sees("counts 20 min earlier")
        assert (await it.contact())["rank"] != before

        form = await mira.form(board, "form.why", "its number")
        assert (await mira.sends(form, number="1001"))["ok"]
        await mira.sees("Ada: ")

        await it.slash("Ben", "available")
        await it.until(lambda: it.cards("Ben", "help me"))
        form = await mira.form(board, "form.hand", "Move a contact")
        assert (
            "Which contact?"
            in (await mira.sends(form, to=option(form, "to", "service sales")))["errors"]["number"]
        )
        sent = await mira.sends(
            form, number="C1001", to=option(form, "to", "service sales"), why="about money"
        )
        assert sent["ok"]
        await mira.sees("C1001 goes to service sales")
        assert (await it.contact())["service"] == "sales"

        await it.slash("Ada", "available")
        form = await mira.form(board, "form.assign", "Assign a contact")
        assert (await mira.sends(form, number="C1001", to=option(form, "to", "Ada")))["ok"]
        await mira.sees("C1001 goes to Ada")
        card = (await it.until(lambda: it.cards("Ada", "help me"), 10))[
            0
        ]  # at once: Ben's offer doesn't run out first
        assert not await it.cards("Ben", "help me") and card


@pytest.mark.promise("board-supervisors-only")
async def test_an_agent_is_told_kindly_whom_to_ask_for_the_board(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        assert await it.slash("Ada", "board") == "Only a supervisor does that. Ask mira@inside.example."
