"""What sleeps, comes back, is given back, merged, split, thrown away: with everything running, and the clock moved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers_app import JONAS, Inside, inside
from test_handing_over import PLAN, direct, open_with, owner, post, says, threads


async def passes(stage: Inside, span: str) -> None:
    await stage.call("/clock", {"advance": span})


async def say(stage: Inside, name: str, channel: str, text: str) -> None:
    head = (await threads(stage, channel))[0]
    who = stage.person(name).slack
    await stage.call(
        "/slack/reply", {"user": who, "channel": head["channel"], "thread_ts": head["ts"], "text": text}
    )


async def state(stage: Inside) -> str:
    return str((await stage.contact())["state"])


async def answered(stage: Inside, name: str, text: str) -> None:
    await say(stage, name, "desk", text)
    await stage.until(lambda: stage.got(text))


@pytest.mark.promise("snoozed-when-quiet")
async def test_after_an_answer_it_sleeps_and_a_text_brings_it_straight_back(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await open_with(stage, "Ada")
        await answered(stage, "Ada", "try turning it off")
        assert (await stage.agent("Ada"))["load"] == 25
        await passes(stage, "11m")
        assert await state(stage) == "snoozed"
        assert (await stage.agent("Ada"))["load"] == 0
        await say(stage, "Ada", "desk", "did it help?")  # what sleeps is still theirs to write to
        await stage.until(lambda: stage.got("did it help?"))
        assert await stage.text("no, it burns again") == 200
        await stage.until(lambda: says(stage, "desk", "it burns again"))
        assert (await state(stage), await owner(stage)) == ("active", "Ada")
        assert await stage.cards("Ada") == []


@pytest.mark.promise("silent-owner-nudged")
async def test_an_owner_who_does_not_answer_is_reminded_then_others_are_asked(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await stage.slash("Ben", "available")
        await passes(stage, "15m30s")
        await stage.until(lambda: direct(stage, "Ada", "waits for your answer"))
        assert await owner(stage) == "Ada"
        await passes(stage, "15m")
        await stage.until(lambda: stage.cards("Ben"))
        await stage.until(lambda: direct(stage, "Ada", f"{contact} is back in the queue: you didn't answer"))
        await stage.until(lambda: says(stage, "desk", "Ada didn't answer the customer"))
        await stage.accept("Ben")
        await stage.until(lambda: says(stage, "desk", "With Ben now"))


@pytest.mark.promise("reopened-by-a-text")
async def test_a_text_soon_after_the_end_opens_it_again_with_who_had_it(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        queue = stage.app.queue
        assert (await queue.complete(contact, "Ada", '{"disposition":"solved"}')).done
        await stage.until(lambda: says(stage, "desk", f"{contact} is closed: solved"))
        assert await stage.text("one more thing") == 200
        await stage.until(lambda: says(stage, "desk", "Open again, with Ada"))
        assert (await state(stage), await owner(stage)) == ("active", "Ada")
        await say(stage, "Ada", "desk", "of course")
        await stage.until(lambda: stage.got("of course"))


@pytest.mark.promise("reopen-and-send")
async def test_words_under_an_ended_contact_are_sent_by_reopening_it(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await stage.app.queue.complete(contact, "Ada", '{"disposition":"solved"}')
        await stage.until(lambda: says(stage, "desk", f"{contact} is closed: solved"))
        await say(stage, "Ada", "desk", "I forgot: warranty")

        async def whisper() -> list[object]:
            found = await stage.call(f"/slack/messages?user={stage.person('Ada').slack}")
            return [m for m in [*found, *await stage.channel("desk")] if "Re-open and send" in json.dumps(m)]

        told = (await stage.until(whisper))[0]
        assert await stage.got("warranty") == []
        body = {"user": stage.person("Ada").slack, "channel": told["channel"], "ts": told["ts"]}
        await stage.call("/slack/act", {**body, "action_id": "contact.reopen"})
        await stage.until(lambda: stage.got("I forgot: warranty"))
        assert await owner(stage) == "Ada"


async def test_a_date_brings_it_back_and_it_can_be_given_back(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        assert "sleeps until" in await stage.slash("Ada", f"snooze {contact} 2h the part comes")
        assert await state(stage) == "snoozed"
        await passes(stage, "2h1m")
        await stage.until(lambda: direct(stage, "Ada", "the date that was set for it has come"))
        assert (await state(stage), await owner(stage)) == ("active", "Ada")
        await stage.slash("Ben", "available")
        rank = (await stage.contact())["rank"]
        assert "back in the queue" in await stage.slash("Ada", f"give back {contact} my day is over")
        await stage.until(lambda: stage.cards("Ben"))
        assert (await stage.contact())["rank"] == rank


@pytest.mark.promise("merge-and-split")
async def test_merged_its_conversation_leads_to_the_other_and_split_it_is_one_of_its_own(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        first = await open_with(stage, "Ada")
        assert await stage.text("it is Jonas about the same", JONAS) == 200
        second = str((await stage.until(lambda: stage.contacts(JONAS)))[0]["id"])
        await post(stage, f"/contacts/{second}/merge", {"into": first, "by": "Mira"})
        await stage.until(lambda: says(stage, "desk", f"{second} is part of this now"))
        assert await says(stage, "desk", "it is Jonas about the same"), "nobody else has ever seen it"
        assert await says(stage, "desk", "What you answer goes to Eva Brandt, +4915112345678 alone.")
        assert await stage.text("and my door", JONAS) == 200
        await stage.until(lambda: says(stage, "desk", "and my door"))
        assert await stage.got("Closed.", JONAS) == []  # merging is no end that a customer is told of
        numbers = [m["n"] for m in (await stage.contact())["transcript"] if m["text"] == "and my door"]
        made = await post(stage, f"/contacts/{first}/split", {"messages": numbers})
        whole = await stage.api(f"/contacts/{made['contact']}")
        assert [m["text"] for m in whole["transcript"]] == ["and my door"]
        assert whole["previous"] == first
        await post(stage, f"/contacts/{first}/split", {"messages": [999]}, 422)


@pytest.mark.promise("spam-comes-last")
async def test_spam_ends_silently_and_its_sender_waits_behind_everybody(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        assert await stage.text("WIN A PRIZE") == 200
        contact = (await stage.contact())["id"]
        assert "was spam" in await stage.slash("Mira", f"spam {contact}")
        assert await stage.text("WIN TWO PRIZES") == 200
        assert await stage.text("my door is stuck", JONAS) == 200
        again = [c for c in await stage.contacts() if c["id"] != contact][0]
        other = (await stage.contacts(JONAS))[0]
        assert again["rank"] > other["rank"] and again["state"] == "waiting"
        assert await stage.got("Closed.") == []


async def test_supervisors_assign_and_say_who_comes_first(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        assert await stage.text("first") == 200 and await stage.text("second", JONAS) == 200
        one, two = (await stage.contacts())[0], (await stage.contacts(JONAS))[0]
        assert one["rank"] < two["rank"]
        await post(stage, f"/contacts/{two['id']}/priority", {"points": 10, "by": "Mira"})
        assert (await stage.contacts(JONAS))[0]["rank"] < one["rank"]
        await post(stage, f"/contacts/{two['id']}/priority", {"points": "soon"}, 400)
        for name in ("Ada", "Lin"):
            await stage.slash(name, "available")
        await stage.until(lambda: stage.cards("Ada", "second"))
        assert "goes to Lin" in await stage.slash("Mira", f"assign {one['id']} Lin")
        await stage.until(lambda: stage.cards("Lin", "first"))


async def test_somebody_removed_from_the_plan_keeps_what_they_have_for_the_grace_then_others_get_it(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        contact = await open_with(stage, "Ada")
        await stage.slash("Ben", "available")
        without = "\n".join(row for row in PLAN.splitlines() if "name: Ada" not in row)
        await stage.app.plan.publish(without, "Mira", "Ada leaves")
        assert await owner(stage) == "Ada"
        await passes(stage, "5m10s")  # the grace, and less than an offer
        await stage.until(lambda: stage.cards("Ben"))
        await stage.accept("Ben")
        await stage.until(lambda: says(stage, "desk", "With Ben now"))
        assert contact == (await stage.contact())["id"]
