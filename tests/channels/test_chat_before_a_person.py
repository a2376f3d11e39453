"""A script in the web chat, over a real socket: answers to choose, a person at any time, what is known first."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from chat_stage import PLAN, Visitor
from chat_stage import visitor as coming
from helpers_mail import thread
from test_answering_by_form import press
from test_before_a_person import FIRST, HELP

from tests.helpers_app import Inside, Json, inside
from tierline.queue.history.articles import Articles

PERSON = "Talk to a person"


@asynccontextmanager
async def stage(tmp_path: Path) -> AsyncIterator[tuple[Inside, Visitor]]:
    """The product with a script, Ada, and a visitor who has said hello."""
    async with inside(tmp_path, FIRST) as it, coming(it, origin=it.product) as eva:
        await it.slash("Ada", "available")
        await eva.say("m1", "hello")
        yield it, eva


async def asked(eva: Visitor, text: str) -> Json:
    return await eva.one("message", lambda frame: text in frame["text"])


@pytest.mark.promise("chat-choices")
async def test_answers_are_chosen_and_the_agent_sees_every_one(tmp_path: Path) -> None:
    async with stage(tmp_path) as (it, eva):
        question = await asked(eva, "Which device?")
        assert question["text"] == "Which device?", "what is chosen isn't written out as well"
        assert question["choices"] == ["My router", "A phone", PERSON]
        assert (await eva.one("state", lambda frame: frame["phase"] == "asked"))["position"] is None
        await eva.say("m2", "which?")
        again = await asked(eva, "didn't understand")
        assert again["choices"] == question["choices"] and "number" not in again["text"]
        await eva.say("m3", question["choices"][0])
        assert (await asked(eva, "Which lamp is red?"))["choices"] == [PERSON]
        await eva.say("m4", "the left one")
        await eva.one("state", lambda frame: frame["phase"] == "waiting")
        card = json.dumps((await it.until(lambda: it.cards("Ada")))[0], ensure_ascii=False)
        assert "device: My router" in card and "lamp: the left one" in card
        contact = (await it.api("/contacts"))[0]["id"]
        said = [m["text"] for m in (await it.api(f"/contacts/{contact}"))["transcript"]]
        assert "1  My router\n2  A phone" in said[1], "whoever reads the transcript sees what could be chosen"


@pytest.mark.promise("chat-choices")
async def test_a_person_is_one_press_away(tmp_path: Path) -> None:
    async with stage(tmp_path) as (it, eva):
        await eva.say("m2", (await asked(eva, "Which device?"))["choices"][-1])
        await it.until(lambda: it.cards("Ada", PERSON))
        await it.accept("Ada")
        await eva.one("state", lambda frame: frame["phase"] == "active")


@pytest.mark.promise("chat-choices")
async def test_whom_an_article_helped_says_so_with_one_press(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it, coming(it, origin=it.product) as eva:
        await Articles(it.app.history.database).save(HELP)
        await it.slash("Ada", "available")
        await eva.say("m1", "my router's red lamp")
        await eva.say("m2", (await asked(eva, "Which device?"))["choices"][0])
        await asked(eva, "Which lamp is red?")
        await eva.say("m3", "the left lamp")
        shown = await asked(eva, "Did this help?")
        assert shown["choices"] == ["Yes", "No", PERSON] and f"{it.product}/help/red-lamp" in shown["text"]
        await eva.say("m4", "Yes")
        await eva.one("end")
        assert not await it.cards("Ada")


@pytest.mark.promise("chat-choices")
async def test_a_script_speaks_the_language_in_which_the_visitor_reads(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        headers = {"Origin": it.product}
        async with it.http.ws_connect(f"{it.product}/chat/ws", headers=headers) as ws:
            await ws.send_json({"t": "hello", "language": "de"})
            await ws.send_json({"t": "say", "id": "m1", "text": "hallo"})
            while (frame := await ws.receive_json(timeout=30))["t"] != "message":
                pass
            assert frame["text"] == "Welches Gerät?"
            assert frame["choices"] == ["Mein Router", "Ein Telefon", "Mit einer Person sprechen"]


@pytest.mark.promise("first-incident")
async def test_what_is_known_of_an_incident_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it, coming(it, origin=it.product) as eva:
        await it.call_api("/incidents", {"text": "Lamps are red in all of Bonn.", "words": ["lamp"]})
        await eva.say("m1", "my lamp is red")
        await asked(eva, "Which device?")
        assert eva.texts() == ["Lamps are red in all of Bonn.", "Which device?"]


@pytest.mark.promise("chat-choices")
async def test_who_comes_back_can_still_choose(tmp_path: Path) -> None:
    async with stage(tmp_path) as (it, eva):
        await asked(eva, "Which device?")
        token = (await eva.one("welcome"))["token"]
        async with coming(it, token, own=True, origin=it.product) as tab:
            assert (await tab.one("welcome"))["phase"] == "asked"
            assert (await asked(tab, "Which device?"))["choices"][0] == "My router"


ASKS = PLAN.replace(
    "{tiers: [L1], until: 30m}, {then: hold}]}",
    "{tiers: [L1], until: 30m}, {then: hold}], ask: [{ask: device, say: {en: Which device is it?}, choices: "
    "[{value: router, say: {en: The router}}, {value: phone, say: {en: A phone}}]}, {ask: since, say: {en: Since when?}}]}",
)


@pytest.mark.promise("ask-one-click")
async def test_what_an_agent_asks_with_one_press_is_answered_with_one(tmp_path: Path) -> None:
    async with inside(tmp_path, ASKS) as it, coming(it) as eva:
        await it.slash("Ada Lovelace", "available")
        await eva.say("m1", "my lamp is red")
        await it.accept("Ada Lovelace")
        contact = (await it.until(lambda: it.api("/contacts")))[0]["id"]
        at = await thread(it, contact)
        head = {"channel": at["channel"], "ts": at["thread_ts"]}
        await press(it, "Ada Lovelace", head, "ask.send", f"{contact}.device")
        question = await asked(eva, "Which device is it?")
        assert question["from"] == "agent" and question["name"] == "Ada"
        assert question["text"] == "Which device is it?", "what is chosen isn't written out as well"
        assert question["choices"] == ["The router", "A phone"], "they have a person already"
        await press(it, "Ada Lovelace", head, "ask.send", f"{contact}.since")
        assert "choices" not in await asked(eva, "Since when?")
        await eva.say("m2", question["choices"][0])

        async def known() -> bool:
            return (await it.app.queue.jots(contact)).get("answer:device") == "router"

        await it.until(known)
        said = [m["text"] for m in (await it.api(f"/contacts/{contact}"))["transcript"]]
        assert any("1  The router\n2  A phone" in text for text in said), (
            "the transcript has what could be chosen"
        )
