"""Slack and Twilio are down, or act and lose their answer: nothing twice, nothing lost, nobody blamed."""

from __future__ import annotations

import asyncio

import pytest
from story_stage import JONAS, OPS, Stage, payload


async def _presence(stage: Stage, name: str) -> str:
    return str(next(a for a in await stage.api("/agents") if a["name"] == name)["presence"])


async def _took(stage: Stage, text: str) -> dict[str, object]:
    await stage.slash("Ada", "available")
    assert await stage.text(text) == 200
    await stage.accept("Ada", text)

    async def owned() -> dict[str, object] | None:
        it = await stage.contact()
        return it if it["state"] == "active" else None

    it: dict[str, object] = await stage.until(owned)
    return it


@pytest.mark.promise("slack-down")
@pytest.mark.promise("alerts-once")
async def test_while_slack_is_down_contacts_wait_and_nobody_is_set_away(stage: Stage) -> None:
    await stage.slash("Ada", "available")
    await stage.call("/faults", {"slack": {"down": True}})
    assert await stage.text("help me") == 200
    await stage.until(lambda: stage.got("Slack doesn't answer", OPS))
    assert (await stage.contact())["state"] in ("waiting", "offered")
    assert await _presence(stage, "Ada") == "available"
    await stage.call("/faults", {})
    await stage.until(lambda: stage.cards("Ada", "help me"))
    await stage.until(lambda: stage.got("Slack answers again", OPS))
    assert await _presence(stage, "Ada") == "available"
    assert (
        len(await stage.got("Slack doesn't answer", OPS))
        == len(await stage.got("Slack answers again", OPS))
        == 1
    )
    await stage.accept("Ada", "help me")


@pytest.mark.promise("slack-lost-answer")
async def test_slack_acts_and_loses_its_answer_and_nothing_is_shown_twice(stage: Stage) -> None:
    await _took(stage, "first")  # from here on Ada's direct messages and the channel are known
    await stage.call("/faults", {"slack": {"drop_reply": True}})
    assert await stage.text("second", JONAS) == 200
    await stage.until(lambda: stage.cards("Ada", "second"))
    await stage.call("/faults", {})

    async def delivered() -> bool:
        return any(o["state"] == "pending" for o in (await stage.contact(JONAS))["offers"])

    await stage.until(delivered)
    assert len(await stage.cards("Ada", "second")) == 1
    await stage.accept("Ada", "second")
    await stage.call("/faults", {"slack": {"drop_reply": True}})
    name = (await stage.contact(JONAS))["id"]
    await stage.until(lambda: stage.heads(name))
    await stage.call("/faults", {})
    head = await stage.thread(name)
    await stage.say("Ada", head, "One answer.")
    await stage.until(lambda: stage.got("One answer.", JONAS))
    assert len(await stage.heads(name)) == 1


@pytest.mark.promise("reply-once")
async def test_twilio_sends_and_loses_its_answer_and_the_customer_reads_it_once(stage: Stage) -> None:
    it = await _took(stage, "help me")
    head = await stage.thread(str(it["id"]))
    await stage.call("/faults", {"twilio": {"drop_reply": True, "times": 1}})
    await stage.say("Ada", head, "Only once.")
    await stage.until(lambda: stage.got("Only once."))

    async def settled() -> bool:
        found = [m for m in (await stage.contact())["transcript"] if m["text"] == "Only once."]
        return bool(found) and found[0]["status"] == "delivered"

    await stage.until(settled)
    assert len(await stage.got("Only once.")) == 1


@pytest.mark.promise("reply-retried")
async def test_twilio_fails_for_a_while_and_the_reply_goes_out_afterwards(stage: Stage) -> None:
    it = await _took(stage, "help me")
    head = await stage.thread(str(it["id"]))
    await stage.call("/faults", {"twilio": {"fail": 503, "times": 2}})
    await stage.say("Ada", head, "Later.")
    await stage.until(lambda: stage.got("Later."))
    assert len(await stage.got("Later.")) == 1


@pytest.mark.promise("arrives-once")
async def test_twilio_delivers_every_webhook_twice_and_the_text_is_there_once(stage: Stage) -> None:
    await stage.call("/faults", {"twilio": {"redeliver": True}})
    assert await stage.text("help me") == 200
    assert await stage.text("and me") == 200
    it = await stage.contact()
    assert [m["text"] for m in it["transcript"] if m["direction"] == "in"] == ["help me", "and me"]


@pytest.mark.promise("reply-once")
async def test_slack_delivers_every_message_twice_and_the_customer_reads_it_once(stage: Stage) -> None:
    it = await _took(stage, "help me")
    head = await stage.thread(str(it["id"]))
    await stage.call("/faults", {"slack": {"redeliver": True}})
    await stage.say("Ada", head, "Said once.")
    await stage.until(lambda: stage.got("Said once."))
    it = await stage.contact()
    assert [m["text"] for m in it["transcript"]].count("Said once.") == 1  # type: ignore[attr-defined]


@pytest.mark.promise("offer-race")
async def test_of_two_who_accept_at_once_one_has_it_and_the_other_is_told_who(stage: Stage) -> None:
    for name in ("Ada", "Ben"):
        await stage.slash(name, "available")
    assert await stage.text("this is for both") == 200
    cards = {
        name: (await stage.until(lambda n=name: stage.cards(n, "for both")))[0] for name in ("Ada", "Ben")
    }
    await asyncio.gather(*(stage.press(name, card, "offer.accept") for name, card in cards.items()))

    async def owner() -> str:
        it = await stage.contact()
        return str(it["owner"]["name"]) if it["owner"] else ""

    winner = await stage.until(owner)
    loser = {"Ada": "Ben", "Ben": "Ada"}[winner]

    async def told() -> bool:
        found = await stage.call(f"/slack/messages?user={stage.person(loser).slack}")
        return any(winner in str(m) for m in found)

    await stage.until(told)
    await stage.until(lambda: _no_cards(stage, loser))
    it = await stage.contact()
    assert len(await stage.heads(it["id"])) == 1
    assert payload((await stage.heads(it["id"]))[0])["contact"] == it["id"]


async def _no_cards(stage: Stage, name: str) -> bool:
    return not await stage.cards(name)
