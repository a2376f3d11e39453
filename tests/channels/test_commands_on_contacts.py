"""`tierline contact …` with a running product: each verb, what it says, and that it is on record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from helpers_app import DESK, EVA, JONAS, Inside, inside
from test_commands_on_versions import said
from test_handing_over import PLAN, direct, open_with

from tierline.queue.contact import Arrived, Decision


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "DATABASE_URL", "TIERLINE_SECRET", "TIERLINE_PLAN"):
        monkeypatch.delenv(name, raising=False)


async def ask(*words: str, code: int = 0) -> str:
    return await asyncio.to_thread(said, "contact", *words, code=code)


async def beside(stage: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands find the product that runs."""
    monkeypatch.setenv("PORT", stage.product.rpartition(":")[2])
    monkeypatch.setenv("TIERLINE_API_TOKEN", stage.rehearsal.api_token)


@pytest.mark.promise("moves-by-command")
async def test_whatever_is_done_with_a_contact_can_be_done_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await beside(stage, monkeypatch)
        for name in ("Ben", "Cem"):
            await stage.slash(name, "available")
        told = await ask("transfer", contact, "Ben", "--reason", "knows printers", "--by", "Mira")
        assert f"{contact} is handed over to Ben; it stays with Ada" in told
        assert "names nobody in the plan" in await ask("transfer", contact, "Zoe", code=1)
        assert "stays with Ada" in await ask("keep", contact)
        assert "is asked" in await ask("consult", contact, "Ben", "is it the toner?")
        assert "handed over to L2" in await ask("escalate", contact, "--tried", "new toner")
        assert "stays with Ada" in await ask("keep", contact)
        assert "sleeps until tomorrow at 09:00" in await ask("snooze", contact, "tomorrow 9:00")
        assert "handed over to Cem; it stays with Ada" in await ask("assign", contact, "Cem")
        assert "stays with Ada" in await ask("keep", contact)
        assert (await stage.contact())["state"] == "snoozed"  # declined or kept, it sleeps on
        await stage.app.outbox.settled()
        assert await direct(stage, "Ada", "the date") == []
        assert "is awake" in await ask("wake", contact)
        assert "counts 5 min earlier" in await ask("priority", contact, "5")
        assert "is due now" in await ask("priority", contact, "now")
        assert "whole number" in await ask("priority", contact, "soon", code=1)
        assert await stage.text("me too", JONAS) == 200
        other = str((await stage.contact(JONAS))["id"])
        assert "Nobody has" in await ask("close", other, code=1)
        assert f"part of {contact}" in await ask("merge", other, contact)
        assert "split off" in await ask("split", contact, "1")
        assert "is closed" in await ask("close", contact, "--disposition", "solved", "--by", "Mira")
        outcome = {"disposition": "solved", "root_cause": "", "resolution": "", "by": "Mira"}

        async def closed_so() -> bool:
            record = await stage.app.history.contact(contact)
            return record is not None and json.loads(record.outcome) == outcome

        await stage.until(closed_so)
        newer = await _writes_to_a_newer_one(stage, contact)
        assert f"goes on in {newer}: answer there" in await ask("reopen", contact, code=1)
        assert "was spam" in await ask("spam", newer)
        assert "is open again: it is in the queue" in await ask("reopen", contact)
        assert "hasn't ended" in await ask("reopen", contact, code=1)
        assert "was spam" in await ask("spam", contact)
        assert "no open contact" in await ask("release", "C9999", code=1)

        async def on_record() -> bool:
            lines = [(line["who"], line["act"]) for line in await stage.api("/audit")]
            return {("Mira", "contact.transfer"), ("Mira", "contact.close")} <= set(lines)

        await stage.until(on_record)


async def _writes_to_a_newer_one(stage: Inside, ended: str) -> str:
    """The customer of what has ended writes when it can't be opened again by that."""
    queue = stage.app.queue
    view = await queue.contact(ended)
    assert view is not None
    said = Arrived("sms", "SMnewer", EVA, DESK, "and now?").to_json()
    it = await queue.arrive(said, "SMnewer", view.thread, Decision(view.route, 0, facts=view.facts))
    assert it.outcome == "new"
    return it.contact


async def test_where_nothing_runs_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9")
    monkeypatch.setenv("TIERLINE_DATA", str(tmp_path / "var"))
    assert "no Tierline answers" in await ask("wake", "C1001", code=1)


def test_the_verbs_are_those_of_the_api() -> None:
    told = said("contact", "--help")
    assert all(verb in told for verb in json.loads('["transfer", "escalate", "snooze", "close", "reopen"]'))


@pytest.mark.promise("moves-by-command")
async def test_the_plans_own_fields_are_said_as_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "closing: {fields: [{name: model, label: Which printer?, required: true}]}\n"
    async with inside(tmp_path, PLAN + own) as stage:
        contact = await open_with(stage, "Ada")
        await beside(stage, monkeypatch)
        assert "model: This is required" in await ask("close", contact, code=1)
        assert "NAME=TEXT" in await ask("close", contact, "--field", "model", code=2)
        assert "is closed" in await ask("close", contact, "--field", "model=LX=9", "--by", "Mira")

        async def kept() -> bool:
            record = await stage.app.history.contact(contact)
            return record is not None and "LX=9" in record.outcome

        await stage.until(kept)
