"""The web chat over real sockets, with the real desk: one message in, one out, come back, and nothing lost or doubled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from chat_stage import PLAN, SHOP, visitor

from tests.helpers_app import Inside, Json, inside


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path, PLAN) as it:
        yield it


async def whole(it: Inside, contact: str) -> Json:
    return dict(await it.api(f"/contacts/{contact}"))


async def replies(it: Inside, name: str, text: str) -> None:
    """The owner writes in the contact's thread."""
    parent = (await it.until(lambda: it.channel("desk")))[0]
    await it.call(
        "/slack/reply",
        {
            "user": it.person(name).slack,
            "channel": parent["channel"],
            "thread_ts": parent["ts"],
            "text": text,
        },
    )


@pytest.mark.promise("chat-in")
async def test_what_a_visitor_says_is_a_contact_before_it_is_acknowledged(stage: Inside) -> None:
    async with visitor(stage) as eva:
        welcome = await eva.one("welcome")
        assert "contact" not in welcome and welcome["open"] is True and welcome["seq"] == 0
        seq = await eva.say("m1", "My order is late <b>&")
        assert seq == 1
        contacts = await stage.api("/contacts")
        assert [(it["channel"], it["state"]) for it in contacts] == [("chat", "waiting")]
        found = await whole(stage, contacts[0]["id"])
        assert [it["text"] for it in found["transcript"]] == ["My order is late <b>&"]
        state = await eva.one("state", lambda it: it["phase"] == "waiting")
        assert state["position"] == 1


@pytest.mark.promise("chat-in")
async def test_the_same_id_said_twice_is_one_message(stage: Inside) -> None:
    async with visitor(stage) as eva:
        first = await eva.say("m1", "Hello")
        eva.heard.clear()
        assert await eva.say("m1", "Hello") == first
        assert await eva.say("m2", "Hello") == first + 1
        contact = (await stage.api("/contacts"))[0]["id"]
        assert [it["text"] for it in (await whole(stage, contact))["transcript"]] == ["Hello", "Hello"]


@pytest.mark.promise("chat-out")
async def test_an_agents_answer_reaches_the_visitor_with_the_first_name_and_its_receipt(
    stage: Inside,
) -> None:
    async with visitor(stage) as eva:
        await eva.say("m1", "My order is late")
        await stage.slash("Ada Lovelace", "available")
        await stage.accept("Ada Lovelace")
        taken = await eva.one("state", lambda it: it["phase"] == "active")
        assert taken["agent"] == "Ada" and taken["position"] is None
        await replies(stage, "Ada Lovelace", "It is on its way & <soon>")
        await eva.one("state", lambda it: it["typing"])
        said = await eva.one("message")
        assert (said["from"], said["name"], said["text"]) == ("agent", "Ada", "It is on its way & <soon>")
        contact = (await stage.api("/contacts"))[0]["id"]

        async def status(wanted: str) -> bool:
            return any(it["status"] == wanted for it in (await whole(stage, contact))["transcript"])

        await stage.until(lambda: status("sent"))
        await eva.send(t="seen", seq=said["seq"])
        await stage.until(lambda: status("delivered"))


@pytest.mark.promise("chat-resume")
async def test_who_comes_back_hears_what_was_said_meanwhile_once(stage: Inside) -> None:
    async with visitor(stage) as eva:
        token = (await eva.one("welcome"))["token"]
        seq = await eva.say("m1", "My order is late")
        await stage.slash("Ben", "available")
        await stage.accept("Ben")
    await replies(stage, "Ben", "Which one?")
    contact = (await stage.api("/contacts"))[0]["id"]

    async def sent() -> bool:
        return any(it["status"] == "sent" for it in (await whole(stage, contact))["transcript"])

    await stage.until(sent)
    async with visitor(stage, token, since=seq) as again:
        assert (await again.one("welcome"))["contact"] == contact
        assert (await again.one("message"))["text"] == "Which one?"
        await again.say("m2", "Number 7")
        assert again.texts() == ["Which one?"]
    async with visitor(stage, token, since=0, own=True) as tab:
        await tab.one("message", lambda it: it["text"] == "Number 7")
        assert tab.texts() == ["My order is late", "Which one?", "Number 7"]
        assert [it.get("id") for it in tab.heard if it["t"] == "message"] == ["m1", None, "m2"]


@pytest.mark.promise("chat-tabs")
async def test_two_tabs_of_a_visitor_are_one_conversation(stage: Inside) -> None:
    async with visitor(stage) as one:
        token = (await one.one("welcome"))["token"]
        async with visitor(stage, token, own=True) as other:
            await one.say("m1", "From the first tab")
            await other.one("message", lambda it: it["text"] == "From the first tab")
            await other.say("m2", "From the second")
            assert one.texts() == [], "who doesn't ask for their own words isn't told them"
            assert len(await stage.api("/contacts")) == 1


@pytest.mark.promise("chat-origins")
@pytest.mark.parametrize(
    "origin", [None, "null", "https://shop.example.evil.example", "https://evil.example", "http://shop.example",
               "https://shop.example:444", "https://a.shop.example", "https://SHOP.example", ""],
)  # fmt: skip
async def test_only_pages_of_the_plan_may_open_a_socket(stage: Inside, origin: str | None) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with visitor(stage, origin=origin):
            pass
    assert refused.value.status == 403


@pytest.mark.promise("chat-origins")
async def test_a_page_of_our_own_may_ask_without_naming_its_origin(stage: Inside) -> None:
    for site, status in (("same-origin", 200), ("same-site", 403), ("cross-site", 403), ("none", 403)):
        async with stage.http.get(f"{stage.product}/chat/face", headers={"Sec-Fetch-Site": site}) as answer:
            assert answer.status == status, site


@pytest.mark.promise("chat-own")
async def test_no_token_but_ones_own_opens_a_conversation(stage: Inside) -> None:
    async with visitor(stage) as eva:
        token = (await eva.one("welcome"))["token"]
        await eva.say("m1", "A secret")
    head, name, end, mac = token.split(".")
    wrong = [
        "", "x", f"{head}.{name}.{end}.{'0' * 32}", f"{head}.{'A' * 22}.{end}.{mac}",
        f"{head}.{name}.{int(end, 16) + 1:x}.{mac}", f"{head}.{name}.0.{mac}", token + "0", token.upper(),
        f"{token}\u0000", "v1." + "9" * 500,
    ]  # fmt: skip
    for one in wrong:
        async with visitor(stage, one, own=True) as mallory:
            welcome = await mallory.one("welcome")
            assert "contact" not in welcome and welcome["seq"] == 0 and mallory.texts() == [], one
            assert welcome["token"].split(".")[1] != name


@pytest.mark.promise("chat-ends")
async def test_an_ended_chat_says_so_and_asks_how_it_was(stage: Inside) -> None:
    async with visitor(stage) as eva:
        await eva.say("m1", "Hello")
        await stage.slash("Ben", "available")
        await stage.accept("Ben")
        await replies(stage, "Ben", "Hello!")
        await eva.one("message", lambda it: it["text"] == "Hello!")
        contact = (await stage.api("/contacts"))[0]["id"]
        await stage.call_api(f"/contacts/{contact}/close", {"disposition": "solved", "by": "mira"})
        await eva.one("end")
        asked = await eva.one("message", lambda it: it.get("asks") == "rating")
        assert asked["text"] == "How was it?" and asked["from"] == "system"
        await eva.send(t="rate", value=4)
        await eva.one("rated")

        async def rated() -> bool:
            return (await whole(stage, contact))["outcome"].get("rating") == "4"

        await stage.until(rated)
        await eva.say("m2", "One more thing")
        assert (await eva.one("state", lambda it: it["phase"] == "active"))["agent"] == "Ben"


@pytest.mark.promise("chat-limits")
async def test_what_is_no_frame_is_answered_and_loses_nothing(stage: Inside) -> None:
    async with visitor(stage) as eva:
        for raw in ("", "[]", "{", '{"t":"x"}', '{"t":"say","id":"m","text":""}', '{"t":"say","text":"no id"}',
                    '{"t":"say","id":"a b","text":"x"}', '{"t":"seen","seq":-1}', "[" * 5000):  # fmt: skip
            before = len(eva.heard)
            await eva.ws.send_str(raw)
            await stage.until(lambda before=before: len(eva.heard) > before)
            assert eva.heard[-1]["t"] == "error", raw
        assert await eva.say("m1", "Still here") == 1
        await eva.ws.send_str('{"t":"say","id":"big","text":"' + "x" * 70_000 + '"}')
        await stage.until(lambda: eva.ws.closed)
        assert eva.ws.close_code == 1009


class Away:
    """Conversations of which nothing can be known just now."""

    def __init__(self, talk: Any) -> None:
        self.face = talk.face

    async def standing(self, visitor: str) -> None:
        raise TimeoutError


@pytest.mark.promise("chat-in")
async def test_who_cannot_be_welcomed_is_sent_away_to_come_again(
    stage: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.app.chat.door, "talk", Away(stage.app.chat.door.talk))
    async with stage.http.ws_connect(f"{stage.product}/chat/ws", headers={"Origin": SHOP}) as ws:
        await ws.send_str('{"t":"hello"}')
        assert (await ws.receive_json(timeout=20))["code"] == "again"
        assert (await ws.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 1013
