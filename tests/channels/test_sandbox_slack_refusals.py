"""What Slack refuses, the stand-in refuses with the same name; and its answers have Slack's shapes."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_stage import ADA, ADA_DM, LIN, ROOM, Stage, bolt_app, slack_stage, until

from tierline.sandbox.slack_state import BOT_USER

SHAPES = Path(__file__).parents[3] / "shared" / "data" / "slack"
GENERAL, OLD = "C0GENERAL1", "C0OLDROOM1"
NEVER = "1700000000.000001"
VIEW = {"type": "home", "blocks": [{"type": "divider"}]}


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with slack_stage() as made:
        yield made


def call(method: str, **args: Any) -> Callable[[AsyncWebClient], Awaitable[Any]]:
    return lambda client: client.api_call(method, json=args)


def form(method: str, **args: Any) -> Callable[[AsyncWebClient], Awaitable[Any]]:
    return lambda client: client.api_call(method, data=args)


POST = "chat.postMessage"
REFUSALS: list[tuple[str, Callable[[AsyncWebClient], Awaitable[Any]]]] = [
    ("channel_not_found", call(POST, channel="C0NOWHERE1", text="x")),
    ("not_in_channel", call(POST, channel=GENERAL, text="x")),
    ("is_archived", call(POST, channel=OLD, text="x")),
    ("no_text", call(POST, channel=ROOM)),
    ("no_text", call(POST, channel=ROOM, text="  ")),
    ("msg_too_long", call(POST, channel=ROOM, text="x" * 40_001)),
    ("invalid_arguments", call(POST, text="x")),
    ("thread_not_found", call(POST, channel=ROOM, text="x", thread_ts=NEVER)),
    ("invalid_blocks", call(POST, channel=ROOM, blocks=[{"type": "section"}])),
    ("invalid_blocks_format", call(POST, channel=ROOM, text="x", blocks={"type": "section"})),
    ("invalid_blocks_format", form(POST, channel=ROOM, text="x", blocks="not json")),
    ("markdown_text_conflict", call(POST, channel=ROOM, text="x", markdown_text="x")),
    ("msg_blocks_too_long", call(POST, channel=ROOM, blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5)),
    ("invalid_metadata_format", call(POST, channel=ROOM, text="x", metadata=["contact"])),
    ("invalid_metadata_schema", call(POST, channel=ROOM, text="x", metadata={"event_type": "contact"})),
    ("invalid_metadata_schema", call(POST, channel=ROOM, text="x", metadata={"event_type": "a", "event_payload": {}, "more": 1})),
    ("message_not_found", call("chat.update", channel=ROOM, ts=NEVER, text="x")),
    ("channel_not_found", call("chat.update", channel=ADA, ts=NEVER, text="x")),
    ("message_not_found", call("chat.delete", channel=ROOM, ts=NEVER)),
    ("message_not_found", form("chat.getPermalink", channel=ROOM, message_ts=NEVER)),
    ("user_not_in_channel", call("chat.postEphemeral", channel=ADA_DM, user=LIN, text="x")),
    ("user_not_in_channel", call("chat.postEphemeral", channel=ROOM, user="U0NOBODY01", text="x")),
    ("user_not_found", form("users.info", user="U0NOBODY01")),
    ("user_not_found", call("users.info", user=ADA)),  # no JSON input: the argument is not seen
    ("users_not_found", form("users.lookupByEmail", email="nobody@x.example")),
    ("user_not_found", call("conversations.open", users="U0NOBODY01")),
    ("users_list_not_supplied", call("conversations.open")),
    ("cannot_dm_bot", call("conversations.open", users=BOT_USER)),
    ("missing_scope", call("conversations.open", users=f"{ADA},{LIN}")),
    ("channel_not_found", form("conversations.info", channel="C0NOWHERE1")),
    ("not_in_channel", call("conversations.history", channel=GENERAL)),
    ("thread_not_found", form("conversations.replies", channel=ROOM, ts=NEVER)),
    ("invalid_cursor", form("conversations.list", cursor="bm9uc2Vuc2U=")),
    ("invalid_limit", form("conversations.list", limit="many")),
    ("invalid_types", form("conversations.list", types="rooms")),
    ("missing_scope", form("conversations.list", types="mpim")),
    ("method_not_supported_for_channel_type", call("conversations.join", channel=ADA_DM)),
    ("is_archived", call("conversations.join", channel=OLD)),
    ("name_taken", call("conversations.create", name="support")),
    ("invalid_name_specials", call("conversations.create", name="Support Ops")),
    ("no_item_specified", call("reactions.add", name="eyes")),
    ("bad_timestamp", call("reactions.add", channel=ROOM, name="eyes", timestamp="soon")),
    ("invalid_name", call("reactions.add", channel=ROOM, name="white_tick", timestamp=NEVER)),
    ("message_not_found", call("reactions.add", channel=ROOM, name="eyes", timestamp=NEVER)),
    ("invalid_arguments", call("views.open", view={"type": "modal"})),
    ("invalid_arguments", call("views.publish", user_id="U0NOBODY01", view=VIEW)),
    ("hash_conflict", call("views.publish", user_id=ADA, view=VIEW, hash="1.old")),
    ("not_found", call("views.update", view_id="V0GONE", view={**VIEW, "type": "modal", "title": {"type": "plain_text", "text": "x"}})),
    ("file_not_found", form("files.info", file="F0GONE")),
    ("bot_not_found", form("bots.info", bot="B0GONE")),
    ("unknown_method", call("chat.shout", text="x")),
    ("not_allowed_token_type", call("apps.connections.open")),
]  # fmt: skip


@pytest.mark.promise("sandbox-slack-refuses")
@pytest.mark.parametrize("n", range(len(REFUSALS)))
async def test_slack_refuses_by_name(stage: Stage, n: int) -> None:
    name, doing = REFUSALS[n]
    with pytest.raises(SlackApiError) as caught:
        await doing(stage.client())
    assert caught.value.response["error"] == name
    assert caught.value.response.status_code == 200


async def error(doing: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await doing
    return str(caught.value.response["error"])


async def test_tokens_and_scopes_are_checked() -> None:
    async with slack_stage(["chat:write", "users:read"]) as stage:
        client = stage.client()
        assert await error(stage.client("xoxb-wrong").auth_test()) == "invalid_auth"
        assert await error(stage.client("").api_call("auth.test")) == "not_authed"
        inside = {"token": "xoxb-sandbox"}
        async with stage.http.post(f"{stage.base}/slack/api/auth.test", json=inside) as unseen:
            assert await unseen.json() == {
                "ok": False,
                "error": "not_authed",
                "warning": "missing_charset",
                "response_metadata": {"warnings": ["missing_charset"]},
            }
        async with stage.http.post(f"{stage.base}/slack/api/auth.test", data=inside) as seen:
            assert (await seen.json())["user_id"] == BOT_USER
        assert (
            await error(stage.client("xapp-wrong").apps_connections_open(app_token="xapp-wrong"))
            == "invalid_auth"
        )
        assert await error(stage.client("xapp-sandbox").users_list()) == "not_allowed_token_type"
        with pytest.raises(SlackApiError) as caught:
            await client.reactions_add(channel=ROOM, name="eyes", timestamp=NEVER)
        assert caught.value.response["needed"] == "reactions:write"
        assert caught.value.response["provided"] == "chat:write,users:read"
        answer = await client.auth_test()
        assert answer.headers["X-OAuth-Scopes"] == "chat:write,users:read"
        members = (await client.users_list())["members"]
        assert members[0]["real_name"] == "Ada Lovelace" and "email" not in members[0]["profile"]


async def test_only_subscribed_events_and_registered_commands_reach_the_app() -> None:
    heard: list[str] = []

    def dress(app: Any) -> None:
        async def keep(body: dict[str, Any]) -> None:
            heard.append(body["event"]["channel_type"])

        app.event("message")(keep)

    async with slack_stage(events=["message.im"], commands=["/tierline"]) as stage, bolt_app(stage, dress):
        await stage.post("reply", user=ADA, channel=ROOM, text="not for the app")
        await stage.post("reply", user=ADA, channel=ADA_DM, text="for the app")
        await until(lambda: heard)
        assert heard == ["im"]
        other = await stage.post("command", 409, user=ADA, channel=ROOM, command="/shrug")
        assert other["hint"] == "/shrug is not a valid command"


async def test_people_and_app_own_only_their_own_words(stage: Stage) -> None:
    client = stage.client()
    said = await stage.post("reply", user=ADA, channel=ROOM, text="mine")
    mine = {"channel": ROOM, "ts": said["ts"]}
    assert await error(client.chat_update(**mine, text="theirs")) == "cant_update_message"
    assert await error(client.chat_delete(**mine)) == "cant_delete_message"
    assert (await stage.post("edit", 409, user=LIN, **mine, text="x"))["error"] == "cant_update_message"
    await stage.post("edit", user=ADA, **mine, text="mine, better")
    await client.reactions_add(channel=ROOM, name="eyes", timestamp=said["ts"])
    again = client.reactions_add(channel=ROOM, name="eyes", timestamp=said["ts"])
    assert await error(again) == "already_reacted"
    assert await error(client.reactions_remove(channel=ROOM, name="x", timestamp=said["ts"])) == "no_reaction"
    await stage.post("react", user=LIN, **mine, name="eyes")
    [listed] = await stage.get("messages", channel=ROOM)
    assert listed["text"] == "mine, better" and listed["edited"]
    assert listed["reactions"] == [{"name": "eyes", "users": [BOT_USER, LIN], "count": 2}]
    post = await client.chat_postMessage(channel=ROOM, text="x", thread_ts=said["ts"])
    nested = client.chat_postMessage(channel=ROOM, text="x", thread_ts=post["ts"])
    assert await error(nested) == "cannot_reply_to_message"
    assert await error(client.chat_update(channel=ROOM, ts=post["ts"], text="x" * 4001)) == "msg_too_long"
    await stage.post("delete", user=ADA, **mine)
    assert (await stage.get("messages", channel=ROOM))[0]["deleted"] is True


async def test_markup_from_outside_comes_alive_where_it_is_not_escaped(stage: Stage) -> None:
    client = stage.client()
    await client.chat_postMessage(channel=ROOM, text="<!channel> pay at <http://evil.example|bank.com>")
    await client.chat_postMessage(channel=ROOM, text="&lt;!channel&gt; 1 &lt; 2")
    await stage.post("reply", user=ADA, channel=ROOM, text="<!channel> & see example.com")
    naive, safe, person = await stage.get("messages", channel=ROOM)
    assert naive["alive"] == ["!channel", "http://evil.example|bank.com"]
    assert naive["blocks"][0]["elements"][0]["elements"][0] == {"type": "broadcast", "range": "channel"}
    assert (
        safe["alive"] == [] and safe["blocks"][0]["elements"][0]["elements"][0]["text"] == "<!channel> 1 < 2"
    )
    assert person["text"] == "&lt;!channel&gt; &amp; see <http://example.com|example.com>"


async def test_an_update_without_blocks_keeps_the_old_ones(stage: Stage) -> None:
    client = stage.client()
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "old"}}]
    post = await client.chat_postMessage(channel=ROOM, text="old", blocks=blocks)
    await client.chat_update(channel=ROOM, ts=post["ts"], text="new")
    [listed] = await stage.get("messages", channel=ROOM)
    assert listed["text"] == "new" and listed["blocks"][0]["text"]["text"] == "old"
    await client.chat_update(channel=ROOM, ts=post["ts"], text="new", blocks=[])
    assert (await stage.get("messages", channel=ROOM))[0]["blocks"][0]["type"] == "rich_text"


async def test_files_go_up_in_three_steps_and_come_down_only_with_the_token(stage: Stage) -> None:
    client = stage.client()
    await client.files_upload_v2(channel=ROOM, filename="log.txt", content="hello", initial_comment="the log")
    [listed] = await stage.get("messages", channel=ROOM)
    file = listed["files"][0]
    assert listed["text"] == "the log" and file["size"] == 5 and file["mimetype"] == "text/plain"
    async with stage.http.get(file["url_private"]) as answer:
        assert answer.status == 200 and answer.content_type == "text/html"
    async with stage.http.get(
        file["url_private"], headers={"Authorization": "Bearer xoxb-sandbox"}
    ) as answer:
        assert await answer.read() == b"hello"
    sent = await stage.post(
        "upload", user=ADA, channel=ROOM, filename="a.png", base64=base64.b64encode(b"png").decode()
    )
    assert (await client.files_info(file=sent["file"]))["file"]["user"] == ADA


async def test_the_moved_clock_is_on_messages_and_never_goes_back(stage: Stage) -> None:
    stage.clock.offset = 86_400.0
    later = (await stage.client().chat_postMessage(channel=ROOM, text="tomorrow"))["ts"]
    stage.clock.offset = 0.0
    after = (await stage.client().chat_postMessage(channel=ROOM, text="today again"))["ts"]
    assert float(later) > stage.clock.now() + 80_000 and float(after) > float(later)


def strangers(value: Any, shape: Any, known: set[str], at: str = "") -> list[str]:
    """Keys that the published shape does not have; empty objects and lists in it say nothing."""
    if isinstance(value, dict) and isinstance(shape, dict) and shape:
        found = []
        for name, one in value.items():
            if name == "blocks":
                continue
            if name in shape:
                found += strangers(one, shape[name], known, f"{at}.{name}")
            elif name not in known:
                found.append(f"{at}.{name}")
        return found
    if isinstance(value, list) and isinstance(shape, list) and shape:
        return [name for one in value for name in strangers(one, shape[0], known, at)]
    return []


def shape(path: str) -> Any:
    file = SHAPES / path
    if not file.exists():
        pytest.skip("the published shapes of Slack (../shared/data/slack) are not here")
    return json.loads(file.read_text())


# In today's payloads, absent from those published shapes.
NEW = {
    "context_team_id", "context_enterprise_id", "response_urls", "username", "cache_ts", "response_metadata",
    "parent_conversation", "who_can_share_contact_card", "verbatim", "team", "emoji", "blocks", "app_id", "user_team",
    "api_app_id", "num_members", "is_app_user", "warning", "subtype", "text", "values", "error",
    "why", "words", "files", "user", "client_msg_id", "reactions", "users",
}  # fmt: skip


async def test_answers_have_slacks_shapes(stage: Stage) -> None:
    client = stage.client()
    post = await client.chat_postMessage(channel=ROOM, text="hello")
    answers: dict[str, Any] = {
        "chat.postMessage": post,
        "chat.update": await client.chat_update(channel=ROOM, ts=post["ts"], text="new"),
        "chat.getPermalink": await client.chat_getPermalink(channel=ROOM, message_ts=post["ts"]),
        "chat.postEphemeral": await client.chat_postEphemeral(channel=ROOM, user=ADA, text="psst"),
        "chat.delete": await client.chat_delete(channel=ROOM, ts=post["ts"]),
        "auth.test": await client.auth_test(),
        "apps.connections.open": await client.apps_connections_open(app_token="xapp-sandbox"),
        "conversations.open": await client.conversations_open(users=ADA),
        "conversations.info": await client.conversations_info(channel=ROOM),
        "conversations.members": await client.conversations_members(channel=ROOM),
        "conversations.join": await client.conversations_join(channel=GENERAL),
        "team.info": await client.team_info(),
        "users.info": await client.users_info(user=ADA),
        "users.list": await client.users_list(),
        "users.lookupByEmail": await client.users_lookupByEmail(email="ADA@northwind.example"),
        "users.getPresence": await client.users_getPresence(user=ADA),
        "views.publish": await client.views_publish(user_id=ADA, view=VIEW),
        "files.getUploadURLExternal": await client.files_getUploadURLExternal(filename="a.txt", length=3),
    }
    for method, answer in answers.items():
        known = shape(f"web-api/{method}.json")
        assert strangers(answer.data, known, NEW) == [], method
        must = {"ok", "error", "warning", "needed", "provided", "response_metadata", "errors"}
        assert set(answer.data) - must, method


async def test_payloads_have_slacks_shapes(stage: Stage) -> None:
    bodies: dict[str, dict[str, Any]] = {}

    def dress(app: Any) -> None:
        async def keep(body: dict[str, Any]) -> None:
            event = body.get("event", {})
            bodies[event.get("subtype") or event.get("type") or body.get("type") or "command"] = body

        async def take(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            await keep(body)
            if body.get("type") == "block_actions":
                await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

        for name in ("message", "reaction_added", "app_home_opened", "member_joined_channel"):
            app.event(name)(keep)
        app.event({"type": "message", "subtype": "message_changed"})(keep)
        app.event({"type": "message", "subtype": "message_deleted"})(keep)
        app.action("go")(take)
        app.command("/x")(take)
        app.view("m")(take)
        app.shortcut("why")(take)

    async with bolt_app(stage, dress):
        post = await stage.client().chat_postMessage(channel=ROOM, text="x", blocks=GO)
        at = {"user": ADA, "channel": ROOM, "ts": post["ts"]}
        said = await stage.post("reply", user=ADA, channel=ROOM, text="hello")
        await stage.post("edit", user=ADA, channel=ROOM, ts=said["ts"], text="hello!")
        await stage.post("react", **at, name="eyes")
        await stage.post("delete", user=ADA, channel=ROOM, ts=said["ts"])
        await stage.post("upload", user=ADA, channel=ROOM, filename="a.txt", content="a")
        await stage.post("home", user=ADA)
        await stage.post("join", user=ADA, channel=GENERAL, invite=True)
        await stage.post("shortcut", **at, callback_id="why")
        await stage.post("command", user=ADA, channel=ROOM, command="/x", text="y")
        await stage.post("act", **at, action_id="go")
        [view] = await _views(stage)
        await stage.post("submit", user=ADA, view_id=view["id"], values={"why": "x"})
        files = {
            "message": "events/MessagePayload",
            "message_changed": "events/MessageChangedPayload",
            "message_deleted": "events/MessageDeletedPayload",
            "file_share": "events/MessageFileSharePayload",
            "reaction_added": "events/ReactionAddedPayload",
            "app_home_opened": "events/AppHomeOpenedPayload",
            "block_actions": "interactivity/BlockActionPayload",
            "view_submission": "interactivity/ViewSubmissionPayload",
            "message_action": "interactivity/MessageShortcutPayload",
            "command": "interactivity/SlashCommandPayload",
            "member_joined_channel": "events/MemberJoinedChannelPayload",
        }
        await until(lambda: set(files) <= set(bodies))
        for kind, path in files.items():
            assert strangers(bodies[kind], shape(f"{path}.json"), NEW) == [], kind


# Of messages in channels shared with another workspace (docs.slack.dev/apis/slack-connect).
SHARED = {"user_team", "source_team", "user_profile"}


async def test_payloads_of_people_from_a_connected_workspace_have_slacks_shapes() -> None:
    bodies: dict[str, dict[str, Any]] = {}

    def dress(app: Any) -> None:
        async def keep(body: dict[str, Any]) -> None:
            event = body.get("event", {})
            bodies[event.get("subtype") or event.get("type") or body["type"]] = body

        async def take(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            await keep(body)
            if body.get("type") == "block_actions":
                await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

        for name in ("message", "reaction_added", "member_joined_channel"):
            app.event(name)(keep)
        app.action("go")(take)
        app.view("m")(take)

    async with slack_stage() as stage, bolt_app(stage, dress):
        await stage.post("share", channel=ROOM)
        carla = (await stage.post("people", name="Carla", kind="external", channels=[ROOM]))["user"]
        post = await stage.client().chat_postMessage(channel=ROOM, text="x", blocks=GO)
        at = {"user": carla, "channel": ROOM, "ts": post["ts"]}
        await stage.post("reply", user=carla, channel=ROOM, text="hello")
        await stage.post("upload", user=carla, channel=ROOM, filename="a.txt", content="a")
        await stage.post("react", **at, name="eyes")
        await stage.post("act", **at, action_id="go")
        await until(lambda: stage.slack.space.stacks.get(carla))
        [view] = await stage.get("views", user=carla)
        await stage.post("submit", user=carla, view_id=view["id"], values={"why": "x"})
        files = {
            "message": "events/MessagePayload",
            "file_share": "events/MessageFileSharePayload",
            "reaction_added": "events/ReactionAddedPayload",
            "member_joined_channel": "events/MemberJoinedChannelPayload",
            "block_actions": "interactivity/BlockActionPayload",
            "view_submission": "interactivity/ViewSubmissionPayload",
        }
        await until(lambda: set(files) <= set(bodies))
        for kind, path in files.items():
            assert strangers(bodies[kind], shape(f"{path}.json"), NEW | SHARED) == [], kind
        info = await stage.client().users_info(user=carla)
        assert strangers(info.data, shape("web-api/users.info.json"), NEW) == []
        channel = await stage.client().conversations_info(channel=ROOM)
        assert strangers(channel.data, shape("web-api/conversations.info.json"), NEW) == []


async def _views(stage: Stage) -> list[dict[str, Any]]:
    await until(lambda: stage.slack.space.stacks.get(ADA))
    found: list[dict[str, Any]] = await stage.get("views", user=ADA)
    return found


GO = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
]
MODAL = {
    "type": "modal",
    "callback_id": "m",
    "title": {"type": "plain_text", "text": "M"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "words"},
        }
    ],
}
