"""The stand-in calls a Request URL as Slack does: signed, within 3 s, an event up to three times more."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from slack_stage import ADA, ADA_DM, ROOM, Stage, slack_stage, until

from tierline.sandbox import slack_ack, slack_requests

pytestmark = pytest.mark.promise("sandbox-slack-http")


@dataclass
class AnyApp:
    """An app at a Request URL that answers as it is told to, the last answer again and again."""

    answers: list[Any] = field(default_factory=lambda: [(200, "", {})])
    heard: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        assert SignatureVerifier("sandbox").is_valid_request(body, dict(request.headers))
        if request.content_type == "application/json":
            read: Any = json.loads(body)
        else:
            read = dict(await request.post())
        if isinstance(read, dict) and read.get("type") == "url_verification":
            return web.json_response({"challenge": read["challenge"]})
        self.heard.append((request.content_type, dict(request.headers), read))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await asyncio.sleep(60)
        status, text, headers = answer
        return web.Response(status=status, text=text, headers=headers)

    def tries(self) -> list[tuple[str, str]]:
        """Number and reason of each try."""
        return [(h.get("X-Slack-Retry-Num", ""), h.get("X-Slack-Retry-Reason", "")) for _, h, _ in self.heard]


@asynccontextmanager
async def called(*answers: Any) -> AsyncIterator[tuple[Stage, AnyApp]]:
    app = AnyApp(list(answers) or [(200, "", {})])
    server = web.Application()
    server.router.add_post("/slack/events", app.handle)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    app.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        async with slack_stage(commands=["/tierline"]) as stage:
            stage.slack.delivery.retry_after = (0.0, 0.05, 0.05)
            assert (await stage.post("request-url", url=app.url))["mode"] == "http"
            yield stage, app
    finally:
        await runner.cleanup()


async def test_an_event_is_signed_json_and_once_taken_not_told_again() -> None:
    async with called((201, "", {})) as (stage, app):
        await stage.post("reply", user=ADA, channel=ROOM, text="hello")
        await stage.slack.settle()
        [(kind, headers, body)] = app.heard
        assert kind == "application/json" and body["event"]["text"] == "hello"
        assert headers["User-Agent"].startswith("Slackbot") and body["type"] == "event_callback"
        assert app.tries() == [("", "")]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((500, "", {}), "http_error"), ((404, "", {}), "http_error"), (None, "http_timeout")],
)
async def test_an_event_that_is_not_taken_is_told_three_times_more(
    answer: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_requests, "ACK_WITHIN", 0.2)
    async with called(answer) as (stage, app):
        await stage.post("reply", user=ADA, channel=ROOM, text="hello")
        await until(lambda: len(app.heard) == 4)
        assert app.tries() == [("", ""), ("1", reason), ("2", reason), ("3", reason)]
        assert len({body["event_id"] for _, _, body in app.heard}) == 1
        await until(lambda: len([e for e in stage.wire.exchanges if e.direction == "in"]) == 5)


async def test_an_app_that_wants_no_retry_and_one_that_recovers_are_heeded() -> None:
    async with called((500, "", {"X-Slack-No-Retry": "1"}), (500, "", {}), (200, "", {})) as (stage, app):
        await stage.post("reply", user=ADA, channel=ROOM, text="first")
        await stage.slack.settle()
        await stage.post("reply", user=ADA, channel=ROOM, text="second")
        await until(lambda: len(app.heard) == 3)
        assert [body["event"]["text"] for _, _, body in app.heard] == ["first", "second", "second"]


async def test_an_address_that_nobody_listens_on_is_a_failed_connection() -> None:
    async with called() as (stage, app):
        stage.slack.requests.url = "http://127.0.0.1:9/slack/events"
        await stage.post("reply", user=ADA, channel=ROOM, text="hello")
        await until(lambda: len([e for e in stage.wire.exchanges if e.status == 0]) == 4)
        stage.slack.requests.url = app.url
        refused = {"user": ADA, "channel": ADA_DM, "command": "/tierline", "text": "status"}
        stage.slack.requests.url = "http://127.0.0.1:9/slack/events"
        assert (await stage.post("command", 409, **refused))["error"] == "dispatch_failed"


async def test_a_command_is_a_form_answered_by_words_or_json_and_never_told_again() -> None:
    json_answer = (200, json.dumps({"text": "as *JSON*", "response_type": "ephemeral"}), {})
    async with called((200, "plain words", {}), json_answer, (500, "", {})) as (stage, app):
        at = {"user": ADA, "channel": ADA_DM, "command": "/tierline", "text": "why C1 & more"}
        assert (await stage.post("command", **at))["text"] == "plain words"
        assert (await stage.post("command", **at))["text"] == "as *JSON*"
        failed = await stage.post("command", 409, **at)
        assert failed["error"] == "dispatch_failed" and "500" in failed["hint"]
        assert [kind for kind, _, _ in app.heard] == ["application/x-www-form-urlencoded"] * 3
        assert app.heard[0][2]["text"] == "why C1 & more" and app.heard[0][2]["command"] == "/tierline"
        assert app.tries() == [("", "")] * 3


async def test_who_waits_for_an_answer_sees_an_error_after_three_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert slack_ack.ACK_WITHIN == 3.0
    monkeypatch.setattr(slack_requests, "ACK_WITHIN", 0.3)
    async with called(None) as (stage, app):
        began = time.monotonic()
        at = {"user": ADA, "channel": ADA_DM, "command": "/tierline", "text": ""}
        assert (await stage.post("command", 409, **at))["error"] == "operation_timeout"
        assert time.monotonic() - began < 3 and len(app.heard) == 1


async def test_an_address_that_does_not_answer_the_challenge_is_refused() -> None:
    async with called() as (stage, app):
        refused = await stage.post("request-url", 409, url=app.url + "/elsewhere")
        assert refused["error"] == "url_not_verified" and "challenge" in refused["hint"]
        assert stage.slack.requests.url == app.url
        assert (await stage.post("request-url", url=""))["mode"] == "socket"


async def test_redirects_are_followed_twice_and_no_further() -> None:
    async with called((200, "", {})) as (stage, app):
        for status, count in ((307, 1), (308, 1)):
            app.answers = [(status, "", {"Location": app.url}), (200, "", {})]
            before = len(app.heard)
            await stage.post("reply", user=ADA, channel=ROOM, text="there and back")
            await stage.slack.settle()
            assert len(app.heard) - before == 1 + count
        app.answers = [(307, "", {"Location": app.url})]
        before = len(app.heard)
        await stage.post("reply", user=ADA, channel=ROOM, text="round and round")
        await until(lambda: "3" in [number for number, _ in app.tries()])
        assert {reason for _, reason in app.tries()[before:] if reason} == {"too_many_redirects"}
