"""Articles at the desk: what a close taught is written down and published, sent, gone through; questions in one press."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers_app import PLAN, Inside, inside
from test_answering_by_form import form, press, submit, thread

from tierline.channels.house import Actor
from tierline.queue.history.article import Article
from tierline.queue.history.articles import Articles

ASKS = PLAN.replace(
    "    steps: [{tiers: [L1], until: 30m}, {then: hold}]",
    "    steps: [{tiers: [L1], until: 30m}, {tiers: [L1, L2], until: 60m}, {then: hold}]\n"
    "    ask:\n"
    "      - {ask: device, say: {en: Which device is it?}, choices: [{value: router, say: {en: The router}}, {value: phone, say: {en: A phone}}]}\n"
    "      - {ask: since, say: {en: Since when?}}",
).replace(
    "  - {name: Ben, slack: ben@inside.example, team: desk, tier: L1}",
    "  - {name: Ben, slack: ben@inside.example, team: desk, tier: L2}",
)
GUIDE = Article(
    "red-lamp", "en", "The red lamp", "When it is red.", steps=("Pull the plug", "Wait"), state="published", at=1,
)  # fmt: skip


async def has(it: Inside, who: str = "Ada") -> tuple[str, dict[str, str], dict[str, Any]]:
    """The agent has a contact: its id, its thread, its thread's first message as a place to press."""
    await it.slash(who, "available")
    await it.text("my lamp is red")
    await it.accept(who, "my lamp")
    contact = str((await it.contact())["id"])
    at = await thread(it, contact)
    return contact, at, {"channel": at["channel"], "ts": at["thread_ts"]}


async def head(it: Inside, at: dict[str, str]) -> str:
    found = await it.call(f"/slack/messages?channel={at['channel']}")
    return json.dumps(next(m for m in found if m["ts"] == at["thread_ts"]), ensure_ascii=False)


async def in_thread(it: Inside, at: dict[str, str], text: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found = await it.call(f"/slack/messages?channel={at['channel']}")
        return next(
            (
                m
                for m in found
                if m.get("thread_ts") == at["thread_ts"] and text in json.dumps(m, ensure_ascii=False)
            ),
            None,
        )

    found: dict[str, Any] = await it.until(look)
    return found


@pytest.mark.promise("ask-one-click")
async def test_what_a_service_must_know_is_asked_with_one_press_and_the_answer_is_on_record(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, ASKS) as it:
        await it.slash("Ada", "available")
        await it.text("my lamp is red")
        card = json.dumps((await it.until(lambda: it.cards("Ada")))[0])
        assert "to be asked: device, since" in card
        contact, at, place = await has(it)
        await press(it, "Ada", place, "ask.send", f"{contact}.device")
        await it.until(lambda: it.got("Which device is it?"))
        assert "1  The router" in (await it.got("Which device"))[0]["text"]

        async def gone() -> bool:
            return "Ask: device" not in await head(it, at)

        await it.until(gone)
        await it.text("hm, no idea")
        await it.text("the router")
        await in_thread(it, at, "Answered: device: router")

        async def shown() -> bool:
            return "device: The router" in await head(it, at)

        await it.until(shown)
        assert "Ask: since" in await head(it, at)


@pytest.mark.promise("guide-ticked")
async def test_a_guides_ticks_stand_in_the_thread_and_go_along_to_the_next_tier(tmp_path: Path) -> None:
    async with inside(tmp_path, ASKS) as it:
        await Articles(it.app.history.database).save(GUIDE)
        contact, at, place = await has(it)
        await press(it, "Ada", place, "form.article", contact)
        choose = await form(it, "Ada", "The red lamp")
        assert (
            await submit(it, "Ada", choose, {"title": "0:The red lamp", "how": "1:Go through its steps"})
        )["ok"]
        ticks = await form(it, "Ada", "What was done?")
        assert (await submit(it, "Ada", ticks, {"done": ["0:Pull the plug"]}))["ok"]
        await in_thread(it, at, "Guide “The red lamp”: ✓ Pull the plug · ☐ Wait")
        await it.slash("Ben", "available")
        await press(it, "Ada", place, "contact.escalate", contact)
        further = await form(it, "Ada", "Pull the plug")
        assert (await submit(it, "Ada", further, {"text": "looked at the line"}))["ok"]
        handed = json.dumps((await it.until(lambda: it.cards("Ben")))[0], ensure_ascii=False)
        assert "✓ Pull the plug" in handed and "looked at the line" in handed


@pytest.mark.promise("article-sent")
async def test_an_articles_link_is_sent_as_a_reply(tmp_path: Path) -> None:
    async with inside(tmp_path, ASKS) as it:
        await Articles(it.app.history.database).save(GUIDE)
        contact, _, place = await has(it)
        await press(it, "Ada", place, "form.article", contact)
        choose = await form(it, "Ada", "The red lamp")
        sent = {"title": "0:The red lamp", "how": "0:Send its link to the customer"}
        assert (await submit(it, "Ada", choose, sent))["ok"]
        reply = await form(it, "Ada", "/help/red-lamp?l=en")
        words = next(b for b in reply["blocks"] if b.get("block_id") == "text")["element"]["initial_value"]
        assert (await submit(it, "Ada", reply, {"text": words}))["ok"]
        await it.until(lambda: it.got(f"{it.product}/help/red-lamp?l=en"))
        assert "The red lamp" in await it.slash("Ada", "articles lamp")


@pytest.mark.promise("article-from-close")
async def test_a_close_becomes_an_article_in_two_clicks(tmp_path: Path) -> None:
    async with inside(tmp_path, ASKS) as it:
        contact, at, place = await has(it)
        await press(it, "Ada", place, "contact.close", contact)
        close = await form(it, "Ada", "How did it end?")
        values = {
            "disposition": "0:solved",
            "root_cause": "plug",
            "resolution": "Pull the plug and put it in again.",
        }
        assert (await submit(it, "Ada", close, values))["ok"]
        last = await in_thread(it, at, "form.article-edit")
        await it.app.projector.settled()
        await press(it, "Ada", last, "form.article-edit", contact)
        written = await form(it, "Ada", "Pull the plug and put it in again.")
        values = {
            b["block_id"]: b["element"].get("initial_value", "") for b in written["blocks"] if b["type"] == "input"
        }  # fmt: skip
        assert values["title"] == "my lamp is red" and "state" not in values
        sent = {
            "title": values["title"],
            "body": values["body"],
            "tags": "red lamp",
            "language": "0:en",
            "services": ["0:help"],
        }
        assert (await submit(it, "Ada", written, sent))["ok"]
        store = Articles(it.app.history.database)

        async def kept() -> bool:
            return bool(await store.newest())

        await it.until(kept)
        (draft,) = await store.newest()
        assert (draft.slug, draft.state, draft.author) == ("my-lamp-is-red", "draft", "Ada")
        assert "Pull the plug" in draft.body and not await store.published()
        mira = Actor("U0MIRA", "mira@inside.example", "Mira")
        ada = it.person("Ada")
        agent = Actor(ada.slack, "ada@inside.example", "Ada")
        assert not (await it.app.house.pressed(agent, "article.publish", "my-lamp-is-red/en/1")).ok
        assert (await it.app.house.pressed(mira, "article.publish", "my-lamp-is-red/en/1")).ok
        assert [one.slug for one in await store.published()] == ["my-lamp-is-red"]
        assert not (await it.app.house.pressed(mira, "article.publish", "my-lamp-is-red/en/1")).ok


@pytest.mark.promise("ask-one-click")
async def test_a_question_that_was_taken_back_can_be_asked_again(tmp_path: Path) -> None:
    async with inside(tmp_path, ASKS.replace("hold_reply: 1s", "hold_reply: 1h")) as it:
        contact, at, place = await has(it)
        await press(it, "Ada", place, "ask.send", f"{contact}.device")

        async def offered(yes: bool) -> bool:
            return ("Ask: device" in await head(it, at)) is yes

        await it.until(lambda: offered(False))
        held = [m for m in await it.app.queue.messages(contact) if m.kind == "reply"]
        ada = Actor(it.person("Ada").slack, "ada@inside.example", "Ada")
        ben = Actor(it.person("Ben").slack, "ben@inside.example", "Ben")
        assert not (await it.app.house.pressed(ben, "ask.send", f"{contact}.since")).ok
        assert not (
            await it.app.house.pressed(ada, "ask.send", f"{contact}.device")
        ).ok  # it is asked already
        assert (await it.app.house.undo(ada, contact, held[0].n)).ok
        await it.until(lambda: offered(True))
        assert not await it.got("Which device")
