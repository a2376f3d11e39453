"""Colleagues on one contact: mentioned they are asked in person and listed, who gives it away learns how it ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers_app import EVA, JONAS, Inside, inside
from test_contacts_end import opened, sent
from test_handing_over import PLAN as HANDS
from test_handing_over import direct, open_with, says, threads

PLAN = HANDS.replace(
    "  bills:\n",
    "    escalation: {checklist: {L1: [paper looked at, toner shaken, restarted], default: [asked the maker]}}\n  bills:\n",
)
Json = dict[str, Any]


async def typed(stage: Inside, name: str, text: str, channel: str = "desk") -> None:
    head = (await threads(stage, channel))[0]
    body = {
        "user": stage.person(name).slack,
        "channel": head["channel"],
        "thread_ts": head["ts"],
        "text": text,
    }
    await stage.call("/slack/reply", body)


async def head_says(stage: Inside, words: str, channel: str = "desk") -> bool:
    return words in json.dumps((await threads(stage, channel))[0], ensure_ascii=False)


@pytest.mark.promise("mention-invites")
async def test_who_is_mentioned_is_asked_in_person_with_link_and_last_lines_and_is_listed(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada", "my <!channel> printer burns")
        ben = stage.person("Ben").slack
        await typed(stage, "Ada", f"<@{ben}> have you seen this?")
        asked = (await stage.until(lambda: direct(stage, "Ben", "asks for your help")))[0]
        shown = json.dumps(asked, ensure_ascii=False)
        assert f"Ada asks for your help with {contact}" in shown and "It is with Ada" in shown
        assert "my <!channel> printer burns" in shown and "have you seen this?" in shown
        link = next(e for b in asked["blocks"] if b["type"] == "actions" for e in b["elements"])
        assert link["action_id"] == "link.open" and link["url"].startswith("http")
        quotes = [b["text"] for b in asked["blocks"] if "burns" in json.dumps(b)]
        assert quotes[0]["type"] == "plain_text"  # a customer's words don't come alive
        await stage.until(lambda: head_says(stage, "Helping: Ben"))
        await stage.until(lambda: says(stage, "desk", "Ben is asked to help."))
        assert (await stage.contact())["helping"] == ["Ben"]
        # What the helper writes stays inside, and so does the mention.
        await typed(stage, "Ben", "it is the drum")
        await stage.until(lambda: says(stage, "desk", f"Not sent: {contact} is with Ada. Kept as a note."))
        assert not await stage.got("drum") and not await stage.got("have you seen")


@pytest.mark.promise("mention-invites")
async def test_nobody_outside_the_plan_invites_or_is_invited_and_once_is_once(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await open_with(stage, "Ada")
        ben, zoe = stage.person("Ben").slack, await _stranger(stage)
        await typed(stage, "Ada", f"<@{zoe}> look")
        await stage.until(lambda: says(stage, "desk", "not in the plan, so Tierline tells them nothing"))
        assert not await stage.call(f"/slack/messages?user={zoe}")
        head = (await threads(stage, "desk"))[0]
        body = {"channel": head["channel"], "thread_ts": head["ts"], "text": f"<@{ben}> psst"}
        await stage.call("/slack/reply", body | {"user": zoe})
        await typed(stage, "Ada", f"<@{ben}> <@{ben}> both")
        await stage.until(lambda: direct(stage, "Ben", "asks for your help"))
        await stage.app.outbox.settled()
        assert len(await direct(stage, "Ben", "asks for your help")) == 1
        assert not await direct(stage, "Ada", "asks for your help")
        assert len((await stage.contact())["helping"]) == 1


async def _stranger(stage: Inside) -> str:
    """Lin, whom the plan doesn't name any more."""
    plan = await stage.api("/plan")
    without = "".join(it for it in plan["yaml"].splitlines(keepends=True) if "name: Lin" not in it)
    await stage.app.plan.publish(without, "test", "Lin left", on=plan["version"])
    return str(stage.person("Lin").slack)


@pytest.mark.promise("consult-lists")
async def test_who_is_consulted_gets_the_question_with_the_way_there_and_is_listed(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await stage.slash("Ada", f"consult {contact} Ben which toner?")
        asked = (await stage.until(lambda: direct(stage, "Ben", "which toner?")))[0]
        assert "my printer burns" in json.dumps(asked) and "Go to the thread" in json.dumps(asked)
        await stage.until(lambda: head_says(stage, "Helping: Ben"))
        await stage.until(lambda: says(stage, "desk", "Ada asks Ben: which toner?"))


@pytest.mark.promise("escalate-checklist")
@pytest.mark.promise("giver-learns")
async def test_what_was_tried_is_ticked_and_the_rest_needs_a_word_and_the_next_tier_reads_all(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        for name in ("Cem", "Lin"):
            await stage.slash(name, "available")
        told = await stage.slash("Ada", f"escalate {contact} nothing helps")
        assert "paper looked at, toner shaken, restarted. Tick what was done." in told
        view = await opened(stage, "Ada", "contact.escalate", "To be tried first")
        assert view["callback_id"] == "contact.escalate"
        ticked = {"done": ["0:paper looked at", "2:restarted"], "text": "smells of smoke"}
        missing = await sent(stage, "Ada", view, ticked)
        assert not missing["ok"] and "Not done: toner shaken. Say why not." in json.dumps(missing)
        assert (await sent(stage, "Ada", view, ticked | {"why": "too hot"}))["ok"]
        tried = "✓ paper looked at; ✓ restarted; ✗ toner shaken; why not: too hot; smells of smoke"
        await stage.until(lambda: says(stage, "desk", f"tried: {tried}"))
        await stage.accept("Cem", "too hot")
        # The next tier is asked its own list; its colleagues of another team read both, and the notes.
        await stage.until(lambda: says(stage, "desk", "With Cem now"))
        await typed(stage, "Cem", "// beware of the fire")
        await stage.until(lambda: says(stage, "desk", "kept as a note"))
        view = await opened(stage, "Cem", "contact.escalate", "asked the maker")
        assert (await sent(stage, "Cem", view, {"done": ["0:asked the maker"]}))["ok"]
        await stage.accept("Lin", "asked the maker")
        for words in ("my printer burns", "beware of the fire", "✓ asked the maker", tried):
            await stage.until(lambda words=words: says(stage, "experts", words))
        await stage.until(lambda: says(stage, "desk", "is now with Lin of experts, in another thread"))
        # In the old thread nothing is sent any more, by whomever.
        await typed(stage, "Cem", "hello?")
        await stage.until(
            lambda: says(stage, "desk", f"Not sent: {contact} is now with Lin, in another thread.")
        )
        dead = json.dumps((await threads(stage, "desk"))[0]["blocks"])
        assert "contact.close" not in dead and "contact.reply" not in dead
        # Whoever gave it away learns how it ended, each once.
        await stage.slash("Lin", f"done {contact} solved new drum")
        for name, to in (("Ada", "L2"), ("Cem", "L3")):
            words = f"which went from you to {to}, has ended: solved; new drum. Lin had it last."
            found = (await stage.until(lambda name=name, words=words: direct(stage, name, words)))[0]
            assert "Go to the thread" in json.dumps(found)
        await stage.app.outbox.settled()
        assert len(await direct(stage, "Ada", "has ended")) == 1 and not await direct(
            stage, "Lin", "has ended"
        )
        assert (
            not await stage.got("fire")
            and not await stage.got("drum", JONAS)
            and not await stage.got("hello?", EVA)
        )


@pytest.mark.promise("consult-lists")
async def test_a_team_that_is_asked_is_told_in_its_channel_and_listed_behind_the_people(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        assert "team experts is asked" in await stage.slash("Ada", f"consult {contact} team experts a drum?")
        await stage.until(lambda: head_says(stage, "Helping: team experts"))
        await stage.slash("Ada", f"consult {contact} Ben which toner?")
        await stage.until(lambda: head_says(stage, "Helping: Ben, team experts"))
        assert (await stage.contact())["helping"] == ["Ben", "team experts"]
