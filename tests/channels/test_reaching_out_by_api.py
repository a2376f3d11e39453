"""A program, or a command, begins a contact with a customer in an agent's hands: as in Slack, by the same rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_app import DESK, EVA, JONAS, Inside, Json, inside
from test_commands_on_contacts import ask, beside

from tests.channels.phone_stage import CALLS, telephone

PLAN = CALLS
TEXT = {"agent": "Ada", "channel": "sms", "to": EVA, "text": "your parcel is here", "by": "the shop"}


async def post(stage: Inside, body: Json, status: int = 200) -> Json:
    async with stage.http.post(f"{stage.product}/api/v1/contacts", json=body, headers=stage.token) as answer:
        found: Json = await answer.json()
        assert answer.status == status, (answer.status, found)
        return found


@pytest.mark.promise("reach-api")
async def test_a_program_writes_first_in_an_agents_hands_with_undo_and_the_audit_log_says_who(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await stage.slash("Ada", "available")
        done = await post(stage, TEXT)
        assert done["contact"] == "C1001" and "C1001 is with Ada" in done["done"] and "Undo" in done["done"]
        got = (await stage.until(lambda: stage.got("your parcel is here")))[0]
        assert got["from"] == DESK and len(await stage.got("")) == 1
        it = await stage.api("/contacts/C1001")
        assert (it["state"], it["owner"]["name"], it["transcript"][0]["direction"]) == (
            "active",
            "Ada",
            "out",
        )
        assert (await stage.agent("Ada"))["load"] == 25
        await stage.app.projector.settled()
        (line,) = [row for row in await stage.api("/audit") if row["act"] == "contact.reach"]
        assert line["who"] == "the shop" and line["what"]["contact"] == "C1001"
        hint = (await post(stage, TEXT, 409))["hint"]
        assert "C1001 is open" in hint and "`also`" in hint
        assert len(await stage.contacts()) == 1


@pytest.mark.promise("reach-api")
async def test_the_same_rules_hold_and_each_no_names_the_agent(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        assert "Ada is not available on shift" in (await post(stage, TEXT, 409))["hint"]
        await stage.slash("Ada", "available")
        for wrong, words in (
            ({"to": "+14155550123"}, "only these countries"),
            ({"to": "+499001234567"}, "those are never called or texted"),
            ({"to": "Zoe"}, "is called \u201cZoe\u201d"),
            ({"agent": "Zoe"}, "no agent Zoe"),
            ({"service": "lamps"}, "no service lamps"),
            ({"text": ""}, "needs its words"),
            ({"channel": "email"}, "needs its words, and a mail its title"),
            ({"to": f"{EVA} hello"}, "names nobody"),
        ):
            found = await post(stage, TEXT | wrong, 404 if wrong.get("to") == "Zoe" else 422)
            assert words in found["hint"], found
        assert await stage.text("STOP", JONAS) == 200
        assert "(STOP)" in (await post(stage, TEXT | {"to": JONAS}, 422))["hint"]
        for n in range(4):
            await post(stage, TEXT | {"to": f"+49151234567{n}0"})
        assert "Ada has no room" in (await post(stage, TEXT, 409))["hint"]
        plan = await stage.api("/plan")
        await stage.app.plan.publish(plan["yaml"] + "reach: nobody\n", "test", "calm", on=plan["version"])
        assert "Nobody calls or texts" in (await post(stage, TEXT, 403))["hint"]


@pytest.mark.promise("reach-api")
async def test_a_call_rings_the_agent_and_then_the_customer(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        done = await post(it.inside, {"agent": "Ada", "channel": "voice", "to": EVA})
        assert "Ada's phone" in done["done"] or "their phone rings" in done["done"]
        leg = await it.inside.until(lambda: it.ringing("Ada"))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.said(leg, "press 1"))
        await it.do(leg, "press", digits="1")
        await it.do(await it.inside.until(lambda: it.ringing("Eva")), "answer")
        await it.inside.until(lambda: it.at(leg, "conference:"))


@pytest.mark.promise("reach-api")
async def test_a_command_begins_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with inside(tmp_path, PLAN) as stage:
        await stage.slash("Ada", "available")
        await beside(stage, monkeypatch)
        assert "C1001 is with Ada" in await ask("text", EVA, "your parcel is here", "--agent", "Ada")
        assert "C1001 is open" in await ask("text", EVA, "and?", "--agent", "Ada", code=1)
        assert "no agent Zoe" in await ask("call", EVA, "--agent", "Zoe", code=1)
        await stage.until(lambda: stage.got("your parcel is here"))
