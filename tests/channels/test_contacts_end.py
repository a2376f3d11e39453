"""How contacts end at the desk, with everything running: the plan's own fields, what is required, how it was, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers_app import DESK, EVA, OPS, Inside, inside

PLAN = f"""
site: ends
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@ends.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{sms: {{offer: 60s, from: "{DESK}"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services:
  help:
    schedule: always
    answer_within: 10m
    steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]
    closing:
      root_causes: [toner, paper, "<their> end"]
      required: [root_cause]
      fields: [{{name: model, label: Which printer?, required: true}}, {{name: seen, label: Seen on, kind: date}}]
closing: {{dispositions: [printed again, sent on], rate: [sms]}}
entry: [{{channel: sms, to: "{DESK}", service: help}}]
agents:
  - {{name: Ada, slack: ada@ends.example, team: desk, tier: L1}}
  - {{name: Ben, slack: ben@ends.example, team: desk, tier: L1}}
settings: {{hold_reply: 1s}}
texts: {{closed: {{en: "All done."}}, rating: {{en: "How was {{agent}}? Answer 1 to 5."}}}}
"""
FULL = {
    "disposition": "0:printed again",
    "root_cause": "0:toner",
    "resolution": "shaken",
    "plan.model": "LX 3",
}
Json = dict[str, Any]


async def taken(stage: Inside, text: str = "my printer is silent") -> str:
    await stage.slash("Ada", "available")
    assert await stage.text(text) == 200
    await stage.accept("Ada", text)
    await stage.until(lambda: pressable(stage, "contact.close"))
    return str((await stage.contacts())[-1]["id"])


async def pressable(stage: Inside, action: str) -> list[Json]:
    return [m for m in await stage.channel("desk") if f'"{action}"' in json.dumps(m["blocks"])]


async def opened(stage: Inside, name: str, action: str, ready: str) -> Json:
    """The form behind a button, once it shows `ready`."""
    message, who = (await stage.until(lambda: pressable(stage, action)))[-1], stage.person(name).slack
    body = {"user": who, "channel": message["channel"], "ts": message["ts"], "action_id": action}
    await stage.call("/slack/act", body)

    async def form() -> Json | None:
        views = await stage.call(f"/slack/views?user={who}")
        return next((v for v in views if ready in json.dumps(v, ensure_ascii=False)), None)

    found: Json = await stage.until(form)
    return found


async def sent(stage: Inside, name: str, view: Json, values: Json) -> Json:
    who = stage.person(name).slack
    found: Json = await stage.call("/slack/submit", {"user": who, "view_id": view["id"], "values": values})
    return found


async def answer(stage: Inside, text: str) -> None:
    """The owner answers, and it reaches the customer."""
    head = next(m for m in await stage.channel("desk") if not m.get("thread_ts"))
    body = {
        "user": stage.person("Ada").slack,
        "channel": head["channel"],
        "thread_ts": head["ts"],
        "text": text,
    }
    await stage.call("/slack/reply", body)
    await stage.until(lambda: stage.got(text))


async def says(stage: Inside, words: str) -> bool:
    return words in json.dumps(await stage.channel("desk"), ensure_ascii=False)


async def outcome(stage: Inside, contact: str) -> Json:
    found: Json = (await stage.api(f"/contacts/{contact}"))["outcome"]
    return found


@pytest.mark.promise("close-own-fields")
async def test_the_form_asks_the_plans_own_fields_and_what_was_said_is_in_thread_history_and_api(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await taken(stage)
        view = await opened(stage, "Ada", "contact.close", "Which printer?")
        assert view["callback_id"] == "contact.close" and "<their> end" in json.dumps(view)
        bad = await sent(stage, "Ada", view, FULL | {"plan.model": ""})
        assert not bad["ok"] and "plan.model" in json.dumps(bad)
        assert (await stage.contact())["state"] == "active"
        assert (await sent(stage, "Ada", view, FULL))["ok"]
        await stage.until(
            lambda: says(stage, f"{contact} is closed: printed again; toner; shaken; model: LX 3")
        )
        expected = {
            "disposition": "printed again", "root_cause": "toner", "resolution": "shaken", "fields": {"model": "LX 3"},
            "by": "Ada",
        }  # fmt: skip

        async def known() -> bool:
            return await outcome(stage, contact) == expected

        await stage.until(known)


@pytest.mark.promise("close-required")
async def test_by_whatever_way_it_is_closed_what_the_plan_requires_is_asked(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await taken(stage)
        assert "root_cause: This is required." in await stage.slash("Ada", f"done {contact} printed again")
        url, refused = f"{stage.product}/api/v1/contacts/{contact}/close", {"disposition": "printed again"}
        async with stage.http.post(url, json=refused, headers=stage.token) as reply:
            assert reply.status == 422 and "model" in (await reply.json())["hint"]
        whole = {
            "disposition": "sent on",
            "root_cause": "paper",
            "fields": {"model": "LX 4", "seen": "2026-11-30"},
        }
        async with stage.http.post(url, json=whole | {"by": "Mira"}, headers=stage.token) as reply:
            assert reply.status == 200, await reply.text()
        await stage.until(lambda: says(stage, "is closed: sent on; paper; model: LX 4; seen: 2026-11-30"))


@pytest.mark.promise("text-rated")
async def test_who_was_answered_is_asked_how_it_was_in_the_one_text_that_ends_it(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await taken(stage)
        await answer(stage, "Shake it.")
        await sent(stage, "Ada", await opened(stage, "Ada", "contact.close", "Which printer?"), FULL)
        asked = await stage.until(lambda: stage.got("How was Ada?"))
        assert [it["text"] for it in asked] == ["All done. How was Ada? Answer 1 to 5."]
        assert await stage.text("5") == 200
        await stage.until(lambda: says(stage, "The customer rated it: 5 of 5."))

        async def known() -> bool:
            return (await outcome(stage, contact)).get("rating") == "5"

        await stage.until(known)
        assert [it["state"] for it in await stage.contacts()] == ["closed"]
        # What is no digit re-opens it, as ever.
        assert await stage.text("but now it smokes") == 200
        await stage.until(lambda: says(stage, "but now it smokes"))


@pytest.mark.promise("text-rated")
async def test_who_was_never_answered_is_not_asked_and_their_digit_is_a_message(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await taken(stage)
        await sent(stage, "Ada", await opened(stage, "Ada", "contact.close", "Which printer?"), FULL)
        await stage.until(lambda: stage.got("All done."))
        assert not await stage.got("How was")
        assert await stage.text("5") == 200  # nobody asked: it is a message
        await stage.until(lambda: says(stage, "Open again, with Ada."))
        assert "rating" not in await outcome(stage, str((await stage.contact())["id"]))


@pytest.mark.promise("reopen-button")
async def test_a_button_under_the_last_line_opens_it_again_for_whoever_had_it(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await taken(stage)
        await sent(stage, "Ada", await opened(stage, "Ada", "contact.close", "Which printer?"), FULL)
        line = (await stage.until(lambda: pressable(stage, "contact.reopen")))[-1]
        body = {"channel": line["channel"], "ts": line["ts"], "action_id": "contact.reopen"}
        await stage.call("/slack/act", body | {"user": stage.person("Ben").slack})
        await stage.until(lambda: says(stage, f"Only who had {contact}, or a supervisor, re-opens it."))
        await stage.call("/slack/act", body | {"user": stage.person("Ada").slack})
        await stage.until(lambda: says(stage, "Open again, with Ada."))
        assert (await stage.contact())["state"] == "active"
        assert EVA in json.dumps(await stage.contact())


@pytest.mark.promise("merge-form")
async def test_more_makes_it_part_of_another_contact_of_the_same_customer_chosen_from_a_menu(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await taken(stage)
        split = await stage.call_api(f"/contacts/{contact}/split", {"messages": [1]})
        other = str(split["contact"])

        async def known() -> bool:
            return len(await stage.app.history.past_of((EVA,), 5)) == 2

        await stage.until(known)
        view = await opened(stage, "Ada", "contact.more", "Make it part of another")
        assert f"{other} help, sms" in json.dumps(view)
        verb = next(
            o["value"] for b in view["blocks"] if b.get("block_id") == "verb" for o in b["element"]["options"]
            if "part of another" in o["text"]["text"]
        )  # fmt: skip
        empty = await sent(stage, "Ada", view, {"verb": verb})
        assert not empty["ok"] and "into" in json.dumps(empty)
        into = next(
            b["element"]["options"][0]["value"] for b in view["blocks"] if b.get("block_id") == "into"
        )
        assert (await sent(stage, "Ada", view, {"verb": verb, "into": into}))["ok"]
        await stage.until(lambda: says(stage, f"{contact} is part of {other} now"))
