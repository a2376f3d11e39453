"""The Slack stand-in met by the real Bolt app and the real SDK, unpatched, over sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_stage import ADA, ADA_DM, LIN, ROOM, Stage, bolt_app, slack_stage, until

from tierline.sandbox.slack_state import BOT_USER

BUTTONS = [
    {
        "type": "actions",
        "block_id": "acts",
        "elements": [
            {
                "type": "button",
                "action_id": "offer.accept",
                "value": "c1",
                "text": {"type": "plain_text", "text": "Accept"},
            },
            {
                "type": "static_select",
                "action_id": "pick",
                "options": [{"text": {"type": "plain_text", "text": "One"}, "value": "1"}],
            },
        ],
    }
]
FIELD = {
    "type": "input",
    "block_id": "why",
    "label": {"type": "plain_text", "text": "Why"},
    "element": {"type": "plain_text_input", "action_id": "words"},
}


def modal(*blocks: Any, **more: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Close"}
    return {
        "type": "modal",
        "callback_id": "close",
        "title": title,
        "submit": title,
        "blocks": list(blocks) or [FIELD],
    } | more


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with slack_stage() as made:
        yield made


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


@pytest.mark.promise("sandbox-slack-same-code")
async def test_a_message_and_its_thread_reach_the_app_as_events_and_its_own_words_too(stage: Stage) -> None:
    heard: list[dict[str, Any]] = []

    def dress(app: AsyncApp) -> None:
        async def on_message(body: dict[str, Any]) -> None:
            heard.append(body)

        app.event("message")(on_message)

    async with bolt_app(stage, dress):
        head = await stage.client().chat_postMessage(
            channel=ROOM,
            text="New contact",
            metadata={"event_type": "contact", "event_payload": {"contact": "7"}},
        )
        typed = await stage.post(
            "reply", user=ADA, channel=ROOM, thread_ts=head["ts"], text="a < b & @Lin call"
        )
        await until(lambda: len(heard) == 1)  # Bolt itself ignores what its own bot said
        event = heard[0]["event"]
        assert event["text"] == f"a &lt; b &amp; <@{LIN}> call" and event["parent_user_id"] == BOT_USER
        assert (
            event["thread_ts"] == head["ts"] and event["channel_type"] == "channel" and event["client_msg_id"]
        )
        assert heard[0]["authorizations"][0]["is_bot"] is True
        listed = await stage.get("messages", channel=ROOM)
        assert [one.get("thread_ts") for one in listed] == [None, head["ts"]]
        assert listed[0]["metadata"]["event_payload"] == {"contact": "7"} and listed[0]["bot_id"]
        assert float(listed[1]["ts"]) > float(listed[0]["ts"]) and listed[1]["ts"] == typed["ts"]
        sent = [one for one in stage.wire.exchanges if one.path == "/slack/socket/events_api"]
        assert [one.params["payload"]["event"].get("bot_id") is not None for one in sent] == [True, False]
        history = await stage.client().conversations_replies(
            channel=ROOM, ts=head["ts"], include_all_metadata=True, limit=1
        )
        assert history["messages"][0]["metadata"]["event_payload"] == {"contact": "7"}
        assert history["messages"][0]["reply_count"] == 1 and history["has_more"] is True
        rest = await stage.client().conversations_replies(
            channel=ROOM, ts=head["ts"], cursor=history["response_metadata"]["next_cursor"]
        )
        assert [one["ts"] for one in rest["messages"]] == [typed["ts"]]


async def test_a_pressed_button_reaches_the_app_and_its_response_url_works_five_times(stage: Stage) -> None:
    pressed: list[dict[str, Any]] = []

    def dress(app: AsyncApp) -> None:
        async def on_accept(ack: Any, body: dict[str, Any], respond: Any) -> None:
            await ack()
            pressed.append(body)
            await respond(text="taken", replace_original=True, blocks=[])
            for _ in range(4):
                await respond(text="only you")
            answer = await respond(text="once too often")
            pressed.append({"status": answer.status_code, "body": answer.body})

        app.action("offer.accept")(on_accept)

    async with bolt_app(stage, dress):
        post = await stage.client().chat_postMessage(channel=ADA, text="Offer", blocks=BUTTONS)
        assert post["channel"] == ADA_DM
        wrong = await stage.post("act", 404, user=ADA, channel=ADA_DM, ts=post["ts"], action_id="nope")
        assert "offer.accept" in wrong["hint"]
        await stage.post("act", 404, user=LIN, channel=ADA_DM, ts=post["ts"], action_id="offer.accept")
        done = await stage.post("act", user=ADA, channel=ADA_DM, ts=post["ts"], action_id="offer.accept")
        assert done["ok"] and done["ack_ms"] < 3000
        await until(lambda: len(pressed) == 2)
        body = pressed[0]
        assert body["actions"][0]["value"] == "c1" and body["actions"][0]["block_id"] == "acts"
        assert body["container"]["message_ts"] == post["ts"] and body["channel"]["name"] == "directmessage"
        assert body["state"]["values"] == {
            "acts": {"pick": {"type": "static_select", "selected_option": None}}
        }
        assert pressed[1]["status"] == 404 and "used_url" in pressed[1]["body"]
        listed = await stage.get("messages", user=ADA)
        assert [one["text"] for one in listed] == ["taken"] + ["only you"] * 4
        assert listed[1]["ephemeral_to"] == ADA and not listed[0].get("ephemeral_to") and listed[0]["edited"]
        ephemeral = listed[1]["ts"]
        assert (
            await refused(stage.client().chat_update(channel=ADA_DM, ts=ephemeral, text="x"))
            == "message_not_found"
        )


async def test_a_modal_is_opened_filled_refused_and_taken(stage: Stage) -> None:
    seen: dict[str, Any] = {}

    def dress(app: AsyncApp) -> None:
        async def on_press(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            opened = await client.views_open(trigger_id=body["trigger_id"], view=modal())
            seen["hash"] = opened["view"]["hash"]
            seen["again"] = await refused(client.views_open(trigger_id=body["trigger_id"], view=modal()))

        async def on_close(ack: Any, view: dict[str, Any]) -> None:
            words = view["state"]["values"]["why"]["words"]["value"]
            await (ack() if words == "done" else ack(response_action="errors", errors={"why": "say done"}))

        app.action("offer.accept")(on_press)
        app.view("close")(on_close)

    async with bolt_app(stage, dress):
        post = await stage.client().chat_postMessage(channel=ADA_DM, text="Offer", blocks=BUTTONS)
        await stage.post("act", user=ADA, channel=ADA_DM, ts=post["ts"], action_id="offer.accept")
        await until(lambda: "again" in seen)
        assert seen["again"] == "exchanged_trigger_id"
        [view] = await stage.get("views", user=ADA)
        empty = await stage.post("submit", user=ADA, view_id=view["id"], values={})
        assert empty["by"] == "slack" and empty["errors"] == {"why": "Please complete this required field."}
        wrong = await stage.post("submit", user=ADA, view_id=view["id"], values={"why": {"words": "later"}})
        assert wrong["errors"] == {"why": "say done"} and not wrong["ok"]
        client = stage.client()
        stale = client.views_update(view_id=view["id"], hash="1.old", view=modal())
        assert await refused(stale) == "hash_conflict"
        await client.views_update(view_id=view["id"], hash=seen["hash"], view=modal())
        assert (await stage.post("submit", user=ADA, view_id=view["id"], values={"words": "done"}))["ok"]
        assert await stage.get("views", user=ADA) == []
        assert await refused(client.views_update(view_id=view["id"], view=modal())) == "not_found"


async def test_a_trigger_is_dead_after_three_seconds(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.sandbox.slack_state.TRIGGER_LIFE", 0.0)
    late = stage.slack.space.trigger(ADA)
    client = stage.client()
    assert await refused(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await refused(client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=late, view=modal(title={"type": "plain_text", "text": "x" * 25}))
    assert caught.value.response["error"] == "invalid_arguments"
    assert (
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
        in (caught.value.response["response_metadata"]["messages"])
    )


async def test_a_slash_command_is_answered_and_refused_in_a_thread(stage: Stage) -> None:
    def dress(app: AsyncApp) -> None:
        async def on_command(ack: Any, command: dict[str, Any], respond: Any) -> None:
            if command["text"] == "now":
                await ack(f"now {command['user_name']}")
            else:
                await ack()
                await respond(text="a moment later", response_type="in_channel")

        app.command("/tierline")(on_command)

    async with bolt_app(stage, dress):
        now = await stage.post("command", user=ADA, channel=ROOM, command="/tierline", text="now")
        assert now["text"] == "now ada"
        later = await stage.post("command", user=ADA, channel=ROOM, command="/tierline", text="later")
        assert later["response"]["text"] == "a moment later"
        listed = await stage.get("messages", channel=ROOM)
        assert [one.get("ephemeral_to") for one in listed] == [ADA, None]
        head = listed[1]["ts"]
        thread = await stage.post("command", 409, user=ADA, channel=ROOM, command="/tierline", thread_ts=head)
        assert thread["hint"] == "/tierline is not supported in threads. Sorry!"


@pytest.mark.promise("sandbox-slack-refuses")
async def test_an_app_that_does_not_answer_is_shown_to_the_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = await stage.post("command", 409, user=ADA, channel=ROOM, command="/tierline")
    assert gone["error"] == "dispatch_failed"
    monkeypatch.setattr("tierline.sandbox.slack_socket.ACK_WITHIN", 0.2)

    def dress(app: AsyncApp) -> None:
        async def never(command: dict[str, Any]) -> None:
            await asyncio.sleep(0)

        app.command("/tierline")(never)

    async with bolt_app(stage, dress):
        late = await stage.post("command", 409, user=ADA, channel=ROOM, command="/tierline")
        assert late["error"] == "operation_timeout"


async def test_events_are_told_again_until_answered_and_doubled_on_demand(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierline.sandbox.slack_socket.ACK_WITHIN", 0.3)
    stage.slack.delivery.retry_after = (0.2, 0.2, 0.2)
    heard: list[tuple[str, list[str]]] = []

    def dress(app: AsyncApp) -> None:
        async def on_message(body: dict[str, Any], request: Any) -> None:
            heard.append((body["event_id"], request.headers.get("x-slack-retry-num", [])))

        app.event("message")(on_message)

    await stage.post("reply", user=ADA, channel=ROOM, text="nobody listens yet")
    async with bolt_app(stage, dress):
        await until(lambda: heard)
        assert len(heard) == 1 and heard[0][1] != ["0"]
        stage.faults.slack.redeliver = True
        await stage.post("reply", user=ADA, channel=ROOM, text="twice")
        await until(lambda: len(heard) == 3)
        assert heard[1][0] == heard[2][0] and heard[2][1] == ["1"]


async def test_rate_limits_and_the_retry_handler(stage: Stage) -> None:
    stage.faults.slack.enforce_limits = True
    client = stage.client()
    for n in range(5):
        await client.chat_postMessage(channel=ROOM, text=f"burst {n}")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=ROOM, text="one too many")
    assert caught.value.response["error"] == "ratelimited" and caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    await client.chat_postMessage(channel=ADA_DM, text="another channel")
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    await client.chat_postMessage(channel=ROOM, text="waited")
    for _ in range(20):
        await client.conversations_list()
    client.retry_handlers.clear()
    assert await refused(client.conversations_list()) == "ratelimited"
    stage.faults.slack.enforce_limits = False
    stage.faults.slack.retry_after, stage.faults.slack.times = 30, 1
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.headers["Retry-After"] == "30"
    assert (await client.auth_test())["user_id"] == BOT_USER


async def test_sockets_are_recycled_and_the_app_comes_back(stage: Stage) -> None:
    heard: list[str] = []

    def dress(app: AsyncApp) -> None:
        async def on_message(event: dict[str, Any]) -> None:
            heard.append(event["text"])

        app.event("message")(on_message)

    async with bolt_app(stage, dress) as handler:
        first = handler.client.current_session
        assert (await stage.post("disconnect", reason="refresh_requested"))["sockets"] == 1
        await until(lambda: handler.client.current_session is not first and stage.slack.sockets.count == 1)
        await stage.post("reply", user=ADA, channel=ROOM, text="still here")
        await until(lambda: heard == ["still here"])
        stage.faults.slack.down = True
        await until(lambda: stage.slack.sockets.count == 0)
        assert (await stage.post("reply", 409, user=ADA, channel=ROOM, text="x"))["error"] == "slack_is_down"
        with pytest.raises(SlackApiError) as caught:
            await stage.client().auth_test()
        assert caught.value.response.status_code == 503
        stage.faults.slack.down = False
        await until(lambda: stage.slack.sockets.count == 1)
        await stage.post("reply", user=ADA, channel=ROOM, text="back")
        await until(lambda: heard[-1] == "back")


async def test_ten_sockets_at_most_and_a_ticket_is_good_once(stage: Stage) -> None:
    app = stage.client("xapp-sandbox")
    sockets = []
    for n in range(10):
        opened = await app.apps_connections_open(app_token="xapp-sandbox")
        sockets.append(await stage.http.ws_connect(opened["url"]))
        hello = await sockets[-1].receive_json()
        assert hello["type"] == "hello" and hello["num_connections"] == n + 1
        assert hello["connection_info"]["app_id"] and hello["debug_info"]["approximate_connection_time"]
    opened = await app.apps_connections_open(app_token="xapp-sandbox")
    extra = await stage.http.ws_connect(opened["url"])
    assert (await extra.receive_json())["reason"] == "too_many_websockets"
    async with stage.http.get(opened["url"].replace("ws://", "http://")) as answer:
        assert answer.status == 408
    await stage.post("reply", user=ADA, channel=ROOM, text="one of you")
    waits = [asyncio.ensure_future(one.receive_json()) for one in sockets]
    done, rest = await asyncio.wait(waits, timeout=2, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == 1 and done.pop().result()["retry_attempt"] == 0
    for one in rest:
        one.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for socket in [*sockets, extra]:
        await socket.close()


async def test_a_lost_reply_has_had_its_effect(stage: Stage) -> None:
    stage.faults.slack.drop_reply = True
    client = stage.client()
    client.retry_handlers.clear()
    with pytest.raises(Exception, match=r"(?i)disconnect|reset|closed"):
        await client.chat_postMessage(channel=ROOM, text="did it arrive?")
    assert [one["text"] for one in await stage.get("messages", channel=ROOM)] == ["did it arrive?"]
    with pytest.raises(Exception, match=r"(?i)disconnect|reset|closed"):
        await stage.client().chat_postMessage(channel=ROOM, text="the SDK's own retry sends it twice")
    assert len(await stage.get("messages", channel=ROOM)) == 3
    stage.faults.slack.drop_reply = False
    stage.faults.slack.fail, stage.faults.slack.times = 500, 2
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await stage.client().auth_test()
    assert (await stage.client().auth_test())["ok"]


async def test_nothing_secret_is_on_the_wire(stage: Stage) -> None:
    client = stage.client()
    await client.api_call("auth.test", data={"token": "xoxb-sandbox"})
    await client.chat_postMessage(channel=ROOM, text="x", blocks=BUTTONS)
    assert "xoxb-" not in repr(stage.wire.exchanges)
    assert stage.wire.exchanges[-1].params["blocks"] == BUTTONS
    assert (
        "slack.message",
        {"channel": ROOM, "ts": stage.slack.space.messages[ROOM].popitem()[0]},
    ) in stage.changes
