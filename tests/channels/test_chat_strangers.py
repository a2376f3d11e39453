"""Who may not: pages of others at every door of the chat (SEC29), and visitors in conversations of others (SEC31)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from chat_stage import PLAN, SHOP, visitor
from test_chat_limits import PNG, _send

from tests.helpers_app import Inside, inside
from tierline.channels.chat.tokens import Tokens

HOST = SHOP.removeprefix("https://")
ORIGINS = (
    *(f"{scheme}{HOST}" for scheme in ("http://", "HTTPS://", "https:", "https:///", "//", "", "ws://", "wss://", "file://")),
    *(f"{SHOP}{end}" for end in ("/", ".", ":80", ":443", ":4430", ":0", "/x", "?x", "#x", "%00", "%2e", "@evil.example", ".evil.example", ",null", " null", f", {SHOP}", f" {SHOP}")),
    *(f"https://{before}{HOST}" for before in ("a.", "www.", "evil-", "x@", "x:y@", "evil.example/", "evil.example#", "evil.example?", "%20", "xn--", "[::1]@")),
    *("null", "NULL", "undefined", "*", "https://*", "about:blank", "data:", "blob:" + SHOP, "chrome-extension://abc", "https://localhost", "http://127.0.0.1", "http://[::1]"),
    SHOP.upper(), SHOP.replace("shop", "sh\u043ep"), SHOP.replace(".example", ".Example"), SHOP.replace("shop", "shop%2e"),
)  # fmt: skip


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path, PLAN) as it:
        yield it


@pytest.mark.promise("chat-origins")
async def test_no_door_of_the_chat_opens_for_a_page_that_is_almost_ours(stage: Inside) -> None:
    async with visitor(stage) as eva:
        token = (await eva.one("welcome"))["token"]
    assert len(set(ORIGINS)) >= 50
    for origin in ORIGINS:
        headers = {"Origin": origin}
        async with stage.http.get(f"{stage.product}/chat/face", headers=headers) as answer:
            assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers, origin
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with stage.http.ws_connect(f"{stage.product}/chat/ws", headers=headers):
                pass
        assert refused.value.status == 403, origin
        status, _, given = await _send(stage, token, PNG, id="f1", Origin=origin)
        assert status == 403 and "Access-Control-Allow-Origin" not in given, origin
    assert await stage.api("/contacts") == []


@pytest.mark.promise("chat-own")
async def test_nothing_that_one_visitor_does_reaches_anothers_conversation(stage: Inside) -> None:
    async with visitor(stage) as eva, visitor(stage) as mallory:
        token, stranger = [(await one.one("welcome"))["token"] for one in (eva, mallory)]
        await eva.say("m1", "A secret")
        contact = (await stage.api("/contacts"))[0]["id"]
        before = await stage.api(f"/contacts/{contact}")
        head, name, end, mac = token.split(".")
        _, mine, until, own = stranger.split(".")
        for mixed in (f"{head}.{name}.{until}.{own}", f"{head}.{name}.{end}.{own}", f"{head}.{mine}.{end}.{mac}", f"{head}.{mine}.{until}.{mac}"):  # fmt: skip
            assert (await _send(stage, mixed, PNG))[0] == 403
            async with visitor(stage, mixed, own=True) as thief:
                assert (await thief.one("welcome"))["seq"] == 0 and thief.texts() == []
        for frame in (
            {"t": "seen", "seq": 1}, {"t": "rate", "value": 1}, {"t": "mail", "to": "mallory@evil.example"}, {"t": "end"},
            {"t": "say", "id": "x1", "text": "hi", "contact": contact, "token": token, "conversation": name},
            {"t": "leave", "id": "x2", "text": "hi", "reach": contact, "name": name, "contact": contact},
            {"t": "hello", "token": token, "own": True},
        ):  # fmt: skip
            await mallory.send(**frame)
        assert await mallory.say("m1", "Mine: the same id as hers") == 3, "her number 1 is another's"
        assert "A secret" not in mallory.texts()
        after = await stage.api(f"/contacts/{contact}")
        assert (after["transcript"], after["outcome"], after["state"]) == (
            before["transcript"], before["outcome"], before["state"],
        )  # fmt: skip
        assert {it["id"] for it in await stage.api("/contacts")} != {contact}


@pytest.mark.promise("chat-own")
def test_a_token_with_one_character_changed_added_or_gone_opens_nothing() -> None:
    now = time.time()
    tokens = Tokens("secret")
    name = tokens.begin()
    token = tokens.make(name, now)
    assert tokens.conversation(token, now) == name
    assert Tokens("another").conversation(token, now) == ""
    for i in range(len(token)):
        for other in ("A", "0", "f", ".", "-", "\u0660", ""):
            changed = token[:i] + other + token[i + 1 :]
            assert changed == token or tokens.conversation(changed, now) == "", (i, other)
    for more in (token + "0", "0" + token, token + ".", token * 2, f" {token}", f"{token}\n"):
        assert tokens.conversation(more, now) == "", more
