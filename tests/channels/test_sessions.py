"""Remote and video sessions: a link as a held reply, agreed to on a page before anything begins, kept with its times."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from tests.channels.visit_stage import TEXTS, VISITS, Stage, visits
from tests.helpers_app import Json
from tierline.channels.hooks import HookFailed, Hooks, signature

PLAN = VISITS + TEXTS + 'sessions: {screen: {kind: remote, url: "https://help.example/join/{id}"}}\n'
SECRET = "a secret of twenty-four letters"


async def invited(it: Stage, name: str = "Ada") -> str:
    """The link that the customer got."""
    assert (await it.submit(name, await it.form(name, "form.session")))["ok"]
    (text,) = await it.inside.until(lambda: it.inside.got("invites you to a session"))
    found = re.search(r"http\S+", text["text"])
    assert found is not None
    return found[0]


async def page(it: Stage, link: str, answer: str = "") -> tuple[int, str]:
    method = "POST" if answer else "GET"
    data = {"answer": answer} if answer else None
    async with it.inside.http.request(method, link, data=data) as found:
        assert "script-src" not in found.headers["Content-Security-Policy"]
        return found.status, await found.text()


@pytest.mark.promise("session-consent")
async def test_nothing_begins_before_the_customer_has_agreed_and_all_of_it_is_on_the_timeline(
    tmp_path: Path,
) -> None:
    async with visits(tmp_path, PLAN) as it:
        contact = await it.taken()
        link = await invited(it)
        for _ in range(2):  # somebody's mail program looks at it, too
            status, shown = await page(it, link)
            assert status == 200 and "sees the screen" in shown and "help.example/join" not in shown
        assert "waits for the customer" in await it.inside.slash("Ada", f"session {contact}")
        status, shown = await page(it, link, "yes")
        found = re.search(r'href="(https://help\.example/join/[\w-]{10,})"', shown)
        assert status == 200 and found is not None
        await it.inside.until(lambda: it.says("The customer has agreed to the remote session: it has begun."))
        told = await it.inside.until(lambda: it.direct("Ada", "has agreed to the remote session"))
        assert found[1] in json.dumps(told)
        assert found[1] in (await page(it, link))[1]  # the same again, whoever comes back to the page
        body = {"user": it.inside.person("Ada").slack, "channel": told[0]["channel"], "ts": told[0]["ts"]}
        await it.inside.call("/slack/act", {**body, "action_id": "session.end"})
        await it.inside.until(lambda: it.says("The remote session has ended after"))
        assert "is over" in (await page(it, link))[1]
        story = json.dumps((await it.inside.api(f"/contacts/{contact}/why"))["timeline"])
        told = [
            story.index(words) for words in ("asks the customer for a", "has agreed to", "session has ended")
        ]
        assert told == sorted(told)


@pytest.mark.promise("session-consent")
async def test_who_declines_is_left_alone_and_the_agent_hears_it(tmp_path: Path) -> None:
    async with visits(tmp_path, PLAN) as it:
        await it.taken()
        link = await invited(it)
        assert "You have declined" in (await page(it, link, "no"))[1]
        await it.inside.until(lambda: it.direct("Ada", "has declined the remote session"))
        assert "help.example" not in (await page(it, link, "yes"))[1]
        assert (await page(it, link, "maybe"))[0] == 400
        forged = link.replace("/1?", "/2?")
        assert (await page(it, forged))[0] == 403 and (await page(it, forged, "yes"))[0] == 403


@pytest.mark.promise("session-language")
async def test_the_page_and_the_text_are_in_the_customers_language(tmp_path: Path) -> None:
    plan = PLAN.replace("service: help}]", "service: help, language: de}]")
    async with visits(tmp_path, plan) as it:
        await it.taken()
        assert (await it.submit("Ada", await it.form("Ada", "form.session")))["ok"]
        (text,) = await it.inside.until(lambda: it.inside.got("lädt Sie zu einer Sitzung ein"))
        link = re.search(r"http\S+", text["text"])
        assert link is not None and "Ich bin einverstanden" in (await page(it, link[0]))[1]


async def test_an_invitation_is_a_held_reply_that_can_be_undone(tmp_path: Path) -> None:
    plan = PLAN.replace("hold_reply: 1s", "hold_reply: 30s")
    async with visits(tmp_path, plan) as it:
        contact = await it.taken()
        assert (await it.submit("Ada", await it.form("Ada", "form.session")))["ok"]
        held = (await it.inside.until(lambda: it.shown("reply.undo", "invites you")))[-1]
        body = {"user": it.inside.person("Ada").slack, "channel": held["channel"], "ts": held["ts"]}
        await it.inside.call("/slack/act", {**body, "action_id": "reply.undo"})
        await it.inside.until(lambda: it.says("Undone, nothing was sent"))
        assert not await it.inside.got("invites you")
        assert "is with Ada" in await it.inside.slash("Ben", f"session {contact}")
        assert "waits for the customer" in await it.inside.slash("Mira", f"session {contact}")


async def test_a_session_ends_with_its_contact(tmp_path: Path) -> None:
    async with visits(tmp_path, PLAN) as it:
        contact = await it.taken()
        link = await invited(it)
        await page(it, link, "yes")
        await it.inside.until(lambda: it.says("it has begun"))
        await it.inside.slash("Ada", f"done {contact} solved")
        await it.inside.until(lambda: it.says("The remote session has ended after"))
        assert (await page(it, link))[1].count("help.example/join") == 0


# ---- webhooks ----------------------------------------------------------------------------------------------------


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def hook(handler: Handler) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """An https server on loopback that answers by `handler`, and what trusts it."""
    authority = trustme.CA()
    server, client = (
        ssl.create_default_context(purpose) for purpose in (ssl.Purpose.CLIENT_AUTH, ssl.Purpose.SERVER_AUTH)
    )
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    app = web.Application()
    app.router.add_post("/new", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server).start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}/new", client
    finally:
        await runner.cleanup()


@pytest.mark.promise("session-webhook")
async def test_a_webhook_is_asked_signed_and_its_address_is_where_the_session_is_held(tmp_path: Path) -> None:
    asked: list[tuple[Json, str, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        raw = await request.read()
        asked.append((json.loads(raw), request.headers["Tierline-Signature"], raw))
        return web.json_response({"url": "https://meet.example/a", "agent_url": "https://meet.example/host"})

    async with hook(answer) as (url, trust):
        plan = VISITS + TEXTS + f"sessions: {{video: {{webhook: {url}}}}}\n"
        async with visits(tmp_path, plan) as it:
            it.inside.app.outside.sessions.hooks = Hooks(SECRET, ("127.0.0.1",), trust)
            contact = await it.taken()
            link = await invited(it)
            assert 'href="https://meet.example/a"' in (await page(it, link, "yes"))[1]
            told = await it.inside.until(lambda: it.direct("Ada", "has agreed to the video session"))
            assert "https://meet.example/host" in json.dumps(told)
            ((body, signed, raw),) = asked
            at = int(signed.partition(",")[0].removeprefix("t="))
            assert signed == signature(SECRET, at, raw)
            assert (body["id"], body["agent"], body["session"]) == (f"{contact}.1", "Ada", "video")


@pytest.mark.promise("session-webhook")
async def test_a_webhook_that_fails_is_told_to_the_agent_and_nothing_goes_out(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=503)

    async with hook(answer) as (url, trust):
        plan = VISITS + TEXTS + f"sessions: {{video: {{webhook: {url}}}}}\n"
        async with visits(tmp_path, plan) as it:
            it.inside.app.outside.sessions.hooks = Hooks(SECRET, ("127.0.0.1",), trust)
            contact = await it.taken()
            await it.submit("Ada", await it.form("Ada", "form.session"))
            await it.inside.until(lambda: it.says("No video session: video can't be asked: it answers 503."))
            assert not await it.inside.got("invites you")
            assert "has no session now" in await it.inside.slash("Ada", f"session {contact}")
            it.inside.app.outside.sessions.hooks = Hooks("")
            await it.submit("Ada", await it.form("Ada", "form.session"))
            await it.inside.until(lambda: it.says("TIERLINE_WEBHOOK_SECRET isn't set"))


@pytest.mark.promise("session-webhook")
@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b'{"url": 1', "no JSON"),
        (b"[1]", "no JSON object"),
        (b'{"url": "' + b"x" * 70_000 + b'"}', "too long"),
        (b"\xff", "no JSON"),
    ],
)
async def test_what_a_webhook_answers_is_read_with_care(said: bytes, why: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=said)

    async with hook(answer) as (url, trust):
        with pytest.raises(HookFailed, match=why):
            await Hooks(SECRET, ("127.0.0.1",), trust).ask(url, {})


@pytest.mark.promise("first-bot")
async def test_a_bot_is_given_the_seconds_that_it_has_and_no_more() -> None:
    async def silent(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async with hook(silent) as (url, trust):
        began = asyncio.get_running_loop().time()
        with pytest.raises(HookFailed, match="within 0.2 s"):
            await Hooks(SECRET, ("127.0.0.1",), trust).ask(url, {}, 0.2)
        assert asyncio.get_running_loop().time() - began < 3


@pytest.mark.promise("session-webhook")
async def test_a_webhook_is_never_followed_elsewhere_nor_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tierline.channels.hooks.DEADLINE", 0.3)
    gone: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        gone.append(request.path)
        raise web.HTTPFound("https://127.0.0.1/other")

    async def silent(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    for handler, why in ((elsewhere, "it answers 302"), (silent, "doesn't answer within")):
        async with hook(handler) as (url, trust):
            with pytest.raises(HookFailed, match=why):
                await Hooks(SECRET, ("127.0.0.1",), trust).ask(url, {})
    assert gone == ["/new"]


@pytest.mark.promise("session-webhook")
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "2130706433",
        "0x7f000001",
        "localhost",
    ],
)
async def test_nobody_is_asked_in_a_network_of_our_own_unless_whoever_installed_us_says_so(host: str) -> None:
    with pytest.raises(HookFailed, match="network of its own"):
        await Hooks(SECRET).ask(f"https://{host}:1/new", {})
    with pytest.raises(HookFailed, match="isn't among"):
        await Hooks(SECRET, ("meet.example",)).ask(f"https://{host}:1/new", {})
    assert SECRET not in repr(Hooks(SECRET))
