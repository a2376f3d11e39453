"""A contact from hand to hand, with everything running: nobody's at no time, and each told what concerns them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers_app import DESK, EVA, OPS, Inside, inside

PLAN = f"""
site: hands
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@hands.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{sms: {{offer: 60s, from: "{DESK}"}}}}
teams: {{desk: {{channel: "#desk"}}, experts: {{channel: "#experts"}}}}
services:
  help:
    schedule: always
    answer_within: 10m
    steps: [{{tiers: [L1], until: 30m}}, {{tiers: [L1, L2], until: 2h}}, {{tiers: [L1, L2, L3], then: hold}}]
  bills:
    schedule: always
    answer_within: 10m
    skills: {{money: 1}}
    steps: [{{tiers: [L1], then: hold}}]
entry: [{{channel: sms, to: "{DESK}", service: help}}]
agents:
  - {{name: Ada, slack: ada@hands.example, team: desk, tier: L1}}
  - {{name: Ben, slack: ben@hands.example, team: desk, tier: L1, skills: {{money: 2}}}}
  - {{name: Cem, slack: cem@hands.example, team: desk, tier: L2}}
  - {{name: Lin, slack: lin@hands.example, team: experts, tier: L3}}
texts: {{taken: {{en: "{{agent}} is on it."}}, moved: {{en: "Colleagues of {{team}} take over."}}, closed: {{en: "Closed."}}}}
settings: {{hold_reply: 1s}}
"""
Json = dict[str, Any]


async def post(stage: Inside, path: str, body: Json, status: int = 200) -> Json:
    """The API's answer, and that it has this status."""
    async with stage.http.post(f"{stage.product}/api/v1{path}", json=body, headers=stage.token) as answer:
        found: Json = await answer.json()
        assert answer.status == status, (answer.status, found)
        return found


async def open_with(stage: Inside, name: str, text: str = "my printer burns") -> str:
    """A contact that `name` has taken, its thread open."""
    await stage.slash(name, "available")
    assert await stage.text(text) == 200
    await stage.accept(name, text)
    await stage.until(lambda: threads(stage, "desk"))
    return str((await stage.contact())["id"])


async def threads(stage: Inside, channel: str) -> list[Json]:
    return [m for m in await stage.channel(channel) if not m.get("thread_ts")]


async def says(stage: Inside, channel: str, text: str) -> bool:
    return text in json.dumps(await stage.channel(channel), ensure_ascii=False)


async def owner(stage: Inside) -> str:
    return str(((await stage.contact())["owner"] or {}).get("name"))


async def direct(stage: Inside, name: str, text: str) -> list[Json]:
    """What `name` reads in direct messages that contains `text`."""
    found = await stage.call(f"/slack/messages?user={stage.person(name).slack}")
    return [m for m in found if text in json.dumps(m, ensure_ascii=False)]


async def owned_in(ledger: list[Json], contact: str) -> bool:
    """Whether the ledger never shows it without an owner once it was accepted."""
    kinds = [e["event"] for e in ledger if e["contact"] == contact]
    return "queued" not in kinds[kinds.index("accepted") :]


@pytest.mark.promise("transfer-keeps-owner-and-rank")
async def test_handed_over_it_stays_with_its_owner_until_the_other_accepts_and_keeps_its_rank(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        rank = (await stage.contact())["rank"]
        await stage.slash("Ben", "available")
        told = await stage.slash("Ada", f"transfer {contact} @Ben knows printers")
        assert "handed over to Ben" in told and "stays with Ada" in told
        card = (await stage.until(lambda: stage.cards("Ben")))[0]
        assert "Ada hands over to Ben: knows printers" in json.dumps(card, ensure_ascii=False)
        whole = await stage.contact()
        assert (whole["owner"]["name"], whole["state"], whole["handing"]) == ("Ada", "active", True)
        await stage.accept("Ben")
        await stage.until(lambda: says(stage, "desk", "With Ben now"))
        whole = await stage.contact()
        assert (whole["owner"]["name"], whole["rank"], whole["handing"]) == ("Ben", rank, False)
        assert whole["moves"][0]["reason"] == "knows printers"
        assert await owned_in(await stage.api("/ledger"), contact)
        assert len(await threads(stage, "desk")) == 1


@pytest.mark.promise("transfer-declined-stays")
async def test_a_colleague_who_declines_leaves_it_with_its_owner_who_hears_of_it(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await stage.slash("Ben", "available")
        await stage.slash("Ada", f"transfer {contact} Ben")
        card = (await stage.until(lambda: stage.cards("Ben")))[0]
        body = {"user": stage.person("Ben").slack, "channel": card["channel"], "ts": card["ts"]}
        await stage.call("/slack/act", {**body, "action_id": "offer.decline"})
        await stage.until(lambda: says(stage, "desk", "They declined: it stays with Ada"))
        await stage.until(lambda: direct(stage, "Ada", "They declined"))
        whole = await stage.contact()
        assert (whole["owner"]["name"], whole["handing"], whole["moves"]) == ("Ada", False, [])


@pytest.mark.promise("handover-goes-on")
async def test_a_team_in_which_everybody_declines_leaves_it_with_its_owner_who_hears_that_nobody_is_left(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await stage.slash("Ben", "available")
        await stage.slash("Ada", f"transfer {contact} team desk")
        card = (await stage.until(lambda: stage.cards("Ben")))[0]
        body = {"user": stage.person("Ben").slack, "channel": card["channel"], "ts": card["ts"]}
        await stage.call("/slack/act", {**body, "action_id": "offer.decline"})
        await stage.until(lambda: direct(stage, "Ada", "Nobody else can take it now: it stays with Ada"))
        await stage.until(lambda: stage.told("nobody is left to take it over; it stays with Ada"))
        whole = await stage.contact()
        assert (whole["owner"]["name"], whole["handing"], whole["step"]) == ("Ada", True, whole["steps"])
        await stage.slash("Cem", "available")
        await stage.accept("Cem")
        await stage.until(lambda: says(stage, "desk", "With Cem now"))


@pytest.mark.promise("escalate-with-what-was-tried")
async def test_escalated_the_next_tier_reads_what_was_tried_and_a_return_is_counted(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        assert "Say what was tried" in await stage.slash("Ada", f"escalate {contact}")
        for name in ("Cem", "Lin"):
            await stage.slash(name, "available")
        assert "handed over to L2" in await stage.slash("Ada", f"escalate {contact} new toner")
        card = (await stage.until(lambda: stage.cards("Cem")))[0]
        assert "tried: new toner" in json.dumps(card, ensure_ascii=False)
        await stage.accept("Cem")
        await stage.until(lambda: says(stage, "desk", "With Cem now"))
        # L3 is another team: a new thread in its channel with all that was said, the old one is closed.
        await post(stage, f"/contacts/{contact}/escalate", {"tried": "new drum", "by": "Mira"})
        card = (await stage.until(lambda: stage.cards("Lin")))[0]
        shown = json.dumps(card, ensure_ascii=False)
        assert "tried: new drum" in shown and "tried: new toner" in shown
        await stage.accept("Lin")
        await stage.until(lambda: says(stage, "experts", "my printer burns"))
        await stage.until(lambda: says(stage, "experts", "new drum"))
        await stage.until(lambda: says(stage, "desk", "is now with Lin of experts, in another thread"))
        refused = await post(stage, f"/contacts/{contact}/escalate", {"tried": "all"}, 422)
        assert "no tier above L3" in refused["hint"]
        await stage.slash("Ada", "available")
        assert "for the 1. time" in await stage.slash(
            "Lin", f"transfer {contact} L1 it is the printer after all"
        )
        assert (await stage.contact())["bounces"] == 1
        assert "came back 1" in json.dumps(
            (await stage.until(lambda: stage.cards("Ada")))[0], ensure_ascii=False
        )


async def test_whom_it_does_not_belong_to_is_told_kindly(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        assert "is with Ada: only they or a supervisor" in await stage.slash("Ben", f"transfer {contact} Cem")
        assert "names nobody in the plan" in await stage.slash("Ada", f"transfer {contact} Zoe")
        assert "Only a supervisor assigns" in await stage.slash("Ada", f"assign {contact} Ben")
        assert "no open contact" in await stage.slash("Ada", "snooze C9999 2h")
        assert "names no time" in await stage.slash("Ada", f"snooze {contact} soonish")
        await post(stage, "/contacts/C9999/transfer", {"to": "Ben"}, 404)
        await post(stage, f"/contacts/{contact}/transfer", {"to": 5}, 400)
        assert await owner(stage) == "Ada"
        assert EVA not in str(await post(stage, f"/contacts/{contact}/merge", {"into": contact}, 409))


@pytest.mark.promise("forms-in-the-thread")
async def test_in_the_thread_a_form_hands_over_asks_and_snoozes(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await stage.slash("Ben", "available")
        await _fill(
            stage, "Ada", "more", {"verb": "Ask a colleague", "to": "Ben", "text": "is it the toner?"}
        )
        await stage.until(lambda: direct(stage, "Ben", f"Ada asks about {contact}: is it the toner?"))
        assert await owner(stage) == "Ada"
        await _fill(stage, "Ada", "transfer", {"to": "Ben", "text": "it is the toner"})
        await stage.accept("Ben", "it is the toner")
        await stage.until(lambda: says(stage, "desk", "With Ben now"))
        await _fill(stage, "Ben", "snooze", {"when": "tomorrow 9:00", "text": "toner comes"})
        await stage.until(lambda: says(stage, "desk", "Asleep until tomorrow at 09:00: toner comes"))


async def _fill(stage: Inside, name: str, form: str, wanted: dict[str, str]) -> None:
    """Press a button of the thread's head, choose by what the menus say, and send it."""
    head = (await threads(stage, "desk"))[0]
    user = stage.person(name).slack
    body = {"user": user, "channel": head["channel"], "ts": head["ts"], "action_id": f"contact.{form}"}
    await stage.call("/slack/act", body)

    async def form() -> Any:
        found = await stage.call(f"/slack/views?user={user}")
        return next((v for v in found if any(b["type"] == "input" for b in v["blocks"])), None)

    view = await stage.until(form)
    values: Json = {}
    for block in view["blocks"]:
        field = block["element"]["action_id"]
        if field in wanted:
            options = block["element"].get("options", [])
            chosen = next((o["value"] for o in options if o["text"]["text"] == wanted[field]), wanted[field])
            values.setdefault(block["block_id"], {})[field] = chosen
    await stage.call("/slack/submit", {"user": user, "view_id": view["id"], "values": values})
